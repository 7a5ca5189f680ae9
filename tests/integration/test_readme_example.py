"""README's first promise by hand: its commands, run as they stand there, do what the text beside them says."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from candor.installation.folder import Folder
from candor.installation.running import read_running
from candor.local.stack import SERVICES
from candor.local.stopping import stop_running
from tests.support.servers import own_folder

README = Path(__file__).parents[2] / "README.md"
SECTION = re.compile(r"## A first promise by hand\n+```\n(.*?)```\n(.*?)\n## ", re.DOTALL)
pytestmark = pytest.mark.skipif(
    shutil.which("curl") is None or sys.platform == "darwin", reason="the example is for curl and GNU date"
)


@pytest.fixture
def folder() -> Iterator[Folder]:
    with own_folder("readme") as made:
        yield made
        stop_running(made)


@pytest.fixture
def taken() -> Iterator[int]:
    """promise-svc's usual port, held by somebody else: the example has to hold on other ports as well."""
    port = next(service.port for service in SERVICES if service.name == "promise-svc")
    with ExitStack() as held:
        with suppress(OSError):
            held.enter_context(socket.create_server(("127.0.0.1", port)))
        yield port


def test_the_example_runs_as_it_stands_and_does_what_the_text_says(
    folder: Folder, taken: int, kafka: str, postgres: str, tmp_path: Path
) -> None:
    found = SECTION.search(README.read_text())
    assert found is not None
    commands, text = found.groups()
    # A checkout as `make install` leaves it, around the environment that runs this test.
    (tmp_path / ".candor").mkdir()
    (tmp_path / ".candor" / "venv").symlink_to(sys.prefix)
    stamp = secrets.token_hex(4)
    env = {
        **{name: value for name, value in os.environ.items() if name not in ("PROMISES", "DELIVERY", "RISK", "KEY")},
        **{"CANDOR_HOME": str(folder.root), "NO_COLOR": "1", "COLUMNS": "200"},
        **{"KAFKA_BOOTSTRAP_SERVERS": kafka, "DATABASE_URL": postgres},
        **{"TOPIC_PREFIX": f"readme-{stamp}", "DATABASE_PREFIX": f"readme_{stamp}"},
    }
    done = subprocess.run(
        ["bash", "-e", "-c", commands], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode == 0, done.stderr
    running = read_running(folder)
    assert running is not None
    # It moved, and `up` said so, with the places to look at.
    assert not running.address("promise-svc").endswith(f":{taken}")
    said = " ".join(done.stderr.split())
    assert f"Port {taken} is in use by" in said
    assert f"promise-svc is at {running.address('promise-svc')} instead" in said
    assert f"Mailbox: {running.address('mailbox')}" in said
    assert f"Board: {running.address('risk-web')}" in said

    answers = [
        json.loads(part) for part in re.findall(r"^.*$", done.stdout.replace("}{", "}\n{"), re.M) if part[:1] == "{"
    ]
    contact, promise, step, gap, *_ = answers
    assert (contact["customer_id"], promise["promise_id"]) == ("acme", "PR-1")
    assert step["state"] in ("matched", "parked")
    if step["state"] == "parked":
        assert "has not heard of this promise yet" in step["detail"]
    [part] = gap["contributions"]
    assert part["evidence"].startswith(
        "delivered was missed, and the customer had been told of this step; no history yet"
    )
    assert (round(gap["score"]), gap["band"], gap["missed_steps"]) == (45, "medium", ["delivered"])
    assert "stands at 45\nof 100" in text
    assert (gap["forecast"]["p_slip"], gap["base_rate"]) == (None, None)
    assert "owner@example.com" in done.stdout
    assert not re.search(r"127\.0\.0\.1:\d", commands + text)
