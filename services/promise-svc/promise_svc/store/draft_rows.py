"""Rows of drafts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import asyncpg
import msgspec

from candor.store.erasing import CustomerRows, Step, doomed
from candor.store.erasure import Erasure
from candor.store.tally import Tally
from candor.store.unit_of_work import UnitOfWork
from promise_svc.domain.draft import Draft, DraftState, Field

_encode: Final = msgspec.json.Encoder().encode
_fields: Final = msgspec.json.Decoder(dict[str, Field])
TALLY: Final = Tally("draft", ("source",))


async def drafts(uow: UnitOfWork, promise_ids: Collection[str]) -> dict[str, Draft]:
    """The existing drafts among these, locked; those of customers being erased are erased now."""
    if not promise_ids:
        return {}
    rows = await uow.connection.fetch(_DRAFTS, sorted(promise_ids))
    gone = [row["promise_id"] for row in rows if row["doomed"]]
    if gone:
        await uow.connection.execute(_ERASE_WAITING, gone, len(gone) * 1_000)
        await take(uow, gone)
    return {row["promise_id"]: _draft(row) for row in rows if not row["doomed"]}


async def save(uow: UnitOfWork, known: Mapping[str, Draft], saved: Sequence[Draft]) -> None:
    """Write drafts, new or locked. Raises asyncpg.UniqueViolationError if another process has just begun one."""
    for statement, chosen in (
        (_ADD, [one for one in saved if one.promise_id not in known]),
        (_CHANGE, [one for one in saved if one.promise_id in known]),
    ):
        if chosen:
            await uow.connection.execute(statement, *(list(column) for column in zip(*map(_row, chosen), strict=True)))


async def take(uow: UnitOfWork, promise_ids: Collection[str]) -> None:
    """Remove what is a draft no longer."""
    if promise_ids:
        await uow.connection.execute(_TAKE, sorted(promise_ids))


def _row(one: Draft) -> tuple[Any, ...]:
    return (
        *(one.promise_id, one.customer_id or None, one.state, _encode(list(one.missing)).decode()),
        *(_encode(one.fields).decode(), one.source, one.historical, one.newest_at),
    )


def _draft(row: asyncpg.Record) -> Draft:
    return Draft(
        promise_id=row["promise_id"],
        source=row["source"],
        fields=_fields.decode(row["fields"]),
        historical=row["historical"],
        state=DraftState(row["state"]),
    )


_DRAFTS: Final = f"""
SELECT promise_id, state, fields, source, historical, {doomed("draft")} AS doomed
FROM draft WHERE promise_id = ANY($1::text[]) ORDER BY promise_id FOR UPDATE"""  # noqa: S608 - constants
_UNNEST: Final = """unnest($1::text[], $2::text[], $3::text[], $4::jsonb[], $5::jsonb[], $6::text[], $7::boolean[],
  $8::timestamptz[])"""
_ADD: Final = f"""
INSERT INTO draft (promise_id, customer_id, state, missing, fields, source, historical, newest_at)
SELECT * FROM {_UNNEST}"""  # noqa: S608 - constants
# Whoever it belongs to from now on: an erasure of before does not reach it.
_CHANGE: Final = f"""
UPDATE draft SET customer_id = new.customer_id, state = new.state, missing = new.missing, fields = new.fields,
  newest_at = new.newest_at, draft_at = now(),
  born = CASE WHEN draft.customer_id IS NOT DISTINCT FROM new.customer_id THEN born ELSE nextval('born') END
FROM {_UNNEST} AS new (promise_id, customer_id, state, missing, fields, source, historical, newest_at)
WHERE draft.promise_id = new.promise_id"""  # noqa: S608 - constants
_TAKE: Final = "DELETE FROM draft WHERE promise_id = ANY($1::text[])"
_ERASE_WAITING: Final = """
DELETE FROM waiting WHERE waiting_id = ANY(ARRAY(
  SELECT waiting_id FROM waiting WHERE promise_id = ANY($1::text[]) LIMIT $2))"""
_ROWS: Final = CustomerRows(
    find="SELECT promise_id FROM draft WHERE customer_id = $1 AND born <= $2 LIMIT $3 FOR UPDATE",
    hanging=(_ERASE_WAITING,),
    last=_TAKE,
)


class Erased:
    """A customer's drafts, and what waits for them; they are not counted among the promises that were erased."""

    async def step(self, uow: UnitOfWork, erasure: Erasure, most: int) -> Step:
        """End at most `most` drafts."""
        step = await _ROWS.step(uow, erasure, most)
        return Step(0, step.more)
