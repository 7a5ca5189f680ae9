"""`candor` as its users run it: as a process, on a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import httpx
import psutil
import pytest
from typer.testing import CliRunner

from candor.cli import build
from candor.installation.folder import Folder
from candor.installation.processes import note_process, recorded_process
from candor.installation.running import read_running
from candor.local.stack import SERVICES, Stack
from candor.local.stopping import stop_running
from candor.web.security.auth import Role, parse_keys, recognise
from candor.web.security.sessions import MemoryNonces, Sessions
from tests.support.servers import own_folder

PROMISES = [service for service in SERVICES if service.name == "promise-svc"]


@pytest.fixture
def folder() -> Iterator[Folder]:
    with own_folder("cli") as made:
        yield made
        stop_running(made)


def candor(folder: Folder, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "CANDOR_HOME": str(folder.root), "NO_COLOR": "1", "COLUMNS": "200", **environment}
    command = [sys.executable, "-m", "candor.cli", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)


def stack_state(pid: int, board: str) -> dict[str, object]:
    """What `stack.json` says of a stack whose board is at `board`."""
    place = {"name": "risk-web", "address": f"http://{board}", "version": "1", "pid": pid}
    return {"pid": pid, "ready": True, "started_at": "2026-11-28T12:00:00Z", "smtp": "", "places": [place]}


def test_help_teaches_every_command() -> None:
    app = build()
    said = CliRunner().invoke(app, ["--help"])
    assert said.exit_code == 0
    for command in ("up", "down", "status", "env", "doctor", "token", "replay", "import", "relay"):
        assert f" {command} " in said.stdout
        assert len(CliRunner().invoke(app, [command, "--help"]).stdout.splitlines()) > 5


def test_a_token_is_shown_once_and_opens_what_its_role_may(folder: Folder) -> None:
    said = candor(folder, "token", "--role", "operator", "--name", "ada", "--json")
    answer = json.loads(said.stdout)
    assert answer["name"] == "ada"
    keys = parse_keys((folder.secrets / "api-keys.json").read_bytes())
    principal = recognise(keys, answer["key"])
    assert principal is not None
    assert principal.role is Role.OPERATOR


def test_with_nothing_running_no_link_is_made_and_what_to_start_is_said(folder: Folder) -> None:
    said = candor(folder, "token")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.strip().endswith("candor up`")
    assert not (folder.secrets / "api-keys.json").exists()


def test_what_a_killed_run_left_behind_is_nothing_running(folder: Folder) -> None:
    (folder.run / "stack.json").write_text(json.dumps(stack_state(1, "127.0.0.1:1")))
    assert candor(folder, "token").returncode == 1
    said = candor(folder, "token", "--json")
    assert (said.returncode, json.loads(said.stdout)["link"]) == (0, None)
    assert "the board is not running" in said.stderr


async def test_the_printed_link_signs_in_with_its_role(folder: Folder) -> None:
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as board,
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as supervisor,  # noqa: ASYNC220
    ):
        address = f"127.0.0.1:{board.getsockname()[1]}"
        (folder.run / "stack.json").write_text(json.dumps(stack_state(supervisor.pid, address)))
        note_process(folder.run / "stack-process.json", supervisor.pid)
        said = candor(folder, "token", "--role", "approver")
    assert said.returncode == 0
    link = said.stdout.split()[-1]
    assert link.startswith(f"http://{address}/signin?token=")
    sessions = Sessions((folder.secrets / "session.key").read_text().strip(), secure=False)
    session = await sessions.sign_in(link.partition("token=")[2], MemoryNonces())
    assert session.role is Role.APPROVER


def test_a_role_that_does_not_exist_is_said_with_those_that_do(folder: Folder) -> None:
    said = candor(folder, "token", "--role", "king")
    assert said.returncode == 2
    assert "viewer, operator, approver, admin" in said.stderr
    assert not (folder.secrets / "api-keys.json").exists()


@pytest.mark.parametrize("command", [["status"], ["status", "--json"], ["env"], ["relay", "replay", "promise-svc"]])
def test_what_needs_a_running_stack_says_in_one_line_that_there_is_none(folder: Folder, command: list[str]) -> None:
    said = candor(folder, *command, DATABASE_URL="")
    assert said.returncode == 1
    assert said.stderr.strip().splitlines()[-1] == "candor: Candor is not running here: start it with `candor up`"


def test_down_with_nothing_running_is_no_error(folder: Folder) -> None:
    said = candor(folder, "down")
    assert said.returncode == 0
    assert "nothing was running" in said.stderr


def test_down_puts_right_what_nobody_can_read(folder: Folder) -> None:
    (folder.run / "stack.json").write_text("{half")
    said = candor(folder, "status")
    assert (said.returncode, "cannot be read" in said.stderr) == (1, True)
    assert candor(folder, "down").returncode == 0
    assert not (folder.run / "stack.json").exists()


def test_the_doctor_names_each_thing_and_its_mend(folder: Folder) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        silent = f"127.0.0.1:{other.getsockname()[1]}"
    said = candor(folder, "doctor", "--json", KAFKA_BOOTSTRAP_SERVERS=silent, DATABASE_URL="")
    findings = {finding["name"]: finding for finding in json.loads(said.stdout)}
    assert {"python", "disk", "java", "postgres", "broker", "clock", "chromium"} <= set(findings)
    assert all(findings[name]["ok"] for name in ("python", "java", "postgres", "clock"))
    assert findings["KAFKA_BOOTSTRAP_SERVERS"]["ok"] is False
    assert "unset KAFKA_BOOTSTRAP_SERVERS" in findings["KAFKA_BOOTSTRAP_SERVERS"]["mend"]
    assert said.returncode == 1


def test_a_stack_starts_serves_tells_where_it_is_and_stops_in_order(
    folder: Folder, kafka: str, postgres: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka)
    monkeypatch.setenv("DATABASE_URL", postgres)
    said: list[str] = []
    names = {"TOPIC_PREFIX": topic_prefix, "DATABASE_PREFIX": topic_prefix}
    stack = Stack(folder, services=PROMISES, env=names, usual_ports=False, progress=said.append)
    stack.start()
    try:
        running = read_running(folder)
        assert running is not None
        assert running.ready
        assert running.alive
        assert running.address("kafka") == kafka
        assert [place.name for place in running.places if place.pid is None] == ["kafka", "postgres"]
        assert httpx.get(f"{running.address('promise-svc')}/readyz", trust_env=False).status_code == 200
        again = candor(folder, "up")
        assert again.returncode == 1
        assert "already runs" in again.stderr
        shown = json.loads(candor(folder, "status", "--json").stdout)
        assert shown["ready"]
        assert {part["name"]: part["health"] for part in shown["parts"]}["mailbox"] == "ready"
        assert json.loads(
            candor(folder, "relay", "replay", "promise-svc", "--json", DATABASE_PREFIX=topic_prefix).stdout
        ) == {
            "service": "promise-svc",
            "events": 0,
        }
        assert stack.stopped() == []
    finally:
        stack.stop()
    assert read_running(folder) is None
    assert stack.processes["promise-svc"].stop() == 0
    assert said[-1] == "draining promise-svc"


def test_down_ends_what_a_killed_run_left_behind(
    folder: Folder, kafka: str, postgres: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka)
    monkeypatch.setenv("DATABASE_URL", postgres)
    program = """
import sys, time
from pathlib import Path
from candor.installation.folder import Folder
from candor.local.stack import Stack
Stack(Folder.at(Path(sys.argv[1])), services=[], usual_ports=False).start()
print("up", flush=True)
time.sleep(600)
"""
    command = [sys.executable, "-c", program, str(folder.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        assert supervisor.stdout.readline() == "up\n"
        supervisor.send_signal(signal.SIGKILL)
    left = recorded_process(folder.run / "mailbox.json")
    assert left is not None
    running = read_running(folder)
    assert running is not None
    assert not running.alive
    said = candor(folder, "down")
    assert "stopping mailbox, which an earlier run left behind" in said.stderr
    assert not psutil.pid_exists(left.pid) or left.status() == psutil.STATUS_ZOMBIE
    assert read_running(folder) is None
