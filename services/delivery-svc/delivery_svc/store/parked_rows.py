"""Rows of parked reports, which wait for their promise."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, Final

import asyncpg
import msgspec

from candor.store.tally import Counts, Tally
from candor.store.unit_of_work import UnitOfWork
from delivery_svc import metrics
from delivery_svc.domain import DeliveredShare, MilestoneStatus, NamespacedId, ParkedReport, ParkReason, Report

_delivered: Final = msgspec.json.Decoder(tuple[DeliveredShare, ...])
_encode: Final = msgspec.json.Encoder().encode
TALLY: Final = Tally("parked", ("source", "waits_for"))


async def park(uow: UnitOfWork, waiting: Sequence[ParkedReport]) -> None:
    """Store reports until their promise becomes known."""
    if waiting:
        rows = [_row(parked) for parked in waiting]
        await uow.connection.execute(_PARK, *(list(column) for column in zip(*rows, strict=True)))


async def find(uow: UnitOfWork, ids: Collection[str]) -> list[ParkedReport]:
    """Parked reports by id, in order of arrival. Not locked: the first transaction to `take` one owns it."""
    rows = await uow.connection.fetch(_FIND, list(ids))
    return [_parked(row) for row in rows]


async def take(uow: UnitOfWork, ids: Collection[str]) -> set[str]:
    """Remove parked reports; returns the ids that were still parked."""
    if not ids:
        return set()
    rows = await uow.connection.fetch(_TAKE, sorted(ids))
    return {row["parked_id"] for row in rows}


async def waiting_for(uow: UnitOfWork, promise_ids: Collection[str], each: int, most: int) -> list[ParkedReport]:
    """Reports that wait for one of these promises, by its id or by one of its references, in order of arrival.

    Of each name at most `each`, and at most `most` together.
    """
    rows = await uow.connection.fetch(_WAITING_FOR, list(promise_ids), each, most)
    return [_parked(row) for row in rows]


async def newest_overlooked(uow: UnitOfWork, within: timedelta, look: int, most: int) -> list[ParkedReport]:
    """Of the `look` newest reports, at most `most` parked `within` that time though their promise is known."""
    rows = await uow.connection.fetch(_NEWEST, within, look, most)
    return [_parked(row) for row in rows]


async def next_overlooked(uow: UnitOfWork, look: int, most: int) -> list[ParkedReport]:
    """Go on with the round through all parked reports: of the next `look`, at most `most` whose promise is known.

    Nothing while another process is at it. The round goes on where it was after a restart, and begins anew at its end.
    """
    place = await uow.connection.fetchval("SELECT place FROM sweep FOR UPDATE SKIP LOCKED")
    if place is None:
        return []
    last, looked = await uow.connection.fetchrow(_PAGE, place, look) or (None, 0)
    rows = await uow.connection.fetch(_OF_PAGE, place, last, most) if last is not None else []
    if len(rows) == most:
        last = rows[-1]["seq"]
    following = last if looked == look or len(rows) == most else 0
    await uow.connection.execute("UPDATE sweep SET place = $1", following or 0)
    return [_parked(row) for row in rows]


async def same_reference(uow: UnitOfWork, name: NamespacedId, most: int) -> list[ParkedReport]:
    """At most `most` reports that wait for a reference to become known."""
    rows = await uow.connection.fetch(_SAME_REFERENCE, name.space, name.id, most)
    return [_parked(row) for row in rows]


async def arrived(uow: UnitOfWork, promise_ids: Collection[str]) -> None:
    """Remember promises of which more reports wait than one transaction passes on."""
    await uow.connection.execute(_ARRIVED, sorted(promise_ids))


async def next_arrival(uow: UnitOfWork) -> str | None:
    """The promise that has waited longest for the rest of its reports, if no other process is at it."""
    name: str | None = await uow.connection.fetchval(_ARRIVAL)
    return name


async def settled(uow: UnitOfWork, promise_id: str, *, more: bool) -> None:
    """Note that some of a promise's reports were looked at, and whether others may be left."""
    statement = "UPDATE arrival SET turn = nextval('born')" if more else "DELETE FROM arrival"
    await uow.connection.execute(f"{statement} WHERE promise_id = $1", promise_id)


async def call_ambiguous(uow: UnitOfWork, ids: Collection[str]) -> None:
    """Mark these reports as waiting for a person because their reference names several promises."""
    if ids:
        await uow.connection.execute(_CALL_AMBIGUOUS, sorted(ids))


async def of_sources(uow: UnitOfWork, sources: Collection[str]) -> dict[str, int]:
    """How many reports of each of these sources are parked."""
    return await TALLY.total(uow, sorted(sources))


def show(counts: Counts) -> None:
    """Set the gauge of parked reports by reason."""
    found: dict[str, int] = {}
    for (_, reason), number in counts.items():
        found[reason] = found.get(reason, 0) + number
    for known in ParkReason:
        metrics.PARKED.labels(known.value).set(found.get(known.value, 0))


