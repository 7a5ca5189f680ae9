"""Bulk history: in order, each event for itself, marked as past."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.component.promise.bodies import LATER, body, code, new, sent
from tests.support.api import Api
from tests.support.clocks import NOON


def event(kind: str, data: dict[str, Any], *, name: str = "", minutes: int = -60) -> dict[str, Any]:
    return {"id": name or new("evt"), "type": kind, "time": NOON + timedelta(minutes=minutes), "data": data}


async def test_past_events_are_taken_in_their_order_and_marked(promise_api: Api) -> None:
    asked = body(promise_id=new("p"))
    named = {"promise_id": asked["promise_id"]}
    events = [
        event("promise.made", asked, minutes=-120),
        event("promise.revised", named | {"due": LATER, "asked_by": "company", "reason": "r"}),
        event("promise.settled", named | {"verdict": "broken"}, minutes=-10),
    ]
    answer = await promise_api.call("POST", "/v1/imports", {"events": events})
    assert answer.json() == {"accepted": 3, "replayed": 0, "rejected": []}
    messages = await sent(promise_api, asked["customer_id"])
    assert [message.envelope.version for message in messages] == [1, 2, 3]
    assert all(message.envelope.historical for message in messages)
    assert [message.envelope.id for message in messages] == [item["id"] for item in events]
    assert messages[0].envelope.time == NOON - timedelta(minutes=120)


async def test_repeating_an_import_changes_nothing(promise_api: Api) -> None:
    asked = body()
    events = {"events": [event("promise.made", asked)]}
    await promise_api.call("POST", "/v1/imports", events)
    again = await promise_api.call("POST", "/v1/imports", events)
    assert again.json() == {"accepted": 0, "replayed": 1, "rejected": []}
    assert len(await sent(promise_api, asked["customer_id"])) == 1


async def test_the_field_order_of_a_repeated_event_does_not_matter(promise_api: Api) -> None:
    item = event("promise.made", body())
    await promise_api.call("POST", "/v1/imports", {"events": [item]})
    turned = {name: item[name] for name in reversed(item)} | {"data": dict(reversed(item["data"].items()))}
    assert (await promise_api.call("POST", "/v1/imports", {"events": [turned]})).json()["replayed"] == 1


async def test_two_exports_may_use_the_same_ids(promise_api: Api) -> None:
    name = new("evt")
    for source in ("crm-eu", "crm-us"):
        document = {"source": source, "events": [event("promise.made", body(), name=name)]}
        assert (await promise_api.call("POST", "/v1/imports", document)).json()["accepted"] == 1


async def test_the_ids_of_one_importer_are_not_those_of_another(promise_api: Api) -> None:
    name = new("evt")
    for role in ("operator", "admin"):
        document = {"source": "crm-eu", "events": [event("promise.made", body(), name=name)]}
        answer = await promise_api.call("POST", "/v1/imports", document, role=role)
        assert answer.json()["accepted"] == 1


async def test_each_event_is_refused_for_itself(promise_api: Api) -> None:
    name = new("evt")
    events = [
        event("promise.made", body()),
        event("promise.made", {"kind": "flight"}),
        event("promise.lost", {}),
        event("promise.made", body(), minutes=6),
        {"id": "a b", "type": "promise.made", "time": NOON, "data": {}},
        event("promise.withdrawn", {"promise_id": new("p"), "reason": "r"}),
        event("handoff.accepted", {"handoff_id": new("h")}),
        event("promise.made", body(), name=name),
        event("promise.made", body(), name=name),
    ]
    answer = (await promise_api.call("POST", "/v1/imports", {"events": events})).json()
    assert (answer["accepted"], answer["waiting"]) == (3, 1)
    assert [(item["index"], item["code"]) for item in answer["rejected"]] == [
        (1, "invalid_field"),
        (2, "unknown_type"),
        (3, "invalid_field"),
        (4, "invalid_field"),
        (6, "not_found"),
        (8, "event_id_reused"),
    ]


async def test_a_thousand_events_in_one_request(promise_api: Api) -> None:
    customer = new()
    events = [event("promise.made", body(customer_id=customer)) for _ in range(1000)]
    answer = await promise_api.call("POST", "/v1/imports", {"events": events})
    assert answer.json() == {"accepted": 1000, "replayed": 0, "rejected": []}
    assert len(await sent(promise_api, customer)) == 1000


@pytest.mark.parametrize(
    "document",
    [
        {"events": []},
        {"events": [1]},
        {"events": "x"},
        {},
        {"events": [{}], "more": 1},
        {"events": [{}], "source": "a b"},
    ],
)
async def test_a_bad_import_is_refused_whole(promise_api: Api, document: dict[str, Any]) -> None:
    answer = await promise_api.call("POST", "/v1/imports", document)
    assert (answer.status_code, code(answer)) == (422, "invalid_field")


async def test_an_import_has_an_end(promise_api: Api) -> None:
    answer = await promise_api.call("POST", "/v1/imports", {"events": [{}] * 1001})
    assert (answer.status_code, code(answer), answer.json()["limit"]) == (422, "limit_reached", 1000)


async def test_a_date_that_moved_very_often_moves_no_more(promise_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promise_svc.domain.decide.CHANGES", 2)
    name = new("p")
    revision = {"due": "2199-01-01T00:00:00Z", "asked_by": "company", "reason": "r"}
    events = [event("promise.made", body(promise_id=name))]
    # What is said again of the same moment is no other change.
    dues = [f"2199-01-0{day}T00:00:00Z" for day in (1, 2, 2, 3)]
    events += [event("promise.revised", {"promise_id": name, **revision, "due": due}) for due in dues]
    events += [event("promise.withdrawn", {"promise_id": name, "reason": "r"})]
    answer = (await promise_api.call("POST", "/v1/imports", {"events": events})).json()
    assert (answer["accepted"], [(one["index"], one["code"]) for one in answer["rejected"]]) == (
        5,
        [(4, "limit_reached")],
    )


@pytest.mark.parametrize(("megabytes", "status"), [(3, 200), (5, 413)])
async def test_imports_may_be_larger_than_other_requests(promise_api: Api, megabytes: int, status: int) -> None:
    events = [event("promise.made", {"customer_id": new(), "what": "x" * 4000}) for _ in range(megabytes * 240)]
    answer = await promise_api.call("POST", "/v1/imports", {"events": events})
    assert answer.status_code == status
