"""Measures latency at 1,000 events/s: from the append to the input topic to the score readable on the output.

    python -m bench.latency [--rate 1000] [--seconds 30] [--rounds 5]

Milliseconds on both sides from the broker's append of the input record (LogAppendTime) to the moment a consumer that
reads only committed records has the score. The first five seconds are warm-up and do not count.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import time
from typing import Any

import typer
from aiokafka import AIOKafkaProducer, TopicPartition
from rich.progress import Progress

from bench import job, kafka_io, report
from bench.ground import Ground, baseline, ground, ours
from candor.messaging.link import Link
from candor.ops.kafka_settings import KafkaSettings
from candor.records.partitioner import partition_of

WARM_S = 5.0
SLICE_S = 0.01
FEW_OR_MANY = {"candor": kafka_io.PARTITIONS, "quixstreams": kafka_io.FEW}
MARKS = {"p99 ms": "mark ≤ 0.5 × (goal 0.33)", "p50 ms": "goal ≤ 0.2 ×"}
Times = dict[str, float]


async def produce(bootstrap: str, topic: str, events: int, rate: int, appended: Times, partitions: int) -> None:
    """Send the stream at `rate` events/s in slices of 10 ms, noting when the broker appended each event."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=0)
    await producer.start()
    source = job.stream(events // job.EVENTS_PER_PROMISE)
    futures: list[tuple[str, asyncio.Future[Any]]] = []
    begun = time.monotonic()
    try:
        while len(futures) < events:
            due = min(events, int((time.monotonic() - begun) * rate))
            while len(futures) < due:
                version, body = next(source)
                key, serial = body["promise_id"].encode(), body["source_event"]
                headers = kafka_io.headers(serial, body["at"], body["promise_id"], version)
                place = partition_of(key, partitions)
                futures.append((serial, await producer.send(topic, job.encoded(body), key, place, headers=headers)))
            await asyncio.sleep(SLICE_S)
        for serial, future in futures:
            appended[serial] = (await future).timestamp / 1000
    finally:
        await producer.stop()


def serial_of(record: Any) -> str:
    """Which input event a score is for: ours has it in the event id, the baseline in the body."""
    for name, value in record.headers:
        if name == "ce_id":
            return bytes(value).decode()
    return str(json.loads(record.value)["source_event"])


async def listen(bootstrap: str, since: dict[TopicPartition, int], seen: Times) -> None:
    """Note when each score became readable, until cancelled.

    Fetches of many partitions are written and read at once: as aiokafka does it, this process would be what is slow.
    """
    link = Link(KafkaSettings(kafka_bootstrap_servers=bootstrap))
    consumer = link.consumer(isolation_level="read_committed", fetch_max_wait_ms=5)
    await consumer.start()
    try:
        consumer.assign(list(since))
        for place, offset in since.items():
            consumer.seek(place, offset)
        while True:
            found = await consumer.getmany(timeout_ms=100)
            now = time.time()
            for records in found.values():
                seen.update({serial_of(record): now for record in records})
    finally:
        await consumer.stop()


async def measure(stage: Ground, name: str, number: int, events: int, rate: int, partitions: int) -> dict[str, float]:
    """Measure one side, freshly started on its own topic."""
    prefix = f"lat{number}-{name}"
    source, target = f"{prefix}-milestones", f"{prefix}-gaps"
    for topic in (source, target):
        await kafka_io.make_topic(stage.bootstrap, topic, partitions)
    candor = name == "candor"
    side = ours(stage, prefix, f"l{number}", partitions) if candor else baseline(stage, source, target, prefix)
    appended: Times = {}
    seen: Times = {}
    since = await kafka_io.ends(stage.bootstrap, target)
    listening = asyncio.create_task(listen(stage.bootstrap, since, seen))
    await asyncio.sleep(12)
    side.running()
    spent = side.cpu + stage.database_cpu()
    await produce(stage.bootstrap, source, events, rate, appended, partitions)
    await asyncio.sleep(3)
    listening.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await listening
    side.stop()
    spent = side.cpu + stage.database_cpu() - spent
    warm = min(appended.values()) + WARM_S
    waits = sorted(1000 * (seen[serial] - at) for serial, at in appended.items() if at >= warm and serial in seen)
    if len(waits) < 0.9 * events * (1 - WARM_S * rate / events):
        raise SystemExit(f"{name}: only {len(waits)} scores were seen")
    found = {"p50 ms": statistics.median(waits), "p99 ms": waits[int(0.99 * len(waits))], "max ms": waits[-1]}
    return {**found, "CPU s per 100k": spent / events * 100_000}


async def run(rate: int, seconds: int, rounds: int) -> None:
    """Run all rounds, alternating the order of the sides."""
    measured = []
    with ground() as stage, Progress() as progress:
        task = progress.add_task("latency", total=rounds)
        for number in range(rounds):
            sides = ("candor", "quixstreams")[:: 1 if number % 2 == 0 else -1]
            one = {name: await measure(stage, name, number, rate * seconds, rate, FEW_OR_MANY[name]) for name in sides}
            measured.append(dict(sorted(one.items())))
            progress.update(task, advance=1)
    report.publish(f"latency-{rate}", measured, "quixstreams", MARKS)


def main(rate: int = 1_000, seconds: int = 30, rounds: int = 5) -> None:
    """Measure latency and write bench/results/latency-RATE.json."""
    asyncio.run(run(rate, seconds, rounds))


if __name__ == "__main__":
    typer.run(main)
