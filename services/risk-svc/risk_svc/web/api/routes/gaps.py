"""Read routes: gaps, the explanation of one, roll-ups, the summary and forecast accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, cast

import msgspec
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from candor.store.db import Database
from candor.web.http.answers import shown
from candor.web.http.csv_page import csv_page
from candor.web.http.fields import PathId
from candor.web.http.listings import ListPage, counted, each
from candor.web.http.pages import decode_cursor, link_header, page
from candor.web.http.problems import Problem
from candor.web.security.auth import Viewer
from risk_svc.domain.state import from_bytes
from risk_svc.forecasting import model_store
from risk_svc.insight import requested
from risk_svc.store import queries
from risk_svc.store.states import moment
from risk_svc.store.tables import PromiseStateRow
from risk_svc.web import track_record
from risk_svc.web.api import (
    gap_csv,
    matter_examples,
    matter_responses,
    presenters,
    record_responses,
    requests,
    responses,
)
from risk_svc.web.api.gap_examples import CUSTOMER, GAP, GAPS
from risk_svc.web.api.insight_examples import answers
from risk_svc.web.watch import Watch

router: Final = APIRouter(tags=["gaps"])


def _shows(example: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    """What a route declares of an answer whose schema is that of its return type."""
    return {200: {"content": {"application/json": {"example": example}}}}


@router.get("/v1/gaps", responses=answers(responses.GapPage, GAPS))
async def gaps(request: Request, _principal: Viewer, asked: Annotated[requests.GapQuery, Query()]) -> Response:
    """Promises by gap, widest first, or by promised date, earliest first; without history or placeholders."""
    by_due = asked.sort == "due"
    after = decode_cursor(asked.cursor, datetime, str) if by_due else decode_cursor(asked.cursor, float, str)
    wanted = filter_of(asked)
    async with database(request).reading() as session:

        async def some(start: tuple[Any, ...] | None, most: int) -> Sequence[PromiseStateRow]:
            return (await session.exec(queries.listing(wanted, asked.sort, start, limit=most))).all()

        found = await page(some, each(_item), _by_due if by_due else _by_score, after, asked.limit)
        number = await counted(session, queries.wanted_rows(wanted))
    if asked.format == "csv":
        return csv_page(request, gap_csv.COLUMNS, gap_csv.rows(found.items), found.next)
    stopped = [one.model_dump() for one in _stopped(request)]
    document = ListPage(found.items, found.next, number).document() | {"stopped": stopped}
    return shown(document, link_header(request, found.next))


@router.get("/v1/gaps/{promise_id}", responses=_shows(GAP))
async def gap(request: Request, promise_id: PathId, _principal: Viewer) -> responses.GapDetail:
    """One promise: score, contributions, forecast, facts, history, dates, milestones, incidents and notices."""
    async with database(request).reading() as session:
        found = await presenters.promise(session, promise_id, request.app.state.clock.now(), request.app.state.weights)
    if found is None:
        raise Problem.not_found("there is no such promise")
    found.silent = [one for one in _silent(request) if one.source in found.reported_by and found.completed_at is None]
    return found


@router.get("/v1/customers/{customer_id}/gap", responses=_shows(CUSTOMER))
async def customer_gap(request: Request, customer_id: PathId, _principal: Viewer) -> responses.CustomerGap:
    """A customer's gap, weighted by value, and their worst promise."""
    async with database(request).reading() as session:
        known = await queries.shown_of(session, customer_id)
        if not known.total:
            raise Problem.not_found("there is no promise to this customer")
        still = await queries.open_of(session, customer_id)
        usual = await queries.usual_values(session, {one.kind for one in still if one.value is None})
        worst = max(still, default=None)
        row = None if worst is None else await session.get(queries.Row, worst.promise_id)
    state = None if row is None else from_bytes(row.state)
    return presenters.customer(customer_id, known.total, still, usual, state)


@router.get(
    "/v1/customers/{customer_id}/requested-against-got",
    responses={
        200: {
            "model": matter_responses.RequestedGot,
            "content": {"application/json": {"example": matter_examples.REQUESTED}},
        }
    },
)
async def requested_against_got(request: Request, customer_id: PathId, _principal: Viewer) -> Response:
    """What a customer asked for and what they got, counted over their promises and offers."""
    async with database(request).reading() as session:
        found = await requested.against_got(session, customer_id)
    if not found["promises"] and not found["offers"]:
        raise Problem.not_found("there is no promise to this customer")
    return shown(found)


@router.get("/v1/summary")
async def summary(request: Request, _principal: Viewer) -> responses.Summary:
    """The status of all promises."""
    async with database(request).reading() as session:
        counted: dict[str, Any] = await queries.counts(session)
    now = request.app.state.clock.now()
    return responses.Summary(**counted, as_of=now, stopped=_stopped(request), silent=_silent(request))


@router.get("/v1/learning")
async def learning(request: Request, _principal: Viewer) -> responses.Learning:
    """How far forecasts have learnt: tells whether history imported now would still teach."""
    async with database(request).pool.acquire(timeout=5) as connection:
        found = await model_store.taught(connection)
    return responses.Learning(
        taught_until=None if found.boundary is None else moment(found.boundary),
        teaches_from=None if found.base is None else moment(found.base),
        learning_anew=found.anew,
        came_too_late=found.too_late,
        last_too_late_at=found.too_late_at,
        sample_share=found.share,
        model=request.app.state.published.version,
    )


@router.get("/v1/track-record")
async def show_track_record(
    request: Request, _principal: Viewer, asked: Annotated[requests.TrackRecordQuery, Query()]
) -> record_responses.TrackRecord:
    """Forecast accuracy over the newest 50,000 scored forecasts, optionally of one promise type, lead or period."""
    if asked.kind is not None and asked.class_ not in (None, asked.kind):
        raise Problem.invalid_parameter("class", "class and kind are the same: say one")
    if asked.since and asked.until and asked.since >= asked.until:
        raise Problem.invalid_parameter("until", "until must be later than since")
    kind = _printable(asked.class_ if asked.kind is None else asked.kind)
    wanted = queries.ScoreFilter(kind, _printable(asked.lead), asked.since, asked.until)
    return presenters.track_record(await track_record.read(database(request), wanted))


def filter_of(asked: requests.GapQuery) -> queries.GapFilter:
    """Which promises are asked for. Raises Problem 422 for a name with NUL."""
    kind, owner, place = _printable(asked.kind), _printable(asked.owner), _printable(asked.place)
    return queries.GapFilter(
        asked.band, asked.standing, asked.customer, kind, asked.min_score, asked.search, owner, place
    )


def database(request: Request) -> Database:
    """The service's database."""
    return cast(Database, request.app.state.database)


def _stopped(request: Request) -> list[responses.StoppedOut]:
    watch = cast(Watch, request.app.state.watch)
    return [responses.StoppedOut(**one._asdict()) for one in watch.stopped()]


def _silent(request: Request) -> list[responses.SilentOut]:
    watch = cast(Watch, request.app.state.watch)
    return [responses.SilentOut(**one._asdict()) for one in watch.silent()]


def _printable(text: str | None) -> str | None:
    if text is not None and "\x00" in text:
        raise Problem("invalid_field", "a name must not contain NUL")
    return text


def _item(row: PromiseStateRow) -> msgspec.Raw:
    return msgspec.Raw(presenters.item(from_bytes(row.state)).model_dump_json().encode())


def _by_score(row: PromiseStateRow) -> tuple[Any, ...]:
    return (row.score, row.promise_id)


def _by_due(row: PromiseStateRow) -> tuple[Any, ...]:
    return (row.held_due, row.promise_id)
