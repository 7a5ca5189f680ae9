"""The board's lists of matters for a spreadsheet, as the API gives them, for who is signed in and has no key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from candor.store.db import Database
from candor.web.http.csv_page import csv_page
from candor.web.http.problems import Problem
from risk_svc.insight import challenges, claim_lists, handoffs, incident_lists, offers, paths, wishes
from risk_svc.insight.asking import Place
from risk_svc.web.api import hop_presenters, hop_requests, incident_csv, matter_requests
from risk_svc.web.api.hop_responses import HopOut
from risk_svc.web.api.insight_requests import IncidentQuery, PageQuery
from risk_svc.web.api.routes.figures import flat
from risk_svc.web.api.wish_requests import WishQuery
from risk_svc.web.board import downloads
from risk_svc.web.board.matter_data import MatterData

Rows = Sequence[Mapping[str, Any]]


class Sheet(NamedTuple):
    """A list: what may be asked of it, its columns, and how its first rows are read."""

    query: type[PageQuery]
    columns: Sequence[str]
    read: Callable[[AsyncSession, Any, MatterData], Awaitable[Rows]]


async def download_matters(request: Request, database: Database, name: str, matters: MatterData) -> Response:
    """The first rows of a list as its address asks, as `downloads.download` does. Raises StoreUnavailable."""
    sheet = SHEETS[name]
    try:
        asked = downloads.asked_of(sheet.query, request)
    except Problem as problem:
        return problem.response()
    async with database.reading() as session:
        rows = await sheet.read(session, asked, matters)
    return csv_page(request, [*rows[0]] if rows else sheet.columns, rows, None)


def _place() -> Place:
    return Place(downloads.MOST)


def _only(columns: Sequence[str], rows: Rows) -> Rows:
    return [{name: row[name] for name in columns} for row in rows]


async def _hops(session: AsyncSession, asked: hop_requests.HopQuery, matters: MatterData) -> Rows:
    found = await paths.records(session, asked.wanted())
    return [flat(hop_presenters.record(one, matters.thresholds)) for one in found.hops[: downloads.MOST]]


async def _statements(session: AsyncSession, asked: hop_requests.HopQuery, matters: MatterData) -> Rows:
    rows, _ = await paths.statements(session, asked.wanted(), _place(), matters.thresholds)
    return _only(paths.PASSED, [hop_presenters.rounded(row) for row in rows])


async def _claims(session: AsyncSession, asked: matter_requests.ClaimQuery, _matters: MatterData) -> Rows:
    return _only(claim_lists.CLAIM, (await claim_lists.claims(session, asked.wanted(), _place()))[0])


async def _register(session: AsyncSession, asked: matter_requests.RegisterQuery, _matters: MatterData) -> Rows:
    return _only(claim_lists.CAPABILITY, (await claim_lists.register(session, asked.search, _place()))[0])


async def _handoffs(session: AsyncSession, asked: matter_requests.HandoffQuery, matters: MatterData) -> Rows:
    return _only(
        handoffs.ITEM, (await handoffs.handoffs(session, asked.wanted(), asked.sort, matters.clock.now(), _place()))[0]
    )


async def _incidents(session: AsyncSession, asked: IncidentQuery, _matters: MatterData) -> Rows:
    return incident_csv.rows((await incident_lists.incidents(session, asked.wanted(), downloads.MOST))[0])


async def _offers(session: AsyncSession, asked: matter_requests.OfferQuery, _matters: MatterData) -> Rows:
    rows, _ = await offers.offers(session, asked.wanted(), _place())
    return _only(offers.ITEM, [{**row, "options": offers.words(row["options"])} for row in rows])


async def _wishes(session: AsyncSession, asked: WishQuery, matters: MatterData) -> Rows:
    return _only(wishes.ITEM, (await wishes.wishes(session, asked.wanted(), matters.clock.now(), _place()))[0])


async def _challenges(session: AsyncSession, asked: matter_requests.ChallengeQuery, _matters: MatterData) -> Rows:
    return _only(challenges.ITEM, (await challenges.challenges(session, asked.wanted(), _place()))[0])


SHEETS: Final[Mapping[str, Sheet]] = {
    "hops": Sheet(hop_requests.HopQuery, [*HopOut.model_fields], _hops),
    "path": Sheet(hop_requests.HopQuery, paths.PASSED, _statements),
    "claims": Sheet(matter_requests.ClaimQuery, claim_lists.CLAIM, _claims),
    "capabilities": Sheet(matter_requests.RegisterQuery, claim_lists.CAPABILITY, _register),
    "hand-offs": Sheet(matter_requests.HandoffQuery, handoffs.ITEM, _handoffs),
    "incidents": Sheet(IncidentQuery, incident_lists.ITEM, _incidents),
    "offers": Sheet(matter_requests.OfferQuery, offers.ITEM, _offers),
    "wishes": Sheet(WishQuery, wishes.ITEM, _wishes),
    "challenges": Sheet(matter_requests.ChallengeQuery, challenges.ITEM, _challenges),
}
"""By the name of the file."""
