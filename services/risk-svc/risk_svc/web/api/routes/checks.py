"""`POST /v1/checks`: takes a draft promise and returns the outcomes of similar ones; stores nothing."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request

from candor.store.db import Database
from candor.web.http.body import accepts, read
from candor.web.http.problems import Problem
from candor.web.security.auth import Viewer
from risk_svc.domain.check import Verdict, advice, verdict
from risk_svc.forecast.view import Incident, View
from risk_svc.forecasting.live import PublishedModel, open_at
from risk_svc.store import queries
from risk_svc.store.states import incident_from, moment
from risk_svc.web.api.requests import CheckIn
from risk_svc.web.api.responses import CheckOut, ReasonOut

router: Final = APIRouter(tags=["checks"])


async def open_incidents(database: Database, view: View, now: float) -> list[Incident]:
    """Incidents open at business time `now` that would affect the promise. Raises StoreUnavailable."""
    if not view.places:
        return []
    async with database.reading() as session:
        rows = await queries.incidents_at(session, view.places, live=True)
    return view.touched(open_at([incident_from(row) for row in rows], now))


@router.post("/v1/checks", openapi_extra=accepts(CheckIn))
async def check(request: Request, _principal: Viewer) -> CheckOut:
    """The outcomes of promises similar to a draft: share kept, P50/P80/P90, over-promise or sandbag, and why."""
    _, draft = await read(CheckIn, request)
    now: datetime = request.app.state.clock.now()
    if draft.due <= now:
        raise Problem.invalid_field("/due", "must lie ahead")
    view = draft.view(now)
    struck = await open_incidents(request.app.state.database, view, now.timestamp())
    return answer(request.app.state.published, view, struck, now)


def answer(model: PublishedModel, view: View, struck: list[Incident], now: datetime) -> CheckOut:
    """The answer from the newest published model."""
    at = now.timestamp()
    found = model.forecast([view], [struck], at)
    kept, n = 1 - float(found.p_slip[0]), int(found.n[0])
    observed = None if math.isnan(found.observed[0]) else float(found.observed[0])
    said = verdict(kept, n)
    sure = said is not Verdict.UNKNOWN
    p50, p80, p90 = (_moment(float(one[0])) if sure else None for one in (found.q50, found.q80, found.q90))
    why = model.why([(view, struck)], at)[0] if sure else []
    return CheckOut(
        verdict=said,
        advice=advice(said, kept, n, observed),
        share_kept=round(kept, 4) if sure else None,
        base_rate=None if observed is None else round(observed, 4),
        p50=p50,
        p80=p80,
        p90=p90,
        why=[ReasonOut(words=words, p_slip_without=round(share, 4)) for words, share in why],
        basis=found.basis[0],
        n=n,
        model=found.model,
        as_of=now,
    )


def _moment(seconds: float) -> datetime | None:
    return moment(round(seconds)) if math.isfinite(seconds) else None
