"""Read routes of plans to close a gap, as `insight` keeps them."""

from __future__ import annotations

from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from candor.ops.clock import Clock
from candor.web.http.answers import shown
from candor.web.http.csv_page import csv_page
from candor.web.http.pages import decode_cursor, encode_cursor, link_header
from candor.web.security.auth import Viewer
from risk_svc.insight import plans
from risk_svc.insight.asking import Place
from risk_svc.insight.measures.drivers import FEWEST, ActionRecord, rank
from risk_svc.insight.measures.figure import Figure
from risk_svc.web.api.insight_examples import answers
from risk_svc.web.api.plan_examples import ACTIONS, PLANS
from risk_svc.web.api.plan_requests import ActionQuery, PlanQuery
from risk_svc.web.api.plan_responses import ActionOut, ActionPage, PlanPage
from risk_svc.web.api.routes.figures import flat
from risk_svc.web.api.routes.gaps import database

router: Final = APIRouter(tags=["insight"])


@router.get("/v1/plans", responses=answers(PlanPage, PLANS))
async def plan_list(request: Request, _principal: Viewer, asked: Annotated[PlanQuery, Query()]) -> Response:
    """Plans to close a gap, open ones by their date unless something else is asked for, and what their drivers did."""
    place = Place(asked.limit + 1, decode_cursor(asked.cursor, float, str))
    async with database(request).reading() as session:
        found, number = await plans.plans(session, asked.wanted(), asked.sort, _clock(request).now(), place)
    items = found[: asked.limit]
    more = encode_cursor(*plans.rank(items[-1], asked.sort)) if len(found) > asked.limit else None
    if asked.format == "csv":
        return csv_page(request, plans.ITEM, items, more)
    return shown({**number._asdict(), "items": items}, link_header(request, more))


@router.get("/v1/plans/actions", responses=answers(ActionPage, ACTIONS))
async def action_list(request: Request, _principal: Viewer, asked: Annotated[ActionQuery, Query()]) -> Response:
    """What was tried for a driver and how often it fell afterwards, beside how often it fell where nothing was planned.

    The best lower end of the interval comes first. It is not said to be the effect of the action.
    """
    after = decode_cursor(asked.cursor, float, int, str, str)
    async with database(request).reading() as session:
        found = await plans.actions(session, asked.driver, _clock(request).now())
    rest = [one for one in found if after is None or rank(one) > after]
    more = encode_cursor(*rank(rest[asked.limit - 1])) if len(rest) > asked.limit else None
    items = [record(one) for one in rest[: asked.limit]]
    if asked.format == "csv":
        rows = [flat(item) for item in items]
        return csv_page(request, [*rows[0]] if rows else [*ActionOut.model_fields], rows, more)
    return shown({"total": len(found), "total_exact": True, "items": items}, link_header(request, more))


def record(one: ActionRecord) -> dict[str, Any]:
    """An action as `ActionOut`."""
    return {
        "driver": one.driver,
        "action": one.action,
        "plans": one.plans,
        "awaited": one.awaited,
        "too_little_history": too_little(one),
        **{name: _figure(getattr(one, name)) for name in ("fell", "fall", "beside")},
    }


def too_little(one: ActionRecord) -> str | None:
    """That there is too little history of an action, in words; None where there is enough."""
    few = f"too little history: {one.fell.n} of at least {FEWEST} plans"
    return few if one.fell.too_little_history else None


def _figure(one: Figure) -> dict[str, Any]:
    numbers = {name: getattr(one, name) for name in ("value", "low", "high")}
    return {name: None if value is None else round(value, 4) for name, value in numbers.items()} | {"n": one.n}


def _clock(request: Request) -> Clock:
    return cast(Clock, request.app.state.clock)
