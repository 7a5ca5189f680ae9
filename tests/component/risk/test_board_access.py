"""Nobody sees the board without a session, and a link opens one session only."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from candor.store.db import Database
from candor.web.auth import Role
from candor.web.problems import Problem
from candor.web.sessions import Sessions
from risk_svc.board.access import SignedIn, UsedLinks, router, session_of
from tests.support.clocks import ManualClock

SECRET = secrets.token_urlsafe(32)


async def inside(scope: Scope, receive: Receive, send: Send) -> None:
    """What stands behind the guard."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await PlainTextResponse("the board")(scope, receive, send)


@pytest.fixture
def clock() -> ManualClock:
    # Links carry the signer's own time, which is the system's.
    return ManualClock(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
def sessions(clock: ManualClock) -> Sessions:
    return Sessions(SECRET, secure=False, clock=clock)


@pytest.fixture
def app(sessions: Sessions, risk_database: Database) -> FastAPI:
    made = FastAPI()
    made.state.sessions = sessions
    made.state.database = risk_database
    made.include_router(router)
    made.mount("/board", SignedIn(inside, sessions))

    @made.exception_handler(Problem)
    async def refused(_request: object, problem: Problem) -> PlainTextResponse:
        return PlainTextResponse(problem.code, problem.status)

    return made


def browser(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver")


async def test_a_link_opens_the_board(app: FastAPI, sessions: Sessions) -> None:
    async with browser(app) as client:
        assert (await client.get("/board/")).status_code == 401
        answer = await client.get("/signin", params={"token": sessions.link_token(Role.VIEWER)})
        assert (answer.status_code, answer.headers["location"]) == (303, "/board/")
        assert "httponly" in answer.headers["set-cookie"].lower()
        assert (await client.get("/board/")).text == "the board"


async def test_a_link_works_once(app: FastAPI, sessions: Sessions) -> None:
    token = sessions.link_token(Role.VIEWER)
    async with browser(app) as first, browser(app) as second:
        assert (await first.get("/signin", params={"token": token})).status_code == 303
        answer = await second.get("/signin", params={"token": token})
        assert (answer.status_code, answer.text) == (401, "link_invalid")
        assert (await second.get("/board/")).status_code == 401


async def test_signing_out_ends_it(app: FastAPI, sessions: Sessions) -> None:
    async with browser(app) as client:
        await client.get("/signin", params={"token": sessions.link_token(Role.VIEWER)})
        await client.get("/signout")
        assert (await client.get("/board/")).status_code == 401


async def test_an_idle_session_ends_and_an_active_one_is_renewed(
    app: FastAPI, sessions: Sessions, clock: ManualClock
) -> None:
    async with browser(app) as client:
        await client.get("/signin", params={"token": sessions.link_token(Role.VIEWER)})
        clock.advance(timedelta(minutes=20))
        assert "set-cookie" in (await client.get("/board/")).headers
        clock.advance(timedelta(minutes=20))
        assert (await client.get("/board/")).status_code == 200
        clock.advance(timedelta(minutes=31))
        assert (await client.get("/board/")).status_code == 401


@pytest.mark.parametrize(
    "cookie", ["", "candor-session=forged", "candor-session", "\x00;;=", "candor-session=" + "x" * 5000]
)
async def test_a_bad_cookie_is_no_session(sessions: Sessions, cookie: str) -> None:
    scope = {"type": "http", "headers": [(b"cookie", cookie.encode())]}
    assert session_of(scope, sessions) is None


async def test_a_socket_without_a_session_is_closed(sessions: Sessions) -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    await SignedIn(inside, sessions)({"type": "websocket", "headers": []}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


async def test_a_used_link_is_remembered_by_every_process(risk_database: Database, clock: ManualClock) -> None:
    until = clock.now() + timedelta(days=3650)
    nonce = secrets.token_urlsafe(24)
    assert await UsedLinks(risk_database).use(nonce, until)
    assert not await UsedLinks(risk_database).use(nonce, until)
    old = SimpleNamespace(nonce=secrets.token_urlsafe(24), until=clock.now() - timedelta(days=3650))
    assert await UsedLinks(risk_database).use(old.nonce, old.until)
    await UsedLinks(risk_database).use(secrets.token_urlsafe(24), until)
    assert await risk_database.pool.fetchval("SELECT count(*) FROM used_link WHERE nonce = $1", old.nonce) == 0
