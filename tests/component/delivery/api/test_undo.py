"""A match by hand is undone: its reports wait again, the promise is told anew, and another match finds them."""

from __future__ import annotations

from typing import Any

import pytest

from candor.contracts import MilestoneReported, MilestonesRestated
from delivery_svc.domain import match as matches
from risk_svc.domain.fold import FoldOutcome, fold
from risk_svc.domain.state import PromiseState
from tests.component.delivery.reports import (
    code,
    end_erasures,
    erased,
    hear,
    known,
    look,
    milestone,
    new,
    parked,
    referring,
    sent,
)
from tests.support.api import Api


async def report(api: Api, body: dict[str, Any]) -> str:
    answer = await api.call("POST", "/v1/milestones", body)
    assert answer.json()["state"] == "parked", answer.text
    name: str = answer.json()["parked_id"]
    return name


async def matched(api: Api, parked_id: str, promise_id: str, **said: Any) -> int:
    answer = await api.call("POST", f"/v1/parked/{parked_id}/match", {"promise_id": promise_id, **said})
    assert answer.status_code == 200, answer.text
    number: int = answer.json()["matched"]
    return number


async def undone(api: Api, match_id: str) -> dict[str, Any]:
    answer = await api.call("POST", f"/v1/matches/{match_id}/undo", role="operator")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def state_of(api: Api, promise_id: str, customer_id: str) -> PromiseState:
    """The promise as risk-svc folds what was sent of it."""
    state = PromiseState(promise_id=promise_id, customer_id=customer_id)
    for message in await sent(api, customer_id):
        assert fold(state, message.envelope, message.data) is FoldOutcome.APPLIED
    return state


async def test_reports_wait_again_and_a_match_elsewhere_ends_as_one_that_was_right_at_once(delivery_api: Api) -> None:
    name = new("UA 1")
    (wrong, ana), (right, bob) = await known(delivery_api), await known(delivery_api)
    own = await delivery_api.call("POST", "/v1/milestones", milestone(wrong, -50, status="started"))
    assert own.json()["state"] == "matched"
    waiting = [await report(delivery_api, referring(name, -number)) for number in (30, 20)]
    assert await matched(delivery_api, waiting[0], wrong) == 2
    # The promise has the reference now: what comes meanwhile goes the same way, and back.
    late = await delivery_api.call("POST", "/v1/milestones", referring(name, -10, reason="late"))
    assert late.json() == {"state": "matched", "promise_id": wrong, "version": 4}
    assert await undone(delivery_api, waiting[0]) == {"state": "undone", "promise_id": wrong, "reports": 3}
    back = [item for item in await parked(delivery_api) if (item["reference"] or {}).get("id") == name]
    assert [(item["waits_for"], item["reason"]) for item in back] == [("awaiting_reference", None)] * 2 + [
        ("awaiting_reference", "late")
    ]
    assert {item["parked_id"] for item in back} > {*waiting}
    messages = await sent(delivery_api, ana)
    assert [type(one.data) for one in messages] == [*[MilestoneReported] * 4, MilestonesRestated]
    told = messages[-1].data
    assert isinstance(told, MilestonesRestated)
    assert [(step.milestone, [one.status for one in step.reports]) for step in told.steps] == [("arrived", ["started"])]
    assert told.reporters == ["test-admin"]
    state = await state_of(delivery_api, wrong, ana)
    assert [(step.name, step.status) for step in state.steps] == [("arrived", 1)]
    # The round leaves them: nobody has this reference any more.
    await look(delivery_api)
    assert await matched(delivery_api, back[0]["parked_id"], right) == 3
    assert [step.at for step in (await state_of(delivery_api, right, bob)).steps] == [
        max(one.data.at for one in await sent(delivery_api, bob)).timestamp()  # type: ignore[attr-defined]
    ]
    listed = (await delivery_api.call("GET", "/v1/milestones", params={"promise_id": wrong})).json()["items"]
    assert [item["status"] for item in listed] == ["started"]


