"""Read route of wishes, as `insight` keeps them."""

from __future__ import annotations

from typing import Annotated, Final, cast

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from candor.ops.clock import Clock
from candor.web.http.answers import shown
from candor.web.http.csv_page import csv_page
from candor.web.http.pages import decode_cursor, encode_cursor, link_header
from candor.web.security.auth import Viewer
from risk_svc.insight import wishes
from risk_svc.insight.asking import Place
from risk_svc.web.api.insight_examples import answers
from risk_svc.web.api.routes.gaps import database
from risk_svc.web.api.wish_requests import WishQuery
from risk_svc.web.api.wish_responses import WISHES, WishPage

router: Final = APIRouter(tags=["insight"])


@router.get("/v1/wishes", responses=answers(WishPage, WISHES))
async def wish_list(request: Request, _principal: Viewer, asked: Annotated[WishQuery, Query()]) -> Response:
    """What customers wished for and do not get yet, those first whose day to be looked at again comes first."""
    clock = cast(Clock, request.app.state.clock)
    place = Place(asked.limit + 1, decode_cursor(asked.cursor, float, str))
    async with database(request).reading() as session:
        found, number = await wishes.wishes(session, asked.wanted(), clock.now(), place)
    items = found[: asked.limit]
    more = encode_cursor(*wishes.rank(items[-1])) if len(found) > asked.limit else None
    if asked.format == "csv":
        return csv_page(request, wishes.ITEM, items, more)
    return shown({**number._asdict(), "items": items}, link_header(request, more))
