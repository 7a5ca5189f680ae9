"""What staff did is in each service's audit log: acts and refused tries, without what was said to whom."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import sys
from asyncio.subprocess import PIPE
from typing import Any

import pytest

from candor.web.security.auth import Role
from candor.web.security.sessions import Sessions
from tests.component.delivery.reports import milestone
from tests.component.promise.bodies import CONTACT, REVISION, body
from tests.component.services.conftest import Started
from tests.support.api import Api

DUE = "2199-01-01T00:00:00Z"


async def acts(api: Api, **filters: str) -> list[dict[str, Any]]:
    """The log, oldest first."""
    answer = await api.call("GET", "/v1/audit", params={"limit": "200", **filters})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items[::-1]


def told(items: list[dict[str, Any]]) -> list[tuple[str, str, str, str]]:
    return [(one["who"], one["action"], one["object"], one["outcome"]) for one in items]


async def test_promise_svc(start: Started) -> None:
    async with start("promise-svc") as api:
        await api.call("POST", "/v1/promises", body(promise_id="p1", what="A secret wish", due=DUE), role="operator")
        await api.call("POST", "/v1/promises/p1/revisions", REVISION | {"due": DUE}, role="operator")
        await api.call("POST", "/v1/promises/nobody/revisions", REVISION | {"due": DUE}, role="operator")
        await api.call("PUT", "/v1/customers/c1/contact", CONTACT, role="admin")
        await api.call("DELETE", "/v1/customers/c1", role="viewer")
        await api.call("DELETE", "/v1/customers/c1", role="admin")
        await api.call("POST", "/v1/imports", {"events": [{}, {}]}, role="operator")
        await api.webhook("promise.made", body())
        found = await acts(api)
        assert told(found) == [
            ("test-operator", "promise.made", "/v1/promises/p1", "done"),
            ("test-operator", "promise.revised", "/v1/promises/p1/revisions", "done"),
            ("test-operator", "promise.revised", "/v1/promises/nobody/revisions", "not_found"),
            ("test-admin", "contact.set", "/v1/customers/c1/contact", "done"),
            ("test-viewer", "DELETE", "/v1/customers/c1", "role_too_low"),
            ("test-admin", "customer.erased", "/v1/customers/c1", "done"),
            ("test-operator", "import.begun", "/v1/imports", "2 events of import"),
            ("test-operator", "import.ended", "/v1/imports", "accepted 0, replayed 0, rejected 2"),
        ]
        assert {one["role"] for one in found} == {"operator", "viewer", "admin"}
        assert {one["place"] for one in found} == {"127.0.0.1"}
        words = json.dumps(found)
        assert not [word for word in ("A secret wish", CONTACT["email"], "Anna", "the part is late") if word in words]
        assert not [key for key in api.keys.keys.values() if key in words]


async def test_a_repeated_request_is_one_act(start: Started) -> None:
    async with start("promise-svc") as api:
        for _ in range(2):
            await api.call("POST", "/v1/promises", body(promise_id="p1", due=DUE), headers={"idempotency-key": "k1"})
        assert len(await acts(api)) == 1


async def test_filters_pages_and_who_may_read_it(start: Started) -> None:
    async with start("delivery-svc") as api:
        for number in range(3):
            await api.call("POST", "/v1/milestones", milestone(f"p{number}"), role="operator")
        await api.call("GET", "/v1/audit", role="approver")
        assert told(await acts(api, who="test-approver")) == [("test-approver", "GET", "/v1/audit", "role_too_low")]
        reports = await acts(api, action="milestone.reported", outcome="done")
        assert len({one["object"] for one in reports}) == 3
        assert await acts(api, until=reports[0]["at"]) == []
        assert len(await acts(api, since=reports[1]["at"])) == 3
        first = await api.call("GET", "/v1/audit", params={"limit": "3"})
        second = await api.call("GET", first.links["next"]["url"])
        assert [len(page.json()["items"]) for page in (first, second)] == [3, 1]
        ends = {"since": "0001-01-01T00:00:00+14:00"}, {"until": "9999-12-31T23:59:59-12:00"}
        for wrong in ({"whom": "x"}, {"since": "2026-01-01T00:00:00"}, {"who": "\0"}, *ends):
            assert (await api.call("GET", "/v1/audit", params=wrong)).status_code == 422


async def test_notify_svc(start: Started) -> None:
    async with start("notify-svc") as api:
        await api.call("PUT", "/v1/kill-switch", {"enabled": True}, role="operator")
        await api.call("PUT", "/v1/kill-switch", {"enabled": True})
        await api.call("PUT", "/v1/sending", {"enabled": False})
        await api.call("POST", "/v1/mass-hold", {"decision": "release"})
        assert told(await acts(api)) == [
            ("test-operator", "PUT", "/v1/kill-switch", "role_too_low"),
            ("test-admin", "kill_switch on", "/v1/kill-switch", "done"),
            ("test-admin", "sending off", "/v1/sending", "done"),
            ("test-admin", "mass_hold.release", "/v1/mass-hold", "conflict"),
        ]


@pytest.mark.parametrize(
    ("service", "method", "path"),
    [("promise-svc", "DELETE", "/v1/customers/{}"), ("notify-svc", "POST", "/v1/notices/{}/resolve")],
)
async def test_no_path_hides_a_refused_try(start: Started, service: str, method: str, path: str) -> None:
    async with start(service) as api:
        for hidden in ("%00", "%ed%a0%80", "%e2%80%ae"):
            assert (await api.call(method, path.format(hidden), role="viewer")).status_code == 403
        objects = [one["object"] for one in await acts(api, outcome="role_too_low")]
        assert objects == [path.format(shown) for shown in ("\\x00", "\ufffd\ufffd\ufffd", "\\u202e")]


async def test_signing_in_and_out_and_ended_sessions(start: Started) -> None:
    async with start("risk-web") as api:
        staff, sessions = api.app.state.staff, Sessions("b1c7f7d0a4e24d1f9a3c5e6b8d2f4a60", secure=True)
        session = sessions.open(Role.VIEWER, by="ada")
        await staff.begin(session, place="192.0.2.7")
        await staff.end(session, "192.0.2.8")
        await api.call("POST", "/v1/sessions/end", {"person": "ada"})
        found = await acts(api)
        assert told(found) == [
            ("ada", "sign-in", f"session {session.id[:6]}", "done"),
            ("ada", "sign-out", f"session {session.id[:6]}", "done"),
            ("test-admin", "sessions.end", "ada", "ended by an administrator"),
        ]
        assert [one["place"] for one in found[:2]] == ["192.0.2.7", "192.0.2.8"]
        assert session.id not in json.dumps(found)


async def test_the_export_holds_every_act_and_no_formula(start: Started) -> None:
    async with start("promise-svc") as api:
        settings = api.app.state.settings
        given = {"DATABASE_URL": settings.database_url, "DATABASE_PREFIX": settings.database_prefix}

        async def run(*arguments: str) -> str:
            """A process of its own: what the service logs meanwhile goes to the same standard output."""
            command = [sys.executable, "-m", "candor.cli", "audit", "export", *arguments]
            started = await asyncio.create_subprocess_exec(*command, env={**os.environ, **given}, stdout=PIPE)
            output, _ = await started.communicate()
            assert started.returncode == 0
            return output.decode()

        await api.app.state.database.pool.execute(
            "INSERT INTO audit_log (who, role, place, action, object, outcome)"
            " SELECT '=cmd()', 'admin', '', '+1', '-2', '@x' FROM generate_series(1, 1001)"
        )
        lines = (await run()).splitlines()
        assert len(lines) == 1001
        assert json.loads(lines[-1])["who"] == "=cmd()"
        table = list(csv.reader(io.StringIO(await run("--format", "csv"))))
        assert len(table) == 1002
        assert table[1][3:] == ["'=cmd()", "admin", "", "'+1", "'-2", "'@x"]
        assert await run("--since", "2999-01-01") == ""
