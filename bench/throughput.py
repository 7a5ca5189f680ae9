"""Measures catch-up on the reference job: ours against quixstreams with exactly-once, in interleaved rounds.

    python -m bench.throughput [--events 200000] [--rounds 5]

A side's time runs from the append of its first score to the append of its last (the broker's clock), so neither pays
for starting an interpreter. Both read the same events, ours from as many partitions as an installation has by default,
the baseline from four, and must publish exactly the job's scores. A round before the first is not counted because the
broker's JVM is still cold and slows the side that runs first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from functools import partial

import typer
from rich.progress import Progress

from bench import job, kafka_io, report
from bench.ground import Ground, Side, baseline, ground, ours

LONGEST_S = 900.0
STILL = 4
MARKS = {"events/s": "mark ≥ 1.2 × (goal 1.7)", "CPU s per 100k": "goal ≤ 0.65 ×, database included"}


def rows(promises: int) -> Iterator[tuple[int, str, str, str, bytes]]:
    """The reference stream as `kafka_io.fill` takes it."""
    for version, body in job.stream(promises):
        yield version, body["promise_id"], body["source_event"], body["at"], job.encoded(body)


async def figures(
    stage: Ground, start: Callable[[], Side], target: str, events: int, expected: int
) -> dict[str, float]:
    """Start a side and let it reach the end. SystemExit if it does not publish the expected number of scores."""
    since = await kafka_io.ends(stage.bootstrap, target)
    database = stage.database_cpu()
    side = start()
    begun, still, before = time.monotonic(), 0, -1
    # Transaction markers take offsets too, so the end is where nothing more is appended.
    while side.running() and still < STILL and time.monotonic() - begun < LONGEST_S:
        await asyncio.sleep(0.5)
        now = sum((await kafka_io.ends(stage.bootstrap, target)).values()) - sum(since.values())
        still = still + 1 if now == before and now >= expected else 0
        before = now
    said, seconds = await kafka_io.count_records(stage.bootstrap, since, expected, patience_s=20)
    side.stop()
    if said != expected:
        raise SystemExit(f"{side.name}: {said} scores instead of {expected}: not the same job")
    cpu = side.cpu + stage.database_cpu() - database
    return {"events/s": events / seconds, "CPU s per 100k": cpu / events * 100_000, "RSS MB": side.resident_mb}


async def one_round(stage: Ground, number: int, events: int, expected: int) -> dict[str, dict[str, float]]:
    """Run both sides, in an order that alternates from round to round."""
    prefix, measured = f"size{events}", {}
    for name in ("candor", "quixstreams")[:: 1 if number % 2 == 0 else -1]:
        if name == "candor":
            target = f"{prefix}-gaps"
            start = partial(ours, stage, prefix, f"r{number}e{events}", kafka_io.PARTITIONS)
        else:
            target = f"quix-round{number}-{events}"
            await kafka_io.make_topic(stage.bootstrap, target, kafka_io.FEW)
            start = partial(baseline, stage, f"few{events}-milestones", target, target)
        measured[name] = await figures(stage, start, target, events, expected)
    return dict(sorted(measured.items()))


async def run(events: int, rounds: int) -> None:
    """Fill the input once, run the rounds, publish."""
    promises = events // job.EVENTS_PER_PROMISE
    with ground() as stage, Progress() as progress:
        task = progress.add_task(f"filling {events:,} events", total=rounds + 2)
        await kafka_io.make_topic(stage.bootstrap, f"size{events}-gaps")
        for name, partitions in ((f"size{events}", kafka_io.PARTITIONS), (f"few{events}", kafka_io.FEW)):
            await kafka_io.make_topic(stage.bootstrap, f"{name}-milestones", partitions)
            await kafka_io.fill(stage.bootstrap, f"{name}-milestones", rows(promises), partitions)
        expected = job.scores_expected(promises)
        measured = []
        for number in range(rounds + 1):
            progress.update(task, advance=1, description=f"round {number} of {rounds}" if number else "warming up")
            measured.append(await one_round(stage, number, events, expected))
        progress.update(task, advance=1, description="done")
    report.publish(f"throughput-{events}", measured[1:], "quixstreams", MARKS)


def main(events: int = 200_000, rounds: int = 5) -> None:
    """Measure catch-up and write bench/results/throughput-EVENTS.json."""
    asyncio.run(run(events, rounds))


if __name__ == "__main__":
    typer.run(main)
