"""The tables of the page *Market* for a spreadsheet: what the API gives as CSV, for who is signed in and has no key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from candor.store.db import Database
from candor.web.http.problems import Problem
from risk_svc.insight import lead_times, review_months, reviews
from risk_svc.insight.asking import Place
from risk_svc.web.api import market_requests, market_responses
from risk_svc.web.api.routes.market import as_month, as_review, lines
from risk_svc.web.board.downloads import MOST, asked_of

Listing = Callable[[Request, Database], Awaitable[Response]]


async def download_reviews(request: Request, database: Database) -> Response:
    """The newest reviews that an address asks for. Raises StoreUnavailable."""
    try:
        asked = asked_of(market_requests.ReviewQuery, request)
    except Problem as problem:
        return problem.response()
    async with database.reading() as session:
        found, _ = await reviews.reviews(session, asked.wanted(), Place(MOST))
    return lines(request, market_responses.ReviewOut, [as_review(one) for one in found], None)


async def download_months(request: Request, database: Database) -> Response:
    """The months of the reviews that an address asks for. Raises StoreUnavailable."""
    try:
        asked = asked_of(market_requests.AboutQuery, request)
    except Problem as problem:
        return problem.response()
    async with database.reading() as session:
        found = await review_months.months(session, asked.wanted())
    return lines(request, market_responses.MonthOut, [as_month(one) for one in found.months], None)


async def download_competitors(request: Request, database: Database) -> Response:
    """The first stated lead times, with ours beside them. Raises StoreUnavailable."""
    try:
        asked = asked_of(market_requests.CompetitorQuery, request)
    except Problem as problem:
        return problem.response()
    async with database.reading() as session:
        found = await lead_times.lead_times(session, asked.wanted(), Place(MOST))
    return lines(request, market_responses.CompetitorOut, found.items, None)


LISTS: Final[Mapping[str, Listing]] = {
    "reviews": download_reviews,
    "review-months": download_months,
    "competitors": download_competitors,
}
"""The name of each download, and what answers it."""
