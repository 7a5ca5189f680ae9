"""Nobody sees the board without a session, and a link opens one session only."""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from html import escape
from types import SimpleNamespace
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import FastAPI
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from candor.ops.typed import typed
from candor.store.db import Database
from candor.web.http.problems import Problem
from candor.web.security.auth import Role
from candor.web.security.sessions import Session, Sessions
from risk_svc.web.board.access import SessionMiddleware, router, session_of
from risk_svc.web.board.sign_in_store import LOOKED_AT, StaffSessions, UsedLinks
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
def app(sessions: Sessions, risk_database: Database, clock: ManualClock) -> FastAPI:
    made = FastAPI()
    made.state.sessions = sessions
    made.state.database = risk_database
    made.state.staff = StaffSessions(made.state, clock)
    made.include_router(router)
    made.mount("/board", SessionMiddleware(inside, sessions, made.state.staff))

    @made.exception_handler(Problem)
    async def refused(_request: object, problem: Problem) -> PlainTextResponse:
        return PlainTextResponse(problem.code, problem.status)

    return made


async def begun(staff: StaffSessions, sessions: Sessions, person: str = "test", role: Role = Role.VIEWER) -> Session:
    """A session as signing in begins it."""
    session = sessions.open(role, by=person)
    await staff.begin(session)
    return session


def browser(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver")


async def test_a_link_opens_the_board(app: FastAPI, sessions: Sessions) -> None:
    async with browser(app) as client:
        assert (await client.get("/board/")).status_code == 401
        answer = await client.get("/signin", params={"token": sessions.link_token(Role.VIEWER)})
        assert (answer.status_code, answer.headers["location"]) == (303, "/board/")
        assert "httponly" in answer.headers["set-cookie"].lower()
        assert (await client.get("/board/")).text == "the board"


PAGE = {"accept": "text/html,application/xhtml+xml"}


def styled(answer: httpx.Response, title: str) -> bool:
    """Whether an answer is a page of ours with a title, fit for a phone, whose style its own policy lets in."""
    style = answer.text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"<title>{title} · Candor</title>" in answer.text
        and f"<h1>{title}</h1>" in answer.text
        and 'lang="en"' in answer.text
        and "width=device-width" in answer.text
        and f"'sha256-{digest}'" in answer.headers["content-security-policy"]
    )


async def test_a_spent_link_says_that_it_has_expired_and_what_to_type(app: FastAPI, sessions: Sessions) -> None:
    token = sessions.link_token(Role.VIEWER)
    async with browser(app) as client:
        await client.get("/signin", params={"token": token})
        for spent in (token, "forged"):
            answer = await client.get("/signin", params={"token": spent}, headers=PAGE)
            assert (answer.status_code, styled(answer, "This link has expired")) == (401, True)
            assert f"<code>{escape(typed('token'))}</code>" in answer.text


async def test_who_is_not_signed_in_gets_a_page_and_a_script_plain_text(app: FastAPI) -> None:
    async with browser(app) as client:
        for path in ("/board/", "/board/promises/p-1", "/signin"):
            answer = await client.get(path, headers=PAGE)
            assert (answer.status_code, styled(answer, "Sign in to see the board")) == (401, True)
            assert escape(typed("token")) in answer.text
        answer = await client.get("/board/")
        assert (answer.status_code, answer.headers["content-type"]) == (401, "text/plain; charset=utf-8")


async def test_while_the_database_is_away_a_person_gets_a_page(app: FastAPI, sessions: Sessions, risk_url: str) -> None:
    app.state.database = await Database.open(risk_url, pool_size=1)
    async with browser(app) as client:
        await client.get("/signin", params={"token": sessions.link_token(Role.VIEWER)})
        await app.state.database.close()
        link = "/signin?" + urlencode({"token": sessions.link_token(Role.VIEWER)})
        for path in ("/board/", link):
            answer = await client.get(path, headers=PAGE)
            assert (answer.status_code, styled(answer, "Candor is not available right now")) == (503, True)


@pytest.mark.parametrize("path", ["/", "/board"])
async def test_the_bare_address_leads_to_the_board(app: FastAPI, path: str) -> None:
    async with browser(app) as client:
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (307, "/board/")


async def test_a_link_works_once(app: FastAPI, sessions: Sessions) -> None:
    token = sessions.link_token(Role.VIEWER)
    async with browser(app) as first, browser(app) as second:
        assert (await first.get("/signin", params={"token": token})).status_code == 303
        answer = await second.get("/signin", params={"token": token})
        assert (answer.status_code, answer.text) == (401, "link_invalid")
        assert (await second.get("/board/")).status_code == 401


