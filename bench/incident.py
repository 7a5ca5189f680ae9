"""Measures one incident on many live promises of one worker: until all are scored anew, and what other events wait.

    python -m bench.incident [--promises 100000] [--rate 200]

One process without Kafka: turns of the handler on a real database, with other customers' events arriving at `rate`.
Milliseconds of those are from their arrival to their commit.
"""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import typer
from rich.console import Console

from bench import report
from bench.ground import ground
from bench.live_promises import START, fill
from candor.contracts import (
    Dependency,
    IncidentReported,
    IncidentStatus,
    Message,
    MilestoneReported,
    MilestoneStatus,
    message,
)
from candor.messaging.limits import Limits
from candor.messaging.planning import OwnedPartition
from candor.messaging.transaction import TransactionRunner, Work
from candor.ops import garbage
from candor.ops.clock import BusinessClock
from candor.store.db import Database
from candor.store.migrate import upgrade
from candor.store.unit_of_work import unit_of_work
from risk_svc.forecasting.live import PublishedModel
from risk_svc.wiring import MIGRATIONS
from risk_svc.worker.handlers import RiskHandler

NOW = START + timedelta(hours=62)
PLACE = ("site", "hub")
MARKS = {"seconds": "≤ 10 for 100,000", "p99 ms": "≤ 1,000"}


def opened() -> Message:
    """The incident."""
    data = IncidentReported(
        incident_id="i1",
        status=IncidentStatus.OPENED,
        severity=0.7,
        category="power",
        title="No power at the hub",
        affects=[Dependency(*PLACE)],
        opened_at=NOW - timedelta(minutes=5),
        source="field",
        source_event="i1",
    )
    return message("i1", "delivery-svc", NOW, "i1", 1, data)


def other(number: int) -> Message:
    """The first report of a promise of another customer."""
    name = f"other-{number}"
    data = MilestoneReported(
        promise_id=name,
        customer_id=name,
        milestone="surveyed",
        status=MilestoneStatus.REACHED,
        at=NOW,
        source="field",
        source_event=name,
    )
    return message(name, "delivery-svc", NOW, name, 1, data)


async def struck(handler: RiskHandler, turns: TransactionRunner, rate: int) -> dict[str, float]:
    """Take the incident, then turn after turn until nothing is left, with the events that arrived meanwhile."""
    own = {0: OwnedPartition(partition=0, epoch=1, offsets={})}
    waits: list[float] = []
    lengths: list[float] = []
    begun, used, sent, wanted = time.perf_counter(), time.process_time(), 0, 0
    arrived: list[Message] = [opened()]
    while arrived or handler.busy:
        turn = time.perf_counter()
        with garbage.held():
            if arrived:
                async with unit_of_work(turns.database) as uow:
                    await handler.apply(uow, [Work(0, arrived)], tick=False)
                committed = time.perf_counter()
                waits += [committed - (begun + place / rate) for place in range(sent, wanted)]
                sent = wanted
            if handler.busy:
                await turns.go_on(own, [0])
        lengths.append(time.perf_counter() - turn)
        wanted = int((time.perf_counter() - begun) * rate) if handler.busy else sent
        arrived = [other(number) for number in range(sent, wanted)]
    seconds = time.perf_counter() - begun
    waits.sort()
    return {
        "seconds": seconds,
        "CPU s": time.process_time() - used,
        "turns": float(len(lengths)),
        "longest turn ms": 1000 * max(lengths),
        "p50 ms": 1000 * statistics.median(waits or [0.0]),
        "p99 ms": 1000 * waits[int(len(waits) * 0.99)] if waits else 0.0,
    }


async def run(url: str, promises: int, rate: int) -> dict[str, float]:
    """Fill, load, strike."""
    await upgrade(url, MIGRATIONS)
    await fill(url, promises, PLACE)
    database = await Database.open(url)
    await database.pool.execute("INSERT INTO lease VALUES ('risk-svc', 0, 'bench', 1, '{}')")
    handler = RiskHandler(PublishedModel(), BusinessClock(NOW, 1.0, datetime.now(UTC)))
    turns = TransactionRunner(database, "risk-svc", handler, Limits(), lambda: None)
    await turns.reload(OwnedPartition(partition=0, epoch=1, offsets={}))
    garbage.settle()
    found = await struck(handler, turns, rate)
    await database.close()
    return found


def main(promises: int = 100_000, rate: int = 200) -> None:
    """Measure, print and write bench/results/incident.json."""
    import uvloop  # noqa: PLC0415 - absent on some platforms, where nobody benchmarks

    with ground() as stage:
        found: dict[str, Any] = uvloop.run(run(f"{stage.database_url}/bench_incident", promises, rate))
    Console().print({"promises": promises, **{name: round(value, 3) for name, value in found.items()}}, MARKS)
    report.write("incident", {"promises": promises, "rate": rate, **found, "marks": MARKS})


if __name__ == "__main__":
    typer.run(main)
