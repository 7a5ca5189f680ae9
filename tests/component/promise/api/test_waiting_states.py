"""Statements of systems that tell states, which waited for their promise: what stands already moves nothing."""

from __future__ import annotations

from datetime import timedelta

from tests.component.promise.api.test_order import agreed, shown, waiting
from tests.component.promise.bodies import DUE, LATER, made, new
from tests.support.api import Api
from tests.support.clocks import NOON


async def test_a_state_that_waited_still_tells_a_state_and_moves_nothing(promise_api: Api) -> None:
    told, moved = new("p"), new("p")
    for name, due in ((told, DUE), (moved, LATER)):
        said = agreed(name, due) | {"if_moved": True, "agreed": False}
        early = await promise_api.webhook("promise.revised", said, at=NOON - timedelta(minutes=1))
        assert early.json()["state"] == "waiting"
        await made(promise_api, promise_id=name, made_at="2013-03-08T10:00:00Z")
        assert await waiting(promise_api, promise_id=name) == []
    assert (await shown(promise_api, told))["changes"] == []
    found = await shown(promise_api, moved)
    assert [change["due"] for change in found["changes"]] == [LATER]


async def test_what_is_waiting_in_a_table_of_before_moves_as_it_did(promise_api: Api) -> None:
    name = new("p")
    await promise_api.webhook("promise.revised", agreed(name, DUE), at=NOON - timedelta(minutes=1))
    await made(promise_api, promise_id=name, made_at="2013-03-08T10:00:00Z")
    assert [change["due"] for change in (await shown(promise_api, name))["changes"]] == [DUE]
