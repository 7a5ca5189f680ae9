"""Read routes of matters: lists by kind, and one with its entries, through a read-only session."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar
from starlette.requests import Request
from starlette.responses import Response

from candor.contracts.matters import Check
from candor.intake.routes import intake_of
from candor.web.http.answers import shown
from candor.web.http.csv_page import Format
from candor.web.http.fields import IdFilter, Moment, PathId
from candor.web.http.listings import ListPage, counted, each, listed, matching
from candor.web.http.pages import Cursor, Limit
from candor.web.http.problems import Problem
from candor.web.security.auth import Viewer
from promise_svc.api import matter_views, presenters
from promise_svc.api.list_examples import answers, shown_whole
from promise_svc.api.list_requests import IN_CONTENT, QUERIES, HandoffQuery, MatterQuery, OfferQuery
from promise_svc.api.matter_kinds import WAYS
from promise_svc.api.matter_responses import PAGES
from promise_svc.api.routes.csv_files import FormatParameter
from promise_svc.api.routes.list_pages import columns_of, page_answer
from promise_svc.domain import MACHINES, Kind
from promise_svc.domain.machines import EXPIRED
from promise_svc.domain.matter import first_moment
from promise_svc.store.tables import (
    LIVING,
    LIVING_CLAIM,
    LIVING_MATTER,
    ClaimRow,
    EntryRow,
    MatterColumns,
    MatterRow,
    PromiseRow,
)

StoodAt = Annotated[Moment | None, Query(description="As the register stood then, RFC 3339 with its zone.")]
VerdictFilter = Annotated[Check | None, Query(description="Only claims of this verdict.")]
From = Annotated[Moment | None, Query(description="Said at this time or later, RFC 3339 with its zone.")]
Before = Annotated[Moment | None, Query(description="Said before this time, RFC 3339 with its zone.")]
Renewal = Annotated[date | None, Query(description="The day of renewal, such as 2026-12-31.")]
ELSEWHERE: Final = (Kind.CAPABILITY, Kind.SHEET)
"""Kinds of which one is read by a route of its own."""


def router() -> APIRouter:
    """The routes by which matters are read."""
    routes = APIRouter(tags=["matters"])
    _capabilities(routes)
    _claims(routes)
    _accounts(routes)
    for kind in QUERIES:
        _alike(routes, kind)
    for kind in Kind:
        if kind not in ELSEWHERE:
            _one(routes, kind)
    return routes


def _capabilities(routes: APIRouter) -> None:
    @routes.get(WAYS[Kind.CAPABILITY].path, responses=answers(PAGES[Kind.CAPABILITY]))
    async def capabilities(
        request: Request,
        _principal: Viewer,
        limit: Limit = 50,
        cursor: Cursor = None,
        format: FormatParameter = "json",
    ) -> Response:
        """The register of capabilities, last changed first."""
        return await _page(request, Kind.CAPABILITY, _of(Kind.CAPABILITY), cursor, limit, format)

    path = f"{WAYS[Kind.CAPABILITY].path}/{{matter_id}}"

    @routes.get(path, responses=shown_whole(Kind.CAPABILITY))
    async def capability(request: Request, matter_id: PathId, _principal: Viewer, stood_at: StoodAt = None) -> Response:
        """A capability as the register has it, or as it stood at a time, with all that was said of it."""
        now = intake_of(request).clock.now()
        async with intake_of(request).database.reading() as session:
            row, lines = await found_one(session, Kind.CAPABILITY, matter_id)
        document = matter_views.stood(row, lines, stood_at or now)
        if document is None:
            raise Problem.not_found("the register did not have this capability then")
        return shown(document, {"ETag": f'"{row.version}"'})


def _claims(routes: APIRouter) -> None:
    @routes.get(WAYS[Kind.CLAIM].path, responses=answers(PAGES[Kind.CLAIM]))
    async def claims(
        request: Request,
        _principal: Viewer,
        limit: Limit = 50,
        cursor: Cursor = None,
        customer_id: IdFilter = None,
        capability_id: IdFilter = None,
        verdict: VerdictFilter = None,
        department: IdFilter = None,
        format: FormatParameter = "json",
    ) -> Response:
        """Claims, newest first, each beside the register as it stood when it was made.

        By verdict only those of one capability, as each claim is compared anew.
        """
        if verdict is not None and capability_id is None:
            raise Problem.invalid_parameter("verdict", "needs a capability_id beside it")
        query = matching(
            select(ClaimRow).where(LIVING_CLAIM),
            (ClaimRow.customer_id, customer_id),
            (ClaimRow.capability_id, capability_id),
            (ClaimRow.verdict, verdict),
        )
        if department is not None:
            query = query.where(col(ClaimRow.content)["department"].astext == department)
        return await _page(request, Kind.CLAIM, query, cursor, limit, format)


def _accounts(routes: APIRouter) -> None:
    @routes.get(WAYS[Kind.ACCOUNT].path, responses=answers(PAGES[Kind.ACCOUNT]))
    async def accounts(
        request: Request,
        _principal: Viewer,
        limit: Limit = 50,
        cursor: Cursor = None,
        renews_from: Renewal = None,
        renews_before: Renewal = None,
        format: FormatParameter = "json",
    ) -> Response:
        """Accounts, last changed first; by their day of renewal only those that have one."""
        query = _of(Kind.ACCOUNT)
        if renews_from is not None:
            query = query.where(col(MatterRow.ends_at) >= first_moment(renews_from))
        if renews_before is not None:
            query = query.where(col(MatterRow.ends_at) < first_moment(renews_before))
        return await _page(request, Kind.ACCOUNT, query, cursor, limit, format)


def _alike(routes: APIRouter, kind: Kind) -> None:
    async def alike(request: Request, _principal: Viewer, asked: MatterQuery) -> Response:
        """Newest first, or oldest first; by state, open: what has not ended or expired, or all, as without it."""
        query = in_state(request, _wanted(_of(kind), asked), kind, asked.state)
        return await _page(
            request, kind, query, asked.cursor, asked.limit, asked.format, falling=asked.sort == "newest"
        )

    # Each kind has a query of its own, so that a filter that it lacks is refused.
    alike.__annotations__["asked"] = Annotated[QUERIES[kind], Query()]
    routes.get(WAYS[kind].path, responses=answers(PAGES[kind]), summary=f"List {kind}")(alike)


def _wanted(query: SelectOfScalar[MatterRow], asked: MatterQuery) -> SelectOfScalar[MatterRow]:
    query = matching(query, (MatterRow.customer_id, asked.customer_id), (MatterRow.promise_id, asked.promise_id))
    if asked.said_from is not None:
        query = query.where(col(MatterRow.at) >= asked.said_from)
    if asked.said_before is not None:
        query = query.where(col(MatterRow.at) < asked.said_before)
    if isinstance(asked, HandoffQuery):
        query = matching(query, (MatterRow.deliverer, asked.deliverer))
    for name in IN_CONTENT:
        if (value := getattr(asked, name, None)) is not None:
            query = query.where(col(MatterRow.content)[name].astext == value)
    if isinstance(asked, OfferQuery) and asked.option is not None:
        query = query.where(col(MatterRow.content).contains({"options": [{"kind": asked.option}]}))
    return query


def _one(routes: APIRouter, kind: Kind) -> None:
    @routes.get(f"{WAYS[kind].path}/{{matter_id}}", responses=shown_whole(kind), summary=f"Show {kind.words}")
    async def one(request: Request, matter_id: PathId, _principal: Viewer) -> Response:
        """One with its entries, in the order in which they were said."""
        now = intake_of(request).clock.now()
        async with intake_of(request).database.reading() as session:
            row, lines = await found_one(session, kind, matter_id)
            document = matter_views.whole(kind, row, lines, now)
            if kind is Kind.HANDOFF:
                document |= await _both_sides(session, row.promise_id or "", row.deliverer or "", now)
        return shown(document, {"ETag": f'"{row.version}"'})


async def found_one(session: AsyncSession, kind: Kind, matter_id: str) -> tuple[MatterColumns, Sequence[EntryRow]]:
    """A matter and its entries. Raises Problem 404."""
    row = await _row(session, kind, matter_id)
    if row is None:
        raise Problem.not_found(f"there is no such {kind.words}")
    entries = select(EntryRow).where(EntryRow.matter == row.born).order_by(col(EntryRow.number))
    return row, (await session.exec(entries)).all()


async def _row(session: AsyncSession, kind: Kind, matter_id: str) -> MatterRow | ClaimRow | None:
    if kind is Kind.CLAIM:
        claims = select(ClaimRow).where(ClaimRow.matter_id == matter_id, LIVING_CLAIM)
        return (await session.exec(claims)).one_or_none()
    return (await session.exec(_of(kind).where(MatterRow.matter_id == matter_id))).one_or_none()


async def _both_sides(session: AsyncSession, promise_id: str, deliverer: str, now: datetime) -> dict[str, Any]:
    """What either side of a hand-off knows: the promise with its plan, and how much the deliverer has been asked."""
    promises = select(PromiseRow).where(PromiseRow.promise_id == promise_id, LIVING)
    row = (await session.exec(promises)).one_or_none()
    asked = _still_open(_of(Kind.HANDOFF).where(MatterRow.deliverer == deliverer), Kind.HANDOFF, now)
    number = await counted(session, asked)
    return {
        "promise": None if row is None else presenters.stored(row),
        "deliverer_open": number.total,
        "deliverer_open_exact": number.total_exact,
    }


def _of(kind: Kind) -> SelectOfScalar[MatterRow]:
    return select(MatterRow).where(MatterRow.kind == kind, LIVING_MATTER)


def in_state(
    request: Request, query: SelectOfScalar[MatterRow], kind: Kind, state: str | None
) -> SelectOfScalar[MatterRow]:
    """Those of the matters of a kind that a list's `state` asks for. Raises Problem for one that the kind lacks."""
    if state is None or state == matter_views.ALL:
        return query
    if state not in matter_views.states(kind):
        raise Problem.invalid_parameter("state", f"must be one of {', '.join(sorted(matter_views.states(kind)))}")
    now = intake_of(request).clock.now()
    if state == EXPIRED:
        ended = col(MatterRow.ends_at) <= now
        return query.where(col(MatterRow.state).in_(MACHINES[kind].open), ended)
    if state == matter_views.OPEN and MACHINES[kind].open:
        return _still_open(query, kind, now)
    if state == matter_views.OPEN and kind is Kind.CHALLENGE:
        return query.where(col(MatterRow.state).in_(matter_views.NOT_SETTLED))
    query = query.where(MatterRow.state == state)
    return _still_open(query, kind, now) if state in MACHINES[kind].open else query


