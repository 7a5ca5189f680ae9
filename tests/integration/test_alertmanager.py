"""Alerts of a real Prometheus, grouped, repeated and resolved by a real Alertmanager, become incidents of ours."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from candor.installation.folder import Folder
from candor.local.secret_files import SecretPaths, add_key, ensure_secrets, write_private
from candor.local.stack import SERVICES, Stack
from candor.web.security.auth import Role
from tests.support.alerting import Watched, alerting
from tests.support.waiting import until

pytestmark = [pytest.mark.long, pytest.mark.alertmanager]

NEEDED = ("promise-svc", "delivery-svc", "risk-worker", "risk-web")
TOKEN = secrets.token_urlsafe(32)
PATIENCE = 90.0


@pytest.fixture
def stack(kafka: str, postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Stack, str]]:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka)
    monkeypatch.setenv("DATABASE_URL", postgres)
    own = f"am{secrets.token_hex(4)}"
    folder = Folder.at(tmp_path / "home")
    services = [service for service in SERVICES if service.name in NEEDED]
    made = Stack(folder, services=services, env={"TOPIC_PREFIX": own, "DATABASE_PREFIX": own}, usual_ports=False)
    _let_in(ensure_secrets(folder))
    # Before the start: a file of keys is read again only within a second.
    key = add_key(made.secrets, "desk", Role.ADMIN)
    try:
        made.start()
        yield made, key
    finally:
        made.stop()


def _let_in(paths: SecretPaths) -> None:
    whole = json.loads(paths.webhooks.read_text())
    events = {"delivery-svc": ["incident.reported"]}
    whole["sources"]["am"] = {"source": "alertmanager", "secrets": [TOKEN], "events": events}
    write_private(paths.webhooks, json.dumps(whole))


class Desk:
    """Who makes promises, and looks at what became of them."""

    def __init__(self, stack: Stack, http: httpx.AsyncClient) -> None:
        self.stack = stack
        self.http = http

    async def promise(self, name: str, kind: str, place: str) -> None:
        """A promise that depends on a place."""
        due = datetime.now(UTC) + timedelta(days=3)
        body = {
            **{"promise_id": name, "customer_id": f"customer-of-{name}", "kind": "install", "what": "A shop"},
            **{"due": due.isoformat(), "depends_on": [{"kind": kind, "id": place}]},
        }
        answer = await self.http.post(f"{self.stack.urls['promise-svc']}/v1/promises", json=body)
        assert answer.status_code == 201, answer.text

    async def hit_by(self, name: str) -> list[str]:
        """The open incidents that hit a promise."""
        answer = await self.http.get(f"{self.stack.urls['risk-web']}/v1/gaps/{name}")
        if answer.status_code != httpx.codes.OK:
            return ["unknown yet"]
        return [one["title"] for one in answer.json()["incidents"] if one["resolved_at"] is None]

    async def incidents(self) -> dict[str, str]:
        """Every incident's state by its title, each of which occurs once."""
        answer = await self.http.get(f"{self.stack.urls['delivery-svc']}/v1/incidents", params={"limit": 200})
        items: list[dict[str, Any]] = answer.json()["items"]
        assert len({one["title"] for one in items}) == len(items)
        return {one["title"]: one["status"] for one in items}


@pytest_asyncio.fixture
async def desk(stack: tuple[Stack, str]) -> AsyncIterator[Desk]:
    made, key = stack
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=30, trust_env=False) as http:
        yield Desk(made, http)


async def test_alerts_open_and_resolve_one_incident_each_whatever_happens_to_us(desk: Desk, tmp_path: Path) -> None:
    stack, watched = desk.stack, Watched({"north": False, "south": False})
    await desk.promise("hit", "service", "checkout")
    await desk.promise("other", "service", "billing")
    await until(lambda: _is(desk.hit_by("hit"), []), seconds=PATIENCE)
    receiver = {
        "url": f"{stack.urls['delivery-svc']}/v1/webhooks/am",
        "http_config": {"authorization": {"type": "Bearer", "credentials": TOKEN}},
    }
    north, south = "Shop north is broken", "Shop south is broken"
    with alerting(tmp_path / "alerting", watched, {"service": "checkout", "severity": "critical"}, receiver) as alerts:
        # Fired, and told again and again: one incident each, of the promise that depends on the service.
        watched.broken.update(north=True, south=True)
        await until(lambda: _is(desk.incidents(), {north: "opened", south: "opened"}), seconds=PATIENCE)
        await until(lambda: _is(_sorted(desk.hit_by("hit")), [north, south]), seconds=PATIENCE)
        told = alerts.sent()
        await until(lambda: alerts.sent() >= told + 2, seconds=PATIENCE)
        assert await desk.incidents() == {north: "opened", south: "opened"}
        assert await desk.hit_by("other") == []

        # One ends while nobody is here to be told; it is told again until somebody is.
        stack.processes["delivery-svc"].kill()
        failed = alerts.sent("alertmanager_notification_requests_failed_total")
        watched.broken["south"] = False
        await until(lambda: alerts.firing() == {"north"}, seconds=PATIENCE)
        await until(lambda: alerts.sent("alertmanager_notification_requests_failed_total") > failed, seconds=PATIENCE)
        stack.start_service("delivery-svc")
        stack.wait_ready("delivery-svc")
        await until(lambda: _is(desk.incidents(), {north: "opened", south: "resolved"}), seconds=PATIENCE)
        await until(lambda: _is(desk.hit_by("hit"), [north]), seconds=PATIENCE)

        # What breaks again is another incident; what was resolved stays so.
        watched.broken["north"] = False
        await until(lambda: _is(desk.incidents(), {north: "resolved", south: "resolved"}), seconds=PATIENCE)
        await until(lambda: _is(desk.hit_by("hit"), []), seconds=PATIENCE)


async def _is(found: Any, wanted: object) -> bool:
    return bool(await found == wanted)


async def _sorted(found: Any) -> list[str]:
    return sorted(await found)
