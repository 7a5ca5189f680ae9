"""Measures what an overloaded learner costs the others: more than it can learn, for minutes, and the time after.

    python -m bench.overload [--minutes 10] [--times 10]

What one process learns in a second is measured first. Then entries of other promises come into the journal so many
times as fast, with business time at 60 times its pace, while promises are made, scored and kept beside them.
"""

from __future__ import annotations

import asyncio
import math
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
import typer
from rich.console import Console

from bench import report
from bench.ground import ROOT, ground
from bench.learning import rate as learnt_rate
from bench.scale.feed import Feed, Gaps
from bench.scale.paced import Paced
from bench.scale.process import Process
from bench.scale.promises import ended, made
from bench.scale.report import heading, rows
from bench.scale.scenario import Finding, at_most, plain, said, within
from bench.scale.site import Site
from candor.ops.clock import BusinessClock

SPEED: Final = 60.0
RATE: Final = 20.0
CALM_SECONDS: Final = 30.0
PROMISES: Final = 6_000
"""Promises with which the learner's own rate is measured."""
HEALED_SECONDS: Final = 900.0
LOOK_SECONDS: Final = 1.0
FEW_ROWS: Final = 100
"""Rows that promises of the others add between two readings."""
FIGURES: Final = {
    "share": "candor_learner_sample_ratio",
    "unread": "candor_journal_unread_rows",
    "waiting": "candor_journal_waiting_entries",
    "boundaries": "candor_model_boundaries_waiting",
}
SCORED: Final = "SELECT count(DISTINCT promise_id) FROM forecast_score WHERE promise_id LIKE 'other-%'"


@dataclass
class Watched:
    """What the learner said of itself, second for second."""

    process: Process
    site: Site
    seen: list[dict[str, float]] = field(default_factory=list)

    async def look(self) -> dict[str, float]:
        """Ask once."""
        found = {name: await self.process.figure(self.site.client, metric) for name, metric in FIGURES.items()}
        self.seen.append(found)
        return found

    async def run(self) -> None:
        """Ask until cancelled; an answer that does not come is not a figure."""
        while True:
            with suppress(Exception):
                await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def healed(self, patience: float) -> float:
        """Seconds until everything is read, every boundary closed, and all promises made now are learnt from."""
        begun = time.monotonic()
        while time.monotonic() - begun < patience:
            found = await self.look()
            if found["unread"] <= FEW_ROWS and (found["share"], found["boundaries"]) == (1.0, 0.0):
                return time.monotonic() - begun
            await asyncio.sleep(LOOK_SECONDS)
        return math.inf


class Others:
    """Promises of others: made, timed until they are scored, and then ended."""

    def __init__(self, feed: Feed, gaps: Gaps, clock: BusinessClock) -> None:
        self._feed, self._gaps, self._clock = feed, gaps, clock
        self.ended = 0

    async def ask(self, number: int) -> None:
        """One of them."""
        ago = (datetime.now(UTC) - self._clock.now()).total_seconds() / 86_400
        name, customer = f"other-{number}", f"somebody-{number % 97}"
        await self._feed.send([made(name, customer, "elsewhere", 5.0, ago)])
        await self._gaps.of(name)
        await self._feed.send([ended(f"end-{number}", name, customer, self._clock.now(), "overload")])
        self.ended += 1


async def overloaded(site: Site, rate: float, seconds: float, clock: BusinessClock) -> int:
    """Write the journal from a process of its own; returns the entries written."""
    url = await site.database("risk-svc")
    command = ["-m", "bench.overload_writer", url, clock.now().isoformat(), str(rate), str(seconds)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, "--speed", str(SPEED), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    written, late = output.decode().split()
    print(f"{int(written):,} entries written, at most {late} s behind", flush=True)
    return int(written)


async def measured(site: Site, own: float, times: float, minutes: float) -> Sequence[Finding]:
    """Run it all at one site. Raises EndedError if a process ends."""
    origin = datetime.now(UTC)
    clock = BusinessClock(origin - timedelta(days=30), SPEED, origin)
    started = f"{clock.start.isoformat()}@{SPEED:g}"
    feed = await site.feed()
    worker, learner = [
        await site.start(name, CLOCK=started, CLOCK_ORIGIN=origin.isoformat())
        for name in ("risk-worker", "risk-learner")
    ]
    watched = Watched(learner, site)
    async with Gaps(feed) as gaps:
        others = Others(feed, gaps, clock)
        async with Paced(others.ask, RATE) as pace:
            await pace.first()
            pace.mark()
            await asyncio.sleep(CALM_SECONDS)
            calm = pace.slowest(0.99)
            pace.mark()
            watching = asyncio.create_task(watched.run())
            written = await overloaded(site, own * times, minutes * 60, clock)
            meanwhile = pace.slowest(0.99)
            watching.cancel()
            healed = await watched.healed(HEALED_SECONDS)
            await pace.finish(10.0)
    lost = others.ended - await _settled(site, others.ended)
    return [
        said("learnt in a second of CPU, measured first", own, "entries/s"),
        said(f"came in a second, for {minutes:g} minutes", written / minutes / 60, "entries/s"),
        Finding("others' scoring before, p99", f"{calm:.3g} s", figure=calm),
        within("others' scoring meanwhile, p99", meanwhile, 1.0),
        at_most("forecasts of others not kept and scored", lost, 0, f"of {others.ended:,}"),
        Finding("smallest sample said", f"1 in {1 / min(one['share'] or 1.0 for one in watched.seen):.0f}"),
        said("most entries waiting", max(one["waiting"] for one in watched.seen), "entries"),
        said("most journal rows unread", max(one["unread"] for one in watched.seen), "rows"),
        said("memory of risk-learner, at most", learner.peak(), "MiB"),
        said("memory of risk-worker, at most", worker.peak(), "MiB"),
        within("until all is read, closed, and learnt in full again", healed, HEALED_SECONDS, HEALED_SECONDS),
    ]


async def _settled(site: Site, wanted: int) -> int:
    """Promises of the others whose forecasts were scored; waits for the last of them."""
    connection: asyncpg.Connection[Any] = await site.connect("risk-svc")
    try:
        found = 0
        for _ in range(60):
            found = await connection.fetchval(SCORED)
            if found >= wanted:
                break
            await asyncio.sleep(0.5)
        return found
    finally:
        await connection.close()


def main(minutes: float = 10.0, times: float = 10.0) -> None:
    """Measure, print a row a figure, and write bench/results/overload.json; exit status 1 if a limit is not kept."""
    own = learnt_rate(PROMISES)["entries/s"]
    print(heading(), f"; {plain(own)} entries/s", sep="", flush=True)

    async def run(stage: Any) -> Sequence[Finding]:
        site = Site(stage, "overload")
        try:
            return await measured(site, own, times, minutes)
        finally:
            await site.close()

    with ground() as stage:
        found = asyncio.run(run(stage))
    Console().print(rows(found), highlight=False)
    report.write("overload", {"minutes": minutes, "times": times, "figures": {one.what: one.measured for one in found}})
    raise typer.Exit(any(one.kept is False for one in found))


if __name__ == "__main__":
    typer.run(main)
