"""What is to be gone is gone from all four databases, and what is built again is what it was, in silence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from candor.contracts import ContactRemoved, CustomerErased, decode
from candor.records.packing import unpack
from candor.store.db import Database
from risk_svc.settings import RiskSettings
from risk_svc.wiring import GROUP
from risk_svc.worker.rebuild import rebuild
from tests.support.town import Town, Trip
from tests.support.waiting import until

SENT_WARNING = ("warning", "sent")
# The mark of an erasure names whom it is about, and a request that came before stays known under its id.
MARKS = {
    ("promise", "customer"),
    ("promise", "ingest"),
    ("promise", "outbox"),
    # Who asked for the erasure, and of whom.
    ("promise", "audit_log"),
    ("delivery", "ingest"),
    ("notify", "customer"),
}


async def traces(town: Town, *texts: str) -> set[tuple[str, str]]:
    """(service, table) of every table of every database in which one of these texts stands, as text or in bytes."""
    found: set[tuple[str, str]] = set()
    patterns = [f"%{text}%" for text in texts] + [f"%{text.encode().hex()}%" for text in texts]

    async def look(service: str, connection: asyncpg.Connection[Any]) -> None:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        assert len(tables) > 5
        for (table,) in tables:
            query = f'SELECT EXISTS (SELECT FROM "{table}" AS one WHERE one::text LIKE ANY($1::text[]))'
            if await connection.fetchval(query, patterns):
                found.add((service, table))

    await town.databases(look)
    return found


async def outbox_types(town: Town, customer: str) -> set[type]:
    """What any outbox still holds of a customer."""
    found: set[type] = set()

    async def look(_service: str, connection: asyncpg.Connection[Any]) -> None:
        for row in await connection.fetch("SELECT topic, records FROM outbox"):
            for record in unpack(row["records"]):
                if record.key == customer.encode():
                    found.add(type(decode(row["topic"], record.headers, record.value).data))

    await town.databases(look)
    return found


@pytest.fixture
def trip(town: Town) -> Trip:
    return Trip(town)


async def test_a_forgotten_customer_is_gone_from_all_four_databases(town: Town, trip: Trip) -> None:
    neighbour = Trip(town)
    await trip.reported("booked")
    for one in (trip, neighbour):
        await one.promised()
    for one in (trip, neighbour):
        await one.slipping()
    for one in (trip, neighbour):
        await town.notices(one.promise_id, SENT_WARNING)
        await town.gap(one.promise_id, has_heard_of_it)
    assert {service for service, _ in await traces(town, trip.promise_id)} == {"promise", "delivery", "risk", "notify"}
    assert ("notify", "notice") in await traces(town, trip.what)
    # Contacts are kept sealed, so the address stands nowhere even before.
    assert await traces(town, trip.email) == set()

    erased = await town.promise.call("DELETE", f"/v1/customers/{trip.customer}")
    assert erased.json() == {"customer_id": trip.customer, "promises_erased": 1, "state": "erased"}

    async def forgotten() -> bool:
        return await traces(town, trip.promise_id, trip.email, trip.what, trip.reference["id"]) == set()

    await until(forgotten, pause=0.2)
    assert await traces(town, trip.customer) <= MARKS
    assert await outbox_types(town, trip.customer) == {CustomerErased, ContactRemoved}
    for api, path in (
        (town.promise, f"/v1/promises/{trip.promise_id}"),
        (town.risk, f"/v1/gaps/{trip.promise_id}"),
        (town.risk, f"/v1/customers/{trip.customer}/gap"),
    ):
        assert await town.get(api, path) is None
    assert (await town.get(town.notify, "/v1/notices", customer_id=trip.customer))["items"] == []
    assert (await town.get(town.delivery, "/v1/milestones", promise_id=trip.promise_id))["items"] == []
    assert (await town.gap(neighbour.promise_id))["told"]
    assert len(await town.mails(trip.email)) == 1


def has_heard_of_it(gap: Any) -> bool:
    """Whether the last word on its notice has come back: nothing more is on its way."""
    return [notice["state"] for notice in gap["notices"]] == ["sent"]


async def published(town: Town) -> int:
    return int(await of_risk(town, "SELECT last_value FROM outbox_id_seq"))


async def of_risk(town: Town, query: str) -> Any:
    connection = await asyncpg.connect(town.settings["risk"].database)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def lasting(gap: dict[str, Any]) -> dict[str, Any]:
    """What events say of a promise; its forecast is made anew, now and with all lessons of the meantime."""
    anew = {
        "as_of",
        "history",
        "score",
        "band",
        "p_slip",
        "base_rate",
        "too_little_history",
        "forecast",
        "contributions",
        "inputs",
    }
    return {name: value for name, value in gap.items() if name not in anew}


def differences(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> list[tuple[Any, Any]]:
    """Fields that are not the same, as (before, after)."""
    return [
        ((name, field, value), after[name].get(field))
        for name, gap in before.items()
        for field, value in gap.items()
        if after[name].get(field) != value
    ]


async def test_a_rebuild_ends_in_the_same_state_and_no_mailbox_gains_anything(town: Town, trip: Trip) -> None:
    quiet = Trip(town)
    kept = Trip(town)
    trips = (trip, quiet, kept)
    for one in trips:
        await one.promised()
    await town.tell(
        "incident.reported",
        incident_id=f"storm-{quiet.promise_id}",
        status="opened",
        severity=0.4,
        category="storm",
        title="Storm at the harbour",
        affects=[{"kind": "site", "id": quiet.site}],
        opened_at=town.clock.now(),
    )
    town.clock.advance(timedelta(minutes=60))
    await quiet.reported("departed")
    await kept.reported("arrived", final=True)
    await trip.slipping()
    await town.gap(kept.promise_id, lambda gap: gap["standing"] == "kept")
    await town.gap(quiet.promise_id, lambda gap: gap["incidents"])
    await town.notices(trip.promise_id, SENT_WARNING)
    await town.gap(trip.promise_id, has_heard_of_it)

    await town.stop_worker()
    before = {one.promise_id: lasting(await town.gap(one.promise_id)) for one in trips}
    settings, last = town.settings["risk"], await published(town)
    assert isinstance(settings, RiskSettings)
    database = await Database.open(settings.database)
    await rebuild(settings, database, GROUP, town.clock)
    await database.close()
    after = {one.promise_id: lasting(await town.gap(one.promise_id)) for one in trips}
    assert differences(before, after) == []
    # The mark of an erasure, made once more, takes a number of the outbox but sends nothing.
    assert await published(town) == last + await of_risk(town, "SELECT count(*) FROM erased")

    assert len(await town.mails(trip.email)) == 1
    await town.start_worker()
    # The next word goes the whole way; whatever the rebuild had stirred up would have gone it before.
    await trip.arrives_in_time()
    await town.notices(trip.promise_id, SENT_WARNING, ("all_clear", "sent"))
    assert [len(await town.mails(one.email)) for one in trips] == [2, 0, 0]
