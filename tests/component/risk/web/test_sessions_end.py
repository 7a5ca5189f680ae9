"""Sessions end everywhere: sockets of other tabs and processes, all devices of a person, withdrawn roles and keys."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

from candor.store.db import Database
from candor.web.security.auth import Principal, Role
from candor.web.security.sessions import ABSOLUTE, Session, Sessions
from risk_svc.web.board.access import SessionMiddleware
from risk_svc.web.board.session_end import vouched
from risk_svc.web.board.sign_in_store import LOOKED_AT, StaffSessions
from tests.component.risk.web.test_board_access import app, begun, browser, sessions
from tests.support.clocks import ManualClock
from tests.support.waiting import until

__all__ = ["app", "sessions"]
CLOSED = {"type": "websocket.close", "code": 1008}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime.now(UTC).replace(microsecond=0))


class Socket:
    """A browser's socket at one process: what it was sent, and messages that come when the test sends them."""

    def __init__(self, sessions: Sessions, staff: StaffSessions, session: Session | None = None) -> None:
        cookie = f"{sessions.cookie}={sessions.encode(session)}" if session else ""
        self.scope: Scope = {"type": "websocket", "headers": [(b"cookie", cookie.encode()), (b"host", b"testserver")]}
        every = timedelta(milliseconds=20)
        self.guarded = SessionMiddleware(self._listen, sessions, staff, every=every)
        self.sent: list[Message] = []
        self.heard: list[Message] = []
        self.coming: asyncio.Queue[Message] = asyncio.Queue()

    async def _listen(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        while not self.heard or self.heard[-1]["type"] != "websocket.disconnect":
            self.heard.append(await receive())

    async def run(self) -> None:
        async def send(message: Message) -> None:
            self.sent.append(message)

        await self.guarded(self.scope, self.coming.get, send)

    @property
    def closed(self) -> bool:
        return CLOSED in self.sent


def process(database: Database, clock: ManualClock) -> StaffSessions:
    return StaffSessions(SimpleNamespace(database=database), clock)


async def test_a_socket_without_a_session_is_closed(
    sessions: Sessions, risk_database: Database, clock: ManualClock
) -> None:
    socket = Socket(sessions, process(risk_database, clock))
    await socket.run()
    assert socket.sent == [CLOSED]


async def test_a_socket_that_another_site_opens_is_closed(
    sessions: Sessions, risk_database: Database, clock: ManualClock
) -> None:
    staff = process(risk_database, clock)
    socket = Socket(sessions, staff, await begun(staff, sessions))
    socket.scope["headers"].append((b"origin", b"http://evil.example"))
    await socket.run()
    assert socket.sent == [CLOSED]


async def test_a_socket_ends_with_its_session_though_nobody_reloads(
    sessions: Sessions, risk_database: Database, clock: ManualClock
) -> None:
    staff = process(risk_database, clock)
    session = (await begun(staff, sessions))._replace(began=datetime.now(UTC) - ABSOLUTE + timedelta(seconds=1.5))
    socket = Socket(sessions, staff, session)
    await asyncio.wait_for(socket.run(), 30)
    assert socket.sent == [{"type": "websocket.accept"}, CLOSED]
    assert socket.heard == [{"type": "websocket.disconnect", "code": 1008}]


Ending = Callable[[StaffSessions, Session], Awaitable[object]]
ENDINGS: dict[str, Ending] = {
    "signed out": lambda staff, session: staff.end(session),
    "signed out everywhere": lambda staff, session: staff.end_person(session.person, "signed out everywhere"),
}


@pytest.mark.parametrize("how", ENDINGS)
async def test_signing_out_closes_the_sockets_at_every_process_and_no_others(
    how: str, sessions: Sessions, risk_database: Database, clock: ManualClock
) -> None:
    here, there = [process(risk_database, clock) for _ in range(2)]
    session, other = await begun(here, sessions), await begun(here, sessions, "somebody else")
    sockets = [Socket(sessions, here, session), Socket(sessions, there, session), Socket(sessions, there, other)]
    async with asyncio.TaskGroup() as running:
        tasks = [running.create_task(socket.run()) for socket in sockets]
        for number in range(2):
            for socket in sockets:
                socket.coming.put_nowait({"type": "websocket.receive", "text": str(number)})
        await until(lambda: all(len(socket.heard) == 2 for socket in sockets))
        await ENDINGS[how](here, session)
        clock.advance(LOOKED_AT)
        await until(lambda: sockets[0].closed and sockets[1].closed)
        sockets[2].coming.put_nowait({"type": "websocket.receive", "text": "still here"})
        await until(lambda: len(sockets[2].heard) == 3)
        assert not sockets[2].closed
        tasks[2].cancel()


async def test_signing_out_everywhere_ends_all_sessions_of_that_person_alone(app: FastAPI, sessions: Sessions) -> None:
    async with browser(app) as laptop, browser(app) as phone, browser(app) as other:
        for client, key in ((laptop, "ada"), (phone, "ada"), (other, "bob")):
            await client.get("/signin", params={"token": sessions.link_token(Role.VIEWER, key)})
        answer = await laptop.post("/signout/everywhere")
        assert "on every device" in answer.text
        assert [(await client.get("/board/")).status_code for client in (laptop, phone, other)] == [401, 401, 200]


async def test_a_stolen_cookie_of_an_ended_session_signs_nobody_else_out(app: FastAPI, sessions: Sessions) -> None:
    async with browser(app) as owner, browser(app) as thief:
        await owner.get("/signin", params={"token": sessions.link_token(Role.VIEWER, "ada")})
        thief.cookies.update(owner.cookies)
        await owner.post("/signout")
        await owner.get("/signin", params={"token": sessions.link_token(Role.VIEWER, "ada")})
        await thief.post("/signout/everywhere")
        assert (await owner.get("/board/")).status_code == 200


async def test_signing_in_again_gives_a_new_id_and_ends_the_old_session(app: FastAPI, sessions: Sessions) -> None:
    async with browser(app) as client, browser(app) as thief:
        await client.get("/signin", params={"token": sessions.link_token(Role.VIEWER)})
        thief.cookies.update(client.cookies)
        before = sessions.read(client.cookies[sessions.cookie])
        await client.get("/signin", params={"token": sessions.link_token(Role.VIEWER)})
        after = sessions.read(client.cookies[sessions.cookie])
        assert before is not None
        assert after is not None
        assert before.id != after.id
        assert (await thief.get("/board/")).status_code == 401
        assert (await client.get("/board/")).status_code == 200


async def test_a_person_who_comes_back_with_a_lower_role_loses_the_higher_one_everywhere(
    sessions: Sessions, risk_database: Database, clock: ManualClock
) -> None:
    staff, there = [process(risk_database, clock) for _ in range(2)]
    admin = await begun(staff, sessions, "robin", Role.ADMIN)
    viewer, other = await begun(staff, sessions, "robin"), await begun(staff, sessions, "kim", Role.ADMIN)
    assert [await there.over(session) for session in (admin, viewer, other)] == [True, False, False]


def test_a_session_by_link_lasts_no_longer_than_its_key_and_the_keys_role(sessions: Sessions) -> None:
    session = sessions.open(Role.OPERATOR, by="key:ada")
    digest, past = secrets.token_bytes(32), datetime(2020, 1, 1, tzinfo=UTC)
    assert vouched(session, ((digest, Principal("ada", Role.OPERATOR)),))
    assert not vouched(session, ((digest, Principal("ada", Role.VIEWER)),))
    assert not vouched(session, ((digest, Principal("ada", Role.ADMIN, (), past)),))
    assert not vouched(session, ((digest, Principal("bob", Role.ADMIN)),))
    assert vouched(sessions.open(Role.OPERATOR, by="robin"), ())


async def test_who_is_signed_in_is_listed_until_it_is_over(
    sessions: Sessions, risk_database: Database, clock: ManualClock
) -> None:
    staff = process(risk_database, clock)
    first = await begun(staff, sessions, "ada", Role.ADMIN)
    await begun(staff, sessions, "bob")
    assert [(one.person, one.role, one.began) for one in await staff.live()] == [
        ("ada", "admin", clock.now()),
        ("bob", "viewer", clock.now()),
    ]
    assert first.id not in str(await staff.live())
    clock.advance(timedelta(minutes=20))
    await staff.over(first)
    clock.advance(timedelta(minutes=20))
    assert [one.person for one in await staff.live()] == ["ada"]
    assert await staff.end_person("ada", "test") == 1
    assert await staff.live() == []
