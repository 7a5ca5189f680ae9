"""Routes of public reviews and stated lead times: their lists, CSV in and out; one of them is among all matters."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar
from starlette.requests import Request
from starlette.responses import Response

from candor.intake.once import new_id
from candor.intake.routes import ManyTaken
from candor.web.http.answers import shown
from candor.web.http.listings import matching
from candor.web.http.pages import link_header
from candor.web.security.auth import Operator, Viewer
from promise_svc.api.list_examples import answers
from promise_svc.api.market_requests import LeadTimeQuery, MarketQuery, ReviewQuery
from promise_svc.api.matter_csv import LEAD_TIMES, REVIEWS, Form
from promise_svc.api.matter_kinds import WAYS
from promise_svc.api.matter_responses import PAGES
from promise_svc.api.routes.csv_files import csv_body, give_csv, take_csv
from promise_svc.api.routes.matter_lists import in_state, page_of
from promise_svc.domain import Kind
from promise_svc.store.tables import LIVING_MATTER, MatterRow

_REVIEWS: Final = (
    "source,source_id,at,rating,words,product\r\n"
    "reviews.example,R-1,2026-03-01T09:00:00Z,2,nobody told us that it comes later,espresso-2\r\n"
)
_LEAD_TIMES: Final = (
    "lead_time_id,competitor,kind,low,typical,high,unit,source,at\r\n"
    "LT-1,Brew & Co,install,7,10,14,days,their delivery page,2026-03-01T00:00:00Z\r\n"
)
router: Final = APIRouter(tags=["matters"])


@router.get(WAYS[Kind.REVIEW].path, responses=answers(PAGES[Kind.REVIEW]))
async def reviews(request: Request, _principal: Viewer, asked: Annotated[ReviewQuery, Query()]) -> Response:
    """Public reviews with their words, newest first. As CSV it has the columns that `POST /v1/reviews/csv` reads."""
    query = _newest(request, Kind.REVIEW, asked)
    query = matching(query, (MatterRow.customer_id, asked.customer_id), (MatterRow.promise_id, asked.promise_id))
    if asked.source is not None:
        query = query.where(col(MatterRow.content)["source"].astext == asked.source)
    if asked.tag is not None:
        query = query.where(col(MatterRow.content)["tags"].contains([asked.tag.value]))
    return await _page(request, Kind.REVIEW, query, asked, REVIEWS)


@router.get(WAYS[Kind.LEAD_TIME].path, responses=answers(PAGES[Kind.LEAD_TIME]))
async def lead_times(request: Request, _principal: Viewer, asked: Annotated[LeadTimeQuery, Query()]) -> Response:
    """Lead times that sources state of competitors, newest first; as CSV with what `POST /v1/lead-times/csv` reads."""
    query = _newest(request, Kind.LEAD_TIME, asked)
    if asked.competitor is not None:
        query = query.where(col(MatterRow.content)["competitor"].astext == asked.competitor)
    return await _page(request, Kind.LEAD_TIME, query, asked, LEAD_TIMES)


@router.post(f"{WAYS[Kind.REVIEW].path}/csv", responses={200: {"model": ManyTaken}}, openapi_extra=csv_body(_REVIEWS))
async def reviews_from_csv(request: Request, principal: Operator) -> Response:
    """Take up to 1,000 reviews as CSV, each row on its own; `index` of one that was refused counts from 0.

    The first row names the columns, the fields of a review; each row needs `source`, `source_id` and `at`. A row that
    says what is known changes nothing; one that says something else is the review as it is now.
    """
    return await take_csv(request, principal, Kind.REVIEW, REVIEWS, _as_it_is)


@router.post(
    f"{WAYS[Kind.LEAD_TIME].path}/csv", responses={200: {"model": ManyTaken}}, openapi_extra=csv_body(_LEAD_TIMES)
)
async def lead_times_from_csv(request: Request, principal: Operator) -> Response:
    """Take up to 1,000 stated lead times as CSV, each row on its own, as reviews are taken."""
    return await take_csv(request, principal, Kind.LEAD_TIME, LEAD_TIMES, _as_it_is)


def _as_it_is(_row: dict[str, Any]) -> str:
    # What a row says again changes nothing, whatever was said meanwhile: its state decides, no receipt.
    return new_id()


def _newest(request: Request, kind: Kind, asked: MarketQuery) -> SelectOfScalar[MatterRow]:
    query = in_state(request, select(MatterRow).where(MatterRow.kind == kind, LIVING_MATTER), kind, asked.state)
    if asked.said_from is not None:
        query = query.where(col(MatterRow.at) >= asked.said_from)
    if asked.said_before is not None:
        query = query.where(col(MatterRow.at) < asked.said_before)
    return query


async def _page(request: Request, kind: Kind, query: SelectOfScalar[Any], asked: MarketQuery, form: Form) -> Response:
    found = await page_of(request, kind, query, asked.cursor, asked.limit)
    if asked.format == "csv":
        return give_csv(request, found, form)
    return shown(found.document(), link_header(request, found.next))
