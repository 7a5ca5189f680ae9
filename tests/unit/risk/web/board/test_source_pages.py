"""The pages about senders over a stand-in for the services: what they show, who may act, and what is recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import unquote

import pytest_asyncio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from candor.clients.services import ServiceClient
from candor.store.audit import Act, Actor
from candor.store.errors import StoreUnavailable
from candor.web.security.auth import Role
from risk_svc.web.board.acting import AWAY, OVER
from risk_svc.web.board.intake_data import DELIVERY, PROMISE, IntakeData
from risk_svc.web.board.pages import request, sources, trying
from tests.support.board_pages import READING, Staff, drawn
from tests.support.stand_in import StandIn, standing_in, status
from tests.unit.risk.web.board.test_source_words import REFUSED, REQUEST, SENDER

SENT = {"webhook_id": "", "media_type": "application/json", "headers": {}, "body": '{"a": 1}', "exact": True}
CONTENT = {"request_id": "r1", "source": "crm", "received_at": "2026-11-30T09:02:00Z", "sent": SENT, "completed": None}
DONE = {"request_id": "r1", "state": "processed", "accepted": 1, "replayed": 0, "rejected": []}
TRIED: dict[str, Any] = {
    **{"source": "crm", "read_as": "standard", "proof": "holds", "reason": "", "completed": False, "events_more": 0},
    "events": [{"type": "promise.made", "event_id": "e", "data": {}, "refused": None}],
}


def service(asked: Request, _body: Any) -> Response:
    match asked.method, unquote(asked.url.path):
        case "GET", "/v1/sources":
            return JSONResponse({"items": [SENDER]})
        case "GET", "/v1/rejected":
            return JSONResponse({"items": [REFUSED]})
        case "GET", "/v1/requests":
            first = "cursor" not in asked.query_params
            items = [{**REQUEST, "request_id": "r1" if first else "r2"}]
            more = {"link": '</v1/requests?cursor=second>; rel="next"'} if first else {}
            return JSONResponse({"items": items}, headers=more)
        case "GET", "/v1/requests/r 1":
            return JSONResponse(CONTENT)
        case "POST", "/v1/requests/r 1/replay":
            return JSONResponse(DONE)
        case "PUT", "/v1/requests/r 1/body":
            return JSONResponse({**DONE, "state": "waiting"})
        case "POST", "/v1/sources/crm/try":
            return JSONResponse(TRIED)
        case _:
            return JSONResponse({"code": "not_found", "detail": "there is no such thing"}, 404)


@pytest_asyncio.fixture
async def there() -> AsyncIterator[StandIn]:
    async with standing_in(StandIn(service, "the-key")) as made:
        yield made


class Desk:
    """What the pages read, and what was recorded of what people did."""

    def __init__(self, there: StandIn, *names: str) -> None:
        self.there = there
        self.acts: list[Act] = []
        self.away = False
        clients = {name: ServiceClient(there.base, lambda: "the-key") for name in names or (PROMISE, DELIVERY)}
        self.intake = IntakeData(clients, self._record)

    async def _record(self, act: Act) -> None:
        if self.away:
            raise StoreUnavailable("gone")
        assert all(path != f"/v1/requests/{act.object}" for _, path, *_ in self.there.asked)
        self.acts.append(act)


async def test_the_page_shows_senders_and_refusals_of_both_services_and_requests_of_one(there: StandIn) -> None:
    desk = Desk(there)
    async with drawn("/sources", lambda address, _: sources.Page(READING, desk.intake, address)) as page:
        await page.refresh()
        assert [row["note"] for row in page.senders.table.rows] == ["promise-svc", "delivery-svc"]
        assert len(page.refused.table.rows) == 2
        assert [row["id"] for row in page.requests.table.rows] == ["r1"]
        assert (page.pages.back.visible, page.pages.more.visible) == (False, True)
        await page.pages.turn()
        assert [row["id"] for row in page.requests.table.rows] == ["r2"]
        assert (page.pages.back.visible, page.pages.more.visible) == (True, False)
        await page.pages.turn_back()
        assert [row["id"] for row in page.requests.table.rows] == ["r1"]


async def test_what_is_chosen_in_the_address_is_asked_of_that_service(there: StandIn) -> None:
    desk = Desk(there)
    query = "service=delivery-svc&sender=field&state=refused"
    async with drawn("/sources", lambda address, _: sources.Page(READING, desk.intake, address), query=query) as page:
        await page.refresh()
        assert page.asked() == ("delivery-svc", "field", "refused", "")
        asked = [query for _, path, query, _ in there.asked if path == "/v1/requests"]
        assert asked == [{"limit": "25", "source": "field", "state": "refused"}]
        await page.pages.turn()
        page.state.set_value("waiting")
        # Another choice begins with its newest.
        await page.pages.begin()
        assert page.asked()[3] == ""


async def test_a_service_that_is_away_or_not_set_up_is_named_and_the_other_is_shown(there: StandIn) -> None:
    desk = Desk(there, PROMISE)
    async with drawn("/sources", lambda address, _: sources.Page(READING, desk.intake, address)) as page:
        await page.refresh()
        assert [row["note"] for row in page.senders.table.rows] == ["promise-svc"]
        assert page.senders.said.text.startswith("delivery-svc: The board does not know where delivery-svc is")
        there.faults.append(status(503))
        await page.refresh()
        assert "promise-svc: it answered with status 503" in page.senders.said.text


async def test_an_operator_sees_replays_and_mends_and_each_is_recorded_first(there: StandIn) -> None:
    desk = Desk(there)
    make = "/sources/request", lambda address, acting: request.Page(READING, desk.intake, acting, address)
    async with drawn(*make, query="service=promise-svc&id=r+1") as page:
        await page.refresh()
        # A page that is opened shows nothing of a sender's by itself.
        assert (page.moment.text, page.body.value, there.asked) == ("Mon 30 Nov 12:00 UTC", "", [])
        await page._mend()
        assert page.outcome.text == request.UNCHANGED
        await page._show()
        assert (page.body.value, page.outcome.text) == ('{"a": 1}', "This is what its sender sent.")
        await page._replay()
        assert page.outcome.text == "Processed: 1 taken, 0 taken before, 0 refused."
        page.body.set_value('{"a": 2}')
        await page._mend()
        assert page.outcome.text.startswith("It waits")
        assert there.asked[-1][3] == {"body": '{"a": 2}'}
    who = Actor("ana", "operator", "192.0.2.7")
    assert desk.acts == [Act(who, f"request.{done}", "promise-svc r 1") for done in ("read", "replay", "mend")]


async def test_nobody_else_acts_and_nothing_is_done_that_is_not_recorded(there: StandIn) -> None:
    desk, staff = Desk(there), Staff()

    def make(address: Any, acting: Any) -> request.Page:
        return request.Page(READING, desk.intake, acting, address)

    for session, said in (("view", "you are signed in as viewer"), ("gone", OVER)):
        async with drawn("/sources/request", make, query="id=r+1", session=session, staff=staff) as page:
            for act in (page._show, page._replay):
                page.outcome.set_text("")
                await act()
                assert said in page.outcome.text
    async with drawn("/sources/request", make, query="id=r+1", staff=staff) as page:
        desk.away = True
        await page._replay()
        assert page.outcome.text == AWAY
        desk.away = False
        staff.known["op"] = ("ana", Role.VIEWER)
        await page._replay()
        assert "needs the role operator" in page.outcome.text
    assert (there.asked, desk.acts) == ([], [])


async def test_a_problem_of_the_service_is_told_as_it_says_it(there: StandIn) -> None:
    desk = Desk(there)
    make = "/sources/request", lambda address, acting: request.Page(READING, desk.intake, acting, address)
    async with drawn(*make, query="id=gone") as page:
        await page._show()
        assert (page.outcome.text, page.body.value) == ("there is no such thing", "")


async def test_a_request_is_tried_as_it_was_pasted(there: StandIn) -> None:
    desk = Desk(there)
    make = "/sources/try", lambda address, acting: trying.Page(READING, desk.intake, acting, address)
    async with drawn(*make) as page:
        await page.refresh()
        assert page.moment.text == "Mon 30 Nov 12:00 UTC"
        await page._try()
        assert page.outcome.text == trying.NO_SENDER
        page.sender.set_value(" crm ")
        page.headers.set_value("no header")
        await page._try()
        assert "is no header" in page.outcome.text
        page.headers.set_value("X-Id: 7")
        page.body.set_value("{}")
        await page._try()
        assert page.outcome.text == "Its proof holds: it comes from this sender."
        assert there.asked[-1][3] == {"body": "{}", "headers": {"x-id": "7"}, "token": "", "url": ""}
        assert len([*page.events._body]) == 1
    async with drawn(*make, session="view") as page:
        page.sender.set_value("crm")
        await page._try()
        assert "operator" in page.outcome.text
    # Nothing of it is stored, and nothing is recorded.
    assert desk.acts == []