async def test_signing_out_ends_it_wherever_the_cookie_has_got_to(
    app: FastAPI, sessions: Sessions, clock: ManualClock
) -> None:
    async with browser(app) as client, browser(app) as thief:
        await client.get("/signin", params={"token": sessions.link_token(Role.VIEWER)})
        thief.cookies.update(client.cookies)
        assert (await thief.get("/board/")).status_code == 200
        answer = await client.post("/signout")
        assert (answer.status_code, "You are signed out" in answer.text) == (200, True)
        assert styled(answer, "Signed out")
        assert (await client.get("/board/")).status_code == 401
        assert (await thief.get("/board/")).status_code == 401


async def test_another_process_notices_within_seconds_that_a_session_was_ended(
    app: FastAPI, sessions: Sessions, risk_database: Database, clock: ManualClock
) -> None:
    here, there = (StaffSessions(SimpleNamespace(database=risk_database), clock) for _ in range(2))
    session, other = [await begun(here, sessions) for _ in range(2)]
    assert not await there.over(session)
    await here.end(session)
    assert await here.over(session)
    clock.advance(LOOKED_AT)
    assert await there.over(session)
    assert not await there.over(other)


async def test_a_signed_cookie_that_no_sign_in_began_opens_nothing(app: FastAPI, sessions: Sessions) -> None:
    async with browser(app) as client:
        client.cookies.set(sessions.cookie, sessions.encode(sessions.open(Role.ADMIN, by="nobody")))
        assert (await client.get("/board/")).status_code == 401


async def test_a_page_of_another_site_signs_nobody_out(app: FastAPI, sessions: Sessions) -> None:
    async with browser(app) as client:
        await client.get("/signin", params={"token": sessions.link_token(Role.VIEWER)})
        assert (await client.get("/signout")).status_code == 405
        async with browser(app) as from_elsewhere:
            answer = await from_elsewhere.post("/signout")
            # A redirect could lead from the form to the provider, which the page's policy forbids.
            assert (answer.status_code, styled(answer, "Signed out")) == (200, True)
        assert (await client.get("/board/")).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "http://testserver.evil.example", "null", "", "http://["])
async def test_a_neighbouring_site_cannot_use_the_cookie(app: FastAPI, sessions: Sessions, origin: str) -> None:
    async with browser(app) as client:
        await client.get("/signin", params={"token": sessions.link_token(Role.VIEWER)})
        assert (await client.get("/board/", headers={"origin": origin})).status_code == 401
        assert (await client.get("/board/", headers={"origin": "http://testserver"})).status_code == 200


async def test_while_the_database_is_away_nobody_gets_in(app: FastAPI, sessions: Sessions, risk_url: str) -> None:
    app.state.database = await Database.open(risk_url, pool_size=1)
    async with browser(app) as client:
        await client.get("/signin", params={"token": sessions.link_token(Role.VIEWER)})
        await app.state.database.close()
        answer = await client.get("/board/")
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")


async def test_with_a_company_a_person_is_sent_to_sign_in_and_a_script_is_not(
    sessions: Sessions, risk_database: Database
) -> None:
    guarded = SessionMiddleware(inside, sessions, StaffSessions(SimpleNamespace(database=risk_database)), company=True)
    transport = httpx.ASGITransport(guarded)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        page = {"accept": "text/html,application/xhtml+xml"}
        answer = await client.get("/board/promises/trip-1", headers=page)
        assert answer.status_code == 303
        assert answer.headers["location"] == "/signin?next=%2Fboard%2Fpromises%2Ftrip-1"
        assert (await client.get("/board/app.js")).status_code == 401
        assert (await client.post("/board/", headers=page)).status_code == 401


async def test_where_no_company_signs_in_there_is_no_way_back_from_one(app: FastAPI) -> None:
    async with browser(app) as client:
        assert (await client.get("/signin/callback?code=x&state=y")).text == "not_found"
        assert (await client.get("/signin")).text == "link_invalid"


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


async def test_a_used_link_is_remembered_by_every_process(risk_database: Database, clock: ManualClock) -> None:
    until = clock.now() + timedelta(days=3650)
    nonce = secrets.token_urlsafe(24)
    assert await UsedLinks(risk_database).use(nonce, until)
    assert not await UsedLinks(risk_database).use(nonce, until)
