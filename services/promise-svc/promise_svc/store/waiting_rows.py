"""Rows of statements that wait for their promise."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import asyncpg

from candor.store.tally import Tally
from candor.store.unit_of_work import UnitOfWork
from promise_svc.domain import ChangeKind, Revise, Settle, State, Statement, Withdraw
from promise_svc.domain.waiting import Waiting

TALLY: Final = Tally("waiting", ("source",))


async def add(uow: UnitOfWork, waiting: Sequence[Waiting]) -> None:
    """Store statements until their promise is made."""
    if waiting:
        rows = [_row(one) for one in waiting]
        await uow.connection.execute(_ADD, *(list(column) for column in zip(*rows, strict=True)))


async def waiting_for(uow: UnitOfWork, promise_ids: Collection[str]) -> list[Waiting]:
    """What waits for these promises, locked, in the order in which it came."""
    if not promise_ids:
        return []
    return [_waiting(row) for row in await uow.connection.fetch(_FOR, sorted(promise_ids))]


async def number(uow: UnitOfWork, promise_ids: Collection[str]) -> dict[str, int]:
    """How many statements wait for each of these promises."""
    rows = await uow.connection.fetch(_NUMBER, list(promise_ids))
    return {row["promise_id"]: row["n"] for row in rows}


async def of_sources(uow: UnitOfWork) -> dict[str, int]:
    """How many statements of each source wait."""
    return {source: number for (source,), number in (await TALLY.counts(uow)).items()}


async def take(uow: UnitOfWork, ids: Collection[str]) -> None:
    """Remove what no longer waits."""
    if ids:
        await uow.connection.execute("DELETE FROM waiting WHERE waiting_id = ANY($1::text[])", sorted(ids))


async def overlooked(uow: UnitOfWork, after: int, look: int) -> tuple[list[str], int]:
    """Of the next `look` rows after a place those promises that are known by now, and the next place, 0 at the end."""
    rows = await uow.connection.fetch(_NEXT, after, look)
    known = sorted({row["promise_id"] for row in rows if row["known"]})
    return known, rows[-1]["born"] if len(rows) == look else 0


def _row(one: Waiting) -> tuple[Any, ...]:
    command = one.command
    what: tuple[Any, ...]
    asked_by: str | None
    match command:
        case Revise():
            asked_by = "customer" if command.asked_by_customer else "company"
            what = (ChangeKind.REVISED, command.due, asked_by, command.agreed, command.reason, command.public_reason)
            what += (None, None, None, command.if_moved)
        case Withdraw():
            asked_by = _ASKED_BY[command.asked_by_customer]
            what = (ChangeKind.WITHDRAWN, None, asked_by, None, command.reason, command.public_reason)
            what += (None, None, None, False)
        case Settle():
            ends = (command.verdict, command.completed_at, command.settled_at)
            what = (ChangeKind.SETTLED, None, None, None, None, None, *ends, False)
    said = (one.source, one.source_event, one.historical, one.traceparent)
    return (one.waiting_id, one.promise_id, one.time, *what, *said)


def _waiting(row: asyncpg.Record) -> Waiting:
    return Waiting(
        row["waiting_id"],
        _command(row),
        row["source"],
        row["source_event"],
        row["said_at"],
        row["historical"],
        row["traceparent"],
    )


def _command(row: asyncpg.Record) -> Statement:
    name = row["promise_id"]
    match ChangeKind(row["kind"]):
        case ChangeKind.REVISED:
            return Revise(
                promise_id=name,
                due=row["due"],
                asked_by_customer=row["asked_by"] == "customer",
                agreed=row["agreed"],
                reason=row["reason"] or "",
                public_reason=row["public_reason"],
                reported=True,
                if_moved=row["if_moved"],
            )
        case ChangeKind.WITHDRAWN:
            by_customer = _BY_CUSTOMER[row["asked_by"]]
            return Withdraw(name, row["reason"] or "", None, row["public_reason"], True, by_customer)
        case _:
            verdict = State(row["verdict"])
            return Settle(name, verdict, row["completed_at"], row["settled_at"], reported=True)


_ASKED_BY: Final = {None: None, True: "customer", False: "company"}
_BY_CUSTOMER: Final = {said: by_customer for by_customer, said in _ASKED_BY.items()}
_COLUMNS: Final = """waiting_id, promise_id, said_at, kind, due, asked_by, agreed, reason, public_reason, verdict,
  completed_at, settled_at, if_moved, source, source_event, historical, traceparent"""
_ADD: Final = f"""
INSERT INTO waiting ({_COLUMNS})
SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::timestamptz[], $6::text[],
  $7::boolean[], $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::boolean[],
  $14::text[], $15::text[], $16::boolean[], $17::text[])"""  # noqa: S608 - constants
_FOR: Final = f"""
SELECT {_COLUMNS} FROM waiting WHERE promise_id = ANY($1::text[]) ORDER BY born FOR UPDATE"""  # noqa: S608 - constants
_NUMBER: Final = "SELECT promise_id, count(*) AS n FROM waiting WHERE promise_id = ANY($1::text[]) GROUP BY 1"
# Each row probes the key: a join might read every promise for the sake of some rows.
_NEXT: Final = """
SELECT born, promise_id, EXISTS (SELECT FROM promise WHERE promise.promise_id = waiting.promise_id) AS known
FROM waiting WHERE born > $1 ORDER BY born LIMIT $2"""
