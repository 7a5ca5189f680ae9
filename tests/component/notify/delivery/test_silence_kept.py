"""Nobody is written to who must not be; each silence is stored with its reason; the forgotten stay forgotten."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from candor.contracts import Message, Standing
from candor.store.eraser import Eraser
from notify_svc.domain.facts import Rules
from notify_svc.store import new_contacts, read_model
from tests.support.clocks import NOON
from tests.support.notify import (
    FINE,
    LATE,
    Desk,
    contact,
    erased,
    gap,
    promise,
    removed,
    withdrawn,
)

SILENT: list[tuple[list[Message], str]] = [
    ([promise(), gap(1)], "no_contact"),
    ([promise(), contact(), removed(), gap(1)], "no_contact"),
    ([promise(), contact(consent=False), gap(1)], "no_consent"),
    ([promise(), contact(email="not an address"), gap(1)], "bad_contact"),
    ([promise(historical=True), contact(), gap(1)], "historical"),
    ([promise(), withdrawn(), contact(), gap(1)], "withdrawn"),
]


@pytest.mark.parametrize(("events", "reason"), SILENT, ids=[reason for _, reason in SILENT])
async def test_a_silence_is_stored_once_with_its_reason(desk_: Desk, events: list[Message], reason: str) -> None:
    await desk_.take(*events)
    for number in range(2, 6):
        await desk_.later(5, gap(number, LATE, at=desk_.clock.now()))
    assert await desk_.states() == [("warning", "suppressed", reason)]
    assert await desk_.send() == 0


async def test_a_historical_gap_is_not_even_decided_upon(desk_: Desk) -> None:
    await desk_.take(promise(historical=True), contact(), gap(1, historical=True))
    await desk_.later(60)
    assert await desk_.states() == []


async def test_a_contact_that_comes_late_lets_the_warning_out(desk_: Desk) -> None:
    await desk_.take(promise(), gap(1))
    await desk_.later(5)
    await desk_.later(1, contact())
    await desk_.send()
    assert [state[:2] for state in await desk_.states()] == [("warning", "suppressed"), ("warning", "sent")]


async def test_consent_taken_back_stops_what_is_waiting(desk_: Desk) -> None:
    await desk_.warned()
    await desk_.take(contact(version=2, consent=False))
    assert await desk_.send() == 1
    assert desk_.received() == []
    assert (await desk_.states())[0] == ("warning", "suppressed", "no_consent")


async def test_a_withdrawal_stops_what_is_waiting_and_everything_after(desk_: Desk) -> None:
    await desk_.warned()
    await desk_.take(withdrawn())
    assert await desk_.states() == [("warning", "suppressed", "withdrawn")]
    for number, standing in enumerate([Standing.OPEN, Standing.BROKEN, Standing.CANCELLED, Standing.WITHDRAWN], 2):
        await desk_.later(60, gap(number, LATE, standing, at=desk_.clock.now()))
    assert await desk_.send() == 0
    assert desk_.received() == []
    states = await desk_.states()
    assert {state for _, state, _ in states} == {"suppressed"}
    # What was composed and kept back is listed once, also where the facts would have it said again.
    assert states.count(("warning", "suppressed", "withdrawn")) == 1


async def test_what_is_kept_back_as_it_was_to_go_out_is_listed_once(desk_: Desk) -> None:
    await desk_.warned()
    await desk_.take(contact(version=2, consent=False))
    assert await desk_.send() == 1
    await desk_.later(1)
    assert await desk_.states() == [("warning", "suppressed", "no_consent")]


async def test_after_a_warning_went_out_a_withdrawal_still_ends_it(desk_: Desk) -> None:
    await desk_.warned()
    await desk_.send()
    await desk_.take(withdrawn(), gap(2, FINE, at=desk_.clock.now()))
    await desk_.later(6_000)
    assert await desk_.send() == 0
    assert len(desk_.received()) == 1


async def test_the_daily_cap_holds_and_frees(desk_: Desk) -> None:
    cap = desk_.rules.daily_cap
    events: list[Message] = [contact()]
    for number in range(cap + 3):
        name = f"p{number}"
        events += [promise(name), gap(1, name=name)]
    await desk_.take(*events)
    await desk_.later(5)
    states = await desk_.states()
    assert [state for _, state, _ in states].count("pending") == cap
    assert [reason for _, _, reason in states].count("daily_cap") == 3
    while await desk_.send():
        pass
    assert len(desk_.received()) == cap


async def cancelled(desk: Desk, name: str) -> None:
    """A promise that is cancelled now: its message never goes stale."""
    await desk.take(promise(name), gap(1, None, Standing.CANCELLED, name=name, at=desk.clock.now()), tick=True)


async def stopped(desk: Desk, *, killed: bool) -> None:
    await desk.database.pool.execute("UPDATE switch SET killed = $1", killed)


async def one_a_day_and_the_first_held_up(desk: Desk) -> None:
    desk.rules = Rules(daily_cap=1)
    desk.speaker = replace(desk.speaker, rules=desk.rules)
    await desk.take(contact())
    await stopped(desk, killed=True)
    await cancelled(desk, "p1")


async def test_a_message_that_waited_for_more_than_a_day_takes_no_other_ones_place_in_the_cap(desk_: Desk) -> None:
    await one_a_day_and_the_first_held_up(desk_)
    desk_.clock.advance(timedelta(hours=25))
    await cancelled(desk_, "p2")
    await stopped(desk_, killed=False)
    for _ in range(3):
        await desk_.send()
        await desk_.later(0)
    assert len(desk_.received()) == 1
    assert [reason for _, _, reason in await desk_.states()].count("daily_cap") >= 1


async def test_the_cap_counts_from_when_a_message_went_out_and_no_longer_than_a_day(desk_: Desk) -> None:
    await one_a_day_and_the_first_held_up(desk_)
    desk_.clock.advance(timedelta(hours=23))
    await stopped(desk_, killed=False)
    assert await desk_.send() == 1
    desk_.clock.advance(timedelta(hours=24, microseconds=-1))
    await cancelled(desk_, "p2")
    assert (await desk_.states())[-1] == ("cancelled", "suppressed", "daily_cap")
    desk_.clock.advance(timedelta(microseconds=1))
    await cancelled(desk_, "p3")
    assert await desk_.send() == 1
    assert len(desk_.received()) == 2


async def test_erasure_leaves_nothing_of_the_customer(desk_: Desk) -> None:
    await desk_.warned()
    await desk_.send()
    await desk_.take(promise("p2", "c2"), contact("c2"), gap(1, name="p2", customer="c2"))
    await desk_.take(erased())
    await desk_.end_erasures()
    for table in ("promise", "episode", "notice"):
        assert await desk_.database.pool.fetchval(f"SELECT count(*) FROM {table} WHERE customer_id = 'c1'") == 0
    row = await desk_.database.pool.fetchrow("SELECT * FROM customer WHERE customer_id = 'c1'")
    assert row is not None
    assert (row["sealed"], row["erased_at"]) == (None, NOON)
    assert await desk_.database.pool.fetchval("SELECT count(*) FROM promise WHERE customer_id = 'c2'") == 1


async def test_nothing_older_than_the_erasure_brings_anything_back(desk_: Desk) -> None:
    await desk_.warned()
    again = [promise(), contact(), contact(version=2), gap(1), gap(2)]
    later = NOON + timedelta(minutes=1)
    await desk_.take(erased(time=later))
    for message in again:
        await desk_.take(message)
    await desk_.end_erasures()
    for message in again:
        await desk_.take(message)
    await desk_.later(600, *again)
    assert await desk_.send() == 0
    assert await desk_.states() == []
    assert await desk_.database.pool.fetchval("SELECT count(*) FROM customer WHERE sealed IS NOT NULL") == 0
    assert await desk_.database.pool.fetchval("SELECT count(*) FROM promise WHERE promise IS NOT NULL") == 0


async def test_a_customer_who_comes_back_is_a_customer_again(desk_: Desk) -> None:
    await desk_.take(promise(), contact(), erased())
    back = NOON + timedelta(days=1)
    desk_.clock.set(back)
    await desk_.take(contact(version=2, time=back))
    await desk_.take(erased())
    assert await desk_.database.pool.fetchval("SELECT count(*) FROM customer WHERE sealed IS NOT NULL") == 1


async def test_no_address_or_name_is_anywhere_in_the_database(desk_: Desk) -> None:
    await desk_.warned()
    await desk_.send()
    tables = await desk_.database.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for table in tables:
        rows = await desk_.database.pool.fetch(f'SELECT to_jsonb(t)::text AS row FROM "{table["tablename"]}" t')
        for row in rows:
            assert "customer.example" not in row["row"].lower()
            assert "Pat" not in json.loads(row["row"]).values()
    records = await desk_.database.pool.fetch("SELECT records FROM outbox")
    assert records
    assert all(b"customer.example" not in row["records"] for row in records)


async def test_until_its_rows_are_gone_nothing_is_said_about_an_erased_promise(desk_: Desk) -> None:
    names = [f"p{number}" for number in range(5)]
    await desk_.take(contact(), *(promise(name) for name in names), *(gap(1, name=name) for name in names))
    await desk_.later(5)
    waiting = "SELECT count(*) FROM notice WHERE state = 'pending'"
    assert await desk_.database.pool.fetchval(waiting) > 0
    await desk_.take(erased())
    assert await desk_.database.pool.fetchval("SELECT count(*) FROM promise") == 5
    await desk_.send()
    assert desk_.received() == []
    left = []
    eraser = Eraser(desk_.database, read_model.erasures(2))
    while await eraser.step():
        left.append(await desk_.database.pool.fetchval("SELECT count(*) FROM promise"))
    assert left[:3] == [3, 1, 0]
    await desk_.later(600)
    assert await desk_.send() == 0
    for table in ("promise", "episode", "notice"):
        assert await desk_.database.pool.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_what_a_customer_is_promised_after_coming_back_outlives_the_erasure_under_way(desk_: Desk) -> None:
    await desk_.warned()
    await desk_.take(promise("p2"), gap(1, name="p2"), erased())
    back = NOON + timedelta(days=1)
    desk_.clock.set(back)
    await desk_.take(promise("p1", time=back), contact(version=2, time=back), gap(2, name="p1", at=back))
    await desk_.end_erasures()
    rows = await desk_.database.pool.fetch("SELECT promise_id FROM promise")
    assert [row["promise_id"] for row in rows] == ["p1"]
    assert await desk_.states() == []


async def test_a_new_contact_of_a_customer_with_many_promises_is_looked_at_by_and_by(
    desk_: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new_contacts, "MOST", 2)
    names = [f"p{number}" for number in range(5)]
    await desk_.take(*(promise(name) for name in names), *(gap(1, name=name) for name in names))
    await desk_.later(5)
    seen = "SELECT count(*) FROM notice WHERE reason <> 'no_contact' OR state <> 'suppressed'"
    before = await desk_.database.pool.fetchval(seen)
    await desk_.take(contact())
    counts = [await desk_.database.pool.fetchval(seen)]
    while await desk_.database.pool.fetchval("SELECT count(*) FROM new_contact"):
        await desk_.take(tick=True)
        counts.append(await desk_.database.pool.fetchval(seen))
    assert [count - before for count in counts] == [2, 4, 5]
