"""Routes shared by every service that takes events: signed webhooks, bulk history, and rejected webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response

from candor.intake import history
from candor.intake.intake import Intake
from candor.intake.once import Acceptance, Caller, Origin, event_receipt, key_receipt, new_id
from candor.intake.rejected import RejectedColumns
from candor.intake.source import Reply, canonical
from candor.ops.tracing import current_traceparent
from candor.store import audit
from candor.store.receipts import Receipt
from candor.store.unit_of_work import unit_of_work
from candor.web.http import strict_json
from candor.web.http.answers import shown
from candor.web.http.body import M, accepts, parse, read, read_raw
from candor.web.http.idempotency import parse_key
from candor.web.http.listings import ListTotals, each, listed, matching
from candor.web.http.pages import Cursor, Limit, link_header
from candor.web.http.problems import Problem
from candor.web.security.auth import Operator, Principal, Viewer, act_of
from candor.web.security.webhooks import Signed

Token = Annotated[str, Path(max_length=256)]
IMPORTS: Final = "/v1/imports"
WEBHOOKS: Final = "/v1/webhooks/"


class WebhookTaken(BaseModel):
    """The answer to a sender: `accepted` or similar, or `rejected` with the reason, which staff see as well."""

    state: str
    code: str | None = None
    detail: str | None = None


class WebhookBody(BaseModel):
    """A Standard Webhook; it requires the headers `webhook-id`, `webhook-timestamp` and `webhook-signature`."""

    type: str
    timestamp: datetime
    data: dict[str, Any]


class EventRefused(BaseModel):
    """One event that was not taken."""

    index: int
    code: str
    detail: str


class ManyTaken(BaseModel):
    """The outcome of a batch of events.

    `waiting` and `drafts`: how many of those taken wait for their promise or are one that misses something, if any.
    """

    accepted: int
    replayed: int
    rejected: list[EventRefused]
    waiting: int | None = None
    drafts: int | None = None


MendedAt = Annotated[datetime | None, Field(description="When something was taken in its place; null: nothing was.")]
MendedTo = Annotated[
    str, Field(description="The request that was taken in its place; of a refusal its own where that was taken later.")
]


class RejectedItem(BaseModel):
    """A signed webhook that could not be used; `times`: how often the same bytes came."""

    source: str
    event_id: str
    type: str
    reason: str
    detail: str
    times: int
    received_at: datetime
    request: str
    mended_at: MendedAt
    mended_to: MendedTo


class RejectedPage(ListTotals):
    """A page of rejected webhooks, newest first; the Link header leads to the next one."""

    items: list[RejectedItem]


def intake_of(request: Request) -> Intake[Any, Any]:
    """The service's intake."""
    return cast("Intake[Any, Any]", request.app.state.intake)


async def read_command(model: type[M], request: Request, principal: Principal, about: str = "") -> tuple[bytes, M]:
    """The body of a route for one command, as `read`; refused at first sight if its customer's share is used up.

    `about`: the customer or promise, where the path names it.
    """
    raw = await read_raw(request)
    intake_of(request).look(principal.name, raw, about)
    return raw, parse(model, raw)


def identity(
    request: Request, principal: Principal, raw: bytes, event_id: str | None = None, time: datetime | None = None
) -> tuple[Origin, tuple[Receipt, ...]]:
    """The origin of a request to our own API, and the receipts that prevent taking it twice.

    `event_id` is the sender's, if the body has one; `time` is when it was reported, by default business time now.
    """
    receipts = []
    key = parse_key(request.headers.get("idempotency-key"))
    if key is not None:
        receipts.append(key_receipt(principal.name, key, f"{request.method} {request.scope['path']}", raw))
    if event_id is not None:
        receipts.append(event_receipt(Caller("api", principal.name), event_id, canonical(strict_json.loads(raw))))
    said = time or intake_of(request).clock.now()
    origin = Origin(
        event_id or new_id(), principal.name, said, False, current_traceparent(), act_of(request, principal)
    )
    return origin, tuple(receipts)


