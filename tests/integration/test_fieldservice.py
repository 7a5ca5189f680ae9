"""A simulated company in real services: stored whole, the same again, and the same after a kill half-way."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from candor.installation.folder import Folder
from candor.installation.running import read_running
from candor.local.secret_files import add_key, ensure_secrets
from candor.local.stack import SERVICES, Stack
from candor.replay.stream import StreamEvent
from candor.web.security.auth import Role
from candor_demo.fieldservice.company import Company
from candor_demo.fieldservice.params import Incidents, Params
from tests.support.servers import own_folder

LEDGERS = [service for service in SERVICES if service.name in ("promise-svc", "delivery-svc")]
CONFIG = "starts: 2025-01-27\nweeks: 2\npromises_per_week: 25\ncustomers: 12\nincidents: {per_week: 4}\n"
PARAMS = Params(starts=date(2025, 1, 27), weeks=2, promises_per_week=25, customers=12, incidents=Incidents(per_week=4))
PATIENCE_S = 120


@pytest.fixture(scope="module")
def keys() -> dict[str, str]:
    return {}


@pytest.fixture(scope="module")
def folder(kafka: str, postgres: str, keys: dict[str, str]) -> Iterator[Folder]:
    stamp = secrets.token_hex(4)
    names = {"TOPIC_PREFIX": f"field-{stamp}", "DATABASE_PREFIX": f"field_{stamp}"}
    with own_folder("field") as made, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka)
        patch.setenv("DATABASE_URL", postgres)
        keys["KEY"] = add_key(ensure_secrets(made), "field", Role.OPERATOR, ())
        stack = Stack(made, services=LEDGERS, env=names, usual_ports=False)
        stack.start()
        try:
            yield made
        finally:
            stack.stop()


class Stored:
    """What the services have of one company."""

    def __init__(self, folder: Folder, key: str) -> None:
        running = read_running(folder)
        assert running is not None
        self._urls = {name: running.address(f"{name}-svc") for name in ("promise", "delivery")}
        self._headers = {"Authorization": f"Bearer {key}"}

    def items(self, service: str, path: str, **params: Any) -> list[dict[str, Any]]:
        """All items of a list, page by page."""
        found: list[dict[str, Any]] = []
        url: str | None = f"{self._urls[service]}{path}?{httpx.QueryParams({'limit': 200, **params})}"
        while url is not None:
            answer = httpx.get(url, headers=self._headers, trust_env=False, timeout=30)
            assert answer.status_code == 200, answer.text
            found += answer.json()["items"]
            following = answer.links.get("next", {}).get("url")
            url = None if following is None else str(httpx.URL(self._urls[service]).join(following))
        return found

    def ids(self, service: str, path: str, name: str, run: str) -> Counter[str]:
        """The ids of this company's items."""
        return Counter(item[name] for item in self.items(service, path) if str(item[name]).startswith(run))

    def of(self, run: str) -> dict[str, Any]:
        """Everything, as far as a second run could change it."""
        kinds = ("promise", "statement", "handoff", "claim", "sheet")
        found: dict[str, Any] = {kind: self.ids("promise", f"/v1/{kind}s", f"{kind}_id", run) for kind in kinds}
        found["incident"] = self.ids("delivery", "/v1/incidents", "incident_id", run)
        found["states"] = {
            item["handoff_id"]: item["state"]
            for item in self.items("promise", "/v1/handoffs")
            if item["handoff_id"].startswith(run)
        }
        found["versions"] = {
            item["promise_id"]: item["version"]
            for item in self.items("promise", "/v1/promises")
            if item["promise_id"].startswith(run)
        }
        return found


def command(folder: Folder, tmp_path: Path, seed: int, *options: str) -> subprocess.Popen[str]:
    (tmp_path / "params.yaml").write_text(CONFIG)
    arguments = ["replay", "fieldservice", "--config", "params.yaml", "--seed", str(seed), "--json", *options]
    program = [sys.executable, "-m", "candor.cli", *arguments]
    environment = {**os.environ, "CANDOR_HOME": str(folder.root)}
    return subprocess.Popen(
        program, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def whole(folder: Folder, tmp_path: Path, seed: int) -> dict[str, Any]:
    process = command(folder, tmp_path, seed)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, out[-2000:] + err[-2000:]
    found: dict[str, Any] = json.loads(out)
    return found


def until(holds: Callable[[], bool], what: str) -> None:
    for _ in range(PATIENCE_S * 4):
        if holds():
            return
        time.sleep(0.25)
    raise AssertionError(what)


def expected(events: list[StreamEvent]) -> dict[str, Counter[str]]:
    begins = {
        **{"promise": "promise.made", "statement": "statement.made", "handoff": "handoff.requested"},
        **{"claim": "claim.made", "sheet": "sheet.answered"},
    }
    found = {
        kind: Counter(event.data[f"{kind}_id"] for event in events if event.type == begun)
        for kind, begun in begins.items()
    }
    named = {event.data["incident_id"] for event in events if event.type == "incident.reported"}
    return found | {"incident": Counter(named)}


def test_all_of_it_is_stored_nothing_refused_and_a_second_run_adds_nothing(
    folder: Folder, keys: dict[str, str], tmp_path: Path
) -> None:
    company, stored = Company(PARAMS, 8), Stored(folder, keys["KEY"])
    events = list(company.events())
    outcome = whole(folder, tmp_path, 8)
    assert (outcome["sent"], outcome["refused"]) == (len(events), [])
    run = company.naming.run
    first = stored.of(run)
    assert {kind: first[kind] for kind in expected(events)} == expected(events)
    assert all(expected(events).values()), "there is some of each"
    ends = {event.data["handoff_id"]: event.type for event in events if event.type.startswith("handoff.")}
    final = {"handoff.agreed": "accepted", "handoff.accepted": "accepted", "handoff.declined": "declined"}
    assert first["states"] == {name: final[kind] for name, kind in ends.items()}
    assert stored.items("promise", "/v1/rejected") == stored.items("delivery", "/v1/rejected") == []
    until(lambda: not stored.items("delivery", "/v1/parked"), "some reports are still parked")
    assert whole(folder, tmp_path, 8)["refused"] == []
    assert stored.of(run) == first


def test_killed_half_way_and_run_again_it_ends_the_same(folder: Folder, keys: dict[str, str], tmp_path: Path) -> None:
    company, stored = Company(PARAMS, 9), Stored(folder, keys["KEY"])
    events, run = list(company.events()), company.naming.run
    half = len(expected(events)["promise"]) // 2
    # Two weeks in twelve seconds: there is time to kill it.
    process = command(folder, tmp_path, 9, "--speed", "100000")
    until(lambda: len(stored.ids("promise", "/v1/promises", "promise_id", run)) >= half, "half of it never came")
    process.kill()
    process.communicate()
    assert len(stored.ids("promise", "/v1/promises", "promise_id", run)) < len(expected(events)["promise"])
    outcome = whole(folder, tmp_path, 9)
    assert (outcome["sent"], outcome["refused"]) == (len(events), [])
    found = stored.of(run)
    assert {kind: found[kind] for kind in expected(events)} == expected(events)
    assert stored.items("promise", "/v1/rejected") == stored.items("delivery", "/v1/rejected") == []
    changes = Counter(
        event.data["promise_id"] for event in events if event.type in ("promise.revised", "promise.withdrawn")
    )
    assert all(found["versions"][name] >= 1 + changes[name] for name in expected(events)["promise"])
