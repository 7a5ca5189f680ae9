"""Read routes of what is said outside: public reviews, their trend, and competitors' stated lead times beside ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from candor.web.http.answers import shown
from candor.web.http.csv_page import csv_page
from candor.web.http.pages import decode_cursor, encode_cursor, link_header
from candor.web.security.auth import Viewer
from risk_svc.insight import lead_times, review_months
from risk_svc.insight import reviews as review_lists
from risk_svc.insight.asking import Place
from risk_svc.insight.review_months import Month
from risk_svc.insight.sheets import figure_body
from risk_svc.web.api import market_examples as examples
from risk_svc.web.api import market_requests as requests
from risk_svc.web.api import market_responses as responses
from risk_svc.web.api.insight_examples import answers
from risk_svc.web.api.insight_requests import PageQuery
from risk_svc.web.api.insight_responses import FigureOut
from risk_svc.web.api.routes.figures import flat
from risk_svc.web.api.routes.gaps import database

PARTS: Final = tuple(FigureOut.model_fields)
router: Final = APIRouter(tags=["insight"])


@router.get("/v1/reviews", responses=answers(responses.ReviewPage, examples.REVIEWS))
async def reviews(request: Request, _principal: Viewer, asked: Annotated[requests.ReviewQuery, Query()]) -> Response:
    """Public reviews, newest first, each with what it complains of and the promise that it is about."""
    place = Place(asked.limit + 1, decode_cursor(asked.cursor, float, str))
    async with database(request).reading() as session:
        found, number = await review_lists.reviews(session, asked.wanted(), place)
    more = encode_cursor(*review_lists.rank(found[asked.limit - 1])) if len(found) > asked.limit else None
    return _page(
        request, asked, [as_review(row) for row in found[: asked.limit]], more, number._asdict(), responses.ReviewOut
    )


@router.get("/v1/reviews/trend", responses=answers(responses.TrendPage, examples.TREND))
async def trend(request: Request, _principal: Viewer, asked: Annotated[requests.AboutQuery, Query()]) -> Response:
    """Which share of reviews complains of failure to communicate, by month, beside late promises warned of before.

    Promises are those whose labels `product` and `place` are what is asked for. At most 24 months.
    """
    after = decode_cursor(asked.cursor, str)
    async with database(request).reading() as session:
        found = await review_months.months(session, asked.wanted())
    rest = [one for one in found.months if after is None or one.month < after[0]]
    more = encode_cursor(rest[asked.limit - 1].month) if len(rest) > asked.limit else None
    number = {"total": len(found.months), "total_exact": True, "exact": found.exact}
    return _page(request, asked, [as_month(one) for one in rest[: asked.limit]], more, number, responses.MonthOut)


@router.get("/v1/competitors", responses=answers(responses.CompetitorPage, examples.COMPETITORS))
async def competitors(
    request: Request, _principal: Viewer, asked: Annotated[requests.CompetitorQuery, Query()]
) -> Response:
    """Competitors' usual lead times, as somebody states them, beside what we promise and how long it takes."""
    place = Place(asked.limit + 1, decode_cursor(asked.cursor, str, str))
    async with database(request).reading() as session:
        found = await lead_times.lead_times(session, asked.wanted(), place)
    items = found.items[: asked.limit]
    more = encode_cursor(*lead_times.rank(items[-1])) if len(found.items) > asked.limit else None
    document = {**found.number._asdict(), "made_at": found.made_at}
    return _page(request, asked, items, more, document, responses.CompetitorOut)


def as_review(row: Mapping[str, Any]) -> dict[str, Any]:
    """A review as the API shows it."""
    return {name: row[name] for name in review_lists.ITEM}


def as_month(one: Month) -> dict[str, Any]:
    """A month as the API shows it."""
    counts = {"month": one.month, "reviews": one.reviews, "untagged": one.untagged, "by_machine": one.by_machine}
    return {**counts, "failure": figure_body(one.failure), **one.tags, "warned": figure_body(one.warned)}


def as_line(item: Mapping[str, Any]) -> dict[str, Any]:
    """What is shown as a row for a spreadsheet: lists and labels as text, each part of a figure in its column."""
    said = {
        name: "; ".join(value)
        if isinstance(value, list)
        else "; ".join(f"{label}={one}" for label, one in value.items())
        if name == "labels"
        else value
        for name, value in item.items()
    }
    return flat(said)


def _page(
    request: Request,
    asked: PageQuery,
    items: Sequence[dict[str, Any]],
    more: str | None,
    document: dict[str, Any],
    row: type[BaseModel],
) -> Response:
    if asked.format == "csv":
        return lines(request, row, items, more)
    return shown({**document, "items": items}, link_header(request, more))


def lines(request: Request, row: type[BaseModel], items: Sequence[Mapping[str, Any]], more: str | None) -> Response:
    """The rows for a spreadsheet, below the columns of what they are."""
    columns = [
        column
        for name, field in row.model_fields.items()
        for column in ([f"{name}_{part}" for part in PARTS] if field.annotation is FigureOut else [name])
    ]
    return csv_page(request, columns, [as_line(item) for item in items], more)
