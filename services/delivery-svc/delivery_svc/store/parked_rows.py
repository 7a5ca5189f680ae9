"""Rows of parked reports, which wait for their promise."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, Final

import asyncpg
import msgspec

from candor.store.unit_of_work import UnitOfWork
from delivery_svc import metrics
from delivery_svc.domain import DeliveredShare, MilestoneStatus, NamespacedId, ParkedReport, ParkReason, Report

_delivered: Final = msgspec.json.Decoder(tuple[DeliveredShare, ...])
_encode: Final = msgspec.json.Encoder().encode


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


async def waiting_for(uow: UnitOfWork, promise_ids: Collection[str]) -> list[ParkedReport]:
    """Reports that wait for one of these promises, by its id or by one of its references, in order of arrival."""
    rows = await uow.connection.fetch(_WAITING_FOR, list(promise_ids))
    return [_parked(row) for row in rows]


async def overlooked(uow: UnitOfWork, within: timedelta | None, most: int) -> list[ParkedReport]:
    """At most `most` reports still parked although their promise is known, parked `within` that time (None: ever)."""
    rows = await uow.connection.fetch(_OVERLOOKED, within, most)
    return [_parked(row) for row in rows]


async def same_reference(uow: UnitOfWork, name: NamespacedId) -> list[ParkedReport]:
    """Reports that wait for a reference to become known."""
    rows = await uow.connection.fetch(_SAME_REFERENCE, name.space, name.id)
    return [_parked(row) for row in rows]


async def call_ambiguous(uow: UnitOfWork, ids: Collection[str]) -> None:
    """Mark these reports as waiting for a person because their reference names several promises."""
    if ids:
        await uow.connection.execute(_CALL_AMBIGUOUS, sorted(ids))


async def count(uow: UnitOfWork) -> None:
    """Set the gauge of parked reports by reason."""
    rows = await uow.connection.fetch("SELECT waits_for, count(*) AS number FROM parked GROUP BY waits_for")
    found = {row["waits_for"]: row["number"] for row in rows}
    for reason in ParkReason:
        metrics.PARKED.labels(reason.value).set(found.get(reason.value, 0))


def _row(p: ParkedReport) -> tuple[Any, ...]:
    report, reference = p.report, p.report.reference
    return (
        *(p.parked_id, p.reason, report.promise_id),
        *(reference.space if reference else None, reference.id if reference else None),
        *(report.milestone, report.status, report.at, report.planned, report.final, report.reason, report.correction),
        *(p.source, p.source_event, p.time, p.historical, p.traceparent, _encode(report.delivered).decode()),
        report.public_reason,
    )


def _parked(row: asyncpg.Record) -> ParkedReport:
    report = Report(
        promise_id=row["promise_id"],
        reference=NamespacedId(row["system"], row["ref_id"]) if row["system"] is not None else None,
        milestone=row["milestone"],
        status=MilestoneStatus(row["status"]),
        at=row["at"],
        planned=row["planned"],
        final=row["final"],
        reason=row["reason"],
        correction=row["correction"],
        delivered=_delivered.decode(row["delivered"]),
        public_reason=row["public_reason"],
    )
    return ParkedReport(
        row["parked_id"],
        ParkReason(row["waits_for"]),
        report,
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
_FIND: Final = "SELECT * FROM parked WHERE parked_id = ANY($1::text[]) ORDER BY seq"
_TAKE: Final = "DELETE FROM parked WHERE parked_id = ANY($1::text[]) RETURNING parked_id"
_WAITING_FOR: Final = """
SELECT parked.* FROM parked WHERE promise_id = ANY($1::text[])
UNION
SELECT parked.* FROM parked JOIN reference USING (system, ref_id)
WHERE reference.promise_id = ANY($1::text[]) AND waits_for = 'awaiting_reference'
ORDER BY seq"""
_OVERLOOKED: Final = """
SELECT parked.* FROM parked
WHERE ($1::interval IS NULL OR parked_at > clock_timestamp() - $1::interval)
  AND (EXISTS (SELECT FROM promise WHERE promise.promise_id = parked.promise_id)
    OR waits_for = 'awaiting_reference' AND EXISTS (
      SELECT FROM reference WHERE (reference.system, reference.ref_id) = (parked.system, parked.ref_id)))
ORDER BY seq LIMIT $2"""
_SAME_REFERENCE: Final = """
SELECT * FROM parked WHERE (system, ref_id) = ($1, $2) AND waits_for = 'awaiting_reference' ORDER BY seq"""
_CALL_AMBIGUOUS: Final = "UPDATE parked SET waits_for = 'ambiguous_reference' WHERE parked_id = ANY($1::text[])"