def respond(taken: Acceptance, headers: dict[str, str] | None = None) -> Response:
    """The answer as HTTP; the answer to a repeated request says so."""
    said = dict(headers or {})
    if taken.replayed:
        said["Idempotency-Replayed"] = "true"
    return Response(taken.answer.body, taken.answer.status, said, "application/json")


def answered(reply: Reply) -> Response:
    """A source's answer as HTTP."""
    return Response(reply.body, reply.status, dict(reply.headers), reply.media_type)


def common(table: type[RejectedColumns]) -> APIRouter:
    """The routes; `table` is the service's own table of rejected webhooks."""
    router = APIRouter(tags=["intake"])

    described: dict[str, Any] = {"responses": {202: {"model": WebhookTaken}}, "openapi_extra": accepts(WebhookBody)}

    @router.post("/v1/webhooks/{sender}", status_code=202, **described)
    async def webhook(request: Request, webhook: Signed) -> Response:
        """Take a webhook; once its sender is authenticated, its content never causes an error status."""
        return answered(await intake_of(request).webhook(webhook))

    @router.post("/v1/webhooks/{sender}/{token}", status_code=202, **described)
    async def webhook_by_token(request: Request, webhook: Signed, token: Token) -> Response:  # noqa: ARG001
        """Take a webhook from a sender that cannot sign; a long secret token in the path authenticates it."""
        return answered(await intake_of(request).webhook(webhook))

    @router.post(IMPORTS, responses={200: {"model": ManyTaken}}, openapi_extra=accepts(history.ImportIn))
    async def imports(request: Request, principal: Operator) -> Response:
        """Take past events: nobody is warned about them, and forecasts learn from them unless they are too late.

        They may come in any order: what is older than what was learnt is learnt anew. A promise that came due before
        `teaches_from` of risk-svc's `GET /v1/learning` is stored but teaches nothing; those are counted there.
        """
        _, body = await read(history.ImportIn, request)
        return shown(await _imported(request, principal, body))

    @router.get("/v1/rejected", responses={200: {"model": RejectedPage}})
    async def rejected(
        request: Request,
        _principal: Viewer,
        limit: Limit = 50,
        cursor: Cursor = None,
        source: Annotated[str | None, Query(max_length=64)] = None,
        reason: Annotated[str | None, Query(max_length=64)] = None,
        mended: Annotated[
            bool, Query(description="Those as well that were taken since, as they came or mended.")
        ] = False,
    ) -> Response:
        """Signed webhooks that could not be used, newest first; `GET /v1/requests/{request}` has the content."""
        no_nul(source=source, reason=reason)
        query = matching(select(table), (table.source, source), (table.reason, reason))
        query = query if mended else query.where(col(table.mended_at).is_(None))
        # Includes the body's hash because two bodies under one id in one transaction share everything else.
        order = ((table.received_at, datetime), (table.source, str), (table.event_id, str), (table.body_sha256, bytes))
        found = await listed(intake_of(request).database, query, order, cursor, limit, each(_rejected), falling=True)
        return shown(found.document(), link_header(request, found.next))

    return router


def _rejected(row: RejectedColumns) -> dict[str, Any]:
    return row.model_dump(exclude={"body_sha256"})


async def _imported(request: Request, principal: Principal, body: history.ImportIn) -> dict[str, Any]:
    intake = intake_of(request)

    async def recorded(action: str, said: str) -> None:
        async with unit_of_work(intake.database) as uow:
            await audit.write(uow, [act_of(request, principal, action, said)])

    # Its events commit in transactions of their own: one that was cut off has begun and not ended.
    await recorded("import.begun", f"{len(body.events)} events of {body.source}")
    taken = await history.take(intake, body, Caller("api", principal.name))
    counts = f"accepted {taken['accepted']}, replayed {taken['replayed']}, rejected {len(taken['rejected'])}"
    await recorded("import.ended", counts)
    return taken


def no_nul(**parameters: str | None) -> None:
    """Raises Problem 422 for a query parameter that would otherwise cause a database error (500)."""
    for name, value in parameters.items():
        if value is not None and "\0" in value:
            raise Problem.invalid_parameter(name, "must not contain NUL")