async def test_a_report_that_was_matched_alone_goes_back_alone_and_to_what_it_named(delivery_api: Api) -> None:
    promise_id, customer = await known(delivery_api)
    name = new("UA 1")
    first, second = [await report(delivery_api, referring(name, -number)) for number in (30, 20)]
    assert await matched(delivery_api, first, promise_id, alike=False) == 1
    await undone(delivery_api, first)
    ids = {item["parked_id"] for item in await parked(delivery_api)}
    assert {first, second} <= ids
    never = await report(delivery_api, milestone(new("p"), delivered=[]))
    await matched(delivery_api, never, promise_id)
    await undone(delivery_api, never)
    (item,) = [one for one in await parked(delivery_api) if one["parked_id"] == never]
    assert (item["waits_for"], item["promise_id"] != promise_id) == ("awaiting_promise", True)
    assert (await state_of(delivery_api, promise_id, customer)).steps == []


async def test_a_step_that_a_wrong_report_finished_takes_what_comes_after_the_undo(delivery_api: Api) -> None:
    promise_id, _ = await known(delivery_api)
    wrong = await report(delivery_api, referring(new("UA 1"), -30))
    await matched(delivery_api, wrong, promise_id)
    begins = milestone(promise_id, -20, status="started")
    refused = await delivery_api.call("POST", "/v1/milestones", begins)
    assert code(refused) == "milestone_regressed"
    await undone(delivery_api, wrong)
    assert (await delivery_api.call("POST", "/v1/milestones", begins)).json()["version"] == 3


async def test_matches_are_listed_newest_first_until_they_are_undone(delivery_api: Api) -> None:
    promise_id, _ = await known(delivery_api)
    names = [await report(delivery_api, referring(new("UA 1"), -number)) for number in (30, 20)]
    for name in names:
        await matched(delivery_api, name, promise_id, alike=False)

    async def listed() -> list[dict[str, Any]]:
        answer = await delivery_api.call("GET", "/v1/matches", role="viewer", params={"promise_id": promise_id})
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    items = await listed()
    assert [item["match_id"] for item in items] == names[::-1]
    assert (items[0]["matched_by"], items[0]["alike"], items[0]["reference"]["system"]) == ("test-admin", False, "ops")
    await undone(delivery_api, names[0])
    assert [item["match_id"] for item in await listed()] == names[1:]


async def test_only_an_operator_undoes_and_only_once(delivery_api: Api) -> None:
    promise_id, customer = await known(delivery_api)
    name = await report(delivery_api, referring(new("UA 1")))
    await matched(delivery_api, name, promise_id)
    path = f"/v1/matches/{name}/undo"
    assert (await delivery_api.call("POST", path, role="viewer")).status_code == 403
    headers = {"idempotency-key": new("key")}
    first = await delivery_api.call("POST", path, headers=headers)
    again = await delivery_api.call("POST", path, headers=headers)
    assert (first.status_code, again.json()) == (200, first.json())
    twice = await delivery_api.call("POST", path)
    assert (twice.status_code, code(twice)) == (404, "not_found")
    assert len(await sent(delivery_api, customer)) == 2


async def test_a_match_that_brought_very_many_stands(delivery_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (matches, "delivery_svc.service.unmatching", "delivery_svc.store.match_rows"):
        monkeypatch.setattr(f"{module}.MOST" if isinstance(module, str) else f"{module.__name__}.MOST", 1)
    promise_id, customer = await known(delivery_api)
    name = new("UA 1")
    waiting = [await report(delivery_api, referring(name, -number)) for number in (30, 20)]
    await matched(delivery_api, waiting[0], promise_id)
    refused = await delivery_api.call("POST", f"/v1/matches/{waiting[0]}/undo")
    assert (refused.status_code, code(refused)) == (422, "limit_reached")
    assert len(await sent(delivery_api, customer)) == 2


async def test_an_erasure_takes_the_match_and_an_undo_after_it_finds_nothing(delivery_api: Api) -> None:
    promise_id, customer = await known(delivery_api)
    name = await report(delivery_api, referring(new("UA 1")))
    await matched(delivery_api, name, promise_id)
    await hear(delivery_api, erased(customer))
    assert (await delivery_api.call("POST", f"/v1/matches/{name}/undo")).status_code == 404
    await end_erasures(delivery_api)
    assert await delivery_api.rows("SELECT FROM match WHERE promise_id = $1", promise_id) == []


async def test_one_parked_report_is_shown(delivery_api: Api) -> None:
    name = await report(delivery_api, referring(new("UA 1"), reason="gate closed"))
    found = (await delivery_api.call("GET", f"/v1/parked/{name}", role="viewer")).json()
    assert (found["parked_id"], found["reason"]) == (name, "gate closed")
    assert (await delivery_api.call("GET", f"/v1/parked/{new('x')}")).status_code == 404
