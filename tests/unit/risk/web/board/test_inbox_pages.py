"""The inbox over a stand-in for notify-svc: what waits, the message as it is seen, each decision recorded first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
import pytest_asyncio
from nicegui import ui
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from candor.clients.services import ServiceClient
from candor.store.audit import Act, Actor
from risk_svc.web.board.letter_words import about_lines, html_of, inbox_row, text_of
from risk_svc.web.board.letters_data import NOT_SET_UP, LettersData
from risk_svc.web.board.pages import inbox, letter
from risk_svc.web.board.style import COLOURS
from tests.support.board_pages import READING, drawn
from tests.support.stand_in import StandIn, standing_in, status

LINK = f"http://page.localhost/p/{'a' * 24}.{'b' * 27}"
LETTER: dict[str, Any] = {
    "notice_id": "n 1",
    "customer_id": "acme",
    "promise_id": "PR-1",
    "state": "pending",
    "reason": "awaits_approval",
    "spoken_for": "slip_held",
    "awaits": ["key_account", "new_wording"],
    "owner": "owner_told",
    "subject": "Your delivery will be late",
    "message": f"Hello,\n\nIt will be late.\n\nWhat we promised: {LINK}\n",
    "html": f'<body><p>It "will" be late.</p><p><a href="{LINK}">What we promised</a></p>\n</body>',
    "waits_since": "2026-11-30T09:00:00Z",
    "decided_at": "2026-11-30T09:05:00Z",
    "edited_by": "",
    "approved_by": "",
    "snoozed_until": None,
    "version": 4,
}
GONE = {"state": "pending", "reason": "approved", "approved_by": "ana by board", "version": 5}


def service(asked: Request, _body: Any) -> Response:
    match asked.method, asked.url.path:
        case "GET", "/v1/inbox":
            first = "cursor" not in asked.query_params
            items = [{**LETTER, "notice_id": "n 1" if first else "n 2"}]
            return JSONResponse({"items": items}, headers={"link": '</v1/inbox?cursor=b>; rel="next"'} if first else {})
        case "GET", "/v1/notices/n%201" | "/v1/notices/n 1":
            return JSONResponse(LETTER)
        case "POST", path if path.endswith("/edit") or path.endswith("/snooze"):
            return JSONResponse({**LETTER, "version": 5})
        case "POST", path if path.endswith("/hold"):
            return JSONResponse({"code": "conflict", "detail": "it does not wait any more"}, 409)
        case "POST", _:
            return JSONResponse({**LETTER, **GONE})
        case _:
            return JSONResponse({"code": "not_found", "detail": "there is no such notice"}, 404)


class Desk:
    """notify-svc as the pages see it, and what was recorded before it was asked."""

    def __init__(self, there: StandIn) -> None:
        self.there, self.acts = there, list[Act]()
        self.letters = LettersData(ServiceClient(there.base, lambda: "the-key"), self._record)

    async def _record(self, act: Act) -> None:
        assert not any(path.endswith(act.action.partition(".")[2]) for _, path, *_ in self.there.asked)
        self.acts.append(act)

    def posted(self) -> list[tuple[str, Any]]:
        return [(path.rpartition("/")[2], body) for method, path, _, body in self.there.asked if method == "POST"]

    def page(self, session: str = "op") -> AbstractAsyncContextManager[letter.Page]:
        return drawn(
            "/inbox/message",
            lambda address, acting: letter.Page(READING, self.letters, acting, address),
            query="id=n+1",
            session=session,
        )


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Desk]:
    async with standing_in(StandIn(service, "the-key")) as made:
        yield Desk(made)


async def test_the_inbox_shows_what_waits_page_by_page(desk: Desk) -> None:
    async with drawn("/inbox", lambda address, acting: inbox.Page(READING, desk.letters, acting, address)) as page:
        await page.refresh()
        [row] = page.table.table.rows
        assert (row["why"], row["colour"]) == ("key account", COLOURS["high"])
        assert row["link"] == "/board/inbox/message?id=n+1" and row["note"] == "to acme about PR-1"
        assert (page.pages.back.visible, page.pages.more.visible) == (False, True)
        await page.pages.turn()
        assert [one["id"] for one in page.table.table.rows] == ["n 2"]
        await page.pages.turn_back()
        page.snoozed.set_value("all")
        await page.pages.begin()
        assert desk.there.asked[-1][2] == {"limit": "25", "snoozed": "true"}


async def test_without_notify_svc_the_page_says_so() -> None:
    letters = LettersData(None, lambda act: Desk._record(None, act))  # type: ignore[arg-type]
    async with drawn("/inbox", lambda address, acting: inbox.Page(READING, letters, acting, address)) as page:
        await page.refresh()
        assert NOT_SET_UP in page.table.said.text


async def test_the_message_is_shown_in_a_frame_that_may_do_nothing(desk: Desk) -> None:
    async with desk.page() as page:
        await page.refresh()
        [frame] = [one for one in ui.context.client.elements.values() if one.tag == "iframe"]
        assert frame.props["sandbox"] == ""
        assert '"will"' in frame.props["srcdoc"] and LINK not in frame.props["srcdoc"]
        assert page.text.value == "Hello,\n\nIt will be late.\n"
        assert page.decide.visible and page.approve.visible
        links = [one.props["href"] for one in ui.context.client.elements.values() if isinstance(one, ui.link)]
        assert {"/inbox", "/promises/PR-1", "/said?customer=acme"} <= {*links}


async def test_nothing_is_decided_about_a_message_that_is_not_shown_yet(desk: Desk) -> None:
    async with desk.page() as page:
        assert not page.decide.visible and not page.approve.visible
        await page._approve()
        assert page.outcome.text == letter.OVER and desk.posted() == []
        desk.there.faults.append(status(503))
        await page.refresh()
        assert not page.decide.visible and not page.approve.visible
        await page.refresh()
        assert page.decide.visible and page.approve.visible


async def test_what_is_approved_is_what_was_read_by_whom_the_session_names(desk: Desk) -> None:
    async with desk.page() as page:
        await page.refresh()
        assert page.title.text == letter.WAITS
        await page._approve()
        assert page.outcome.text.startswith("Approved") and page.title.text == letter.WAITED
        assert desk.posted() == [("approve", {"version": 4, "by": "ana"})]
        assert desk.acts == [Act(Actor("ana", "operator", "192.0.2.7"), "notice.approve", "notify-svc n 1")]
        assert not page.decide.visible and not page.approve.visible


async def test_words_are_kept_in_their_new_version(desk: Desk) -> None:
    async with desk.page() as page:
        await page.refresh()
        page.text.set_value("Hello,\n\nIt will be late, I am sorry.\n")
        await page._edit()
        assert desk.posted()[-1][1]["text"] == "Hello,\n\nIt will be late, I am sorry.\n"
        await page._approve()
        assert desk.posted()[-1] == ("approve", {"version": 5, "by": "ana"})


async def test_holding_and_calling_need_words_and_a_snooze_a_time(desk: Desk) -> None:
    async with desk.page() as page:
        await page.refresh()
        await page._hold()
        assert page.outcome.text == letter.NO_REASON
        await page._said()
        assert page.outcome.text == letter.NO_WORDS and desk.posted() == []
        page.hours.set_value(4)
        await page._snooze()
        assert desk.posted()[-1] == ("snooze", {"until": "2026-11-30T16:00:00+00:00", "by": "ana"})
        page.why.set_value(" they know ")
        await page._hold()
        assert page.outcome.text == "it does not wait any more"
        page.said.set_value("It is late.")
        page.answered.set_value("Fine.")
        await page._said()
        assert desk.posted()[-1] == ("said", {"said": "It is late.", "answered": "Fine.", "by": "ana"})


async def test_a_viewer_decides_nothing(desk: Desk) -> None:
    async with desk.page("view") as page:
        await page.refresh()
        await page._approve()
        assert "needs the role operator" in page.outcome.text
        assert desk.posted() == [] and desk.acts == []


async def test_a_viewer_reads_no_message(desk: Desk) -> None:
    async with desk.page("view") as page:
        await page.refresh()
        assert "you are signed in as viewer" in page.outcome.text
        assert page.text.value == "" and desk.there.asked == []
    async with drawn(
        "/inbox", lambda address, acting: inbox.Page(READING, desk.letters, acting, address), session="view"
    ) as listed:
        await listed.refresh()
        assert listed.table.said.text.startswith("This needs the role operator")
        assert listed.table.table.rows == [] and desk.there.asked == []


async def test_an_unknown_message_is_said_to_be_none(desk: Desk) -> None:
    async with drawn(
        "/inbox/message", lambda address, acting: letter.Page(READING, desk.letters, acting, address), query="id=x"
    ) as page:
        await page.refresh()
        assert page.outcome.text == "there is no such notice"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "To acme about PR-1: the risk of delay has stayed high."),
        ({}, "It waits for: key account, new wording, since"),
        (GONE, "It waited for: key account, new wording, since"),
        ({}, "The owner was told."),
        ({"owner": "no_owner"}, "nobody else is told"),
        ({"edited_by": "ana"}, "Changed by ana."),
        ({"snoozed_until": "2026-11-30T10:00:00Z"}, "Snoozed until"),
        ({"approved_by": "ana by board"}, "Decided by ana by board."),
    ],
)
def test_the_page_says_why_now_and_who_else_is_told(changes: dict[str, Any], line: str) -> None:
    assert any(line in one for one in about_lines({**LETTER, **changes}))


def test_only_the_customers_own_link_is_left_out() -> None:
    assert LINK not in html_of(LETTER) and "late" in html_of(LETTER)
    plain = {**LETTER, "message": "Hello,\n\nsee http://example.com/x\n", "html": "<p>x</p>"}
    assert text_of(plain) == "Hello,\n\nsee http://example.com/x\n" and html_of(plain) == "<p>x</p>"
    assert inbox_row({**LETTER, "awaits": []})["why"] == "person"


@pytest.mark.parametrize("line", ["See https://example.com/p/spring-offer", "Offers: http://example.com/p/12"])
def test_a_link_that_staff_wrote_last_is_kept(line: str) -> None:
    assert text_of({**LETTER, "message": f"Hello,\n\n{line}\n"}).endswith(f"{line}\n")
