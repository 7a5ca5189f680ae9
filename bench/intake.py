"""Measures intake: promises over 64 connections, durable before the response; ours vs one transaction per request.

    python -m bench.intake [--connections 64] [--seconds 10] [--rounds 5]

Both sides run the same key check, strict parsing, decision and rows on the same database server; ours also runs its
relay. The client is a separate process on the same machine.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import typer
from nacl.public import PrivateKey
from rich.progress import Progress

from bench import report
from bench.ground import ROOT, Ground, Side, ground
from candor.local.ports import choose_port
from candor.web.security.auth import new_key

SIDES = {"candor": "promise_svc", "a transaction a request": "bench.intake_baseline"}
BASELINE = "a transaction a request"
MARKS = {"requests/s": "mark ≥ 5 ×", "p99 ms": "no mark: shown because queues hide in medians"}


def key_files(folder: Path) -> tuple[str, dict[str, str]]:
    """An API key and the settings that name its file."""
    folder.mkdir(parents=True, exist_ok=True)
    key, digest = new_key()
    keys = {"keys": [{"name": "bench", "sha256": digest, "role": "operator", "scopes": []}]}
    (folder / "keys.json").write_text(json.dumps(keys))
    (folder / "contact.pub").write_bytes(base64.b64encode(bytes(PrivateKey.generate().public_key)))
    return key, {"API_KEYS_FILE": str(folder / "keys.json"), "CONTACT_PUBLIC_KEY_FILE": str(folder / "contact.pub")}


def wait_ready(port: int) -> None:
    """Return once /readyz answers 200. SystemExit after 30 s."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit("the service did not become ready")


class Alone(NamedTuple):
    """A service that runs by itself on a fresh database: its port, a key for it, and its process."""

    port: int
    key: str
    process: int


@contextmanager
def alone(stage: Ground, label: str, *command: str, **more: str) -> Iterator[Alone]:
    """Run a module, ready, as long as the block; `label` begins the names of its database and topics."""
    key, files = key_files(stage.folder / "keys")
    port = choose_port(None, "the bench")
    environment = stage.settings(
        PORT=str(port), DATABASE_PREFIX=label, TOPIC_PREFIX=label, DRAIN_PAUSE_SECONDS="0", **files, **more
    )
    side = Side(label, [sys.executable, "-m", *command], environment)
    try:
        wait_ready(port)
        yield Alone(port, key, side.process.pid)
    finally:
        side.stop()


def measure(stage: Ground, name: str, number: int, connections: int, seconds: float, **more: str) -> dict[str, float]:
    """Measure one side on a fresh database; `more` settings than the usual."""
    label = f"i{number}{'c' if name == 'candor' else 'b'}"
    # On, as everywhere, and never reached: the bench is one caller.
    limits = {"RATE_LIMIT": "1000000", "CUSTOMER_RATE_LIMIT": "1000000"}
    with alone(stage, label, SIDES[name], **limits, **more) as served:
        arguments = [str(served.port), str(connections), str(seconds), served.key, label]
        done = subprocess.run(
            [sys.executable, "-m", "bench.http_load", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise SystemExit(f"{name}: {done.stderr[-500:]}")
        figures: dict[str, float] = json.loads(done.stdout)
        return figures


def main(connections: int = 64, seconds: float = 10.0, rounds: int = 5) -> None:
    """Measure intake and write bench/results/intake-CONNECTIONS.json."""
    measured = []
    with ground() as stage, Progress() as progress:
        task = progress.add_task("intake", total=rounds)
        for number in range(rounds):
            names = list(SIDES)[:: 1 if number % 2 == 0 else -1]
            one = {name: measure(stage, name, number, connections, seconds) for name in names}
            measured.append({name: one[name] for name in SIDES})
            progress.update(task, advance=1)
    report.publish(f"intake-{connections}", measured, BASELINE, MARKS)


if __name__ == "__main__":
    typer.run(main)
