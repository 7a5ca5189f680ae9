"""The page of a customer's record: every entry with who said it and over which way, by pages, and as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from candor.clients.services import ServiceClient
from candor.store.audit import Act
from risk_svc.web.board.acting import OVER
from risk_svc.web.board.letters_data import LettersData
from risk_svc.web.board.pages import record
from risk_svc.web.board.record_words import GONE, as_csv, entry, wanted
from tests.support.board_pages import READING, Staff, drawn
from tests.support.stand_in import StandIn, standing_in, status

LINK = f"http://page.localhost/p/{'a' * 24}.{'b' * 27}"
SAID: dict[str, Any] = {
    "entry_id": "n1",
    "promise_id": "PR-1",
    "at": "2026-11-30T09:00:00Z",
    "direction": "said",
    "way": "email",
    "kind": "all_clear",
    "choice": "",
    "subject": "On time again",
    "words": f"It is on time.\n\nWhat we promised: {LINK}\n",
    "state": "sent",
    "approved_by": "ana by board",
    "edited_by": "",
    "due": None,
    "why": "",
}
ANSWER = {**SAID, "entry_id": "a1", "direction": "answered", "way": "page", "kind": "verdict", "choice": "kept"}
ANSWER |= {"subject": "", "words": "=thanks http://x/p/y", "state": "", "approved_by": ""}


EXPECTS: dict[str, Any] = {
    "customer_id": "acme",
    "tier": "key",
    "tolerance": "low",
    "warned_from": 0.5,
    "ahead_hours": 72.0,
    "pace_hours": 12.0,
    "own": ["ahead_hours"],
}


def service(asked: Request, _body: Any) -> Response:
    if asked.url.path.endswith("/expectation"):
        return JSONResponse(EXPECTS if "acme" in asked.url.path else {}, 200 if "acme" in asked.url.path else 404)
    if asked.url.path != "/v1/customers/acme/record":
        return JSONResponse({"items": []})
    first = "cursor" not in asked.query_params
    more = {"link": '</v1/customers/acme/record?cursor=b>; rel="next"'} if first else {}
    return JSONResponse({"items": [SAID if first else ANSWER]}, headers=more)


async def _record(_act: Act) -> None:
    raise AssertionError("reading a record is no act")


@pytest_asyncio.fixture
async def there() -> AsyncIterator[StandIn]:
    async with standing_in(StandIn(service, "the-key")) as made:
        yield made


def page_of(there: StandIn, query: str, session: str = "op", staff: Staff | None = None) -> Any:
    letters = LettersData(ServiceClient(there.base, lambda: "the-key"), _record)
    return drawn(
        "/said",
        lambda address, acting: record.Page(READING, letters, acting, address),
        query=query,
        session=session,
        staff=staff,
    )


async def test_it_is_read_page_by_page(there: StandIn) -> None:
    async with page_of(there, "customer=acme") as page:
        await page.refresh()
        assert (page.pages.back.visible, page.pages.more.visible, page.file.visible) == (False, True, True)
        await page.pages.turn()
        assert page.entries._shown == [entry(ANSWER)] and not page.pages.more.visible
        assert page.wanted.text == wanted(EXPECTS)
        await page.pages.turn_back()
        assert page.entries._shown == [entry(SAID)]


async def test_what_there_is_none_of_is_said(there: StandIn) -> None:
    async with page_of(there, "") as page:
        await page.refresh()
        assert page.outcome.text == record.CHOOSE and there.asked == []
        page.customer.set_value("nobody")
        await page.pages.begin()
        assert page.outcome.text == record.EMPTY and not page.file.visible
        assert page.wanted.text == ""
        there.faults.append(status(503))
        await page.refresh()
        assert "503" in page.outcome.text


async def test_it_is_for_operators(there: StandIn) -> None:
    async with page_of(there, "customer=acme", "view") as page:
        await page.refresh()
        assert "needs the role operator" in page.outcome.text and there.asked == []


async def test_a_file_is_given_to_nobody_whose_session_is_over(there: StandIn) -> None:
    staff = Staff()
    async with page_of(there, "customer=acme", staff=staff) as page:
        await page.refresh()
        asked = len(there.asked)
        del staff.known["op"]
        await page._download()
        assert (page.outcome.text, len(there.asked)) == (OVER, asked)
        assert page.entries._shown == [] and not page.file.visible


def test_how_a_customer_wants_to_be_written_to_is_said_with_whose_word_it_is() -> None:
    assert wanted(EXPECTS) == (
        "Warned from a risk of delay of 50% (tier key); at most 3 days before the promised time (their own word); "
        "other times told at most every 12 h (tier key)."
    )
    usual = {**EXPECTS, "tier": "", "warned_from": 0.7, "ahead_hours": None, "pace_hours": None, "own": []}
    assert wanted(usual) == "Warned from a risk of delay of 70%."
    assert "their own word" in wanted({**usual, "own": ["tolerance"]}) and wanted(None) == ""


def test_an_entry_says_who_said_it_over_which_way() -> None:
    said, answer = entry(SAID), entry(ANSWER)
    assert "UTC, we by email: all clear, about PR-1" in said.head and said.beside == "Approved by ana by board."
    assert "UTC, they on the page: verdict" in answer.head and answer.words == "kept\n=thanks http://x/p/y"
    assert entry({**SAID, "way": "phone"}).beside.startswith("Called by")
    assert "Nobody knows" in entry({**SAID, "state": "unknown", "edited_by": "kim"}).beside
    assert entry({**SAID, "words": ""}).words == GONE and entry({**ANSWER, "choice": "", "words": ""}).words == ""


def test_an_offer_is_said_and_what_came_of_it() -> None:
    made = {**SAID, "kind": "offer", "way": "", "words": "half price; later", "state": "", "approved_by": ""}
    assert "UTC, we: offer, about PR-1" in entry(made).head and entry(made).words == "half price; later"
    # It had no words that could have ended.
    assert entry({**made, "kind": "offer_withdrawn", "words": ""}).words == ""
    taken = {**made, "direction": "answered", "kind": "offer_taken", "choice": "later", "words": ""}
    assert "UTC, they: offer taken" in entry(taken).head and entry(taken).words == "later"
    assert entry({**taken, "due": "2026-12-04T14:00:00Z"}).words == "later, by Fri 4 Dec 14:00 UTC"


def test_what_was_not_said_is_there_with_why() -> None:
    kept = {**SAID, "direction": "not_said", "way": "", "subject": "", "words": "", "state": "suppressed"}
    kept |= {"approved_by": "", "why": "the customer wants no messages"}
    assert entry(kept).head.endswith("UTC, not said: all clear, about PR-1") and entry(kept).words == ""
    assert entry(kept).beside == "Not said: the customer wants no messages."
    assert b"the customer wants no messages" in as_csv([kept])


def test_a_wish_about_no_promise_names_none() -> None:
    wish = {**SAID, "direction": "answered", "way": "", "kind": "wish", "promise_id": "", "state": ""}
    assert entry(wish).head.endswith("UTC, they: wish")


def test_the_customers_own_link_is_shown_to_nobody_else() -> None:
    assert LINK not in entry(SAID).words and LINK.encode() not in as_csv([SAID])


def test_the_file_has_all_of_it_and_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv([SAID, ANSWER]).decode())))
    assert [row["words"] for row in rows] == ["It is on time.", "'=thanks http://x/p/y"]
    assert rows[0]["approved_by"] == "ana by board"
