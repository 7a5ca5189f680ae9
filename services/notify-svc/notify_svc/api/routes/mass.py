"""HTTP routes for a mass of letters that waits for a person; no logic."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from candor.store import audit
from candor.store.db import Database
from candor.store.unit_of_work import unit_of_work
from candor.web.http.answers import shown
from candor.web.http.body import accepts, read
from candor.web.http.problems import Problem
from candor.web.security.auth import Admin, Viewer, act_of
from notify_svc.api.requests import MassIn
from notify_svc.api.responses import MassOut
from notify_svc.delivery import mass

router: Final = APIRouter(tags=["notices"])


@router.get("/v1/mass-hold", responses={200: {"model": MassOut}})
async def mass_hold(request: Request, _principal: Viewer) -> Response:
    """Whether a mass of letters waits for a person."""
    async with unit_of_work(_database(request)) as uow:
        return _answer(await mass.read(uow))


@router.post("/v1/mass-hold", responses={200: {"model": MassOut}}, openapi_extra=accepts(MassIn))
async def decide_mass_hold(request: Request, principal: Admin) -> Response:
    """Release the letters that are held, or drop them.

    `release`: each is checked against the newest facts and sent, and for an hour whatever comes. `drop`: those held now
    are suppressed; the hold stays until it is released, and a promise is decided again when something new is known.
    """
    _, body = await read(MassIn, request)
    async with unit_of_work(_database(request)) as uow:
        if body.decision == "release":
            done = await mass.release(uow, principal.name)
        else:
            done = await mass.drop(uow, principal.name)
        outcome = audit.DONE if done else "conflict"
        await audit.write(uow, [act_of(request, principal, f"mass_hold.{body.decision}", outcome)])
        hold = await mass.read(uow)
    if not done:
        raise Problem.conflict("conflict", "no mass of messages is held")
    return _answer(hold)


def _answer(hold: mass.Hold) -> Response:
    document = {
        "held": hold.held_since is not None,
        "held_since": hold.held_since,
        "customers": hold.customers if hold.held_since else 0,
        "of_customers": hold.of_customers if hold.held_since else 0,
        "passed_until": hold.passed_until,
        "changed_by": hold.changed_by,
    }
    return shown(document)


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database
