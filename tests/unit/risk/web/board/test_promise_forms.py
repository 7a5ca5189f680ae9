"""The forms that make and change a promise, over a stand-in: beside which field what is said, and what is done once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from candor.clients.services import ServiceClient
from candor.store.audit import Act
from candor.web.security.auth import Role
from risk_svc.forecast.serialization import model_bytes
from risk_svc.forecasting.live import PublishedModel
from risk_svc.web.board.form import MOVED, REUSED, WRONG
from risk_svc.web.board.intake_data import DELIVERY, PROMISE, IntakeData
from risk_svc.web.board.pages import change, new_promise
from risk_svc.web.board.promise_desk import PromiseDesk
from tests.support.board_pages import NOON, READING, Staff, drawn
from tests.support.stand_in import StandIn, standing_in, status
from tests.support.taught import taught

MADE: dict[str, Any] = {
    **{"promise_id": "PR 1", "customer_id": "acme", "kind": "parcel", "what": "A machine", "state": "made"},
    **{"zone": "Europe/Berlin", "held_due": "2026-12-03T13:00:00Z", "latest_due": "2026-12-03T13:00:00Z", "version": 3},
    "milestones": [{"name": "delivered", "planned": None, "told": True}],
}


def problem(number: int, code: str, *errors: tuple[str, str]) -> Response:
    told = [{"pointer": pointer, "detail": detail} for pointer, detail in errors]
    return JSONResponse({"code": code, "title": "Invalid", "detail": "see errors", "errors": told}, number)


class Services:
    """Both services: each key is answered once, and what it was answered with is repeated."""

    def __init__(self) -> None:
        self.taken: dict[str, tuple[Any, Any]] = {}
        self.versions: list[str | None] = []

    def __call__(self, asked: Request, body: Any) -> Response:
        if asked.method == "GET":
            found = MADE if asked.url.path == "/v1/promises/PR 1" else None
            return JSONResponse(found) if found else problem(404, "not_found")
        key = f"{asked.headers['idempotency-key']} {asked.url.path}"
        self.versions.append(asked.headers.get("if-match"))
        if key in self.taken and self.taken[key][0] != body:
            return problem(422, "idempotency_key_reused")
        answer = {**MADE, **{name: body[name] for name in ("promise_id",) if name in body}, "state": "matched"}
        if asked.url.path != "/v1/milestones":
            answer["state"] = body.get("verdict", "made")
        self.taken.setdefault(key, (body, answer))
        return JSONResponse(self.taken[key][1])


@pytest.fixture
def services() -> Services:
    return Services()


@pytest_asyncio.fixture
async def there(services: Services) -> AsyncIterator[StandIn]:
    async with standing_in(StandIn(services, "the-key")) as made:
        yield made


@pytest.fixture(scope="module")
def published() -> PublishedModel:
    made = PublishedModel()
    made.take(model_bytes(taught().model))
    return made


class Desk:
    """The pages' desk, and what was recorded of what people did."""

    def __init__(self, there: StandIn) -> None:
        self.acts: list[Act] = []
        clients = {name: ServiceClient(there.base, lambda: "the-key") for name in (PROMISE, DELIVERY)}
        self.desk = PromiseDesk(IntakeData(clients, self._record))

    async def _record(self, act: Act) -> None:
        self.acts.append(act)


@pytest.fixture
def desk(there: StandIn) -> Desk:
    return Desk(there)


def make(desk: Desk, published: PublishedModel) -> Any:
    return "/new", lambda address, acting: new_promise.Page(READING, published, desk.desk, acting, address)


def changing(desk: Desk, published: PublishedModel) -> Any:
    return "/change", lambda address, acting: change.Page(READING, published, desk.desk, acting, address)


