"""The board's tables for a spreadsheet: what the API gives as CSV, for who is signed in and has no key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from candor.store.db import Database
from candor.web.http.csv_page import csv_page
from candor.web.http.problems import Problem
from risk_svc.domain.state import from_bytes
from risk_svc.insight import incidents, plans, reading
from risk_svc.insight.asking import Place
from risk_svc.store import queries
from risk_svc.web.api import contact_requests, gap_csv, insight_requests, plan_requests, presenters, requests
from risk_svc.web.api.routes import contact, figures, gaps

MOST: Final = 2_000
"""Rows of one download; of a longer list the first."""
Listing = Callable[[Any], figures.Listed]
Queried = TypeVar("Queried", bound=BaseModel)
LISTS: Final[Mapping[str, tuple[type[insight_requests.PageQuery], Listing]]] = {
    "accounts": (insight_requests.AccountQuery, figures.accounts_of),
    "bias": (insight_requests.BiasQuery, figures.bias_of),
    "renewals": (insight_requests.PageQuery, figures.renewals_of),
    "surprises": (contact_requests.SurpriseQuery, contact.surprises_of),
    "groups": (insight_requests.RollUpQuery, figures.rollups_of),
    "on-time": (insight_requests.PunctualityQuery, figures.punctuality_of),
}


class OverviewQuery(requests.GapQuery):
    """The query of the overview's list, which knows one order more."""

    sort: queries.Sort = "score"  # type: ignore[assignment]


async def download(request: Request, database: Database, name: str, *, persons: bool) -> Response:
    """The first rows of a list as its address asks; parameters that nobody knows change nothing, as on the pages.

    Raises StoreUnavailable.
    """
    query, listing = LISTS[name]
    try:
        asked = asked_of(query, request)
        figures.refuse_hidden(asked, persons=persons)
    except Problem as problem:
        return problem.response()
    listed = listing(asked)
    async with database.reading() as session:
        found = await reading.page(session, listed.sheet, listed.wanted, None, MOST, listed.sort)
    items = [listed.row.model_validate(body).model_dump(mode="json") for _, _, body in found.rows]
    return figures.csv_answer(request, listed, items, None)


async def download_promises(request: Request, database: Database) -> Response:
    """The first promises of the overview's list, in the same way. Raises StoreUnavailable."""
    try:
        asked = asked_of(OverviewQuery, request)
        wanted = gaps.filter_of(asked)
    except Problem as problem:
        return problem.response()
    async with database.reading() as session:
        found = (await session.exec(queries.listing(wanted, asked.sort, limit=MOST))).all()
    items = (presenters.item(from_bytes(row.state)).model_dump_json().encode() for row in found)
    return csv_page(request, gap_csv.COLUMNS, gap_csv.rows(items), None)


async def download_plans(request: Request, database: Database, now: datetime) -> Response:
    """The first plans of their list, in the same way. Raises StoreUnavailable."""
    try:
        asked = asked_of(plan_requests.PlanQuery, request)
    except Problem as problem:
        return problem.response()
    async with database.reading() as session:
        found, _ = await plans.plans(session, asked.wanted(), asked.sort, now, Place(MOST))
    return csv_page(request, plans.ITEM, found, None)


async def download_hits(request: Request, database: Database, incident_id: str) -> Response:
    """The first promises that an incident hits, in the same way. Raises StoreUnavailable."""
    try:
        asked = asked_of(insight_requests.HitQuery, request)
    except Problem as problem:
        return problem.response()
    wanted = incidents.HitFilter(asked.customer, asked.kind, asked.min_score)
    async with database.reading() as session:
        incident = await incidents.find(session, incident_id)
        if incident is None:
            return Problem.not_found("there is no such incident").response()
        found = await incidents.hits(session, incident, wanted, asked.sort, None, MOST)
    return csv_page(request, incidents.ITEM, found.items, None)


def asked_of(query: type[Queried], request: Request) -> Queried:
    """What an address asks. Raises Problem 422."""
    try:
        return query.model_validate(dict(request.query_params))
    except ValidationError as error:
        name = str(next(iter(error.errors()[0]["loc"]), "place"))
        raise Problem.invalid_parameter(name, "is not a value that is known") from None
