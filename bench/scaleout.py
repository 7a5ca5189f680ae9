"""Measures what more workers bring: one, two and four of them on the reference job, in interleaved rounds.

    python -m bench.scaleout [--events 200000] [--rounds 3] [--partitions 16]

All of a side read the same filled topics into one database, and each relays what it holds. The time runs from the first
partition taken to the last event applied, so that more workers pay for sharing the partitions out. Where there are
fewer cores than workers, broker and database need, more workers bring little: how many there are is printed.
"""

from __future__ import annotations

import asyncio
import os
import time

import asyncpg
import typer

from bench import job, kafka_io, report, throughput
from bench.ground import Ground, Side, ground, ours

WORKERS = (1, 2, 4)
PATIENCE_S = 600.0
MARKS = {"events/s": "all workers together", "CPU s per 100k": "of all workers and the database"}


def named(workers: int) -> str:
    """The side with so many workers."""
    return f"{workers} worker{'s' * (workers > 1)}"


async def processed(url: str) -> tuple[int, int]:
    """How many partitions somebody has, and how many events have been applied by their offsets."""
    try:
        connection = await asyncpg.connect(url)
    except (OSError, asyncpg.PostgresError):
        return 0, 0
    try:
        row = await connection.fetchrow(_PROCESSED)
    except asyncpg.UndefinedTableError:
        return 0, 0
    finally:
        await connection.close()
    return (row["taken"], row["applied"]) if row is not None else (0, 0)


_PROCESSED = """
SELECT count(*) FILTER (WHERE owner <> '') AS taken,
  coalesce(sum((offsets ->> 'milestones')::bigint), 0)::bigint AS applied
FROM lease WHERE grp = 'bench'"""


async def seconds(sides: list[Side], url: str, events: int) -> float:
    """How long they take from the first partition to the last event. SystemExit if that takes too long."""
    begun: float | None = None
    until, done = time.monotonic() + PATIENCE_S, 0
    while done < events:
        taken, done = await processed(url)
        for side in sides:
            side.running()
        now = time.monotonic()
        begun = now if begun is None and taken else begun
        if now > until:
            raise SystemExit(f"{len(sides)} workers: only {done} of {events} events after {PATIENCE_S:g} s")
        await asyncio.sleep(0.1)
    return max(time.monotonic() - (begun or 0.0), 0.1)


async def one(stage: Ground, workers: int, number: int, events: int, partitions: int) -> dict[str, float]:
    """Let so many freshly started workers reach the end together."""
    database = f"s{number}w{workers}"
    url = f"{stage.database_url.rstrip('/')}/{database}_bench"
    since, cpu = await kafka_io.ends(stage.bootstrap, "shared-gaps"), stage.database_cpu()
    expected = job.scores_expected(events // job.EVENTS_PER_PROMISE)
    sides = [ours(stage, "shared", database, partitions) for _ in range(workers)]
    try:
        took = await seconds(sides, url, events)
        said, _ = await kafka_io.count_records(stage.bootstrap, since, expected, patience_s=60)
    finally:
        for side in sides:
            side.stop()
    # Who hands a partition over may have sent what it had not marked yet: such scores come twice, with their ids.
    if said < expected:
        raise SystemExit(f"{workers} workers: {said} scores instead of {expected}: not the same job")
    cpu = sum(side.cpu for side in sides) + stage.database_cpu() - cpu
    return {"events/s": events / took, "CPU s per 100k": cpu / events * 100_000}


async def run(events: int, rounds: int, partitions: int) -> None:
    """Fill the input once, run the rounds, publish."""
    measured = []
    with ground() as stage:
        for card in ("milestones", "gaps"):
            await kafka_io.make_topic(stage.bootstrap, f"shared-{card}", partitions)
        rows = throughput.rows(events // job.EVENTS_PER_PROMISE)
        await kafka_io.fill(stage.bootstrap, "shared-milestones", rows, partitions)
        for number in range(rounds + 1):
            order = WORKERS[:: 1 if number % 2 == 0 else -1]
            found = {workers: await one(stage, workers, number, events, partitions) for workers in order}
            measured.append({named(workers): found[workers] for workers in sorted(WORKERS, reverse=True)})
            print(number, measured[-1], flush=True)
    report.publish("scaleout", measured[1:], named(1), MARKS)
    print(f"{os.cpu_count()} cores for workers, broker and database together")


def main(events: int = 200_000, rounds: int = 3, partitions: int = kafka_io.PARTITIONS) -> None:
    """Measure all and write bench/results/scaleout.json."""
    asyncio.run(run(events, rounds, partitions))


if __name__ == "__main__":
    typer.run(main)
