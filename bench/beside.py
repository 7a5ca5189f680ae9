"""Measures what insight costs the scoring path, and whether it keeps up: the same steady load with it and without it.

    python -m bench.beside [--rate 1000] [--seconds 60] [--rounds 3]

Promises, each with two reports, come to the topics at an even pace; the worker, the learner and the board run on the
same machine. Seconds are from when a promise of another customer was due to be sent until its score is readable.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import typer
import uvloop

from bench import report
from bench.ground import Ground, ground
from bench.scale.bulk import until
from bench.scale.feed import Feed, Gaps
from bench.scale.others import others
from bench.scale.process import Process
from bench.scale.promises import ended, made
from bench.scale.site import Site
from candor.contracts import Message, MilestoneReported, MilestoneStatus, message

WITHOUT: Final = "without insight"
SIDES: Final = {WITHOUT: (), "with insight": ("risk-insight",)}
REST: Final = ("risk-worker", "risk-learner", "risk-web")
EVENTS_PER_PROMISE: Final = 3
LAG: Final = 200
"""How many promises later the first report of one comes; the second after as many again."""
SLICE_S: Final = 0.02
WARM_S: Final = 5.0
PATIENCE_S: Final = 300.0
CUSTOMERS: Final = 5_000
REPORTS: Final = "SELECT count(*) FROM insight_milestone"
Figures = dict[str, float]


def departed(name: str, promise_id: str, customer_id: str) -> Message:
    """The report that a first step was reached."""
    at = datetime.now(UTC)
    data = MilestoneReported(
        promise_id=promise_id,
        customer_id=customer_id,
        milestone="delivered",
        status=MilestoneStatus.REACHED,
        at=at,
        source="bench",
        source_event=name,
    )
    return message(name, "delivery-svc", at, customer_id, 1, data)


def stream(promises: int) -> Iterator[Message]:
    """Every promise with its two reports, in the order in which they are sent."""
    for number in range(promises + 2 * LAG):
        if number < promises:
            yield made(f"beside-{number}", _customer(number))
        if 0 <= (first := number - LAG) < promises:
            yield departed(f"departed-{first}", f"beside-{first}", _customer(first))
        if 0 <= (second := number - 2 * LAG) < promises:
            name = f"beside-{second}"
            yield ended(f"ended-{second}", name, _customer(second), datetime.now(UTC), "bench")


def _customer(number: int) -> str:
    return f"customer-{number % CUSTOMERS}"


async def send(feed: Feed, promises: int, rate: float) -> None:
    """Send the stream at `rate` events a second, in slices."""
    events = stream(promises)
    begun, sent, total = time.monotonic(), 0, promises * EVENTS_PER_PROMISE
    while sent < total:
        due = min(total, int((time.monotonic() - begun) * rate))
        await feed.send([next(events) for _ in range(due - sent)])
        sent = due
        await asyncio.sleep(SLICE_S)


async def measured(stage: Ground, name: str, promises: int, rate: float) -> tuple[Figures, Figures]:
    """The figures of the scoring path of a side, and those of insight where it runs."""
    site = Site(stage, "beside")
    try:
        feed = await site.feed()
        running = {one: await site.start(one) for one in (*REST, *SIDES[name])}
        async with Gaps(feed) as gaps, others(feed, gaps) as pace:
            await pace.first()
            await asyncio.sleep(WARM_S)
            pace.mark()
            before, database = {one: part.cpu() for one, part in running.items()}, stage.database_cpu()
            await send(feed, promises, rate)
            late = await _caught_up(site, running, promises)
            await pace.finish(PATIENCE_S)
        events = promises * EVENTS_PER_PROMISE
        spent = {one: 1000 * (part.cpu() - before[one]) / events for one, part in running.items()}
        figures = {
            "scored p50 s": pace.slowest(0.5),
            "scored p99 s": pace.slowest(0.99),
            "worker CPU ms an event": spent["risk-worker"],
            "database CPU ms an event": 1000 * (stage.database_cpu() - database) / events,
        }
        return figures, {} if late is None else {"behind s": late, "CPU ms an event": spent["risk-insight"]}
    finally:
        await site.close()


async def _caught_up(site: Site, running: dict[str, Process], promises: int) -> float | None:
    """Seconds after the last event until insight has all reports. Raises TimeoutError."""
    if "risk-insight" not in running:
        return None
    connection = await site.connect("risk-svc")
    try:
        begun = time.monotonic()
        async with asyncio.timeout(PATIENCE_S):
            await until(connection, REPORTS, 2 * promises)
        return time.monotonic() - begun
    finally:
        await connection.close()


async def run(
    stage: Ground, rate: float, seconds: float, rounds: int
) -> tuple[list[dict[str, Figures]], list[Figures]]:
    """All rounds, the sides in turn; and insight's own figures."""
    promises = max(1, round(rate * seconds / EVENTS_PER_PROMISE))
    found, beside = [], []
    for number in range(rounds):
        one: dict[str, Figures] = {}
        for name in [*SIDES][:: 1 if number % 2 == 0 else -1]:
            one[name], own = await measured(stage, name, promises, rate)
            print(number, name, {what: round(value, 3) for what, value in {**one[name], **own}.items()}, flush=True)
            if own:
                beside.append(own)
        found.append({name: one[name] for name in reversed(SIDES)})
    return found, beside


def main(rate: float = 1_000.0, seconds: float = 60.0, rounds: int = 3) -> None:
    """Measure both sides and write bench/results/beside-RATE.json."""
    with ground() as stage:
        found, beside = uvloop.run(run(stage, rate, seconds, rounds))
    result = report.publish(f"beside-{rate:.0f}", found, WITHOUT, {"scored p99 s": "not slower with insight"})
    report.write(f"beside-{rate:.0f}", {**result, "insight": beside})


if __name__ == "__main__":
    typer.run(main)
