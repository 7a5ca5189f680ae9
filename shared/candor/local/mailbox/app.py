"""The HTTP side: pages for people, `GET /messages` for scripts, and the fault switch for tests."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from candor.local.mailbox.pages import MESSAGE_POLICY, POLICY, html_of, list_page, message_page, text_of
from candor.local.mailbox.smtp import Fault, Faults
from candor.local.mailbox.store import Mailbox, ReceivedMessage

PAGE = 50
LARGEST_PAGE = 500
Recipient = Annotated[str | None, Query(max_length=320)]
Before = Annotated[int | None, Query(ge=1)]


class FaultOrder(BaseModel):
    """`{"kind": "drop_before_reply", "count": 3}` applies the fault to the next three messages."""

    model_config = ConfigDict(extra="forbid")
    kind: Fault
    count: int = Field(default=1, ge=0, le=1_000_000)


def create_app(mailbox: Mailbox, faults: Faults, *, with_faults: bool) -> FastAPI:
    """The pages and the API of one mailbox; `with_faults` adds `PUT /faults`."""
    app = FastAPI(title="Candor mailbox", docs_url=None, redoc_url=None)
    _add_api(app, mailbox)
    _add_pages(app, mailbox)
    if with_faults:

        @app.put("/faults", status_code=204)
        async def set_faults(order: FaultOrder) -> None:
            faults.kind, faults.left = order.kind, order.count

    return app


def _add_api(app: FastAPI, mailbox: Mailbox) -> None:
    @app.get("/livez")
    @app.get("/readyz")
    async def ready() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/messages")
    async def messages(
        recipient: Recipient = None,
        before: Before = None,
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE,
    ) -> dict[str, Any]:
        headlines, following = mailbox.page(recipient, before, limit)
        found = (mailbox.get(headline.number) for headline in headlines)
        return {"messages": [_as_json(one) for one in found if one], "next": following, "total": len(mailbox)}

    @app.get("/messages/{number}")
    async def message(number: int) -> dict[str, Any]:
        return _as_json(_found(mailbox, number))

    @app.get("/messages/{number}/raw")
    async def raw(number: int) -> Response:
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": MESSAGE_POLICY}
        # As plain text, so that a browser shows it and runs none of it.
        return Response(_found(mailbox, number).raw, media_type="text/plain", headers=headers)


def _add_pages(app: FastAPI, mailbox: Mailbox) -> None:
    @app.get("/", response_class=HTMLResponse)
    async def everything(recipient: Recipient = None, before: Before = None) -> HTMLResponse:
        headlines, following = mailbox.page(recipient, before, PAGE)
        return _html(list_page(headlines, following, recipient or "", len(mailbox)), POLICY)

    @app.get("/m/{number}", response_class=HTMLResponse)
    async def one(number: int) -> HTMLResponse:
        return _html(message_page(_found(mailbox, number)), POLICY)

    @app.get("/m/{number}/html", response_class=HTMLResponse)
    async def layout(number: int, request: Request) -> HTMLResponse:
        content = html_of(_found(mailbox, number).parsed())
        if content is None:
            raise HTTPException(404, f"{request.url.path}: this message has no HTML")
        return _html(content, MESSAGE_POLICY)


def _found(mailbox: Mailbox, number: int) -> ReceivedMessage:
    message = mailbox.get(number)
    if message is None:
        raise HTTPException(404, f"there is no message {number}")
    return message


def _html(content: str, policy: str) -> HTMLResponse:
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(content, headers=headers)


def _as_json(message: ReceivedMessage) -> dict[str, Any]:
    parsed = message.parsed()
    return {
        "number": message.number,
        "received_at": message.at.isoformat(),
        "sender": message.sender,
        "recipients": message.recipients,
        "subject": str(parsed.get("Subject", "")),
        "message_id": str(parsed.get("Message-ID", "")).strip(),
        "headers": {name: str(value) for name, value in parsed.items()},
        "text": text_of(parsed),
        "html": html_of(parsed),
    }
