"""`POST /v1/checks`: takes a draft promise and returns the outcomes of similar ones; stores nothing."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request

from candor.contracts import MIN_CASES
from candor.store.db import Database
from candor.web.http.body import accepts, read
from candor.web.http.problems import Problem
from candor.web.security.auth import Viewer
from risk_svc.domain.check import TARGET, Verdict, advice, verdict
from risk_svc.domain.scoring import LAST
from risk_svc.forecast.spans import Kept
from risk_svc.forecast.view import Incident, View
from risk_svc.forecasting import dates
from risk_svc.forecasting.live import PublishedModel, open_at
from risk_svc.store import queries
from risk_svc.store.states import incident_from, moment
from risk_svc.web.api.check_responses import CheckOut, DateOut, KeptOut, ReachedOut
from risk_svc.web.api.requests import CheckIn
from risk_svc.web.api.responses import ReasonOut

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
    """How many promises similar to a draft were kept in that time, the model's chance, what other dates would bring,
    over-promise or sandbag, and why.
    """
    _, draft = await read(CheckIn, request)
    now: datetime = request.app.state.clock.now()
    if draft.due <= now:
        raise Problem.invalid_field("/due", "must lie ahead")
    view = draft.view(now)
    struck = await open_incidents(request.app.state.database, view, now.timestamp())
    return answer(request.app.state.published, view, struck, now, draft.tolerance_s)


def answer(
    model: PublishedModel, view: View, struck: list[Incident], now: datetime, tolerance_s: float = 0
) -> CheckOut:
    """The answer from the newest published model; dates are given without the tolerance."""
    at = now.timestamp()
    seen = model.model.context.observed(view.kind, MIN_CASES)
    observed = None if seen is None else round(seen, 4)
    found = dates.answer(model, view, struck, at)
    if isinstance(found, int):
        said = advice(Verdict.UNKNOWN, 0.0, found, seen)
        return CheckOut(
            verdict=Verdict.UNKNOWN,
            advice=said,
            base_rate=observed,
            basis=view.kind,
            n=found,
            model=model.version,
            as_of=now,
        )
    kept = found.asked.kept
    named = verdict(kept.share, kept.n)

    def due(deadline: float | None) -> datetime | None:
        return moment(math.ceil(deadline - tolerance_s)) if deadline is not None and deadline < LAST else None

    ahead = [(by, one) for one in found.curve if (by := due(one.deadline))]
    why = model.why([(view, struck)], at)[0]
    reached = [ReachedOut(share=share, due=due(deadline)) for share, deadline in found.reached]
    return CheckOut(
        verdict=named,
        advice=advice(named, kept.share, kept.n, seen),
        kept_in_time=_kept(kept),
        chance=round(found.asked.chance, 4),
        target=TARGET,
        target_due=next(one.due for one in reached if one.share == TARGET),
        curve=[DateOut(due=by, kept=_kept(one.kept), chance=round(one.chance, 4)) for by, one in ahead],
        reached=reached,
        base_rate=observed,
        why=[ReasonOut(words=words, p_slip_without=round(share, 4)) for words, share in why],
        basis=view.kind,
        n=kept.n,
        model=model.version,
        as_of=now,
    )


def _kept(found: Kept) -> KeptOut:
    share, low, high = (round(one, 4) for one in found[1:])
    return KeptOut(share=share, low=low, high=high, n=found.n)
