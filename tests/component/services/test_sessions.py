"""An administrator sees who is signed in to the board, and ends all sessions of one person."""

from __future__ import annotations

import asyncio
import json

import pytest
import typer
from typer.testing import CliRunner

from candor.web.security.auth import Role
from candor.web.security.sessions import Sessions
from risk_svc import session_commands
from risk_svc.web.board.sign_in_store import StaffSessions
from tests.component.services.conftest import Started
from tests.support.api import Api

SECRET = "b1c7f7d0a4e24d1f9a3c5e6b8d2f4a60"


async def signed_in(api: Api, *people: str) -> StaffSessions:
    staff: StaffSessions = api.app.state.staff
    for person in people:
        await staff.begin(Sessions(SECRET, secure=True).open(Role.VIEWER, by=person))
    return staff


async def test_over_http(start: Started) -> None:
    async with start("risk-web") as api:
        await signed_in(api, "ada", "ada", "bob")
        found = (await api.call("GET", "/v1/sessions")).json()["items"]
        assert [one["person"] for one in found] == ["ada", "ada", "bob"]
        for method, path, body in (
            ("GET", "/v1/sessions", None),
            ("POST", "/v1/sessions/end", {"person": "ada"}),
        ):
            assert (await api.call(method, path, body, role="approver")).status_code == 403
        assert (await api.call("POST", "/v1/sessions/end", {"person": "ada"})).json() == {"ended": 2}
        assert [one["person"] for one in (await api.call("GET", "/v1/sessions")).json()["items"]] == ["bob"]
        assert (await api.call("POST", "/v1/sessions/end", {"persn": "ada"})).status_code == 422


async def test_whatever_name_has_a_session_it_can_be_ended(start: Started) -> None:
    strange = ["a\x1b[31m", "e\u0301", " ada ", "x" * 300]
    async with start("risk-web") as api:
        await signed_in(api, *strange)
        for name in strange:
            assert (await api.call("POST", "/v1/sessions/end", {"person": name})).json() == {"ended": 1}, name
        for refused in ("", "a\0"):
            assert (await api.call("POST", "/v1/sessions/end", {"person": refused})).status_code == 422


async def test_by_command(start: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    command = typer.Typer()
    session_commands.register(command)

    def run(*arguments: str) -> tuple[int, str]:
        found = CliRunner().invoke(command, ["sessions", *arguments])
        return found.exit_code, found.output

    async with start("risk-web") as api:
        settings = api.app.state.settings
        monkeypatch.setenv("DATABASE_URL", settings.database_url)
        monkeypatch.setenv("DATABASE_PREFIX", settings.database_prefix)
        await signed_in(api, "ada", "bob", "[/x]\x1b[2J\u202e")
        status, said = await asyncio.to_thread(run, "list")
        assert (status, r"[/x]\x1b[2J\u202e" in said) == (0, True)
        assert (await asyncio.to_thread(run, "end", "[/x]\x1b[2J\u202e"))[
            1
        ] == "1 sessions of [/x]\\x1b[2J\\u202e ended\n"
        status, said = await asyncio.to_thread(run, "list", "--json")
        assert (status, [one["person"] for one in json.loads(said)]) == (0, ["ada", "bob"])
        assert await asyncio.to_thread(run, "end", "ada") == (0, "1 sessions of ada ended\n")
        assert (await asyncio.to_thread(run, "end", "ada"))[0] == 1
        status, said = await asyncio.to_thread(run, "list")
        assert ("bob" in said, "ada" in said) == (True, False)
