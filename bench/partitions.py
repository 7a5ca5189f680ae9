"""Measures what more partitions cost one worker: the reference job with few and with many, in interleaved rounds.

    python -m bench.partitions [--few 4] [--many 16] [--events 200000] [--rounds 3]

Catch-up of a backlog as in `bench.throughput`, then latency and CPU at a steady rate as in `bench.latency`, then intake
as in `bench.intake`, each side on topics of its own with the same events. A round before the first is not counted: the
broker's JVM is still cold.
"""

from __future__ import annotations

import asyncio
from functools import partial

import typer

from bench import intake, job, kafka_io, latency, report, throughput
from bench.ground import Ground, ground, ours

MARKS = {
    "events/s": "mark ≥ 0.95 ×",
    "CPU s per 100k": "mark ≤ 1.05 ×, database included",
    "steady CPU": "of as many at a steady rate",
    "requests/s": "mark ≥ 0.95 ×",
}
CONNECTIONS = 64
Figures = dict[str, float]


async def catch_up(stage: Ground, partitions: int, number: int, events: int) -> Figures:
    """Let a freshly started worker reach the end of a filled topic."""
    start = partial(ours, stage, f"with{partitions}", f"c{number}p{partitions}", partitions)
    expected = job.scores_expected(events // job.EVENTS_PER_PROMISE)
    found = await throughput.figures(stage, start, f"with{partitions}-gaps", events, expected)
    return {name: found[name] for name in ("events/s", "CPU s per 100k")}


async def steady(stage: Ground, partitions: int, number: int, rate: int, seconds: int) -> Figures:
    """Follow events as they come."""
    # A side of that name has topics of its own for each number of partitions.
    found = await latency.measure(stage, "candor", number * 1_000 + partitions, rate * seconds, rate, partitions)
    return {"p50 ms": found["p50 ms"], "p99 ms": found["p99 ms"], "steady CPU": found["CPU s per 100k"]}


def take_in(stage: Ground, partitions: int, number: int, seconds: int) -> Figures:
    """Accept promises over many connections at once."""
    found = intake.measure(
        stage, "candor", number * 1_000 + partitions, CONNECTIONS, seconds, PARTITIONS=str(partitions)
    )
    return {"requests/s": found["requests/s"]}


async def run(few: int, many: int, events: int, rounds: int, rate: int, seconds: int) -> None:
    """Fill both inputs once, run the rounds, publish."""
    measured = []
    with ground() as stage:
        for partitions in (few, many):
            for card in ("milestones", "gaps"):
                await kafka_io.make_topic(stage.bootstrap, f"with{partitions}-{card}", partitions)
            rows = throughput.rows(events // job.EVENTS_PER_PROMISE)
            await kafka_io.fill(stage.bootstrap, f"with{partitions}-milestones", rows, partitions)
        for number in range(rounds + 1):
            one: dict[str, Figures] = {}
            for partitions in (few, many)[:: 1 if number % 2 == 0 else -1]:
                found = await catch_up(stage, partitions, number, events)
                if seconds and number:
                    found |= await steady(stage, partitions, number, rate, seconds)
                    found |= await asyncio.to_thread(take_in, stage, partitions, number, seconds)
                one[f"{partitions} partitions"] = found
                print(number, partitions, {name: round(value, 2) for name, value in found.items()}, flush=True)
            measured.append({f"{partitions} partitions": one[f"{partitions} partitions"] for partitions in (many, few)})
    report.publish(f"partitions-{few}-{many}", measured[1:], f"{few} partitions", MARKS)


def main(
    few: int = 4, many: int = 16, events: int = 200_000, rounds: int = 3, rate: int = 1_000, seconds: int = 15
) -> None:
    """Measure both and write bench/results/partitions-FEW-MANY.json; `seconds` 0 leaves all but catch-up out."""
    asyncio.run(run(few, many, events, rounds, rate, seconds))


if __name__ == "__main__":
    typer.run(main)
