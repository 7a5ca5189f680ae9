"""A customer's record: all that was said and answered, over every channel, in the order of time, to the word."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio

from candor.contracts.matters import OfferState, WishState
from candor.store.unit_of_work import unit_of_work
from notify_svc.api import unsaid
from notify_svc.api.routes import record
from notify_svc.domain.facts import Reason
from notify_svc.store import answers
from notify_svc.store.answers import Given
from tests.component.notify.page.test_options import offer
from tests.component.notify.page.test_wishes import wish
from tests.support.approving import act, approving, deciding, newest, waits
from tests.support.notify import FINE, Desk, contact, erased, gap, promise


@pytest_asyncio.fixture(loop_scope="session")
async def api(desk_: Desk, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with deciding(approving(desk_), tmp_path, record.router) as client:
        yield client


async def entries(api: httpx.AsyncClient, customer: str = "c1", **query: Any) -> list[dict[str, Any]]:
    """The whole record, page by page."""
    found: list[dict[str, Any]] = []
    path = f"/v1/customers/{customer}/record"
    while True:
        answer = await api.get(path, params=query or None)
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        if "next" not in answer.links:
            return found
        path, query = answer.links["next"]["url"], {}


async def answered(desk: Desk, number: int, words: str, customer: str = "c1") -> None:
    given = Given(f"a{number}", "question", "", words, desk.clock.now())
    async with unit_of_work(desk.database) as uow:
        await answers.add(uow, given, "p1", customer, "link", f"form-{number}")


async def conversation(desk: Desk, api: httpx.AsyncClient) -> None:
    """A warning is approved, the customer asks, somebody calls them, and the all-clear goes out."""
    await act(api, await waits(desk), "approve", by="Kim")
    await desk.send()
    desk.clock.advance(timedelta(minutes=1))
    await answered(desk, 1, "=When?")
    await desk.later(1, gap(2, FINE))
    await act(api, await newest(desk), "said", said="It is on time again.", answered="Good.", by="Kim")


async def test_all_of_it_is_there_in_the_order_of_time(desk_: Desk, api: httpx.AsyncClient) -> None:
    await conversation(desk_, api)
    found = await entries(api)
    assert [(one["direction"], one["way"], one["kind"]) for one in found] == [
        ("said", "email", "warning"),
        ("answered", "page", "question"),
        ("said", "phone", "call"),
        ("answered", "phone", "call"),
    ]
    warning, asked, call, answer = found
    assert warning["approved_by"] == call["approved_by"] == "Kim by operator-1"
    assert warning["words"].startswith("Hello Pat,") and warning["state"] == "sent"
    assert [one["words"] for one in (asked, call, answer)] == ["=When?", "It is on time again.", "Good."]


async def test_it_comes_by_pages_and_of_one_promise(desk_: Desk, api: httpx.AsyncClient) -> None:
    await conversation(desk_, api)
    whole = await entries(api)
    assert await entries(api, limit=1) == whole and await entries(api, limit=3) == whole
    assert await entries(api, promise_id="p1") == whole and await entries(api, promise_id="p2") == []
    assert await entries(api, "c2") == []


async def test_a_spreadsheet_gets_the_same_and_no_formula(desk_: Desk, api: httpx.AsyncClient) -> None:
    await conversation(desk_, api)
    answer = await api.get("/v1/customers/c1/record", params={"format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["words"] for row in rows[1:]] == ["'=When?", "It is on time again.", "Good."]
    assert [row["entry_id"] for row in rows] == [one["entry_id"] for one in await entries(api)]


async def test_what_a_person_held_is_in_it_with_their_reason(desk_: Desk, api: httpx.AsyncClient) -> None:
    await waits(desk_)
    assert await entries(api) == []
    await act(api, await newest(desk_), "hold", reason="no", by="Kim")
    [held] = await entries(api)
    assert (held["direction"], held["kind"], held["state"]) == ("not_said", "warning", "suppressed")
    assert (held["reason"], held["why"]) == ("withheld", "a person decided not to say it")
    assert held["words"] == "Kim by operator-1: no"


async def test_what_is_kept_back_is_in_it_in_plain_words(desk_: Desk, api: httpx.AsyncClient) -> None:
    await desk_.take(promise(), contact(consent=False), gap(1))
    await desk_.later(5)
    [kept] = await entries(api)
    assert (kept["direction"], kept["kind"], kept["words"]) == ("not_said", "warning", "")
    assert kept["why"] == "the customer has not agreed to be written to"
    answer = await api.get("/v1/customers/c1/record", params={"format": "csv"})
    assert [row["why"] for row in csv.DictReader(io.StringIO(answer.text))] == [kept["why"]]


def test_every_reason_not_to_say_something_has_words() -> None:
    """Of those that a notice can be suppressed or have failed for and that end it."""
    anew = {Reason.SUPERSEDED, Reason.STALE, Reason.NEXT_CHANNEL, Reason.CHANNEL_GONE, Reason.SENDING_OFF}
    recipients = [Reason(name) for name in unsaid.WHY if name != "noted"]
    first, last = [*Reason].index(Reason.WITHDRAWN), [*Reason].index(Reason.DROPPED)
    kept_back = {*[*Reason][first : last + 1]} - anew - {Reason.ERASED}
    assert kept_back <= {*recipients}
    assert {Reason.TOLERATED, Reason.WITHHELD, Reason.REFUSED, Reason.GAVE_UP, Reason.OPERATOR_NOT_SENT} <= {
        *recipients
    }


async def test_what_was_wished_is_in_it_and_what_came_of_it(desk_: Desk, api: httpx.AsyncClient) -> None:
    await desk_.take(promise(), wish(), wish(name="WI-2", promise=None, words=None, workaround=None, minutes=1))
    found = await entries(api)
    assert [(one["entry_id"], one["direction"], one["kind"], one["promise_id"]) for one in found] == [
        ("wish.WI-1", "answered", "wish", "p1"),
        ("wish.WI-2", "answered", "wish", ""),
    ]
    assert found[0]["words"] == "<one> on Saturday; until then: we come at 7:00.; to be looked at again on 2013-04-07"
    assert found[1]["words"] == "to be looked at again on 2013-04-07"
    await desk_.take(wish(2, WishState.MET))
    [met] = [one for one in await entries(api) if one["kind"] == "wish_met"]
    assert (met["entry_id"], met["direction"], met["words"]) == ("wish.WI-1.met", "not_said", "<one> on Saturday")
    assert met["why"] == "it was noted, and no message tells of it"
    await desk_.take(erased(time=desk_.clock.now() + timedelta(hours=1)))
    assert await entries(api) == []


async def test_an_erasure_ends_it_at_once_and_spares_others(desk_: Desk, api: httpx.AsyncClient) -> None:
    await conversation(desk_, api)
    await desk_.take(promise("p2", "c2"), contact("c2"), gap(1, name="p2", customer="c2"))
    await desk_.later(5)
    await desk_.send()
    await desk_.take(erased(time=desk_.clock.now()))
    assert await entries(api) == []
    assert len(await entries(api, "c2")) == 1
    await desk_.end_erasures()
    assert await desk_.database.pool.fetchval("SELECT count(*) FROM phone_call") == 0


async def test_what_was_offered_is_in_it_and_what_staff_note_of_it(desk_: Desk, api: httpx.AsyncClient) -> None:
    noted = (OfferState.TAKEN, OfferState.DECLINED, OfferState.WITHDRAWN)
    await desk_.take(promise(), *(offer(name=f"OF-{number}", minutes=number) for number in range(4)))
    await desk_.take(*(offer(2, state, f"OF-{number}", minutes=number) for number, state in enumerate(noted)))
    found = await entries(api)
    assert [one["words"] for one in found if one["kind"] == "offer"] == [
        "a <free> month; later, by 2013-03-10 18:00 UTC"
    ] * 4
    came = {one["entry_id"]: (one["direction"], one["kind"], one["choice"]) for one in found if one["kind"] != "offer"}
    assert {one["entry_id"] for one in found if one["due"] == "2013-03-10T18:00:00Z"} == {"offer.OF-0.taken"}
    assert came == {
        "offer.OF-0.taken": ("answered", "offer_taken", "later"),
        "offer.OF-1.declined": ("answered", "offer_declined", ""),
        "offer.OF-2.withdrawn": ("said", "offer_withdrawn", ""),
    }
    assert await entries(api, limit=2) == found
    # Taken on the page: there as the customer's own answer, once.
    given = Given("a1", "option", "later", "works for us", desk_.clock.now() + timedelta(minutes=9), "OF-3")
    async with unit_of_work(desk_.database) as uow:
        await answers.add(uow, given, "p1", "c1", "link", "form-1")
    await desk_.take(offer(2, OfferState.TAKEN, "OF-3", minutes=3))
    own = [one for one in await entries(api) if "OF-3" in one["entry_id"] or one["kind"] == "option"]
    assert [(one["entry_id"], one["due"]) for one in own] == [("offer.OF-3", None), ("a1", "2013-03-10T18:00:00Z")]
    await desk_.take(erased(time=desk_.clock.now() + timedelta(hours=1)))
    assert await entries(api) == []


async def test_it_is_for_operators(api: httpx.AsyncClient) -> None:
    viewer = {"authorization": "Bearer viewer"}
    assert (await api.get("/v1/customers/c1/record", headers=viewer)).status_code == 403
