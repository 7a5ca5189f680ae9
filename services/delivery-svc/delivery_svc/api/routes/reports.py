"""Write routes for reports of steps and incidents; no logic."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from candor.intake import Caller, Submission
from candor.intake.intake import told
from candor.intake.routes import answered, identity, intake_of, read_command, respond
from candor.intake.source import counted
from candor.web.http.body import accepts, media_type, read, read_raw
from candor.web.http.fields import PathId, not_ahead
from candor.web.http.problems import Problem
from candor.web.security.auth import Operator, act_of
from candor.web.security.webhooks import Webhook
from delivery_svc.api import presenters
from delivery_svc.api.neutral_events import INCIDENT, MILESTONE, PARKED, UNDONE
from delivery_svc.api.requests import IncidentIn, MatchIn, MilestoneIn
from delivery_svc.api.responses import EventTaken, IncidentTaken, MatchTaken, ReportTaken, UndoTaken
from delivery_svc.service.use_cases import Match, Undo
from delivery_svc.sources.cloudevents import BATCH, SOURCE, STRUCTURED, CloudEventIn

EVENTS: Final = "/v1/events"
router: Final = APIRouter(tags=["delivery"])


@router.post(
    "/v1/milestones", status_code=202, responses={202: {"model": ReportTaken}}, openapi_extra=accepts(MilestoneIn)
)
async def milestone(request: Request, principal: Operator) -> Response:
    """Report a step of the work; reports for unknown promises are queued."""
    raw, body = await read_command(MilestoneIn, request, principal)
    not_ahead(body.at, intake_of(request).clock.now(), "/at")
    origin, receipts = identity(request, principal, raw, body.event_id)
    taken = await intake_of(request).submit(Submission(MILESTONE, body.report(), origin, presenters.reported, receipts))
    return respond(taken)


@router.post(
    "/v1/incidents", status_code=202, responses={202: {"model": IncidentTaken}}, openapi_extra=accepts(IncidentIn)
)
async def incident(request: Request, principal: Operator) -> Response:
    """Report an incident; each report gives its full state."""
    raw, body = await read(IncidentIn, request)
    now = intake_of(request).clock.now()
    if body.at is not None:
        not_ahead(body.at, now, "/at")
    origin, receipts = identity(request, principal, raw, body.event_id)
    taken = await intake_of(request).submit(
        Submission(INCIDENT, body.sighting(now), origin, presenters.reported, receipts)
    )
    return respond(taken)


@router.post(
    EVENTS,
    status_code=202,
    responses={202: {"model": EventTaken}},
    openapi_extra=accepts(CloudEventIn, STRUCTURED),
)
async def events(request: Request, principal: Operator) -> Response:
    """Report with CloudEvents 1.0: `milestone.reported` or `incident.reported`, in structured, binary or batch mode."""
    raw = await read_raw(request, SOURCE.media_types)
    intake = intake_of(request)
    sent = Webhook(principal.name, "", raw, media_type(request), request.headers, SOURCE.name)
    caller = Caller("api", principal.name, act=act_of(request, principal))
    outcomes = await intake.take(SOURCE.read(sent, intake.known, intake.clock.now()), caller)
    if sent.media_type == BATCH:
        return answered(counted(told(outcomes)))
    if isinstance(outcomes[0].result, Problem):
        raise outcomes[0].result
    return respond(outcomes[0].result)


@router.post("/v1/parked/{parked_id}/match", responses={200: {"model": MatchTaken}}, openapi_extra=accepts(MatchIn))
async def match(request: Request, parked_id: PathId, principal: Operator) -> Response:
    """Match a parked report to a promise, alone or along with all reports that wait for the same reference."""
    raw, body = await read_command(MatchIn, request, principal)
    origin, receipts = identity(request, principal, raw)
    command = Match(parked_id, body.promise_id, body.correction, body.alike)
    return respond(await intake_of(request).submit(Submission(PARKED, command, origin, presenters.reported, receipts)))


@router.post("/v1/matches/{match_id}/undo", responses={200: {"model": UndoTaken}})
async def undo(request: Request, match_id: PathId, principal: Operator) -> Response:
    """Undo a match by hand: its reports wait again, and the promise's steps are told without them."""
    raw = await request.body()
    origin, receipts = identity(request, principal, raw)
    sent = Submission(UNDONE, Undo(match_id), origin, presenters.reported, receipts)
    return respond(await intake_of(request).submit(sent))
