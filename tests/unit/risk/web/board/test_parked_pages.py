"""The pages about parked reports: what waits, suggestions, a match alone or with all alike, and its undo."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import pytest_asyncio
from nicegui import ui
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from candor.store.audit import Act, Actor
from risk_svc.web.board.pages import parked, parked_report
from risk_svc.web.board.parked_words import (
    OTHER,
    alike_words,
    archive_row,
    choice,
    choices,
    match_line,
    matched_words,
    named,
    parked_row,
    report_lines,
    undone_words,
)
from risk_svc.web.board.style import COLOURS
from tests.support.board_pages import READING, drawn
from tests.support.stand_in import StandIn, standing_in
from tests.unit.risk.web.board.test_source_pages import Desk

REPORT: dict[str, Any] = {
    "parked_id": "k 1",
    "waits_for": "ambiguous_reference",
    "detail": "Several promises carry this reference. Name the promise.",
    "promise_id": None,
    "reference": {"system": "ops", "id": "UA 1"},
    "milestone": "arrived",
    "status": "reached",
    "at": "2026-11-30T09:02:00Z",
    "reason": "gate <b>closed</b>",
    "source": "field",
    "parked_at": "2026-11-30T09:05:00Z",
}
SUGGESTION: dict[str, Any] = {
    "promise_id": "PR-1",
    "customer_id": "acme",
    "name": "UA-1",
    "due": "2026-12-01T12:00:00Z",
    "score": 0.874,
    "why": ["the name but for signs", "due a day later"],
}
SUGGESTIONS: dict[str, Any] = {"parked_id": "k 1", "items": [SUGGESTION], "alike": 3, "alike_exact": True}
MATCH: dict[str, Any] = {
    "match_id": "k 0",
    "promise_id": "PR-9",
    "reference": {"system": "ops", "id": 'a "b" c'},
    "alike": True,
    "source": "field",
    "matched_by": "board",
    "matched_at": "2026-11-30T08:00:00Z",
}
ARCHIVED: dict[str, Any] = {"day": "2026-11-01", "source": "field", "system": "", "reports": 1200}
MATCHED: dict[str, Any] = {"state": "matched", "promise_id": "PR-1", "matched": 3, "rejected": 0}


def service(asked: Request, _body: Any) -> Response:
    match asked.method, asked.url.path:
        case "GET", "/v1/parked":
            second = asked.query_params.get("cursor") == "second"
            more = {} if second else {"link": '</v1/parked?cursor=second>; rel="next"'}
            return JSONResponse({"items": [{**REPORT, "parked_id": "k 2" if second else "k 1"}]}, headers=more)
        case "GET", "/v1/parked/archive":
            return JSONResponse({"items": [ARCHIVED]})
        case "GET", "/v1/matches":
            return JSONResponse({"items": [MATCH]})
        case "GET", "/v1/parked/k 1":
            return JSONResponse(REPORT)
        case "GET", "/v1/parked/k 1/suggestions":
            return JSONResponse(SUGGESTIONS)
        case "POST", "/v1/parked/k 1/match":
            return JSONResponse(MATCHED)
        case "POST", "/v1/matches/k 0/undo":
            return JSONResponse({"state": "undone", "promise_id": "PR-9", "reports": 1})
        case _:
            return JSONResponse({"code": "not_found", "detail": "nothing is parked under this id"}, 404)


@pytest_asyncio.fixture
async def there() -> AsyncIterator[StandIn]:
    async with standing_in(StandIn(service, "the-key")) as made:
        yield made


WHO = Actor("ana", "operator", "192.0.2.7")


async def test_the_page_shows_what_waits_page_by_page_what_ended_and_what_can_be_undone(there: StandIn) -> None:
    desk = Desk(there)
    async with drawn("/parked", lambda address, acting: parked.Page(READING, desk.intake, acting, address)) as page:
        await page.refresh()
        assert [row["id"] for row in page.table.table.rows] == ["k 1"]
        assert [row["reports"] for row in page.archive.table.rows] == ["1,200"]
        assert (page.pages.back.visible, page.pages.more.visible) == (False, True)
        await page.pages.turn()
        assert [row["id"] for row in page.table.table.rows] == ["k 2"]
        await page.pages.turn_back()
        assert [row["id"] for row in page.table.table.rows] == ["k 1"]
        page.source.set_value("field")
        await page.pages.begin()
        assert page.asked() == ("field", "")
        await page._undo("k 0")
        assert page.outcome.text == "Undone: 1 report of PR-9 waits again."
        assert desk.acts == [Act(WHO, "match.undo", "delivery-svc k 0")]
        buttons = [one for one in page.matches._body.descendants() if isinstance(one, ui.button)]
        # What somebody named is no markup and no property.
        assert [one.props["aria-label"] for one in buttons] == [
            "Undo ops a b c → PR-9, with all alike; Mon 30 Nov 08:00 UTC by board"
        ]


async def test_a_viewer_undoes_nothing(there: StandIn) -> None:
    desk = Desk(there)
    make = "/parked", lambda address, acting: parked.Page(READING, desk.intake, acting, address)
    async with drawn(*make, session="view") as page:
        await page._undo("k 0")
        assert "needs the role operator" in page.outcome.text
    assert desk.acts == []
    assert not [path for method, path, *_ in there.asked if method == "POST"]


@pytest.mark.parametrize(
    ("chosen", "typed", "alike", "sent"),
    [
        ("PR-1", "", True, {"promise_id": "PR-1", "alike": True}),
        ("PR-1", "PR-7", False, {"promise_id": "PR-1", "alike": False}),
        ("", " PR-7 ", True, {"promise_id": "PR-7", "alike": True}),
    ],
)
async def test_a_suggestion_or_another_promise_is_matched(
    there: StandIn, chosen: str, typed: str, alike: bool, sent: dict[str, Any]
) -> None:
    desk = Desk(there)
    make = "/parked/report", lambda address, acting: parked_report.Page(READING, desk.intake, acting, address)
    async with drawn(*make, query="id=k+1") as page:
        await page.refresh()
        assert [*page.chosen.options] == ["PR-1", ""]
        assert page.alike.text == "All 3 that name the same, and those that come"
        page.chosen.set_value(chosen)
        page.other.set_value(typed)
        page.alike.set_value(alike)
        await page._match()
        assert page.outcome.text == "Matched 3 reports to PR-1. It can be undone under Matches."
        assert there.asked[-1][3] == sent
        assert desk.acts == [Act(WHO, "parked.match", "delivery-svc k 1")]


async def test_without_a_promise_nothing_is_matched_and_suggestions_stay_as_they_were_read(there: StandIn) -> None:
    desk = Desk(there)
    make = "/parked/report", lambda address, acting: parked_report.Page(READING, desk.intake, acting, address)
    async with drawn(*make, query="id=k+1") as page:
        await page.refresh()
        asked = len(there.asked)
        await page.refresh()
        assert len(there.asked) == asked
        await page._match()
        assert page.outcome.text == parked_report.NO_PROMISE
        assert desk.acts == []
    async with drawn(*make, query="id=gone") as page:
        await page.refresh()
        assert page.outcome.text == "nothing is parked under this id"


def test_a_report_says_what_it_waits_for_and_what_it_names() -> None:
    row = parked_row(REPORT)
    assert (row["waits"], row["colour"], row["promise"], row["step"]) == (
        "decision",
        COLOURS["high"],
        "ops UA 1",
        "arrived reached",
    )
    parts = urlsplit(row["link"])
    assert (parts.path, dict(parse_qsl(parts.query))) == ("/board/parked/report", {"id": "k 1"})
    assert named({"promise_id": "PR-1", "reference": None}) == "PR-1"
    assert report_lines(REPORT) == [
        "field says: arrived reached at Mon 30 Nov 09:02 UTC. Reason: gate <b>closed</b>.",
        "It names ops UA 1. Several promises carry this reference.",
    ]
    assert "Reason" not in report_lines({**REPORT, "reason": None})[0]


def test_a_suggestion_has_its_score_and_why() -> None:
    assert choice(SUGGESTION) == (
        "PR-1 (UA-1) of acme, promised for Tue 1 Dec 12:00 UTC: 87%, the name but for signs; due a day later"
    )
    assert choice({**SUGGESTION, "name": "PR-1", "due": None}).startswith("PR-1 of acme: 87%")
    assert choices([]) == {"": OTHER}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"alike": 1, "alike_exact": True}, "No other report names the same; those that come will go the same way."),
        ({"alike": 10_000, "alike_exact": False}, "All 10,000 or more that name the same, and those that come"),
    ],
)
def test_it_is_said_how_many_are_alike(found: dict[str, Any], said: str) -> None:
    assert alike_words(found) == said


def test_what_came_of_it_is_said() -> None:
    assert matched_words({**MATCHED, "matched": 1, "rejected": 2}) == (
        "Matched 1 report to PR-1, 2 refused as they contradict it: see Sources. It can be undone under Matches."
    )
    assert undone_words({"promise_id": "PR-1", "reports": 1200}) == "Undone: 1,200 reports of PR-1 wait again."
    assert match_line({**MATCH, "reference": None, "alike": False}).startswith("field → PR-9, alone; ")
    assert archive_row(ARCHIVED)["system"] == "promises by id"
