"""What commands do on a machine, and who was not let in, is in the audit log as well."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from candor.commands.relay import ask_again
from candor.store.db import Database
from candor.web.security.auth import Role
from candor.web.security.sessions import Sessions
from risk_svc.web.board import sign_in_store
from risk_svc.web.board.sign_in_store import StaffSessions
from risk_svc.wiring import GROUP
from risk_svc.worker.rebuild import empty
from tests.component.delivery.reports import milestone
from tests.component.services.conftest import Started
from tests.support.api import Api


async def told(database: Database) -> list[tuple[str, str, str, str]]:
    rows = await database.pool.fetch("SELECT who, action, object, outcome FROM audit_log ORDER BY id")
    return [tuple(row) for row in rows]


def candor(api: Api, folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    settings = api.app.state.settings
    given = {"DATABASE_URL": settings.database_url, "DATABASE_PREFIX": settings.database_prefix}
    environment = {**os.environ, "CANDOR_HOME": str(folder), **given, **more}
    command = [sys.executable, "-m", "candor.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


async def test_a_key_is_recorded_where_it_opens_something_and_the_log_does_not_hold_it(
    start: Started, tmp_path: Path
) -> None:
    asked = ("token", "--role", "operator", "--name", "crm", "--json")
    async with start("promise-svc") as api:
        made = await asyncio.to_thread(candor, api, tmp_path, *asked)
        assert made.returncode == 0, made.stderr
        assert "audit log" not in made.stderr
        await asyncio.to_thread(candor, api, tmp_path, *asked, "--scope", "risk-svc")
        [row] = await told(api.app.state.database)
        assert row[0].startswith("cli:")
        assert row[1:] == ("key.made", "crm, operator", "done")
        assert json.loads(made.stdout)["key"] not in str(row)
        away = await asyncio.to_thread(candor, api, tmp_path, *asked, DATABASE_URL="postgresql://a@127.0.0.1:1/")
        assert away.returncode == 0
        assert "the audit log does not say that this key was made: promise-svc" in away.stderr


async def test_events_that_are_published_again(start: Started) -> None:
    async with start("delivery-svc") as api:
        await api.call("POST", "/v1/milestones", milestone("p1"), role="operator")
        database = api.app.state.database
        # The report waits for its promise, so there is nothing to send again.
        assert await ask_again(database.url, None, None) == 0
        who, *rest = (await told(database))[-1]
    assert who.startswith("cli:")
    assert rest == ["relay.replay", "all partitions since the beginning", "done"]


async def test_an_emptied_read_side(start: Started) -> None:
    async with start("risk-web") as api:
        await empty(api.app.state.database, GROUP)
        [(who, *rest)] = await told(api.app.state.database)
    assert who.startswith("cli:")
    assert rest == ["read_side.rebuild", "risk-svc", "done"]


async def test_an_import_that_was_cut_off_has_begun_and_not_ended(
    start: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut(*_: object) -> None:
        raise asyncio.CancelledError

    async with start("promise-svc") as api:
        monkeypatch.setattr("candor.intake.history.take", cut)
        with pytest.raises(asyncio.CancelledError):
            await api.call("POST", "/v1/imports", {"events": [{}, {}], "source": "crm"}, role="operator")
        [row] = await told(api.app.state.database)
    assert row == ("test-operator", "import.begun", "/v1/imports", "2 events of crm")


async def test_refused_sign_ins_of_strangers_are_recorded_up_to_a_limit_and_of_known_persons_always(
    start: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in_store, "STRANGERS_AN_HOUR", 2)
    async with start("risk-web") as api:
        staff: StaffSessions = api.app.state.staff
        api.app.state.sessions = Sessions("5e6b8d2f4a60b1c7f7d0a4e24d1f9a3c", secure=True)
        forged = Sessions("b1c7f7d0a4e24d1f9a3c5e6b8d2f4a60", secure=True).link_token(Role.ADMIN)
        for _ in range(4):
            assert (await api.call("GET", f"/signin?token={forged}")).status_code == 401
        assert (await api.call("GET", "/signin")).status_code == 401
        await staff.refused("no_role", "192.0.2.1", "robin")
        found = await told(api.app.state.database)
    assert found == [
        ("unknown", "sign-in", "/signin", "link_invalid"),
        ("unknown", "sign-in", "/signin", "link_invalid"),
        ("robin", "sign-in", "/signin", "no_role"),
    ]


async def test_a_mass_of_messages_that_is_dropped_and_released(start: Started, tmp_path: Path) -> None:
    async with start("notify-svc") as api:
        database = api.app.state.database
        none = await asyncio.to_thread(candor, api, tmp_path, "messages", "release")
        assert (none.returncode, "no mass of messages is held" in none.stderr) == (1, True)
        await database.pool.execute("UPDATE mass_hold SET held_since = now(), customers = 9, of_customers = 12")
        shown = await asyncio.to_thread(candor, api, tmp_path, "messages", "held")
        assert "messages to 9 of 12 customers" in " ".join(shown.stdout.split())
        for decision in ("drop", "release"):
            done = await asyncio.to_thread(candor, api, tmp_path, "messages", decision)
            assert done.returncode == 0, done.stderr
        acts = [row[1:] for row in await told(database)]
        assert acts == [
            ("mass_hold.release", "messages to customers", "conflict"),
            ("mass_hold.drop", "messages to customers", "done"),
            ("mass_hold.release", "messages to customers", "done"),
        ]
