"""Every route of every process with every kind of caller, on running processes; the document says the same."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.types import Message

from candor.contracts import Purpose
from candor.web.routes import OPAQUE, PUBLIC, SOCKET, accesses
from candor.web.security.auth import Role
from candor.web.security.sessions import Sessions
from candor.web.security.signatures import signed_headers
from tests.component.services.conftest import PROCESSES, Started
from tests.support.api import ROLES, SOURCE, Api
from tests.support.authorisation import CALLERS, STAFF, WAY_IN, may, table
from tests.support.servers import HOME

DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "authorisation.md"
REFUSED = {401, 403}
SOCKETS = "/board/_nicegui_ws/{path}"


@pytest.fixture
def serve(start: Started, tmp_path: Path) -> Started:
    """Runs one process with all that it can serve: risk-web with its board."""
    (tmp_path / "session").write_text(secrets.token_hex(32))

    def served(process: str) -> AbstractAsyncContextManager[Api]:
        board = {"session_secret_file": tmp_path / "session"} if process == "risk-web" else {}
        return start(process, **board)

    return served


async def cookie(api: Api, role: Role) -> dict[str, str]:
    """What the browser of somebody who has just signed in sends."""
    session = api.app.state.sessions.open(role, by="robin")
    await api.app.state.staff.begin(session)
    return {"cookie": f"{api.app.state.sessions.cookie}={api.app.state.sessions.encode(session)}"}


async def people(api: Api) -> list[dict[str, str]]:
    """A fresh session of each role; where nobody can sign in, what another process's session looks like."""
    if hasattr(api.app.state, "sessions"):
        return [await cookie(api, role) for role in Role]
    elsewhere = Sessions(secrets.token_hex(32), secure=False)
    sessions = [elsewhere.open(role, by="robin") for role in Role]
    return [{"cookie": f"{elsewhere.cookie}={elsewhere.encode(session)}"} for session in sessions]


async def asked(api: Api, method: str, path: str, caller: str) -> set[int]:
    """How a caller is answered; who is signed in, with each role."""
    raw = b"{}"
    headers = {"content-type": "application/json"}
    if caller == "source":
        headers |= signed_headers(api.keys.secrets[0], f"evt-{path}", datetime.now(UTC), raw)
    role = caller if caller in ROLES else None
    body = raw if method in ("POST", "PUT", "PATCH") else None
    verb = "GET" if method == OPAQUE else method
    ways = await people(api) if caller == STAFF else [{}]
    return {(await api.call(verb, path, raw=body, role=role, headers=headers | way)).status_code for way in ways}


def example(path: str) -> str:
    """The path with something in place of each parameter; sender and purpose are ones that there are."""
    return re.sub(r"\{[\w:]+\}", "x", path.replace("{sender}", SOURCE).replace("{purpose}", Purpose.UPDATES))


@pytest.mark.parametrize("process", PROCESSES)
async def test_every_cell(process: str, serve: Started) -> None:
    async with serve(process) as api:
        wrong = []
        for access in accesses(api.app):
            # A token in the path, or a provider's signature, proves another kind of sender, which is not set up here:
            # everybody is a stranger.
            strangers = "{token}" in access.path or access.path == "/v1/callbacks/mail"
            for caller in CALLERS:
                found = await asked(api, access.method, example(access.path), caller)
                if access.path in WAY_IN:
                    right = found <= {WAY_IN[access.path]}
                else:
                    right = all((one not in REFUSED) is (may(access, caller) and not strangers) for one in found)
                if not right:
                    wrong.append(f"{access.method} {access.path} as {caller}: {found}")
        assert wrong == []


async def test_sockets_open_for_who_is_signed_in_and_for_nobody_else(serve: Started) -> None:
    async with serve("risk-web") as api:
        opaque = [one.path for one in accesses(api.app) if one.method in (OPAQUE, SOCKET)]
        assert SOCKETS in opaque
        strangers = [{}, *({"authorization": f"Bearer {key}"} for key in api.keys.keys.values())]
        assert [(path, one) for path in opaque for one in strangers if await opens(api, example(path), one)] == []
        socket = SOCKETS.replace("{path}", "socket.io/")
        assert [await opens(api, socket, one) for one in await people(api)] == [True] * len(Role)


async def opens(api: Api, path: str, headers: dict[str, str]) -> bool:
    """Whether a WebSocket is accepted; it is closed at once."""
    said: list[Message] = []
    answered = asyncio.Event()
    coming = iter(({"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}))

    async def receive() -> Message:
        message = next(coming)
        if message["type"] == "websocket.disconnect":
            await answered.wait()
        return message

    async def send(message: Message) -> None:
        said.append(message)
        answered.set()

    given = {"host": "localhost", "connection": "Upgrade", "upgrade": "websocket", **headers}
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"EIO=4&transport=websocket",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "subprotocols": [],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
    }
    await api.app(scope, receive, send)
    return bool(said[0]["type"] == "websocket.accept")


async def test_the_document_has_every_route_and_nothing_is_open_by_oversight(serve: Started) -> None:
    async with AsyncExitStack() as running:
        apps = {name: (await running.enter_async_context(serve(name))).app for name in PROCESSES}
        openly = {one.path for app in apps.values() for one in accesses(app) if one.open}
        assert openly <= PUBLIC | {*WAY_IN}
        made = table(apps)
    if not DOCUMENT.exists() or DOCUMENT.read_text() != made:
        (HOME / DOCUMENT.name).write_text(made)
        pytest.fail(f"who may call what has changed: if it should, move {HOME / DOCUMENT.name} to docs/reference")


async def test_a_token_in_the_path_opens_for_its_sender_alone(start: Started, tmp_path: Path) -> None:
    token, file = "a1b2c3d4e5f6a7b8c9d0e1f2", tmp_path / "senders"
    entry = {"source": "cloudevents", "scheme": "path_token", "secrets": [token]}
    file.write_text(json.dumps({"sources": {"hooks": entry, "others": {**entry, "secrets": [token[::-1]]}}}))
    async with start("delivery-svc", webhook_secrets_file=file) as api:
        found = {}
        for sender, given in (("hooks", token), ("hooks", token[::-1]), ("others", token), ("nobody", token)):
            for role in (None, "admin"):
                path = f"/v1/webhooks/{sender}/{given}"
                kind = {"content-type": "application/cloudevents+json"}
                answer = await api.call("POST", path, raw=b"{}", role=role, headers=kind)
                found[sender, given == token, role] = answer.status_code in REFUSED
        assert list(found.values()) == [False, False, True, True, True, True, True, True]
