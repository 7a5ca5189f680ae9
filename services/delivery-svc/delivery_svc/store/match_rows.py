"""Rows of matches by hand, and of the reports that were passed on, as an undo needs them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import asyncpg

from candor.store.unit_of_work import UnitOfWork
from delivery_svc.domain import NamespacedId, ParkReason
from delivery_svc.domain.match import MOST, Match, Passed
from delivery_svc.store.parked_rows import report_of


async def add(uow: UnitOfWork, match: Match) -> None:
    """Note that a person matched a report."""
    name = match.reference
    place = (name.space, name.id) if name else (None, None)
    said = (match.waits_for.value, match.alike, match.source, match.matched_by)
    await uow.connection.execute(_ADD, match.match_id, match.promise_id, *place, *said)


async def find(uow: UnitOfWork, match_id: str) -> Match | None:
    """A match. Not locked: the first transaction to `take` it undoes it."""
    row = await uow.connection.fetchrow(_FIND, match_id)
    if row is None:
        return None
    return Match(
        match_id=row["match_id"],
        promise_id=row["promise_id"],
        reference=None if row["system"] is None else NamespacedId(row["system"], row["ref_id"]),
        waits_for=ParkReason(row["waits_for"]),
        alike=row["alike"],
        source=row["source"],
        matched_by=row["matched_by"],
    )


async def take(uow: UnitOfWork, match_id: str) -> bool:
    """Remove a match; false if somebody else has undone it just now."""
    return await uow.connection.fetchval("DELETE FROM match WHERE match_id = $1 RETURNING true", match_id) or False


async def brought(uow: UnitOfWork, match: Match) -> list[Passed]:
    """The reports that a match brought to its promise, in their order; one more than may be undone at most."""
    name = match.brought
    if name is None:
        rows = await uow.connection.fetch(_ONE, match.promise_id, match.match_id, MOST + 1)
    else:
        rows = await uow.connection.fetch(_ALIKE, match.promise_id, name.space, name.id, MOST + 1)
    return [_passed(row) for row in rows]


async def related(uow: UnitOfWork, promise_id: str, steps: Collection[str], items: Collection[str]) -> list[Passed]:
    """The reports of a promise that are of these steps or delivered these items, and the newest of each sender."""
    rows = await uow.connection.fetch(_RELATED, promise_id, sorted(steps), sorted(items))
    return [_passed(row) for row in rows]


async def take_back(uow: UnitOfWork, promise_id: str, gone: Sequence[Passed], version: int) -> None:
    """Remove reports of a promise, whose newest event has this version."""
    await uow.connection.execute(_TAKE_BACK, promise_id, [one.version for one in gone])
    await uow.connection.execute("UPDATE promise SET version = $2 WHERE promise_id = $1", promise_id, version)


async def forget_reference(uow: UnitOfWork, promise_id: str, name: NamespacedId) -> None:
    """The promise has this reference no more."""
    await uow.connection.execute(_FORGET, name.space, name.id, promise_id)


def _passed(row: asyncpg.Record) -> Passed:
    return Passed(
        version=row["version"],
        report=report_of(row, row["named"]),
        source=row["source"],
        source_event=row["source_event"],
        said=row["said_at"],
        historical=row["historical"],
        parked_id=row["parked_id"],
    )


_ADD: Final = """
INSERT INTO match (match_id, promise_id, system, ref_id, waits_for, alike, source, matched_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"""
_FIND: Final = """
SELECT match_id, promise_id, system, ref_id, waits_for, alike, source, matched_by FROM match WHERE match_id = $1"""
_COLUMNS: Final = """version, milestone, status, at, planned, final, reason, source, source_event, delivered,
  public_reason, correction, said_at, historical, named, system, ref_id, parked_id"""
_ONE: Final = f"""
SELECT {_COLUMNS} FROM milestone WHERE promise_id = $1 AND parked_id = $2 ORDER BY version LIMIT $3"""  # noqa: S608
_ALIKE: Final = f"""
SELECT {_COLUMNS} FROM milestone WHERE promise_id = $1 AND system = $2 AND ref_id = $3
ORDER BY version LIMIT $4"""  # noqa: S608 - constants
_RELATED: Final = f"""
SELECT {_COLUMNS} FROM milestone WHERE promise_id = $1 AND (milestone = ANY($2::text[])
  OR EXISTS (SELECT FROM jsonb_array_elements(delivered) AS part WHERE part ->> 0 = ANY($3::text[]))
  OR version IN (SELECT max(version) FROM milestone WHERE promise_id = $1 GROUP BY source))
ORDER BY version"""  # noqa: S608 - constants
_TAKE_BACK: Final = "DELETE FROM milestone WHERE promise_id = $1 AND version = ANY($2::int[])"
_FORGET: Final = "DELETE FROM reference WHERE system = $1 AND ref_id = $2 AND promise_id = $3"
