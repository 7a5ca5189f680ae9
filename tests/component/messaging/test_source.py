"""What a worker takes from Kafka in one turn, of many partitions that all have more than that."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.fetch import FetchRequest

from candor.messaging import source
from candor.messaging.fetching import QUIET_MS
from candor.messaging.source import Source
from candor.records.partitioner import partition_of
from tests.support.ledger.book import Sender, incident, settings_for, withdrawn

PARTITIONS, EACH, TURN, PIECE = 16, 40, 30, 10


async def test_a_turn_is_bounded_and_each_partition_has_its_own(
    kafka: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "TURN", TURN)
    settings = settings_for(kafka, topic_prefix).model_copy(update={"partitions": PARTITIONS})
    names = [("promises", number) for number in range(PARTITIONS)]
    async with Sender(settings) as sender:
        await sender.send([withdrawn(key, key, n) for key in _one_key_each() for n in range(EACH)])
    found = Source(settings, ("promises",), (), PARTITIONS)
    await found.start()
    try:
        found.follow(dict.fromkeys(names, 0))
        # Not before all are here: a broker that has just made a topic leads some partitions a moment later than others.
        async with asyncio.timeout(30):
            await _until(lambda: len(found._consumer._fetcher._records) == PARTITIONS)
        turns: list[dict[int, int]] = []
        while sum(sum(turn.values()) for turn in turns) < PARTITIONS * EACH:
            fetched = await found.poll(names, PIECE)
            turns.append({number: len(records) for (_, number), records in fetched.items()})
    finally:
        await found.stop()
    full = [turn for turn in turns if turn]
    assert max(sum(turn.values()) for turn in full) == TURN
    # All have had their first piece before any has its third.
    seen: Counter[int] = Counter()
    for turn in full:
        if any(seen[number] == 2 for number in turn):
            break
        seen.update(turn.keys())
    assert set(seen) == set(range(PARTITIONS))


async def test_what_every_partition_reads_counts_for_each_of_them(
    kafka: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "TURN", TURN)
    settings = settings_for(kafka, topic_prefix).model_copy(update={"partitions": PARTITIONS})
    names = [("promises", number) for number in range(PARTITIONS)]
    async with Sender(settings) as sender:
        await sender.send([incident(f"i{n}", 1) for n in range(EACH)])
        await sender.send([withdrawn(key, key, 1) for key in _one_key_each()])
    found = Source(settings, ("promises",), ("incidents",), PARTITIONS)
    await found.start()
    try:
        found.follow(dict.fromkeys([*names, ("incidents", 0)], 0))
        seen: Counter[str] = Counter()
        while seen != {"incidents": EACH, "promises": PARTITIONS}:
            fetched = await found.poll([*names, ("incidents", 0)], PIECE)
            taken: Counter[str] = Counter()
            for (card, _), records in fetched.items():
                taken[card] += len(records)
            # Sixteen partitions read each incident: two of them are more than half of a turn of thirty.
            assert taken["incidents"] <= 1
            assert taken["promises"] + PARTITIONS * taken["incidents"] <= TURN + PARTITIONS
            seen.update(taken)
    finally:
        await found.stop()


def _one_key_each() -> list[str]:
    names = [f"c{n}" for n in range(1_000)]
    return [next(name for name in names if partition_of(name.encode(), PARTITIONS) == p) for p in range(PARTITIONS)]


async def test_a_quiet_source_asks_for_long_and_one_with_records_that_nobody_took_does_not(
    kafka: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(kafka, topic_prefix).model_copy(update={"partitions": 2})
    waits = _waits(monkeypatch)
    found = Source(settings, ("promises",), (), 2)
    await found.start()
    try:
        found.follow({("promises", 0): 0, ("promises", 1): 0})
        async with asyncio.timeout(30), Sender(settings) as sender:
            while QUIET_MS not in waits:
                await found.poll([("promises", 0), ("promises", 1)], 10)
            # A record ends the wait of a fetch that is kept for long, and is left lying.
            await sender.send([withdrawn("c1", "c1", 1)])
            await _until(lambda: found._consumer._fetcher._records)
            waits.clear()
            await _until(lambda: waits)
            assert waits[0] < QUIET_MS
            while not await found.poll([("promises", 0), ("promises", 1)], 10):
                pass
            waits.clear()
            while QUIET_MS not in waits:
                await found.poll([("promises", 0), ("promises", 1)], 10)
    finally:
        await found.stop()


async def _until(there: Callable[[], object]) -> None:
    while not there():  # noqa: ASYNC110 - inside aiokafka, which tells nobody
        await asyncio.sleep(0)


def _waits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How long the broker may keep each fetch, in ms, noted as it is sent."""
    found: list[int] = []
    send = AIOKafkaClient.send

    async def noting(self: AIOKafkaClient, node: int, request: Any, **more: Any) -> Any:
        asked = getattr(request, "request", None)
        if isinstance(asked, FetchRequest):
            found.append(asked._max_wait_ms)
        return await send(self, node, request, **more)

    monkeypatch.setattr(AIOKafkaClient, "send", noting)
    return found