def _still_open(query: SelectOfScalar[MatterRow], kind: Kind, now: datetime) -> SelectOfScalar[MatterRow]:
    ends = col(MatterRow.ends_at)
    return query.where(col(MatterRow.state).in_(MACHINES[kind].open), or_(ends.is_(None), ends > now))


async def _page(
    request: Request,
    kind: Kind,
    query: SelectOfScalar[Any],
    cursor: str | None,
    limit: int,
    form: Format,
    *,
    falling: bool = True,
) -> Response:
    found = await page_of(request, kind, query, cursor, limit, falling=falling)
    return page_answer(request, found, columns_of(PAGES[kind]), form)


async def page_of(
    request: Request,
    kind: Kind,
    query: SelectOfScalar[Any],
    cursor: str | None,
    limit: int,
    *,
    falling: bool = True,
) -> ListPage:
    """A page of the matters of a kind that a query finds, newest first if `falling`, else oldest first."""
    row: type[MatterColumns] = ClaimRow if kind is Kind.CLAIM else MatterRow
    order = ((row.at, datetime), (row.matter_id, str))
    now, lines = intake_of(request).clock.now(), defaultdict[int, list[EntryRow]](list)

    async def read(session: AsyncSession, rows: Sequence[MatterColumns]) -> None:
        lines.clear()
        said = select(EntryRow).where(col(EntryRow.matter).in_([one.born for one in rows]))
        for line in await session.exec(said.order_by(col(EntryRow.matter), col(EntryRow.number))):
            lines[line.matter].append(line)

    def show(one: MatterColumns) -> dict[str, Any]:
        return matter_views.dated(kind, one, lines[one.born], now)

    beside = read if MACHINES[kind].goes_on else None
    database = intake_of(request).database
    return await listed(database, query, order, cursor, limit, each(show), falling=falling, beside=beside)
