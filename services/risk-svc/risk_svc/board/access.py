"""Who sees the board: a one-use link opens a session; everything below /board asks for it, sockets too."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, cast

from fastapi import APIRouter, Query
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from candor.store.db import Database
from candor.store.unit_of_work import unit_of_work
from candor.web.sessions import Session, Sessions

HOME: Final = "/board/"
router: Final = APIRouter(include_in_schema=False)


class UsedLinks:
    """Nonces of used links, in the service's database: a link works once, whichever process it reaches."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def use(self, nonce: str, until: datetime) -> bool:
        """True the first time; forgets links that are too old to work anyway."""
        async with unit_of_work(self._database) as uow:
            await uow.connection.execute("DELETE FROM used_link WHERE until < clock_timestamp()")
            return await uow.connection.fetchval(_USE, nonce, until) is not None


_USE: Final = "INSERT INTO used_link (nonce, until) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING nonce"


@router.get("/signin")
async def sign_in(request: Request, token: Annotated[str, Query(max_length=1024)]) -> Response:
    """Open a session with a link from `candor token`."""
    sessions = cast(Sessions, request.app.state.sessions)
    session = await sessions.sign_in(token, UsedLinks(request.app.state.database))
    answer = RedirectResponse(HOME, 303)
    sessions.set_cookie(answer, session)
    return answer


@router.get("/signout")
async def sign_out(request: Request) -> Response:
    """End the session of this browser."""
    answer = Response("Signed out. A new link: candor token --role viewer", media_type="text/plain")
    cast(Sessions, request.app.state.sessions).end(answer)
    return answer


def session_of(scope: Scope, sessions: Sessions) -> Session | None:
    """The session that a request or socket carries in its cookie."""
    return sessions.read(HTTPConnection(scope).cookies.get(sessions.cookie))


class SignedIn:
    """ASGI middleware of the board: 401 without a session, for pages, scripts and sockets alike."""

    def __init__(self, app: ASGIApp, sessions: Sessions) -> None:
        self.app = app
        self.sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        session = session_of(scope, self.sessions)
        if session is None:
            await self._refuse(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and self.sessions.due(session):
                renewed = Response()
                self.sessions.set_cookie(renewed, session)
                cookie = [pair for pair in renewed.raw_headers if pair[0] == b"set-cookie"]
                message["headers"] = [*message["headers"], *cookie]
            await send(message)

        await self.app(scope, receive, sending)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        text = "Sign in first: run `candor token --role viewer` and open the link it prints.\n"
        await Response(text, 401, media_type="text/plain")(scope, receive, send)
