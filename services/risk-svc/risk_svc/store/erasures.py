"""Rows of customers being erased: found a few at a time, and never taken for a living promise meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from candor.store.erasing import Letters, Step, Work
from candor.store.erasure import Erasure
from risk_svc.forecast.view import Entry
from risk_svc.forecasting.snapshots import forgotten
from risk_svc.training import journal

if TYPE_CHECKING:
    from candor.store.lease import Connection
    from candor.store.unit_of_work import UnitOfWork


async def end_doomed(connection: Connection, promise_ids: Sequence[str]) -> set[str]:
    """Erase those of these promises whose customer is being erased; return their ids."""
    return await _end(connection, await connection.fetch(_DOOMED, promise_ids))


class Promises:
    """Folded promises with the record of their forecasts; the learner is told to forget each of them."""

    async def step(self, uow: UnitOfWork, erasure: Erasure, most: int) -> Step:
        """Delete at most `most` promises."""
        rows = await uow.connection.fetch(_SOME, erasure.customer_id, erasure.born, most, erasure.at)
        await _end(uow.connection, rows)
        return Step(len(rows), len(rows) == most)


async def _end(connection: Connection, rows: Sequence[Any]) -> set[str]:
    ids = [row["promise_id"] for row in rows]
    if ids:
        await connection.execute("DELETE FROM forecast_score WHERE promise_id = ANY($1::text[])", ids)
        await connection.execute("DELETE FROM promise_state WHERE promise_id = ANY($1::text[])", ids)
        entries: dict[int, list[Entry]] = {}
        for row in rows:
            entry = forgotten(row["promise_id"], row["at"].timestamp())
            entries.setdefault(row["partition"], []).append(entry)
        await journal.write(connection, entries)
    return set(ids)


def work(most: int = 0) -> Work:
    """How customers are erased here."""
    return Work((Promises(), Letters()), kept=False, most=most)


_DOOMED: Final = """
SELECT promise_id, partition, erasure.at FROM promise_state JOIN erasure USING (customer_id)
WHERE promise_id = ANY($1::text[]) AND promise_state.born <= erasure.born
ORDER BY promise_id FOR UPDATE OF promise_state"""

_SOME: Final = """
SELECT promise_id, partition, $4::timestamptz AS at FROM promise_state WHERE customer_id = $1 AND born <= $2
LIMIT $3 FOR UPDATE"""
