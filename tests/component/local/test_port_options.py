"""`candor up --port`: where each part listens, what happens when a port is in use, and that it is said."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing

import pytest

from candor.installation.folder import Folder
from candor.installation.running import read_running
from candor.local.commands.stack import parsed_ports
from candor.local.stack import USUAL_PORT_OF
from candor.local.stopping import stop_running
from tests.support.servers import own_folder


def free_ports(parts: Iterable[str]) -> dict[str, int]:
    """A port for each part; all are held while they are chosen, and free afterwards."""
    with ExitStack() as held:
        found = {part: held.enter_context(closing(socket.create_server(("127.0.0.1", 0)))) for part in parts}
        return {part: server.getsockname()[1] for part, server in found.items()}


@pytest.fixture
def folder() -> Iterator[Folder]:
    with own_folder("ports") as made:
        yield made
        stop_running(made)


def test_every_part_that_listens_can_be_given_a_port() -> None:
    given = {part: 20_000 + number for number, part in enumerate(USUAL_PORT_OF)}
    assert parsed_ports([f"{part}={port}" for part, port in given.items()]) == given
    assert {"kafka", "postgres", "mailbox", "smtp", "risk-web"} < given.keys()


def test_parts_listen_where_they_are_told_and_one_that_had_to_move_is_said(
    folder: Folder, kafka: str, postgres: str, topic_prefix: str
) -> None:

    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        busy = other.getsockname()[1]
        wanted = free_ports(USUAL_PORT_OF) | {"notify-svc": busy}
        env = {**os.environ, "CANDOR_HOME": str(folder.root), "NO_COLOR": "1", "COLUMNS": "200"}
        env |= {"KAFKA_BOOTSTRAP_SERVERS": kafka, "DATABASE_URL": postgres}
        env |= {"TOPIC_PREFIX": topic_prefix, "DATABASE_PREFIX": topic_prefix}
        ports = [f"--port={part}={port}" for part, port in wanted.items()]
        command = [sys.executable, "-m", "candor.cli", "up", "--detach", *ports]
        said = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=300)
    assert said.returncode == 0, said.stderr
    running = read_running(folder)
    assert running is not None
    for part in ("promise-svc", "mailbox", "risk-web"):
        assert running.address(part).endswith(f":{wanted[part]}")
    assert running.smtp.endswith(f":{wanted['smtp']}")
    moved = [line for line in said.stderr.splitlines() if "instead" in line]
    assert moved == [line for line in moved if f"ort {busy} " in line]
    assert f"notify-svc is at {running.address('notify-svc')} instead" in moved[-1]
    assert json.loads((folder.run / "stack.json").read_text())["ready"]
