"""Statements of other systems late, early, twice and reversed: nothing is lost, and the newest said counts."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from candor.contracts import PromiseMade, PromiseRestated, PromiseRevised, PromiseSettled
from candor.intake import Acceptance, Origin, Submission
from candor.store.unit_of_work import unit_of_work
from candor.web.http.problems import Problem
from promise_svc.api import presenters
from promise_svc.api.requests import PromiseIn
from promise_svc.domain import Revise, limits
from promise_svc.domain.waiting import Waiting
from promise_svc.service.joiner import Joiner
from promise_svc.service.stories import Stories
from promise_svc.service.use_cases import Statement, apply
from promise_svc.store import ledger, waiting_rows
from tests.component.promise.bodies import CONTACT, DUE, LATER, body, code, made, new, sent
from tests.component.promise.matters import registered
from tests.support.api import Api
from tests.support.clocks import NOON, ManualClock

HOUR = timedelta(hours=1)
LATE = "2013-03-09T20:00:00Z"
"""Eight hours after the first date, sixteen before the later one."""


def agreed(promise_id: str, due: str = LATER) -> dict[str, Any]:
    return {"promise_id": promise_id, "due": due, "asked_by": "company", "agreed": True, "reason": "the part is late"}


def verdict(promise_id: str, said: str = "kept", **others: Any) -> dict[str, Any]:
    return {"promise_id": promise_id, "verdict": said, **others}


async def shown(api: Api, promise_id: str) -> dict[str, Any]:
    document: dict[str, Any] = (await api.call("GET", f"/v1/promises/{promise_id}")).json()
    return document


async def waiting(api: Api, **filters: Any) -> list[dict[str, Any]]:
    answer = await api.call("GET", "/v1/waiting", role="viewer", params=filters)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_an_agreed_date_a_second_before_its_promise_waits_in_sight_and_is_then_held(promise_api: Api) -> None:
    name = new("p")
    event = new("evt")
    early = await promise_api.webhook("promise.revised", agreed(name), at=NOON - timedelta(seconds=1), webhook_id=event)
    assert early.status_code == 202
    answer = early.json()
    assert (answer["state"], answer["promise_id"]) == ("waiting", name)
    (item,) = await waiting(promise_api, promise_id=name)
    assert (item["waiting_id"], item["kind"], item["due"]) == (answer["waiting_id"], "revised", LATER)
    assert (item["source"], item["source_event"], item["reason"]) == ("crm", event, "the part is late")
    asked = body(promise_id=name)
    assert (await promise_api.webhook("promise.made", asked, at=NOON)).json()["state"] == "accepted"
    found = await shown(promise_api, name)
    assert (found["held_due"], found["first_due"], found["version"]) == (LATER, DUE, 2)
    assert await waiting(promise_api, promise_id=name) == []
    messages = await sent(promise_api, asked["customer_id"])
    assert [type(message.data) for message in messages] == [PromiseMade, PromiseRevised]
    assert messages[1].envelope.id == event


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("promise.revised", {"due": LATER, "asked_by": "customer", "reason": "away"}),
        ("promise.withdrawn", {"reason": "called off", "public_reason": "as you asked"}),
        ("promise.settled", {"verdict": "broken", "completed_at": "2013-03-08T12:00:00Z"}),
    ],
)
async def test_every_kind_waits_by_webhook_and_import_and_none_by_our_own_api(
    promise_api: Api, kind: str, data: dict[str, Any]
) -> None:
    first, second = new("p"), new("p")
    assert (await promise_api.webhook(kind, data | {"promise_id": first})).json()["state"] == "waiting"
    event = {"id": new("h"), "type": kind, "time": NOON, "data": data | {"promise_id": second}}
    taken = (await promise_api.call("POST", "/v1/imports", {"events": [event]})).json()
    assert taken == {"accepted": 1, "replayed": 0, "rejected": [], "waiting": 1}
    for name in (first, second):
        await made(promise_api, promise_id=name)
        found = await shown(promise_api, name)
        (change,) = found["changes"]
        assert {word: change[word] for word in data if word != "asked_by"} == {
            word: value for word, value in data.items() if word != "asked_by"
        }
    path = {"promise.revised": "revisions", "promise.withdrawn": "withdraw", "promise.settled": "verdict"}[kind]
    refused = await promise_api.call("POST", f"/v1/promises/{new('p')}/{path}", data)
    assert (refused.status_code, code(refused)) == (404, "not_found")


async def test_what_waits_is_taken_in_the_order_in_which_it_was_said(promise_api: Api) -> None:
    name = new("p")
    for minute, data in (
        (30, agreed(name, LATER)),
        (10, agreed(name, LATE)),
        (20, agreed(name, "2013-03-12T00:00:00Z")),
    ):
        await promise_api.webhook("promise.revised", data, at=NOON - HOUR + timedelta(minutes=minute))
    await promise_api.webhook("promise.settled", verdict(name, completed_at="2013-03-08T11:00:00Z"))
    await made(promise_api, promise_id=name, made_at="2013-03-08T10:00:00Z")
    found = await shown(promise_api, name)
    assert [entry.get("due") for entry in found["changes"]] == [LATE, "2013-03-12T00:00:00Z", LATER, None]
    assert (found["held_due"], found["state"]) == (LATER, "kept")


async def test_a_story_in_one_import_may_come_in_any_order(promise_api: Api) -> None:
    name, customer = new("p"), new()
    past = NOON - 48 * HOUR
    story = [
        ("promise.made", body(promise_id=name, customer_id=customer, due="2013-03-07T12:00:00Z"), 0),
        ("promise.revised", agreed(name, "2013-03-08T09:00:00Z"), 1),
        ("promise.settled", verdict(name, completed_at="2013-03-08T08:00:00Z"), 47),
    ]
    events = [
        {"id": new("h"), "type": kind, "time": past + hours * HOUR, "data": data} for kind, data, hours in story[::-1]
    ]
    taken = (await promise_api.call("POST", "/v1/imports", {"events": events})).json()
    assert taken == {"accepted": 3, "replayed": 0, "rejected": []}
    found = await shown(promise_api, name)
    assert (found["state"], found["held_due"], found["historical"]) == ("kept", "2013-03-08T09:00:00Z", True)


async def test_all_permutations_by_webhook_end_in_the_same_promise_history_and_sum_of_events(promise_api: Api) -> None:
    ends, histories, last = set(), set(), set()
    for order in permutations(range(4)):
        name, customer = new("p"), new()
        story = [
            ("promise.made", body(promise_id=name, customer_id=customer), 0),
            ("promise.revised", agreed(name), 1),
            ("promise.settled", verdict(name, "broken", completed_at="2013-03-08T14:30:00Z"), 150),
            ("promise.withdrawn", {"promise_id": name, "reason": "called off"}, 160),
        ]
        promise_api.intake.clock.set(NOON + 3 * HOUR)  # type: ignore[attr-defined]
        for place in (*order, order[0]):
            kind, data, minute = story[place]
            answer = await promise_api.webhook(
                kind, data, at=NOON + timedelta(minutes=minute), webhook_id=f"{name}-{place}"
            )
            assert answer.json()["state"] in ("accepted", "waiting"), answer.text
        found = await shown(promise_api, name)
        story_told = [{k: v for k, v in entry.items() if k != "version"} for entry in found.pop("changes")]
        histories.add(repr(story_told))
        ends.add(repr({k: v for k, v in found.items() if k not in ("promise_id", "customer_id")}))
        last.add((await sent(promise_api, customer))[-1].envelope.version)
    assert (len(ends), len(histories), last) == (1, 1, {4})


async def test_an_agreed_date_that_comes_after_the_verdict_makes_broken_kept(
    promise_api: Api, promise_clock: ManualClock
) -> None:
    promise = await made(promise_api)
    name = promise["promise_id"]
    promise_clock.set(NOON + 40 * HOUR)
    await promise_api.webhook("promise.settled", verdict(name, "broken", completed_at=LATE))
    assert (await shown(promise_api, name))["state"] == "broken"
    answer = await promise_api.webhook("promise.revised", agreed(name), at=NOON + HOUR)
    assert answer.json() == {"state": "accepted", "promise_id": name, "version": 3}
    found = await shown(promise_api, name)
    assert (found["state"], found["held_due"], found["completed_at"]) == ("kept", LATER, LATE)
    assert [(entry["version"], entry["kind"], entry.get("judged")) for entry in found["changes"]] == [
        (3, "revised", None),
        (2, "settled", "kept"),
    ]
    last = (await sent(promise_api, promise["customer_id"]))[-1]
    assert isinstance(last.data, PromiseRestated)
    assert (last.data.state.value, last.data.revisions, last.envelope.version) == ("kept", 1, 3)


async def test_an_older_verdict_that_is_delivered_later_joins_the_history(promise_api: Api) -> None:
    promise = await made(promise_api)
    name = promise["promise_id"]
    await promise_api.webhook("promise.settled", verdict(name, "kept"), at=NOON + timedelta(minutes=5))
    await promise_api.webhook("promise.settled", verdict(name, "broken"), at=NOON - timedelta(minutes=20))
    found = await shown(promise_api, name)
    assert found["state"] == "kept"
    assert [entry["verdict"] for entry in found["changes"]] == ["broken", "kept"]


async def test_what_is_said_after_the_end_is_kept_without_effect(promise_api: Api) -> None:
    promise = await made(promise_api)
    name = promise["promise_id"]
    await promise_api.webhook("promise.withdrawn", {"promise_id": name, "reason": "called off"}, at=NOON - HOUR)
    assert (await promise_api.webhook("promise.revised", agreed(name))).json()["state"] == "accepted"
    found = await shown(promise_api, name)
    assert (found["state"], found["held_due"]) == ("withdrawn", DUE)
    assert [entry.get("in_effect") for entry in found["changes"]] == [None, False]


@pytest.mark.parametrize("said", [0, 4])
async def test_what_our_own_user_says_has_happened_whatever_clock_the_crm_has(promise_api: Api, said: int) -> None:
    name = new("p")
    ahead = NOON + timedelta(minutes=4)
    await promise_api.webhook("promise.made", body(promise_id=name), at=ahead)
    if said:
        await promise_api.webhook("promise.revised", agreed(name, LATE), at=ahead)
    words = {"due": LATER, "asked_by": "company", "agreed": True, "reason": "the part is late"}
    answer = await promise_api.call("POST", f"/v1/promises/{name}/revisions", words)
    assert (answer.status_code, answer.json()["latest_due"], answer.json()["held_due"]) == (200, LATER, LATER)
    assert (await shown(promise_api, name))["held_due"] == LATER


async def test_a_contact_that_our_own_user_sets_counts_whatever_clock_the_crm_has(promise_api: Api) -> None:
    name = new()
    await promise_api.webhook("contact.set", {"customer_id": name, **CONTACT}, at=NOON + timedelta(minutes=4))
    answer = await promise_api.call("PUT", f"/v1/customers/{name}/contact", CONTACT)
    assert answer.json()["version"] == 2
    late = await promise_api.webhook("contact.set", {"customer_id": name, **CONTACT}, at=NOON)
    assert late.json()["version"] == 2


async def test_a_register_that_our_own_user_sets_counts_whatever_clock_the_crm_has(promise_api: Api) -> None:
    name = new("cap")
    theirs = {"capability_id": name, "statuses": [{"status": "available"}]}
    answer = await promise_api.webhook("capability.set", theirs, at=NOON + timedelta(minutes=4))
    assert answer.json()["state"] == "accepted", answer.text
    ours = await registered(promise_api, name, {"status": "planned"})
    assert ours["statuses"][0]["status"] == "planned"


async def test_a_verdict_of_ours_and_a_correction_still_follow_one_another(promise_api: Api) -> None:
    promise = await made(promise_api)
    path = f"/v1/promises/{promise['promise_id']}"
    await promise_api.call("POST", f"{path}/verdict", {"verdict": "broken"})
    corrected = await promise_api.call("POST", f"{path}/verdict", {"verdict": "kept"})
    assert corrected.json()["state"] == "kept"
    kinds = [type(message.data) for message in await sent(promise_api, promise["customer_id"])]
    assert kinds == [PromiseMade, PromiseSettled, PromiseSettled]


async def test_what_waited_and_can_be_true_at_no_time_is_listed_as_rejected(promise_api: Api) -> None:
    name, event = new("p"), new("evt")
    await promise_api.webhook("promise.revised", agreed(name, "2013-03-01T00:00:00Z"), webhook_id=event)
    await made(promise_api, promise_id=name)
    items = (await promise_api.call("GET", "/v1/rejected", params={"limit": 200})).json()["items"]
    assert [item["reason"] for item in items if item["event_id"] == event] == ["due_before_made"]
    assert await waiting(promise_api, promise_id=name) == []


async def test_only_so_many_wait_for_one_promise_and_of_one_source(promise_api: Api) -> None:
    name = new("p")
    for number in range(limits.WAITING):
        answer = await promise_api.webhook("promise.revised", agreed(name), at=NOON - timedelta(minutes=number))
        assert answer.json()["state"] == "waiting"
    full = await promise_api.webhook("promise.revised", agreed(name))
    assert (full.json()["state"], full.json()["code"]) == ("rejected", "limit_reached")


async def test_a_source_of_which_too_many_wait_is_refused_by_name(promise_api: Api) -> None:
    command = Revise(
        promise_id=new("p"), due=NOON + 90 * HOUR, asked_by_customer=False, agreed=True, reason="r", reported=True
    )
    one: Statement = Submission("promise.revised", command, Origin(new("evt"), new("src"), NOON), presenters.accepted)
    async with unit_of_work(promise_api.intake.database) as uow:
        (refused,) = await apply(uow, [one], most_waiting=0)
    assert getattr(refused, "code", "") == "too_many_waiting"


async def test_of_very_many_late_statements_some_are_asked_to_come_again(promise_api: Api) -> None:
    names = sorted([(await made(promise_api))["promise_id"] for _ in range(3)])
    for name in names:
        await promise_api.webhook("promise.settled", verdict(name))
    late = [
        (
            Revise(
                promise_id=name, due=NOON + 90 * HOUR, asked_by_customer=False, agreed=True, reason="r", reported=True
            ),
            NOON - HOUR,
        )
        for name in names
    ]
    async with unit_of_work(promise_api.intake.database) as uow:
        promises = await ledger.promises(uow, names)
        stories = await Stories.load(uow, promises, late, most=4)
    assert (set(stories.told), stories.unread) == (set(names[:2]), {names[2]})
    with pytest.raises(Problem) as again:
        stories.arrive(promises[names[2]], *late[2])
    assert (again.value.status, again.value.headers["Retry-After"]) == (503, "1")
    assert stories.arrive(promises[names[0]], *late[0]).promise.version == 3


async def test_what_waits_can_be_filtered_paged_and_read_as_csv(promise_api: Api) -> None:
    name = new("p")
    for minute in range(3):
        await promise_api.webhook("promise.revised", agreed(name), at=NOON - timedelta(minutes=minute))
    await promise_api.webhook("promise.withdrawn", {"promise_id": name, "reason": "=cmd"})
    assert [item["kind"] for item in await waiting(promise_api, promise_id=name, kind="withdrawn")] == ["withdrawn"]
    assert await waiting(promise_api, promise_id=name, source="nobody") == []
    path, seen = f"/v1/waiting?limit=3&promise_id={name}", []
    while path:
        page = await promise_api.call("GET", path, role="viewer")
        assert page.json()["total"] == 4
        seen += [item["waiting_id"] for item in page.json()["items"]]
        path = page.headers["link"][1:].partition(">")[0] if "link" in page.headers else ""
    assert len(set(seen)) == 4
    table = await promise_api.call("GET", f"/v1/waiting?format=csv&promise_id={name}", role="viewer")
    header, *lines = table.text.splitlines()
    assert header.startswith("waiting_id,promise_id,kind,said_at,due")
    assert len(lines) == 4
    assert "'=cmd" in lines[-1]
    refused = await promise_api.call("GET", "/v1/waiting?colour=red", role="viewer")
    assert refused.status_code == 422


async def test_a_statement_and_its_promise_that_came_at_one_moment_find_each_other(promise_api: Api) -> None:
    promise = await made(promise_api)
    name = promise["promise_id"]
    command = Revise(
        promise_id=name, due=NOON + 90 * HOUR, asked_by_customer=False, agreed=True, reason="r", reported=True
    )
    async with unit_of_work(promise_api.intake.database) as uow:
        # What another process leaves that did not see the promise yet.
        await waiting_rows.add(uow, [Waiting(new("w"), command, "crm", new("evt"), NOON, False, "")])
    joiner = Joiner(promise_api.intake.database)
    for _ in range(100):
        await joiner.step()
        if (await shown(promise_api, name))["version"] == 2:
            break
    assert (await shown(promise_api, name))["held_due"] == "2013-03-12T06:00:00Z"
    assert await waiting(promise_api, promise_id=name) == []


async def test_what_is_killed_before_the_end_of_its_transaction_leaves_all_waiting(promise_api: Api) -> None:
    name = new("p")
    await promise_api.webhook("promise.revised", agreed(name))
    making = PromiseIn.model_validate(body(promise_id=name)).command(NOON)
    one: Statement = Submission("promise.made", making, Origin(new("evt"), "crm", NOON), presenters.accepted)
    with pytest.raises(RuntimeError, match="killed"):
        async with unit_of_work(promise_api.intake.database) as uow:
            await apply(uow, [one])
            raise RuntimeError("killed")
    assert [item["kind"] for item in await waiting(promise_api, promise_id=name)] == ["revised"]
    await made(promise_api, promise_id=name)
    assert (await shown(promise_api, name))["held_due"] == LATER


async def test_a_statement_that_does_not_see_its_promise_yet_meets_it_later(promise_api: Api) -> None:
    name = new("p")
    command = Revise(
        promise_id=name, due=NOON + 90 * HOUR, asked_by_customer=False, agreed=True, reason="r", reported=True
    )
    one: Statement = Submission("promise.revised", command, Origin(new("evt"), "crm", NOON), presenters.accepted)
    async with unit_of_work(promise_api.intake.database) as uow:
        (taken,) = await apply(uow, [one])
        # Another process makes the promise before this transaction ends, and neither sees the other's row.
        await made(promise_api, promise_id=name)
    assert isinstance(taken, Acceptance)
    assert b'"waiting"' in taken.answer.body
    joiner = Joiner(promise_api.intake.database)
    for _ in range(100):
        await joiner.step()
        if await waiting(promise_api, promise_id=name) == []:
            break
    found = await shown(promise_api, name)
    assert (found["version"], found["held_due"]) == (2, "2013-03-12T06:00:00Z")


async def test_what_waits_of_before_an_erasure_does_not_come_back_with_a_new_promise(
    promise_api: Api, promise_clock: ManualClock
) -> None:
    name, customer = new("p"), new()
    await made(promise_api, customer_id=customer)
    await promise_api.webhook("promise.revised", agreed(name, LATE), at=NOON - HOUR)
    await promise_api.call("DELETE", f"/v1/customers/{customer}")
    promise_clock.set(NOON + HOUR)
    await promise_api.webhook("promise.revised", agreed(name))
    await made(promise_api, promise_id=name, customer_id=customer)
    found = await shown(promise_api, name)
    assert ([entry["due"] for entry in found["changes"]], found["held_due"]) == ([LATER], LATER)
    assert await waiting(promise_api, promise_id=name) == []


async def test_two_at_one_moment_wait_and_are_made_without_losing_either(promise_api: Api) -> None:
    names = [new("p") for _ in range(20)]
    calls = [promise_api.webhook("promise.revised", agreed(name)) for name in names]
    calls += [promise_api.webhook("promise.made", body(promise_id=name)) for name in names]
    answers = await asyncio.gather(*calls)
    assert {answer.json()["state"] for answer in answers} <= {"accepted", "waiting"}
    assert {(await shown(promise_api, name))["held_due"] for name in names} == {LATER}
