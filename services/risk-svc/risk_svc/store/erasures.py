"""Rows of customers being erased: found a few at a time, and never taken for a living promise meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from candor.store.erasing import Letters, Step, Work
from candor.store.erasure import Erasure
from risk_svc.forecast.view import Entry
from risk_svc.forecasting.snapshots import forgotten
from risk_svc.training import journal

if TYPE_CHECKING:
    from candor.store.lease import Connection
    from candor.store.unit_of_work import UnitOfWork


async def end_doomed(connection: Connection, promise_ids: Sequence[str]) -> list[tuple[int, str, float]]:
    """Erase those of these promises whose customer is being erased: (partition, id, time of the erasure).

    The learner does not know it yet: whoever calls tells it, in order with what else a batch makes known.
    """
    rows = await connection.fetch(_DOOMED, promise_ids)
    await _end(connection, [row["promise_id"] for row in rows])
    return [(row["partition"], row["promise_id"], row["at"].timestamp()) for row in rows]


class Promises:
    """Folded promises with the record of their forecasts; the learner is told to forget each of them."""

    async def step(self, uow: UnitOfWork, erasure: Erasure, most: int) -> Step:
        """Delete at most `most` promises."""
        rows = await uow.connection.fetch(_SOME, erasure.customer_id, erasure.born, most)
        await _end(uow.connection, [row["promise_id"] for row in rows])
        entries: dict[int, list[Entry]] = {}
        for row in rows:
            entry = forgotten(row["promise_id"], erasure.at.timestamp())
            entries.setdefault(row["partition"], []).append(entry)
        await journal.write(uow.connection, entries, erasure.at.timestamp())
        return Step(len(rows), len(rows) == most)


async def _end(connection: Connection, ids: Sequence[str]) -> None:
    if ids:
        await connection.execute("DELETE FROM forecast_score WHERE promise_id = ANY($1::text[])", ids)
        await connection.execute("DELETE FROM promise_state WHERE promise_id = ANY($1::text[])", ids)


def work(most: int = 0) -> Work:
    """How customers are erased here."""
    return Work((Promises(), Letters()), kept=False, most=most)


_DOOMED: Final = """
SELECT promise_id, partition, erasure.at FROM promise_state JOIN erasure USING (customer_id)
WHERE promise_id = ANY($1::text[]) AND promise_state.born <= erasure.born
ORDER BY promise_id FOR UPDATE OF promise_state"""

_SOME: Final = """
SELECT promise_id, partition FROM promise_state WHERE customer_id = $1 AND born <= $2
LIMIT $3 FOR UPDATE"""
