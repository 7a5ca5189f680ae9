"""Rows of promises and milestones, in batches: one SQL statement for each kind of row that a batch touches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from candor.store import erasing
from candor.store.unit_of_work import UnitOfWork
from delivery_svc.domain import MilestoneState, MilestoneStatus, NamespacedId
from delivery_svc.store import erasures

_items: Final = msgspec.json.Decoder(tuple[str, ...])
as_json: Final = msgspec.json.Encoder().encode


class KnownPromise(NamedTuple):
    """A known promise: its customer, the version of its newest milestone (0: none yet), and its scope items."""

    promise_id: str
    customer_id: str
    version: int
    scope: tuple[str, ...] = ()


class MilestoneRecord(NamedTuple):
    """One milestone as it was passed on, in the order of the table's columns."""

    promise_id: str
    version: int
    milestone: str
    status: str
    at: Any
    planned: Any
    final: bool
    reason: str | None
    source: str
    source_event: str
    delivered: str
    public_reason: str | None
    correction: bool
    said_at: Any
    historical: bool
    named: str | None
    system: str | None
    ref_id: str | None
    parked_id: str | None


async def referred(uow: UnitOfWork, names: Collection[NamespacedId]) -> dict[NamespacedId, list[str]]:
    """The promises that carry each of these references."""
    found: dict[NamespacedId, list[str]] = defaultdict(list)
    if names:
        columns = _columns(sorted(names))
        for row in await uow.connection.fetch(_REFERRED, *columns):
            found[NamespacedId(row["system"], row["ref_id"])].append(row["promise_id"])
    return found


async def known(uow: UnitOfWork, ids: Collection[str]) -> dict[str, KnownPromise]:
    """The known promises among `ids`, locked in id order so that decisions about them stay valid until commit."""
    if not ids:
        return {}
    rows = await uow.connection.fetch(_KNOWN, sorted(ids))
    return {row["promise_id"]: KnownPromise(*row.values())._replace(scope=_items.decode(row["scope"])) for row in rows}


async def steps(uow: UnitOfWork, ids: Collection[str]) -> dict[tuple[str, str], MilestoneState]:
    """What is known of each step of these promises, by (promise, milestone)."""
    if not ids:
        return {}
    rows = await uow.connection.fetch(_STEPS, sorted(ids))
    return {(row["promise_id"], row["milestone"]): _state(row) for row in rows}


def _state(row: Any) -> MilestoneState:
    ended = row["finished_as"]
    as_ = None if ended is None else MilestoneStatus(ended)
    return MilestoneState(row["finished_at"], as_, row["missed_at"], row["reopened_at"], row["waits"])


async def pass_on(uow: UnitOfWork, passed: Sequence[MilestoneRecord]) -> None:
    """Append milestones and advance the versions of their promises, which are locked."""
    if not passed:
        return
    await uow.connection.execute(_ADD_MILESTONES, *_columns(passed))
    newest = {row.promise_id: row.version for row in passed}
    await uow.connection.execute(_ADVANCE, list(newest), list(newest.values()))


async def add_promises(
    uow: UnitOfWork, promises: Sequence[tuple[str, str, str, datetime]], references: Sequence[tuple[str, ...]]
) -> None:
    """Store promises (id, customer, scope items as JSON, promised date) and their references (system, id, promise).

    Those already known stay unchanged; those of customers being erased make room.
    """
    if promises:
        columns = _columns(sorted(set(promises)))
        added = {row["promise_id"] for row in await uow.connection.fetch(_ADD_PROMISES, *columns)}
        known_before = {promise_id for promise_id, *_ in promises} - added
        if known_before and await erasures.end_doomed(uow, known_before):
            await uow.connection.execute(_ADD_PROMISES, *columns)
    if references:
        await uow.connection.execute(_ADD_REFERENCES, *_columns(sorted(set(references))))


async def complete(uow: UnitOfWork, promises: Sequence[tuple[str, str]], references: Sequence[tuple[str, ...]]) -> None:
    """Store the scope items (id, as JSON) and references of promises of which more was told.

    Of one that is not known any more nothing is stored.
    """
    there = await known(uow, {name for name, _ in promises})
    more = [one for one in promises if one[0] in there and _items.decode(one[1]) != there[one[0]].scope]
    if more:
        await uow.connection.execute(_SCOPE, *_columns(more))
    if rows := sorted({one for one in references if one[-1] in there}):
        await uow.connection.execute(_ADD_REFERENCES, *_columns(rows))


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


_REFERRED: Final = f"""
SELECT system, ref_id, promise_id FROM reference
JOIN unnest($1::text[], $2::text[]) AS asked (system, ref_id) USING (system, ref_id)
WHERE NOT EXISTS (
  SELECT FROM promise WHERE promise.promise_id = reference.promise_id AND {erasing.doomed("promise")})
ORDER BY promise_id"""  # noqa: S608 - constants
_KNOWN: Final = f"""
SELECT promise_id, customer_id, version, scope FROM promise WHERE promise_id = ANY($1::text[])
  AND NOT {erasing.doomed("promise")}
ORDER BY promise_id FOR UPDATE"""  # noqa: S608 - constants
# Rows of before `correction` was stored have none: what opened a finished step then was one.
_STEPS: Final = """
SELECT promise_id, milestone, max(at) FILTER (WHERE status IN ('reached', 'cancelled')) AS finished_at,
  (array_agg(status ORDER BY at DESC, status) FILTER (WHERE status IN ('reached', 'cancelled')))[1] AS finished_as,
  max(at) FILTER (WHERE status = 'missed') AS missed_at,
  max(at) FILTER (WHERE status IN ('planned', 'started', 'redated') AND correction IS NOT FALSE) AS reopened_at,
  (count(*) FILTER (WHERE status IN ('paused', 'resumed')))::int AS waits
FROM milestone WHERE promise_id = ANY($1::text[]) GROUP BY promise_id, milestone"""
_ADD_MILESTONES: Final = """
INSERT INTO milestone (promise_id, version, milestone, status, at, planned, final, reason, source, source_event,
  delivered, public_reason, correction, said_at, historical, named, system, ref_id, parked_id)
SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[],
  $7::boolean[], $8::text[], $9::text[], $10::text[], $11::jsonb[], $12::text[], $13::boolean[],
  $14::timestamptz[], $15::boolean[], $16::text[], $17::text[], $18::text[], $19::text[])"""
_ADVANCE: Final = """
UPDATE promise SET version = new.version FROM unnest($1::text[], $2::int[]) AS new (promise_id, version)
WHERE promise.promise_id = new.promise_id"""
_ADD_PROMISES: Final = """
INSERT INTO promise (promise_id, customer_id, scope, due)
SELECT * FROM unnest($1::text[], $2::text[], $3::jsonb[], $4::timestamptz[])
ON CONFLICT (promise_id) DO NOTHING RETURNING promise_id"""
_SCOPE: Final = """
UPDATE promise SET scope = new.scope FROM unnest($1::text[], $2::jsonb[]) AS new (promise_id, scope)
WHERE promise.promise_id = new.promise_id"""
_ADD_REFERENCES: Final = """
INSERT INTO reference (system, ref_id, promise_id) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
ON CONFLICT (system, ref_id, promise_id) DO NOTHING"""
