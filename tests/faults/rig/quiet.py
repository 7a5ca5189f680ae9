"""Waiting until nothing is under way: outboxes sent, topics read to their end, notices decided and settled."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import timedelta
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from candor.contracts import TOPICS
from candor.messaging.topics import topic_name
from tests.faults.rig.stage import PARTITIONS, SERVICE_NAMES, Stage, connected
from tests.faults.rig.standing import STANDING

CALM: Final = 3
SOON: Final = timedelta(minutes=15)
"""Business time. A decision that time alone will make within it is under way: what ends is told only after minutes."""


async def until_quiet(stage: Stage, *, seconds: float) -> float:
    """Seconds until nothing was under way any more. Raises TimeoutError, saying what still is."""
    begun, calm = time.monotonic(), 0
    last = ""
    while calm < CALM:
        try:
            left = await _under_way(stage)
        except Exception as error:
            left = f"not to be asked: {type(error).__name__} {error}"
        calm = 0 if left else calm + 1
        last = left or last
        if time.monotonic() - begun > seconds:
            raise TimeoutError(f"not quiet after {seconds:.0f} s: {last}")
        await asyncio.sleep(0.5)
    return time.monotonic() - begun


async def _under_way(stage: Stage) -> str:
    ends = await _ends(stage)
    found = []
    for service in SERVICE_NAMES:
        async with connected(stage, service) as connection:
            waiting = await connection.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL")
            rows = await connection.fetch("SELECT partition, offsets FROM lease WHERE grp = $1", f"{service}-svc")
            notices = parked = undecided = 0
            if service == "notify":
                notices = await connection.fetchval(_NOTICES)
                undecided = await connection.fetchval(_UNDECIDED, stage.clock.now() + SOON)
            if service == "delivery":
                parked = await connection.fetchval("SELECT count(*) FROM parked WHERE source <> $1", STANDING)
        offsets = {row["partition"]: json.loads(row["offsets"]) for row in rows}
        behind = sum(
            max(0, end - offsets.get(number, {}).get(card, 0))
            for (reader, card, number), end in ends.items()
            if reader == f"{service}-svc"
        )
        named = {
            "outbox rows": waiting,
            "events to read": behind,
            "notices": notices,
            "decisions": undecided,
            "parked": parked,
        }
        found += [f"{service}-svc: {amount} {what}" for what, amount in named.items() if amount]
    return ", ".join(found)


async def _ends(stage: Stage) -> dict[tuple[str, str, int], int]:
    """End offsets by (reader, topic card, the partition number that reads it): incidents are read by every one."""
    consumer = AIOKafkaConsumer(bootstrap_servers=stage.stack.bootstrap_servers)
    await consumer.start()
    try:
        places = {
            TopicPartition(topic_name("candor", card.name), number): (card, number)
            for card in TOPICS.values()
            if card.handled
            for number in range(PARTITIONS if card.shared_layout else 1)
        }
        ends = await consumer.end_offsets(list(places))
    finally:
        await consumer.stop()
    found: dict[tuple[str, str, int], int] = {}
    for place, end in ends.items():
        card, number = places[place]
        # The board listens to gaps as well, without a lease and without effects.
        readers = [name for name in card.consumers if (name, card.name) != ("risk-svc", "gaps")]
        for reader in readers:
            for owner in [number] if card.shared_layout else range(PARTITIONS):
                found[reader, card.name, owner] = end
    return found


_NOTICES: Final = "SELECT count(*) FROM notice WHERE state IN ('pending', 'sending')"
_UNDECIDED: Final = "SELECT count(*) FROM promise WHERE check_at <= $1"
