"""Waiting for the customer over HTTP: passed on with its end, parked like any report, and refused with its field."""

from __future__ import annotations

from datetime import timedelta

import pytest

from candor.contracts import MilestoneReported, MilestoneStatus
from delivery_svc.domain import limits
from tests.component.delivery.reports import code, known, milestone, moment, new, referring, sent
from tests.support.api import Api
from tests.support.clocks import NOON

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_pause_is_passed_on_with_its_end_and_so_is_that_it_goes_on(delivery_api: Api) -> None:
    promise_id, customer_id = await known(delivery_api)
    told = milestone(promise_id, -60, status="paused", public_reason="which day suits you")
    assert (await delivery_api.call("POST", "/v1/milestones", told)).json()["state"] == "matched"
    assert (await delivery_api.call("POST", "/v1/milestones", milestone(promise_id, -30, status="resumed"))).is_success
    first, second = (one.data for one in await sent(delivery_api, customer_id))
    assert isinstance(first, MilestoneReported)
    assert isinstance(second, MilestoneReported)
    assert (first.status, first.planned) == (MilestoneStatus.PAUSED, NOON + timedelta(days=30, minutes=-60))
    assert first.public_reason == "which day suits you"
    assert (second.status, second.planned) == (MilestoneStatus.RESUMED, None)
    listed = await delivery_api.call("GET", "/v1/milestones", params={"promise_id": promise_id}, role="viewer")
    assert [one["status"] for one in listed.json()["items"]] == ["paused", "resumed"]


async def test_a_pause_that_is_too_long_is_refused_with_its_field(delivery_api: Api) -> None:
    promise_id, customer_id = await known(delivery_api)
    told = milestone(promise_id, -60, status="paused", planned=moment(40 * 1440))
    refused = await delivery_api.call("POST", "/v1/milestones", told)
    assert (refused.status_code, code(refused)) == (422, "invalid_field")
    assert refused.json()["errors"][0]["pointer"] == "/planned"
    assert await sent(delivery_api, customer_id) == []


async def test_a_pause_of_an_unknown_promise_waits_with_its_end(delivery_api: Api) -> None:
    told = referring(new("UA 7")) | {"status": "paused"}
    parked = await delivery_api.call("POST", "/v1/milestones", told)
    assert parked.json()["state"] == "parked"
    promise_id, customer_id = await known(delivery_api)
    path = f"/v1/parked/{parked.json()['parked_id']}/match"
    assert (await delivery_api.call("POST", path, {"promise_id": promise_id})).json()["matched"] == 1
    (message,) = await sent(delivery_api, customer_id)
    assert isinstance(message.data, MilestoneReported)
    assert message.data.planned == message.data.at + timedelta(days=30)


async def test_there_are_only_so_many_of_a_promise(delivery_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PAUSES", 3)
    promise_id, customer_id = await known(delivery_api)
    for minutes, step in ((-90, "a"), (-80, "b"), (-70, "a"), (-60, "b")):
        told = milestone(promise_id, minutes, milestone=step, status="paused")
        answer = await delivery_api.call("POST", "/v1/milestones", told)
    assert (answer.status_code, code(answer), answer.json()["limit"]) == (422, "limit_reached", 3)
    # A step's end is still taken, and another promise has its own.
    assert (await delivery_api.call("POST", "/v1/milestones", milestone(promise_id, -50, milestone="a"))).is_success
    other, _ = await known(delivery_api)
    assert (await delivery_api.call("POST", "/v1/milestones", milestone(other, -50, status="paused"))).is_success
    assert len(await sent(delivery_api, customer_id)) == 4
