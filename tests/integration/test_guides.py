"""The guides to webhooks and to history, run as they stand against a running stack."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from candor.installation.folder import Folder
from candor.installation.running import read_running
from candor.local.secret_files import SecretPaths, add_key, ensure_secrets
from candor.local.stack import SERVICES, Stack
from candor.web.security.auth import Role
from tests.support.servers import own_folder

GUIDES = Path(__file__).parents[2] / "docs" / "guide"
LEDGERS = [service for service in SERVICES if service.name in ("promise-svc", "delivery-svc", "risk-web")]
pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="one of the examples is for curl")


def blocks(guide: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (GUIDES / guide).read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def keys() -> dict[str, str]:
    """The key, made before the services start: they read a new one within a second only."""
    return {}


@pytest.fixture(scope="module")
def folder(kafka: str, postgres: str, keys: dict[str, str]) -> Iterator[Folder]:
    stamp = secrets.token_hex(4)
    names = {"TOPIC_PREFIX": f"guide-{stamp}", "DATABASE_PREFIX": f"guide_{stamp}"}
    with own_folder("guides") as made, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka)
        patch.setenv("DATABASE_URL", postgres)
        keys["KEY"] = add_key(ensure_secrets(made), "guide", Role.OPERATOR, ())
        stack = Stack(made, services=LEDGERS, env=names, usual_ports=False)
        stack.start()
        try:
            yield made
        finally:
            stack.stop()


@pytest.fixture
def environment(folder: Folder, keys: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """What the guides tell a reader to have, with `candor` on the path."""
    running = read_running(folder)
    assert running is not None
    paths = SecretPaths(folder.secrets)
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "candor"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m candor.cli "$@"\n')
    program.chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "CANDOR_HOME": str(folder.root),
        "PROMISES": running.address("promise-svc"),
        "DELIVERY": running.address("delivery-svc"),
        "RISK": running.address("risk-web"),
        "SECRET": json.loads(paths.webhooks.read_text())["sources"]["crm"]["secrets"][0],
        **keys,
    }


def run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=90)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def promise(environment: dict[str, str], name: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {environment['KEY']}"}
    return httpx.get(f"{environment['PROMISES']}/v1/promises/{name}", headers=headers, trust_env=False)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the example is for openssl")
def test_the_webhook_signed_by_curl_and_openssl_is_taken(tmp_path: Path, environment: dict[str, str]) -> None:
    (script,) = blocks("sign-a-webhook.md", "bash")
    said = run(["bash", "-e", "-c", script], tmp_path, environment)
    assert json.loads(said) == {"state": "accepted", "promise_id": "PR-7", "version": 1}
    assert promise(environment, "PR-7").json()["what"] == "Espresso machine installed"


def test_the_webhook_signed_by_python_alone_is_taken(tmp_path: Path, environment: dict[str, str]) -> None:
    (script,) = blocks("sign-a-webhook.md", "python")
    assert "candor" not in "".join(re.findall(r"^(?:import|from) .*", script, re.MULTILINE))
    assert json.loads(run([sys.executable, "-I", "-c", script], tmp_path, environment))["state"] == "accepted"
    assert promise(environment, "PR-8").status_code == 200


def test_another_secret_is_answered_as_the_guide_says(tmp_path: Path, environment: dict[str, str]) -> None:
    (script,) = blocks("sign-a-webhook.md", "bash")
    wrong = environment | {"SECRET": "whsec_" + "QUFB" * 11}
    assert json.loads(run(["bash", "-e", "-c", script], tmp_path, wrong))["code"] == "bad_signature"


def test_a_csv_becomes_history_as_the_guide_says(tmp_path: Path, environment: dict[str, str]) -> None:
    (table,), (script,) = blocks("import-history.md", "csv"), blocks("import-history.md", "python")
    (commands,) = blocks("import-history.md", "bash")
    (tmp_path / "orders.csv").write_text(table)
    (tmp_path / "to_history.py").write_text(script)
    run(["bash", "-e", "-c", commands], tmp_path, environment)
    assert promise(environment, "SO-1").json()["held_due"] == "2026-03-10T15:00:00Z"
    assert promise(environment, "SO-3").json()["labels"] == {"region": "north"}
    assert json.loads((tmp_path / "record.json").read_text())


def test_a_table_is_proposed_for_and_imported_as_the_guide_says(tmp_path: Path, environment: dict[str, str]) -> None:
    (table,), (mapping,) = blocks("import-tables.md", "csv"), blocks("import-tables.md", "yaml")
    propose, check, load = blocks("import-tables.md", "bash")
    (tmp_path / "orders.csv").write_text(table.replace("SO-", "TB-"))
    run(["bash", "-e", "-c", propose], tmp_path, environment)
    own = tmp_path / "orders.map.yaml"
    written = own.read_text().splitlines()
    assert [line for line in mapping.splitlines() if line not in written] == [
        "exported_at: '2026-11-30T08:00:00Z'  # the time of rows that say none"
    ]
    run(["bash", "-e", "-c", check], tmp_path, environment)
    run(["bash", "-e", "-c", load], tmp_path, environment)
    assert promise(environment, "TB-1").json()["held_due"] == "2026-03-10T15:00:00Z"
    assert promise(environment, "TB-4").json()["labels"] == {"region": "south"}


def test_a_plan_is_made_and_looked_for_as_the_guide_says(tmp_path: Path, environment: dict[str, str]) -> None:
    (making,), (reading,) = (blocks("plan-to-close-a-gap.md", language) for language in ("bash", "sh"))
    said = [json.loads(line) for line in run(["bash", "-e", "-c", making], tmp_path, environment).splitlines()]
    assert [one.get("state") for one in said[1:]] == ["open", "open", "done"]
    assert (said[3]["due"], said[3]["owner"], said[3]["version"]) == ("2031-04-24T16:00:00Z", "kim", 3)
    # Nothing keeps what insight hears in this stack: both lists are there, and empty.
    assert run(["bash", "-e", "-c", reading], tmp_path, environment).count('"items":[]') == 2


def test_a_wish_is_noted_changed_and_declined_as_the_guide_says(tmp_path: Path, environment: dict[str, str]) -> None:
    (noting,), (_, due) = (blocks("note-a-wish.md", language) for language in ("bash", "sh"))
    said = [json.loads(line) for line in run(["bash", "-e", "-c", noting], tmp_path, environment).splitlines()]
    assert [(one["state"], one["version"]) for one in said] == [("open", 1), ("open", 2), ("declined", 3)]
    assert (said[1]["workaround"], said[1]["look_again_on"]) == ("we come on a Friday evening", "2031-12-01")
    assert run(["bash", "-e", "-c", due], tmp_path, environment).count('"items":[]') == 1


def test_the_lines_shown_are_lines_that_are_taken(tmp_path: Path, environment: dict[str, str]) -> None:
    (lines,) = blocks("import-history.md", "json")
    (tmp_path / "history.jsonl").write_text(lines.replace("SO-1", "SO-9"))
    said = run(["candor", "import", "history.jsonl", "--key", environment["KEY"], "--json"], tmp_path, environment)
    assert (json.loads(said)["accepted"], json.loads(said)["rejected"]) == (2, [])
