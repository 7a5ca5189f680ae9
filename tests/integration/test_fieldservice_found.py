"""A simulated company through the real services: what insight says of it is what is true of it."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.recovery import truths
from candor.installation.folder import Folder
from candor.installation.running import read_running
from candor.local.secret_files import add_key, ensure_secrets
from candor.local.stack import SERVICES, Stack
from candor.web.security.auth import Role
from candor_demo.fieldservice.company import Company
from candor_demo.fieldservice.config import written
from candor_demo.fieldservice.params import Params
from tests.support.servers import own_folder

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

NEEDED = ("promise-svc", "delivery-svc", "risk-worker", "risk-insight", "risk-web")
PARAMS = Params.model_validate(
    {
        "weeks": 8,
        "departments": {"eager": {"bias": 0.5}, "plain": {}, "careful": {"bias": -0.25}},
        "capabilities": {"magic": {"status": "planned", "claimed": "available", "wrong": 0.5, "per_week": 10}},
    }
)
SEED = 4
PATIENCE_S = 400


@pytest.fixture(scope="module")
def running(kafka: str, postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Folder, str]]:
    """The services, with the company in them, and a key."""
    stamp = secrets.token_hex(4)
    names = {"TOPIC_PREFIX": f"found-{stamp}", "DATABASE_PREFIX": f"found_{stamp}"}
    with own_folder("found") as made, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka)
        patch.setenv("DATABASE_URL", postgres)
        key = add_key(ensure_secrets(made), "found", Role.OPERATOR, ())
        services = [service for service in SERVICES if service.name in NEEDED]
        stack = Stack(made, services=services, env=names, usual_ports=False)
        stack.start()
        try:
            replay(made, tmp_path_factory.mktemp("company"))
            yield made, key
        finally:
            stack.stop()


def replay(folder: Folder, own: Path) -> None:
    (own / "params.yaml").write_text(written(PARAMS))
    program = [sys.executable, "-m", "candor.cli", "replay", "fieldservice", "--config", "params.yaml"]
    environment = {**os.environ, "CANDOR_HOME": str(folder.root)}
    done = subprocess.run(
        [*program, "--seed", str(SEED), "--json"], cwd=own, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert json.loads(done.stdout)["refused"] == []


def asked(running: tuple[Folder, str], path: str) -> dict[str, Any]:
    found = read_running(running[0])
    assert found is not None
    headers = {"Authorization": f"Bearer {running[1]}"}
    answer = httpx.get(f"{found.address('risk-web')}{path}", headers=headers, trust_env=False, timeout=30)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def once(running: tuple[Folder, str], path: str, name: str, enough: int) -> dict[str, Any]:
    """The list, once what it rests on are that many."""
    for _ in range(PATIENCE_S):
        found = asked(running, path)
        if (found[name] or 0) >= enough:
            return found
        time.sleep(1)
    raise AssertionError(f"{path}: {name} is {found[name]}, not {enough}")


def test_departments_and_crews_are_as_biased_as_they_are(running: tuple[Folder, str]) -> None:
    company = Company(PARAMS, SEED)
    jobs = [job for job in company.jobs() if not company.fates.withdrawn(job)]
    for by, parts in (("team", PARAMS.departments), ("deliverer", PARAMS.crews)):
        found = once(running, f"/v1/bias?by={by}", "promises", len(jobs))["items"]
        true = truths.biases(parts)
        drift = {one["name"]: one["drift"] for one in found}
        assert drift.keys() == true.keys()
        held = [drift[name]["low"] <= true[name] <= drift[name]["high"] for name in true]
        assert sum(held) >= len(held) - 1, (drift, true)
    verdicts = {one["name"]: one["verdict"] for one in asked(running, "/v1/bias?by=team")["items"]}
    assert (verdicts["eager"], verdicts["careful"]) == ("optimistic", "padded")


def test_the_hop_that_moves_dates_is_found_with_how_far(running: tuple[Folder, str]) -> None:
    said = [event.data for event in Company(PARAMS, SEED).events() if event.type == "statement.made"]
    passed_on = [one for one in said if one["said_by"] != "engineering"]
    hops = once(running, "/v1/hops", "messages", len(passed_on))["items"]
    assert hops[0]["name"] == "success>sales", "the one that changes most comes first"
    days = {one["said_by"]: one["days"] for one in hops}
    true = {name: hop.days for name, hop in PARAMS.statements.drift.items()}
    assert days.keys() == true.keys()
    assert sum(days[name]["low"] <= true[name] <= days[name]["high"] for name in true) >= len(true) - 1, days
    assert days["success"]["high"] < -5


def test_everybody_who_was_told_what_is_false_is_counted(running: tuple[Folder, str]) -> None:
    company = Company(PARAMS, SEED)
    events = list(company.events())
    false = [event.data for event in events if event.type == "claim.made" and event.data["said"] == "available"]
    corrected = sum(event.data["reached"] for event in events if event.type == "claim.corrected")
    capability = company.naming.of("", "magic")
    found = once(running, f"/v1/claims/recall?capability={capability}", "claims", len(false))
    assert found["told"] == sum(claim["recipients"] for claim in false)
    assert found["customers"] == len({claim["customer_id"] for claim in false if "customer_id" in claim})
    until_corrected = once(running, f"/v1/claims/recall?capability={capability}", "corrected", corrected)
    assert until_corrected["corrected"] == corrected


def test_what_each_side_believes_is_found(running: tuple[Folder, str]) -> None:
    sheets = list(Company(PARAMS, SEED).sheets())
    found = once(running, "/v1/perception", "total", 12)["items"]
    held = []
    for cell in found:
        group = PARAMS.surveys.groups[cell["side"]]
        top, rating = truths.opinion(group.opinions[cell["question"]])
        people = sum(one.people for one in sheets if one.side == cell["side"])
        assert cell["top"]["n"] == cell["rating"]["n"] == people
        held += [cell["top"]["low"] <= top <= cell["top"]["high"]]
        held += [cell["rating"]["low"] <= rating <= cell["rating"]["high"]]
    assert len(held) == 24
    assert sum(held) >= 20, found