def _row(p: ParkedReport) -> tuple[Any, ...]:
    report, reference = p.report, p.report.reference
    return (
        *(p.parked_id, p.reason, report.promise_id),
        *(reference.space if reference else None, reference.id if reference else None),
        *(report.milestone, report.status, report.at, report.planned, report.final, report.reason, report.correction),
        *(p.source, p.source_event, p.time, p.historical, p.traceparent, _encode(report.delivered).decode()),
        report.public_reason,
    )


def report_of(row: asyncpg.Record, promise_id: str | None) -> Report:
    """The report in a row, which named `promise_id`, if any; a row of before corrections were stored is none."""
    return Report(
        promise_id=promise_id,
        reference=NamespacedId(row["system"], row["ref_id"]) if row["system"] is not None else None,
        milestone=row["milestone"],
        status=MilestoneStatus(row["status"]),
        at=row["at"],
        planned=row["planned"],
        final=row["final"],
        reason=row["reason"],
        correction=bool(row["correction"]),
        delivered=_delivered.decode(row["delivered"]),
        public_reason=row["public_reason"],
    )


def _parked(row: asyncpg.Record) -> ParkedReport:
    return ParkedReport(
        row["parked_id"],
        ParkReason(row["waits_for"]),
        report_of(row, row["promise_id"]),
        row["source"],
        row["source_event"],
        row["time"],
        row["historical"],
        row["traceparent"],
    )


_PARK: Final = """
INSERT INTO parked (parked_id, waits_for, promise_id, system, ref_id, milestone, status, at, planned, final, reason,
  correction, source, source_event, time, historical, traceparent, delivered, public_reason)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
  $8::timestamptz[], $9::timestamptz[], $10::boolean[], $11::text[], $12::boolean[], $13::text[], $14::text[],
  $15::timestamptz[], $16::boolean[], $17::text[], $18::jsonb[], $19::text[])"""
_COLUMNS: Final = """parked_id, waits_for, promise_id, system, ref_id, milestone, status, at, planned, final, reason,
  correction, source, source_event, time, historical, traceparent, delivered, public_reason, seq"""
_FIND: Final = f"SELECT {_COLUMNS} FROM parked WHERE parked_id = ANY($1::text[]) ORDER BY seq"  # noqa: S608 - constants
_TAKE: Final = "DELETE FROM parked WHERE parked_id = ANY($1::text[]) RETURNING parked_id"
_WAITING_FOR: Final = f"""
SELECT of_id.* FROM unnest($1::text[]) AS known (name) CROSS JOIN LATERAL (
  SELECT {_COLUMNS} FROM parked WHERE parked.promise_id = known.name ORDER BY seq LIMIT $2) AS of_id
UNION
SELECT by_name.* FROM reference CROSS JOIN LATERAL (
  SELECT {_COLUMNS} FROM parked WHERE parked.system = reference.system AND parked.ref_id = reference.ref_id
    AND waits_for = 'awaiting_reference' ORDER BY seq LIMIT $2) AS by_name
WHERE reference.promise_id = ANY($1::text[])
ORDER BY seq LIMIT $3"""  # noqa: S608 - constants
# Each row of a page probes an index: a join might read every promise for the sake of some rows.
_MATCHED: Final = """
SELECT page.* FROM page CROSS JOIN LATERAL (
  SELECT FROM promise WHERE promise.promise_id = page.promise_id LIMIT 1) AS known
UNION
SELECT page.* FROM page CROSS JOIN LATERAL (
  SELECT FROM reference WHERE reference.system = page.system AND reference.ref_id = page.ref_id LIMIT 1) AS named
WHERE waits_for = 'awaiting_reference'
ORDER BY seq LIMIT $3"""
_NEWEST: Final = f"""
WITH page AS MATERIALIZED (
  SELECT {_COLUMNS} FROM parked WHERE parked_at > statement_timestamp() - $1::interval ORDER BY parked_at DESC LIMIT $2)
{_MATCHED}"""  # noqa: S608 - constants
_PAGE: Final = """
SELECT max(seq) AS last, count(*) AS looked FROM (
  SELECT seq FROM parked WHERE seq > $1 ORDER BY seq LIMIT $2) AS page"""
_OF_PAGE: Final = f"""
WITH page AS MATERIALIZED (SELECT {_COLUMNS} FROM parked WHERE seq > $1 AND seq <= $2)
{_MATCHED}"""  # noqa: S608 - constants
_SAME_REFERENCE: Final = f"""
SELECT {_COLUMNS} FROM parked WHERE system = $1 AND ref_id = $2 AND waits_for = 'awaiting_reference'
ORDER BY seq LIMIT $3"""  # noqa: S608 - constants
_CALL_AMBIGUOUS: Final = "UPDATE parked SET waits_for = 'ambiguous_reference' WHERE parked_id = ANY($1::text[])"
_ARRIVED: Final = "INSERT INTO arrival (promise_id) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"
_ARRIVAL: Final = "SELECT promise_id FROM arrival ORDER BY turn LIMIT 1 FOR UPDATE SKIP LOCKED"
