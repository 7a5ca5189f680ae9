"""What there is after a run, read from the four databases, notify-svc's API and the mail sink's own file."""

from __future__ import annotations

import asyncio
import math
from typing import Any, Final

import httpx

from candor.local.mailbox.store import read_ledger
from candor.records.packing import unpack
from candor_demo.gather import items
from risk_svc.domain.state import PromiseState, from_bytes
from risk_svc.forecast.serialization import model_bytes
from risk_svc.forecast.view import PromiseSnapshot
from risk_svc.forecasting.model_store import steps
from risk_svc.training.journal import Place, read
from risk_svc.training.timeline import Timeline
from tests.faults.rig.arrivals import Arrival, Spoken, arrived
from tests.faults.rig.checker import Effects, Notice
from tests.faults.rig.oracle import dates, facts
from tests.faults.rig.stage import SERVICE_NAMES, Stage, connected
from tests.faults.rig.standing import STANDING


async def collect(stage: Stage) -> Effects:
    """Everything, read once the system is quiet."""
    found = Effects()
    async with connected(stage, "promise") as connection:
        await _promises(found, connection)
    async with connected(stage, "delivery") as connection:
        await _delivery(found, connection)
    async with connected(stage, "risk") as connection:
        await _risk(found, connection)
    async with connected(stage, "notify") as connection:
        await _notify(found, connection)
        spoken = [Spoken(*row) for row in await connection.fetch(_SPOKEN)]
    for service in SERVICE_NAMES:
        async with connected(stage, service) as connection:
            await _leftovers(found, connection, service)
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        url = stage.stack.urls["notify-svc"]
        found.shown = {item["notice_id"] async for item in items(http, f"{url}/v1/notices", stage.key, state="unknown")}
    found.arrived, found.repeated = arrived(stage.sinks.taken, spoken)
    mails = read_ledger(stage.sink) if stage.sink.exists() else []
    names = [str(mail.parsed()["Message-ID"]).strip().strip("<>").partition("@")[0] for mail in mails]
    found.arrived += [Arrival("email", name) for name in names]
    return found


async def _promises(found: Effects, connection: Any) -> None:
    found.promises = {row["promise_id"]: dates(_NamedRow(row)) for row in await connection.fetch(_PROMISES)}
    for row in await connection.fetch("SELECT promise_id, version FROM change"):
        found.changes.setdefault(row["promise_id"], []).append(row["version"])
    rows = await connection.fetch("SELECT customer_id, contact_version FROM customer WHERE contact_version > 0")
    found.contacts = dict(map(tuple, rows))


async def _delivery(found: Effects, connection: Any) -> None:
    for row in await connection.fetch("SELECT promise_id, version, source_event FROM milestone"):
        found.trail.setdefault(row["promise_id"], []).append((row["version"], row["source_event"]))
    found.sightings = [row["source_event"] for row in await connection.fetch("SELECT source_event FROM sighting")]
    found.incidents = dict(map(tuple, await connection.fetch("SELECT incident_id, version FROM incident")))
    rows = await connection.fetch("SELECT source_event FROM parked WHERE source <> $1", STANDING)
    found.waiting += [f"parked: {row['source_event']}" for row in rows]


async def _risk(found: Effects, connection: Any) -> None:
    for row in await connection.fetch("SELECT state FROM promise_state"):
        state: PromiseState = from_bytes(row["state"])
        found.folded[state.promise_id] = facts(state)
        found.told[state.promise_id] = {(told.notice_id, told.version) for told in state.notices}
        found.scored[state.promise_id] = state.view.version
    # One picture: while the steps are done again, the learner may publish the next version.
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await _learnt(found, connection)
    for row in await connection.fetch("SELECT partition, incident_id, version FROM incident"):
        found.seen[row["partition"], row["incident_id"]] = row["version"]


async def _learnt(found: Effects, connection: Any) -> None:
    """How much of each promise is in the journal, and which published versions an undisturbed learner finds as well."""
    course, place = Timeline(), Place()
    # The rig's learner stores no checkpoint while it runs: all that it ever read and did is still there.
    for step in await steps(connection, -math.inf):
        while rows := await read(connection, place, step.upto):
            for row in rows:
                found.journalled.update(
                    entry.view.promise_id for entry in row.entries if isinstance(entry, PromiseSnapshot)
                )
                course.take(row.entries)
            place = rows[-1].place
        await asyncio.to_thread(course.close, step.boundary)
        body = await connection.fetchval("SELECT body FROM model_version WHERE version = $1", course.version)
        if body is not None:
            found.versions[course.version] = body == model_bytes(course.engine.model)
    for row in await read(connection, place, 1 << 62, 1 << 30):
        found.journalled.update(entry.view.promise_id for entry in row.entries if isinstance(entry, PromiseSnapshot))
    found.newest = await connection.fetchval("SELECT coalesce(max(version), 0) FROM model_version")


async def _notify(found: Effects, connection: Any) -> None:
    for row in await connection.fetch("SELECT promise_id, promise_version, gap_version FROM promise"):
        found.read[row["promise_id"]] = (row["promise_version"], row["gap_version"])
    rows = await connection.fetch(_NOTICES)
    found.notices = [Notice(*row) for row in rows]


async def _leftovers(found: Effects, connection: Any, service: str) -> None:
    """Outboxes that are kept as logs are read whole, but for what stood there before; nothing may wait or be buried."""
    kept = service in ("promise", "delivery")
    for row in await connection.fetch(_OUTBOX):
        if kept:
            names = (dict(record.headers)["ce_id"].decode() for record in unpack(row["records"]))
            found.published.setdefault(service, []).extend(names)
        if row["published_at"] is None:
            found.unsent.append(f"{service}-svc: outbox row {row['id']} of {row['topic']}")
    for row in await connection.fetch("SELECT subject, reason, detail FROM dead_letter"):
        found.buried.append(f"{service}-svc: dead letter {row['subject']}: {row['reason']} ({row['detail'][:80]})")
    if kept:
        for row in await connection.fetch("SELECT event_id, reason FROM rejected"):
            found.buried.append(f"{service}-svc: rejected {row['event_id']}: {row['reason']}")


class _NamedRow:
    """A row whose columns are attributes."""

    def __init__(self, row: Any) -> None:
        self.__dict__.update(row)


_NOTICES: Final = """
SELECT notice_id, promise_id, notice.state, version, coalesce(channel, '')
FROM notice LEFT JOIN delivery USING (notice_id) WHERE notice_id NOT LIKE 'notice-%'"""
_SPOKEN: Final = """
SELECT notice_id, promise_id, notice.state, channel, delivery_id, body
FROM notice JOIN delivery USING (notice_id) WHERE notice_id NOT LIKE 'notice-%' ORDER BY notice.created_at"""
_OUTBOX: Final = """
SELECT id, topic, records, published_at FROM outbox
WHERE published_at IS NULL OR created_at > now() - interval '12 hours'"""
_PROMISES: Final = """
SELECT promise_id, version, state, first_due, latest_due, held_due, completed_at FROM promise"""
