"""What waits for its promise, as the page *Path* shows it: every kind, how many in all, page by page, or why not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from risk_svc.web.board.intake_data import IntakeData
from risk_svc.web.board.waiting_part import NONE, WaitingPart, row
from tests.support.board_pages import drawn
from tests.support.stand_in import StandIn, standing_in
from tests.unit.risk.web.board.test_source_pages import Desk

NULLS = dict.fromkeys(("due", "reason", "said_by", "said_to", "source"))
ONE: dict[str, Any] = {
    **NULLS,
    **{"waiting_id": "s1", "kind": "statement", "promise_id": "PR <b>9", "said_at": "2026-11-30T09:02:00Z"},
    **{"said_by": "sales", "said_to": "customer", "due": "2026-12-01T12:00:00Z"},
}
REVISED = {**NULLS, "waiting_id": "w2", "kind": "revised", "promise_id": "PR-8", "said_at": ONE["said_at"]}


def service(asked: Request, _body: Any) -> Response:
    assert asked.url.path == "/v1/waiting"
    about, second = asked.query_params.get("promise_id"), "cursor" in asked.query_params
    if about == "PR-7":
        return JSONResponse({"items": [], "total": 0, "total_exact": True})
    more = {} if second else {"link": '</v1/waiting?cursor=second>; rel="next"'}
    items = [REVISED | {"source": "crm", "reason": "late"} if second else ONE]
    return JSONResponse({"items": items, "total": 100_000, "total_exact": False}, headers=more)


@pytest_asyncio.fixture
async def there() -> AsyncIterator[StandIn]:
    async with standing_in(StandIn(service, "the-key")) as made:
        yield made


async def test_what_waits_is_listed_and_counted_page_by_page(there: StandIn) -> None:
    shown: list[WaitingPart] = []

    async def again() -> None:
        await shown[0].refresh(None)

    async with drawn("/path", lambda _address, _acting: WaitingPart(Desk(there).intake, again)) as part:
        shown.append(part)
        await again()
        assert part.number.text == "more than 100,000 in all"
        assert [one["by"] for one in part.table.table.rows] == ["sales → customer"]
        await part.pages.turn()
        assert [(one["by"], one["note"]) for one in part.table.table.rows] == [("crm", "late")]
        assert (part.pages.back.visible, part.pages.more.visible) == (True, False)
        await part.pages.begin()
        assert [one["what"] for one in part.table.table.rows] == ["message"]
        await part.refresh("PR-7")
        assert (part.number.text, part.table.said.text, part.table.table.rows) == ("", NONE, [])


async def test_a_board_that_cannot_ask_says_why_instead_of_that_nothing_waits() -> None:
    async def again() -> None: ...

    async def record(_act: Any) -> None: ...

    async with drawn("/path", lambda _address, _acting: WaitingPart(IntakeData({}, record), again)) as part:
        await part.refresh(None)
        assert "does not know where promise-svc is" in part.table.said.text
        assert NONE not in part.table.said.text


@pytest.mark.parametrize(
    ("changes", "name", "said"),
    [
        ({}, "what", "message"),
        ({}, "due", "Tue 1 Dec 12:00"),
        ({}, "promise", "PR <b>9"),
        ({}, "note", "its promise is not known yet"),
        ({"due": None}, "due", "–"),
        ({"kind": "challenge", "said_by": None, "reason": "no"}, "by", "an employee"),
        ({"kind": "withdrawn", "said_by": None, "source": "crm"}, "by", "crm"),
    ],
)
def test_what_waits_as_a_row(changes: dict[str, Any], name: str, said: str) -> None:
    assert row(ONE | changes)[name] == said