def fill(page: new_promise.Page) -> None:
    page.customer.set_value("acme")
    page.kind.set_value("parcel")
    page.what.set_value("A machine, asap")
    page.zone.set_value("Europe/Berlin")
    page.due.set_value((NOON + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M"))


async def test_a_form_that_is_pressed_twice_makes_one_and_another_makes_another(
    there: StandIn, services: Services, desk: Desk, published: PublishedModel
) -> None:
    async with drawn(*make(desk, published)) as page:
        fill(page)
        page.steps[0].name.set_value("delivered")
        await page._make()
        assert page.outcome.text.startswith(f"Made: {page.form.token}, promised for Thu 3 Dec 14:00 (Europe/Berlin")
        first = page.made.props["href"].partition("?made=")[0]
        assert (page.made.visible, first) == (True, f"/promises/{page.form.token}")
        await page._make()
        assert (len(services.taken), page.made.props["href"].partition("?")[0]) == (1, first)
        page.steps[0].told.set_value(True)
        await page._make()
        assert (len(services.taken), page.made.props["href"].startswith(first)) == (2, False)
    assert [act.action for act in desk.acts] == ["promise.make"] * 3
    sent = [body for *_, body in there.asked]
    assert sent[0]["due"].startswith("2026-12-03T11:00")
    assert sent[0]["promise_id"] != sent[2]["promise_id"]


async def test_what_is_wrong_is_said_beside_its_field_and_goes_once_it_is_changed(
    there: StandIn, desk: Desk, published: PublishedModel
) -> None:
    async with drawn(*make(desk, published)) as page:
        await page._make()
        assert (page.outcome.text, page.due.error, there.asked) == (WRONG, "choose a day and a time", [])
        assert page.customer.error == page.kind.error == page.what.error == "is missing"
        fill(page)
        assert page.due.error is None
        wrong = [("/customer_id", "is no id"), ("/customer_id", "again"), ("/scope/1/item", "twice"), ("/tier", "odd")]
        there.faults.append(lambda: problem(422, "invalid_field", *wrong))
        await page._make()
        assert page.outcome.text == f"{WRONG} /tier: odd."
        assert (page.customer.error, page.parts.error, page.kind.error) == ("is no id", "twice", None)
        page.customer.set_value("acme2")
        assert page.customer.error is None
        await page._make()
        assert (page.outcome.text.startswith("Made: "), page.parts.error) == (True, None)


async def test_an_answer_that_was_lost_is_asked_for_again_under_the_same_token(
    there: StandIn, services: Services, desk: Desk, published: PublishedModel
) -> None:
    async with drawn(*make(desk, published)) as page:
        fill(page)
        there.faults.append(lambda: services_lost(services, there))
        await page._make()
        assert "Whether it was done is not known" in page.outcome.text
        await page._make()
        assert page.outcome.text.startswith("Made: ")
        assert len(services.taken) == 1


def services_lost(services: Services, there: StandIn) -> Response:
    """The service takes it, and its answer is lost."""
    body = there.asked[-1][3]
    services.taken[f'"{body["promise_id"]}" /v1/promises'] = (body, {**MADE, "promise_id": body["promise_id"]})
    return status(502)()


async def test_what_was_lost_and_is_then_changed_is_not_made_as_something_else(
    there: StandIn, services: Services, desk: Desk, published: PublishedModel
) -> None:
    async with drawn(*make(desk, published)) as page:
        fill(page)
        there.faults.append(lambda: services_lost(services, there))
        await page._make()
        page.what.set_value("Two machines")
        await page._make()
        assert (page.outcome.text, len(services.taken)) == (REUSED, 1)


async def test_beside_the_date_stands_how_many_kept_it_and_words_are_looked_at(
    desk: Desk, published: PublishedModel
) -> None:
    async with drawn(*make(desk, published), query="customer=acme&kind=parcel") as page:
        await page.refresh()
        assert (page.customer.value, page.check.text) == ("acme", "Choose a type and a date that lies ahead.")
        page.zone.set_value("Europe/Berlin")
        page.due.set_value((NOON + timedelta(days=400)).strftime("%Y-%m-%dT%H:%M"))
        far = page.check.text
        assert far.startswith("Tue 4 Jan 12:00 (Europe/Berlin; Tue 4 Jan 11:00 UTC): ")
        assert "of 100 like this are kept by then" in far
        page.due.set_value((NOON + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M"))
        assert page.check.text != far
        page.what.set_value("A machine, asap")
        assert len(page.wording._body.default_slot.children) == 1


async def test_steps_are_added_until_there_are_as_many_as_a_form_takes(desk: Desk, published: PublishedModel) -> None:
    async with drawn(*make(desk, published)) as page:
        for number in range(1, new_promise.MOST_STEPS):
            assert [step.row.visible for step in page.steps].count(True) == number
            page._another()
        assert (all(step.row.visible for step in page.steps), page.more.visible) == (True, False)


async def test_a_promise_is_changed_as_it_was_seen_and_each_act_is_recorded(
    there: StandIn, services: Services, desk: Desk, published: PublishedModel
) -> None:
    async with drawn(*changing(desk, published), query="promise=PR+1") as page:
        await page.refresh()
        assert page.due.value == "2026-12-03T14:00"
        assert page.check.text.startswith("Thu 3 Dec 14:00 (Europe/Berlin; Thu 3 Dec 13:00 UTC): ")
        page.reason.set_value("ramp closed")
        await page._revise()
        assert page.revised.text.startswith("Noted: the promised date is Thu 3 Dec 14:00")
        page.step.set_value("delivered")
        page.at.set_value("2026-11-30T12:30")
        await page._report()
        assert page.reported.text == "Noted: delivered reached."
        await page._settle()
        assert page.settled.text == "Noted: kept."
        assert services.versions == ['"3"', None, '"3"']
    said = [(act.action, act.object) for act in desk.acts]
    told = f"{PROMISE} PR 1"
    assert said == [("promise.revisions", told), ("milestone.report", f"{DELIVERY} PR 1"), ("promise.verdict", told)]
    bodies = [body for method, *_, body in there.asked if method == "POST"]
    assert bodies[0] == {
        **{"due": "2026-12-03T13:00:00+00:00", "asked_by": "company", "agreed": False, "reason": "ramp closed"},
    }
    assert (bodies[1]["at"], bodies[1]["promise_id"]) == ("2026-11-30T11:30:00+00:00", "PR 1")
    assert bodies[2] == {"verdict": "kept", "completed_at": "2026-11-30T12:00:00+00:00"}


async def test_what_moved_below_a_hand_is_refused_and_shown_as_it_is_now(
    there: StandIn, desk: Desk, published: PublishedModel
) -> None:
    async with drawn(*changing(desk, published), query="promise=PR+1") as page:
        await page.refresh()
        there.faults.append(lambda: problem(412, "version_changed"))
        asked = len(there.asked)
        await page._revise()
        assert page.revised.text == MOVED
        assert [method for method, *_ in there.asked[asked:]] == ["POST", "GET"]


async def test_of_a_promise_that_is_not_known_nothing_is_changed(
    there: StandIn, desk: Desk, published: PublishedModel
) -> None:
    async with drawn(*changing(desk, published), query="promise=other") as page:
        await page.refresh()
        assert page.problem.text == "see errors"
        page.due.set_value("2026-12-03T14:00")
        await page._revise()
        assert page.revised.text == change.NOT_READ
    assert [method for method, *_ in there.asked] == ["GET", "GET"]


async def test_nobody_but_an_operator_makes_or_changes_anything(
    there: StandIn, desk: Desk, published: PublishedModel
) -> None:
    staff = Staff()
    async with drawn(*make(desk, published), session="view", staff=staff) as page:
        fill(page)
        await page._make()
        assert "you are signed in as viewer" in page.outcome.text
    async with drawn(*changing(desk, published), query="promise=PR+1", staff=staff) as page:
        await page.refresh()
        staff.known["op"] = ("ana", Role.VIEWER)
        for act, said in ((page._revise, page.revised), (page._report, page.reported), (page._settle, page.settled)):
            await act()
            assert "needs the role operator" in said.text
    assert ({method for method, *_ in there.asked}, desk.acts) == ({"GET"}, [])
