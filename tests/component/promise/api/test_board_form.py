"""The board's forms against promise-svc itself, over HTTP: what is made once, and what is said beside which field."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from candor.clients.services import ServiceClient
from candor.store.audit import Act
from risk_svc.forecasting.live import PublishedModel
from risk_svc.web.board.form import MOVED, WRONG
from risk_svc.web.board.intake_data import PROMISE, IntakeData
from risk_svc.web.board.pages import change, new_promise
from risk_svc.web.board.promise_desk import PromiseDesk
from tests.component.promise.bodies import new
from tests.component.promise.matters import shown
from tests.support.api import Api
from tests.support.board_pages import READING, drawn
from tests.support.clocks import NOON
from tests.support.serving import serving

LATER = (NOON + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")


@pytest_asyncio.fixture(loop_scope="session")
async def desk(promise_api: Api) -> AsyncIterator[PromiseDesk]:
    async def record(act: Act) -> None:
        assert act.actor.who == "ana"

    async with serving(promise_api.app) as base:
        client = ServiceClient(base, lambda: promise_api.keys.keys["operator"])
        yield PromiseDesk(IntakeData({PROMISE: client}, record))


def making(desk: PromiseDesk) -> Any:
    return "/new", lambda address, acting: new_promise.Page(READING, PublishedModel(), desk, acting, address)


def changing(desk: PromiseDesk) -> Any:
    return "/change", lambda address, acting: change.Page(READING, PublishedModel(), desk, acting, address)


@pytest.mark.asyncio(loop_scope="session")
async def test_a_promise_is_made_once_changed_and_settled(promise_api: Api, desk: PromiseDesk) -> None:
    promise_id = new()
    async with drawn(*making(desk)) as page:
        page.promise_id.set_value(promise_id)
        page.customer.set_value("no id")
        page.kind.set_value("install")
        page.what.set_value("Espresso machine installed")
        page.due.set_value(LATER)
        page.steps[0].name.set_value("delivered")
        page.steps[1].name.set_value("delivered")
        page.parts.set_value("machine\ngrinder")
        page.labels.set_value("tier=key")
        await page._make()
        assert page.outcome.text.startswith(WRONG)
        assert (page.customer.error is not None, page.what.error) == (True, None)
        page.customer.set_value(new())
        page.steps[1].name.set_value("installed")
        await page._make()
        await page._make()
        assert page.outcome.text.startswith(f"Made: {promise_id}, ")
    made = await shown(promise_api, f"/v1/promises/{promise_id}")
    assert (made["version"], [one["item"] for one in made["scope"]]) == (1, ["machine", "grinder"])
    assert made["labels"] == {"tier": "key"}
    async with drawn(*changing(desk), query=f"promise={promise_id}") as page:
        await page.refresh()
        page.due.set_value((NOON + timedelta(days=4)).strftime("%Y-%m-%dT%H:%M"))
        await page._revise()
        # Without a reason nothing is changed, and it is said where the reason belongs.
        assert (page.revised.text, page.reason.error is not None) == (WRONG, True)
        page.reason.set_value("ramp closed")
        await page._revise()
        assert "The promised date stays" in page.revised.text
        await page._revise()
        assert [one["kind"] for one in (await shown(promise_api, f"/v1/promises/{promise_id}"))["changes"]] == [
            "revised"
        ]
        body = {"due": "2013-03-20T12:00:00Z", "asked_by": "customer", "reason": "asked"}
        await promise_api.call("POST", f"/v1/promises/{promise_id}/revisions", body)
        page.completed.set_value("")
        await page._settle()
        # Somebody moved the date meanwhile: it is looked at first.
        assert page.settled.text == MOVED
        await page._settle()
        assert page.settled.text == "Noted: kept."
    assert (await shown(promise_api, f"/v1/promises/{promise_id}"))["state"] == "kept"
