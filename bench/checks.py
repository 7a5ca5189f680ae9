"""Measures `POST /v1/checks` at an even pace beside a no-op route, in the same process of risk-svc's web role.

    python -m bench.checks [--rate 100] [--seconds 20] [--rounds 5]

The model has learnt from synthetic parcels; the check has labels, milestones and a dependency.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import asyncpg
import typer
from rich.progress import Progress

from bench import report
from bench.ground import ROOT, Ground, ground
from bench.intake import Alone, alone
from bench.parcels import LIVED_DAYS, draft, taught
from risk_svc.forecast.serialization import model_bytes
from risk_svc.settings import RiskSettings

ROUTES = {"a check": ("POST", "/v1/checks"), "nothing": ("GET", "/livez")}
BASELINE = "nothing"
MARKS = {"p99 ms": "no mark: beside a route that answers at once", "p50 ms": "no mark"}
LABEL = "checks"


def publish(url: str, body: bytes, version: int) -> None:
    """Publish the model as the learner would."""

    async def insert() -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(
                "INSERT INTO model_version (version, boundary, upto, body) VALUES ($1, 0, '1'::xid8, $2)", version, body
            )
        finally:
            await connection.close()

    asyncio.run(insert())


def until_followed(port: int, key: str, body: str, version: int) -> None:
    """Return once the published model answers checks. SystemExit after 10 s."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    for _ in range(100):
        asked = urllib.request.Request(f"http://127.0.0.1:{port}/v1/checks", body.encode(), headers)
        with urllib.request.urlopen(asked, timeout=5) as answer:
            if json.load(answer)["model"] == version:
                return
        time.sleep(0.1)
    raise SystemExit("the web role does not take the published model")


def load(port: int, route: str, rate: float, seconds: float, key: str, body: str) -> dict[str, float]:
    """The figures of one route. SystemExit on any answer but 200."""
    method, path = ROUTES[route]
    arguments = [str(port), method, path, str(rate), str(seconds), key, *([body] if method == "POST" else [])]
    done = subprocess.run(
        [sys.executable, "-m", "bench.paced_load", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"{route}: {done.stderr[-500:]}")
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


@contextlib.contextmanager
def served(stage: Ground, body: str) -> Iterator[Alone]:
    """Run the web role with a model, ready to forecast; stopped afterwards."""
    with alone(stage, LABEL, "risk_svc", "web") as web:
        model = taught(datetime.now(UTC) - timedelta(days=LIVED_DAYS)).model
        url = RiskSettings(database_url=stage.database_url, database_prefix=LABEL).database
        publish(url, model_bytes(model), model.version)
        until_followed(web.port, web.key, body, model.version)
        yield web


def main(rate: float = 100.0, seconds: float = 20.0, rounds: int = 5) -> None:
    """Measure checks and write bench/results/checks-RATE.json."""
    measured = []
    body = json.dumps(draft(datetime.now(UTC)))
    with ground() as stage, Progress() as progress:
        task = progress.add_task("checks", total=rounds)
        with served(stage, body) as web:
            for number in range(rounds):
                names = list(ROUTES)[:: 1 if number % 2 == 0 else -1]
                one = {name: load(web.port, name, rate, seconds, web.key, body) for name in names}
                measured.append({name: one[name] for name in ROUTES})
                progress.update(task, advance=1)
    report.publish(f"checks-{rate:g}", measured, BASELINE, MARKS)


if __name__ == "__main__":
    typer.run(main)
