"""The route that tries a captured request: whether its proof holds and what it would be taken as; nothing is stored."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field, StringConstraints
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from candor.intake.intake import Tried
from candor.intake.routes import intake_of
from candor.intake.shown_reason import shown_reason
from candor.intake.source import Unusable, completion_of
from candor.ops.clock import SystemClock
from candor.web.http.answers import shown
from candor.web.http.body import JSON, accepts, read
from candor.web.http.edge import SingleHeaders
from candor.web.http.fields import Body
from candor.web.http.problems import Problem
from candor.web.security.auth import Operator, live
from candor.web.security.schemes import PathToken, SignedRequest
from candor.web.security.webhooks import LONGEST_SENDER, Sender, Webhook, address_of_sender

LONGEST_BODY: Final = 200_000
MOST: Final = 200
"""Events of a body that are shown."""
Proof = Literal["holds", "stale", "bad_signature", "no_secret"]
Name = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,128}$")]
Value = Annotated[str, StringConstraints(max_length=4096)]


class TryIn(Body):
    """A captured request; `url` is the address it was posted to, where that is signed and is not the usual one."""

    body: str = Field(max_length=LONGEST_BODY, description="The body as its sender sent it.")
    headers: dict[Name, Value] = Field(default={}, max_length=100, description="Its headers, the proof among them.")
    token: str = Field(default="", max_length=256)
    url: str = Field(default="", max_length=2048, description="The address it was posted to, if not the usual one.")


class TriedEvent(BaseModel):
    """One event of the request."""

    type: str
    event_id: str
    data: dict[str, Any] | None = Field(description="What it would say, as mapped; null if nothing can be made of it.")
    refused: str | None = Field(description="Why it would be refused; null if it would be taken.")


class TryOut(BaseModel):
    """What a request would do; what only the state of its promise or incident can refuse is not known here."""

    source: str
    read_as: str
    proof: Proof = Field(description="Whether it comes from its sender; no_secret: nobody may send it as yet.")
    reason: str = Field(description="Why its proof does not hold; empty if it does.")
    completed: bool = Field(description="Whether its system is asked for the rest first: then that is not known here.")
    events: list[TriedEvent] = Field(description=f"What it would be taken as, the first {MOST} of them.")
    events_more: int = Field(description="How many events are not shown.")


router: Final = APIRouter(tags=["intake"])


@router.post("/v1/sources/{sender}/try", responses={200: {"model": TryOut}}, openapi_extra=accepts(TryIn))
async def try_request(
    request: Request, sender: Annotated[str, Path(max_length=LONGEST_SENDER)], _principal: Operator
) -> Response:
    """Try a captured request of a sender, or of a source that nobody may send as yet; nothing is stored."""
    _, said = await read(TryIn, request)
    intake, senders = intake_of(request), live(request.app.state.webhook_secrets, {})
    known: Sender | None = senders.get(sender)
    read_as = sender if known is None else known.source
    if read_as not in intake.sources:
        raise Problem.not_found("there is neither such a sender nor such a source")
    source = intake.sources[read_as]
    webhook_id, proof, why = _proof(request, sender, known, said)
    allowed = intake.known if known is None else known.events
    headers = _headers(said)
    kind = headers.get("content-type", "").partition(";")[0].strip().lower() or JSON[0]
    webhook = Webhook(sender, webhook_id, said.body.encode(), kind, headers, read_as, allowed)
    tried = await intake.tried(webhook)
    found = {"source": sender, "read_as": read_as, "proof": proof, "reason": why}
    events = [_event(one) for one in tried[:MOST]]
    more = {"completed": completion_of(source) is not None, "events_more": max(0, len(tried) - MOST)}
    return shown(found | more | {"events": events})


def _proof(request: Request, sender: str, known: Sender | None, said: TryIn) -> tuple[str, Proof, str]:
    if known is None:
        return "", "no_secret", "WEBHOOK_SECRETS_FILE names no such sender"
    base = request.app.state.settings.public_url or f"{request.scope['scheme']}://{request.headers.get('host', '')}"
    address = said.url or address_of_sender(base, sender, said.token)
    signed = SignedRequest("POST", address, _headers(said), said.body.encode(), said.token)
    if said.token and not isinstance(known.scheme, PathToken):
        return "", "bad_signature", "its sender proves itself by a signature, not by a token in the path"
    try:
        return known.scheme.verify(signed, known.secrets, SystemClock().now()), "holds", ""
    except Problem as problem:
        return "", "stale" if problem.code == "stale" else "bad_signature", problem.detail


def _headers(said: TryIn) -> SingleHeaders:
    # As a server reads them: their bytes, of whatever alphabet.
    return SingleHeaders(Headers(raw=[(name.lower().encode(), value.encode()) for name, value in said.headers.items()]))


def _event(one: Tried) -> dict[str, Any]:
    item, found = one.item, one.found
    if isinstance(item, Unusable):
        refused = shown_reason(found) if isinstance(found, Problem) else None
        return {"type": item.type, "event_id": item.id, "data": None, "refused": refused}
    data = item.event.data if isinstance(item.event.data, dict) else None
    refused = shown_reason(found, data) if isinstance(found, Problem) else None
    return {"type": item.event.type, "event_id": item.id, "data": data, "refused": refused}
