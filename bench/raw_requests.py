"""Measures what keeping requests costs intake, and how soon webhooks are answered while Kafka is away.

    python -m bench.raw_requests [--rate 200] [--connections 64] [--seconds 10] [--rounds 3] [--keep]

Cost: promises by signed webhook as fast as they are answered, with the stored request and without it, in turns. Pace:
so many webhooks a second, while the broker answers and while it hangs. Results are written only with --keep.
"""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import typer
from rich.console import Console

from bench import report
from bench.ground import ROOT, Ground, ground
from bench.intake import alone
from candor.local.secret_files import PROMISES

KEPT, BARE = "with its stored request", "without"
THERE, AWAY = "Kafka there", "Kafka away"
SIDES: Mapping[str, str] = {KEPT: "promise_svc", BARE: "bench.raw_requests_without"}
LIMITS = {"RATE_LIMIT": "1000000", "CUSTOMER_RATE_LIMIT": "1000000", "BYTE_RATE_LIMIT": "1000000000"}


def senders(stage: Ground, secret: str) -> dict[str, str]:
    """The settings by which one sender is known and its requests are sealed."""
    stage.folder.mkdir(parents=True, exist_ok=True)
    events = {"promise-svc": list(PROMISES)}
    given = {"sources": {"bench": {"secrets": [secret], "events": events}}}
    (stage.folder / "webhooks.json").write_text(json.dumps(given))
    (stage.folder / "requests.key").write_text(secrets.token_hex(32))
    return {
        "WEBHOOK_SECRETS_FILE": str(stage.folder / "webhooks.json"),
        "REQUEST_KEY_FILE": str(stage.folder / "requests.key"),
    }


def loaded(port: int, connections: int, seconds: float, secret: str, serial: str, rate: float) -> dict[str, float]:
    """The figures of one load, from a process of its own. SystemExit if an answer was another."""
    arguments = [str(each) for each in (port, connections, seconds, secret, serial, rate)]
    command = [sys.executable, "-m", "bench.webhook_load", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr[-500:])
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def cost(stage: Ground, number: int, connections: int, seconds: float, secret: str) -> dict[str, dict[str, float]]:
    """One round: both sides on fresh databases, the order turned each time."""
    found = {}
    for side in list(SIDES)[:: 1 if number % 2 == 0 else -1]:
        label = f"q{number}{'k' if side == KEPT else 'b'}"
        with alone(stage, label, SIDES[side], **LIMITS, **senders(stage, secret)) as served:
            found[side] = loaded(served.port, connections, seconds, secret, label, 0)
    return {side: found[side] for side in SIDES}


def pace(stage: Ground, number: int, rate: float, seconds: float, secret: str) -> dict[str, dict[str, float]]:
    """One round: the same service with the broker there, and then with a broker that hangs."""
    label = f"q{number}p"
    assert stage.broker is not None
    with alone(stage, label, "promise_svc", **LIMITS, **senders(stage, secret)) as served:
        there = loaded(served.port, 32, seconds, secret, f"{label}t", rate)
        stage.broker.suspend()
        try:
            away = loaded(served.port, 32, seconds, secret, f"{label}a", rate)
        finally:
            stage.broker.resume()
    return {AWAY: away, THERE: there}


def main(
    rate: float = 200.0, connections: int = 64, seconds: float = 10.0, rounds: int = 3, *, keep: bool = False
) -> None:
    """Measure both and print medians and ratios."""
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    with ground() as stage:
        costs = [cost(stage, number, connections, seconds, secret) for number in range(rounds)]
        paces = [pace(stage, number, rate, seconds, secret) for number in range(rounds)]
    console = Console(width=120, highlight=False)
    written: dict[str, Any] = {}
    for name, measured, baseline in (("cost", costs, BARE), (f"at {rate:g} webhooks/s", paces, THERE)):
        sides = report.medians(measured)
        side = next(one for one in sides if one != baseline)
        ratios = {figure: report.ratios(measured, side, baseline, figure) for figure in ("p50 ms", "p99 ms")}
        ratios |= {"answered/s": report.ratios(measured, side, baseline, "answered/s")}
        written[name] = {"sides": sides, "ratios": ratios}
        for one, figures in sides.items():
            said = ", ".join(f"{figure} {value['median']:.4g}" for figure, value in figures.items())
            console.print(f"{name}, {one}: {said}")
        said = ", ".join(f"{figure} {value['median']:.3g} x" for figure, value in ratios.items())
        console.print(f"{name}, {side} to {baseline}: {said}")
    if keep:
        report.write("raw-requests", {"rounds": rounds, "rate": rate, "connections": connections, **written})


if __name__ == "__main__":
    typer.run(main)
