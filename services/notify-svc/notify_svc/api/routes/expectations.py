"""HTTP route for how a customer wants to be written to; no logic."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request

from candor.contracts import Tolerance
from candor.store.unit_of_work import unit_of_work
from candor.web.http.fields import PathId
from candor.web.http.problems import Problem
from candor.web.security.auth import Viewer
from notify_svc.api.responses import ExpectationOut
from notify_svc.domain.expecting import expected, warned_from
from notify_svc.domain.facts import Rules
from notify_svc.store import read_model

router: Final = APIRouter(tags=["notices"])


@router.get("/v1/customers/{customer_id}/expectation")
async def expectation(request: Request, customer_id: PathId, _principal: Viewer) -> ExpectationOut:
    """How a customer wants to be written to, by their contact and their tier; of the contact nothing else is shown."""
    async with unit_of_work(request.app.state.database) as uow:
        found = await read_model.contacts(uow, [customer_id])
    known = found.get(customer_id)
    if known is None or known.sealed is None:
        raise Problem.not_found("there is no contact of this customer")
    rules: Rules = request.app.state.settings.rules()
    own = request.app.state.reach.expectation(known.sealed)
    holds = expected(rules, own)
    said = (("tolerance", own.tolerance), ("ahead_hours", own.ahead), ("pace_hours", own.pace))
    return ExpectationOut(
        customer_id=customer_id,
        tier=own.tier,
        tolerance=holds.tolerance or Tolerance.USUAL,
        warned_from=round(warned_from(rules, holds.tolerance), 3),
        ahead_hours=None if holds.ahead is None else holds.ahead.total_seconds() / 3600,
        pace_hours=None if holds.pace is None else holds.pace.total_seconds() / 3600,
        own=[name for name, value in said if value is not None],
    )
