"""From a promise to an honest message and back, through all four services and as their callers see it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import asyncpg
import pytest

from tests.support.town import Town, Trip, reached
from tests.support.waiting import until

SENT_WARNING = ("warning", "sent")


async def test_from_a_promise_to_a_warning_and_to_its_all_clear(town: Town) -> None:
    trip = Trip(town)
    taken = await trip.reported("booked")
    assert taken["state"] == "parked"
    [waiting] = (await town.get(town.delivery, "/v1/parked", system="ops"))["items"]
    assert (waiting["reference"], waiting["waits_for"]) == (trip.reference, "awaiting_reference")

    await trip.promised()
    made = await town.get(town.promise, f"/v1/promises/{trip.promise_id}")
    assert made["customer_id"] == trip.customer
    first = await town.gap(trip.promise_id, lambda gap: reached(gap, "booked"))
    assert (first["standing"], first["facts"]) == ("open", [])
    assert first["p_slip"] < 0.3
    assert (await town.get(town.delivery, "/v1/parked", system="ops"))["items"] == []
    passed = await town.get(town.delivery, "/v1/milestones", promise_id=trip.promise_id)
    assert [item["milestone"] for item in passed["items"]] == ["booked"]
    assert (await town.get(town.notify, "/v1/notices", promise_id=trip.promise_id))["items"] == []

    slipping = await trip.slipping()
    assert slipping["history"][-1]["p_slip"] > first["p_slip"] + 0.4
    assert sum(part["share"] for part in slipping["contributions"]) > 0.99
    assert [(fact["kind"], fact["name"]) for fact in slipping["facts"]] == [("milestone_late", "departed")]
    [warning] = await town.notices(trip.promise_id, SENT_WARNING)
    assert (warning["spoken_for"], warning["reason"]) == ("slip_held", "delivered")
    [mail] = await town.mails(trip.email)
    assert mail["recipients"] == [trip.email]
    assert mail["subject"] == warning["subject"]
    assert mail["text"].replace("\r\n", "\n").strip() == warning["message"].strip()
    assert trip.what in mail["text"]
    told = await town.gap(trip.promise_id, lambda gap: gap["told"])
    assert [(notice["statement"], notice["state"]) for notice in told["notices"]] == [SENT_WARNING]
    assert "silence" not in [part["component"] for part in told["contributions"]]

    await trip.arrives_in_time()
    ended = await town.gap(trip.promise_id, lambda gap: gap["standing"] != "open")
    assert (ended["standing"], ended["score"]) == ("kept", 0.0)
    [_, clear] = await town.notices(trip.promise_id, SENT_WARNING, ("all_clear", "sent"))
    assert clear["spoken_for"] == "kept"
    assert [mail["subject"] for mail in await town.mails(trip.email)] == [warning["subject"], clear["subject"]]
    assert len({mail["message_id"] for mail in await town.mails(trip.email)}) == 2


async def test_the_owner_hears_it_before_the_customer_and_it_does_not_count_as_told(town: Town) -> None:
    trip = Trip(town)
    owner, email = f"lead-{trip.promise_id}", f"{trip.promise_id}@company.example"
    answer = await town.promise.call("PUT", f"/v1/staff/{owner}/contact", {"email": email, "name": "Kim"})
    assert (answer.status_code, answer.json()["staff_id"]) == (200, owner)
    # On a partition of its own: nothing else that is read tells that it has been.
    await until(lambda: known_to_notify(town, f"staff/{owner}"), pause=0.05)
    await trip.promised(owner=owner)
    await trip.slipping()
    first, second = await town.notices(trip.promise_id, SENT_WARNING, SENT_WARNING)
    assert [(one["audience"], one["addressee"]) for one in (first, second)] == [
        ("owner", f"staff/{owner}"),
        ("customer", trip.customer),
    ]
    assert second["owner"] == "owner_told"
    [inside], [outside] = await town.mails(email), await town.mails(trip.email)
    assert inside["number"] < outside["number"]
    assert outside["text"].strip() in inside["text"]
    assert trip.email not in inside["text"]
    told = await town.gap(trip.promise_id, lambda gap: gap["told"])
    assert [notice["notice_id"] for notice in told["notices"]] == [second["notice_id"]]
    await town.promise.call("DELETE", f"/v1/customers/{trip.customer}")
    await town.notices(trip.promise_id)


async def known_to_notify(town: Town, name: str) -> bool:
    """Whether notify-svc knows how to reach somebody."""
    found: list[object] = []

    async def look(service: str, connection: asyncpg.Connection[Any]) -> None:
        if service == "notify":
            query = "SELECT customer_id FROM customer WHERE customer_id = $1 AND sealed IS NOT NULL"
            found.extend(await connection.fetch(query, name))

    await town.databases(look)
    return bool(found)


async def test_what_was_not_written_for_the_customer_does_not_reach_them(town: Town) -> None:
    trip = Trip(town)
    secrets = ("customer is a pain, deprioritised", "ECONNREFUSED in job 4711", "it_ops")
    await trip.promised()
    await town.tell(
        "incident.reported",
        incident_id=f"job-{trip.promise_id}",
        status="opened",
        severity=0.1,
        category=secrets[2],
        title=secrets[1],
        affects=[{"kind": "site", "id": trip.site}],
        opened_at=town.clock.now(),
    )
    await town.gap(trip.promise_id, lambda gap: gap["incidents"])
    gap = await trip.slipping(reason=secrets[0], public_reason="the ferry broke down")
    assert {fact["reason"] or fact["text"] for fact in gap["facts"]} == {*secrets[:2]}
    await town.notices(trip.promise_id, SENT_WARNING)
    [mail] = await town.mails(trip.email)
    assert not [secret for secret in secrets if secret in str(mail)]
    assert "Reason given: the ferry broke down." in mail["text"]
    assert "An incident that may affect this has been open since" in mail["text"]


async def test_an_incident_moves_only_what_depends_on_it(town: Town) -> None:
    struck, spared = Trip(town), Trip(town)
    # The same customer, so the same partition: what it has heard of the second incident it has heard of the first.
    beside = Trip(town, customer=spared.customer)
    for trip in (struck, spared, beside):
        await trip.promised()
    before = {trip.promise_id: await town.gap(trip.promise_id) for trip in (struck, spared)}
    for number, trip in enumerate((struck, beside)):
        await town.tell(
            "incident.reported",
            incident_id=f"storm-{number}-{trip.promise_id}",
            status="opened",
            severity=0.8,
            category="storm",
            title="Storm at the harbour",
            affects=[{"kind": "site", "id": trip.site}],
            opened_at=town.clock.now(),
        )
    await town.gap(beside.promise_id, lambda gap: gap["incidents"])
    hit = await town.gap(struck.promise_id, lambda gap: gap["incidents"])
    assert hit["score"] > before[struck.promise_id]["score"]
    assert [fact["kind"] for fact in hit["facts"]] == ["incident_open"]
    assert "incidents" in [part["component"] for part in hit["contributions"]]
    untouched = await town.gap(spared.promise_id)
    assert (untouched["incidents"], untouched["facts"]) == ([], [])
    assert untouched["score"] == before[spared.promise_id]["score"]


async def test_a_promise_is_backed_once_its_deliverer_accepts_and_by_nothing_else(town: Town) -> None:
    trip = Trip(town)
    await trip.promised()
    assert unbacked(await town.gap(trip.promise_id)) == 0.0
    scores = [(await town.gap(trip.promise_id))["score"]]
    answers: dict[str, dict[str, str]] = {"decline": {"reason": "full"}, "accept": {}}
    for deliverer, (answer, said) in zip(("crew-7", "crew-8"), answers.items(), strict=True):
        body = {
            "handoff_id": f"{answer}-{trip.promise_id}",
            "promise_id": trip.promise_id,
            "deliverer": deliverer,
            "department": "field",
        }
        asked = await town.promise.call("POST", "/v1/handoffs", body)
        assert asked.status_code == 201, asked.text
        rests = await town.gap(trip.promise_id, partial(rests_on, deliverer))
        assert unbacked(rests) == 1.0
        assert rests["score"] > scores[0]
        answered = await town.promise.call("POST", f"/v1/handoffs/{body['handoff_id']}/{answer}", said)
        assert answered.status_code == 200, answered.text
        scores.append(rests["score"])
    # What was declined is unbacked until another accepts: then it is what it was before anybody was asked.
    backed = await town.gap(trip.promise_id, lambda gap: not unbacked(gap))
    assert backed["score"] == pytest.approx(scores[0], abs=1.0)


def rests_on(deliverer: str, gap: dict[str, Any]) -> bool:
    """Whether the gap says that this deliverer has not accepted the promise."""
    return deliverer in str(gap["contributions"])


def unbacked(gap: dict[str, Any]) -> float:
    """U of a promise."""
    return sum(float(part["x"]) for part in gap["contributions"] if part["component"] == "unbacked")


async def turn(town: Town, switch: str, *, enabled: bool) -> None:
    answer = await town.notify.call("PUT", f"/v1/{switch}", {"enabled": enabled})
    assert answer.status_code == 200, answer.text


async def test_the_kill_switch_holds_what_is_composed(town: Town) -> None:
    trip = Trip(town)
    await trip.promised()
    await turn(town, "kill-switch", enabled=True)
    await trip.slipping()
    [held] = await town.notices(trip.promise_id, ("warning", "pending"))
    assert trip.what in held["message"]
    other = Trip(town)
    await other.promised()
    await other.slipping()
    await town.notices(other.promise_id, ("warning", "pending"))
    assert await town.mails(trip.email) == []
    await turn(town, "kill-switch", enabled=False)
    for one in (trip, other):
        states = [await one_of(one), *await town.mails(one.email)]
        assert len(states) == 2


async def one_of(trip: Trip) -> dict[str, Any]:
    """The one notice of a promise that has reached its mailbox."""

    async def arrived() -> bool:
        return len(await trip.town.mails(trip.email)) > 0

    await until(arrived, pause=0.05)
    items = (await trip.town.get(trip.town.notify, "/v1/notices", promise_id=trip.promise_id, state="sent"))["items"]
    assert len(items) <= 1
    return dict(items[0]) if items else {}


async def test_a_preview_is_composed_and_not_sent(town: Town) -> None:
    trip = Trip(town)
    await trip.promised()
    await turn(town, "sending", enabled=False)
    await trip.slipping()
    [preview] = await town.notices(trip.promise_id, ("warning", "preview"))
    assert trip.what in preview["message"]
    assert preview["reason"] == "sending_off"
    assert await town.mails(trip.email) == []
    await turn(town, "sending", enabled=True)
    town.clock.advance(timedelta(minutes=1))
    await one_of(trip)
    [mail] = await town.mails(trip.email)
    assert trip.what in mail["text"]
