"""Workers killed, frozen, joined and cut off while events flow: nothing lost, nothing twice, nothing out of order."""

from __future__ import annotations

import asyncio
import random
import signal
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from tests.support.ledger.book import (
    Findings,
    Sender,
    effects,
    fresh_ledger,
    incident,
    judge,
    milestone,
    settings_for,
    withdrawn,
)
from tests.support.ledger.workers import Workers
from tests.support.servers import Databases
from tests.support.waiting import until

LEASE = 2.0
CUSTOMERS = 97


async def flow(sender: Sender, stop: asyncio.Event, pace: float = 0.05) -> None:
    """Events of every kind until `stop`, about 2,000 a second; versions count up per promise and incident."""
    version = 0
    while not stop.is_set():
        version += 1
        batch = [withdrawn(f"c{number}", f"p{number}", version) for number in range(CUSTOMERS)]
        batch += [milestone(f"c{number}", f"p{number}", version) for number in range(0, CUSTOMERS, 3)]
        batch += [incident("i1", version)]
        await sender.send(batch)
        await asyncio.sleep(pace)


async def cut_backends(url: str) -> int:
    """End every other session of this database, in whatever transaction it is."""
    connection = await asyncpg.connect(url)
    try:
        return int(
            await connection.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    finally:
        await connection.close()


def expected(sender: Sender) -> int:
    return sum(4 if topic == "incidents" else 1 for topic, _, _ in sender.sent.values())


async def trial(url: str, kafka: str, prefix: str, log: Path, choices: random.Random, *, rounds: int) -> Findings:
    """Two workers under `rounds` of seeded trouble, then quiet until all is handled."""
    settings = settings_for(kafka, prefix)
    stop = asyncio.Event()
    async with Sender(settings) as sender, Workers(url, kafka, prefix, log, lease=LEASE) as workers:
        await workers.add()
        await workers.add()
        flowing = asyncio.create_task(flow(sender, stop))
        await until(lambda: effects(url), pause=0.05)
        for _ in range(rounds):
            await asyncio.sleep(choices.uniform(0.1, 1.5))
            await trouble(choices, workers, url)
        stop.set()
        await flowing
        await until(lambda: passed(url, sender), seconds=120, pause=0.1)
        with suppress(TimeoutError):
            # Everything has been read and committed as read: an effect that is not there by now is lost.
            await until(lambda: handled(url, sender), seconds=60, pause=0.1)
        findings = await judge(url, sender)
        print(f"{len(sender.sent)} events, {rounds} troubles: {findings.summary()}")
        return findings


async def passed(url: str, sender: Sender) -> bool:
    """Whether the committed offsets are past everything that was sent to the partitioned topics."""
    connection = await asyncpg.connect(url)
    try:
        total = await connection.fetchval(
            "SELECT sum(value::int) FROM lease, jsonb_each_text(offsets) WHERE key <> 'incidents'"
        )
    finally:
        await connection.close()
    return bool(total == sum(topic != "incidents" for topic, _, _ in sender.sent.values()))


async def handled(url: str, sender: Sender) -> bool:
    return await effects(url) >= expected(sender)


async def trouble(choices: random.Random, workers: Workers, url: str) -> None:
    index = choices.randrange(2)
    match choices.choices(("kill", "pause", "cut", "replace", "join"), (5, 2, 3, 1, 1))[0]:
        case "kill":
            await workers.kill(index)
        case "pause":
            await workers.pause(index, LEASE * choices.uniform(1.2, 2))
        case "cut":
            await cut_backends(url)
        case "replace":
            await workers.replace(index)
        case _:
            await workers.add()
            await asyncio.sleep(choices.uniform(1, 3))
            process = workers.running.pop()
            process.kill()
            await process.wait()


async def test_a_short_trial_leaves_a_clean_ledger(
    databases: Databases,
    kafka: str,
    topic_prefix: str,
    tmp_path: Path,
    seeded: random.Random,
) -> None:
    async with fresh_ledger(databases) as url:
        findings = await trial(url, kafka, topic_prefix, tmp_path / "log", seeded, rounds=8)
    assert findings == Findings(lost=[], twice=[], inverted=[], forgotten=[]), findings.summary()


async def test_a_build_that_commits_before_it_saves_fails_the_ledger(
    databases: Databases,
    kafka: str,
    topic_prefix: str,
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    async with (
        fresh_ledger(databases) as url,
        Sender(settings_for(kafka, topic_prefix)) as sender,
        Workers(url, kafka, topic_prefix, log, lease=LEASE, broken=True) as workers,
    ):
        dying = await workers.add("--dies")
        stop = asyncio.Event()
        flowing = asyncio.create_task(flow(sender, stop))
        assert await dying.wait() == -signal.SIGKILL, log.read_text()
        stop.set()
        await flowing
        await workers.add()
        # The broken build may also be stopped by the limits on dead letters: then it never gets past all.
        with suppress(TimeoutError):
            await until(lambda: passed(url, sender), seconds=20, pause=0.1)
        findings = await judge(url, sender)
    assert findings["lost"], "the ledger does not notice a loss that must have happened"


@pytest.mark.faults
async def test_a_long_trial_leaves_a_clean_ledger(
    databases: Databases,
    kafka: str,
    topic_prefix: str,
    tmp_path: Path,
    seeded: random.Random,
) -> None:
    async with fresh_ledger(databases) as url:
        findings = await trial(url, kafka, topic_prefix, tmp_path / "log", seeded, rounds=60)
    assert findings == Findings(lost=[], twice=[], inverted=[], forgotten=[]), findings.summary()
