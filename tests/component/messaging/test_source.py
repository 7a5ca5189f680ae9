"""What a worker takes from Kafka in one turn, of many partitions that all have more than that."""

from __future__ import annotations

from collections import Counter

import pytest

from candor.messaging import source
from candor.messaging.source import Source
from candor.records.partitioner import partition_of
from tests.support.ledger.book import Sender, settings_for, withdrawn

PARTITIONS, EACH, TURN, PIECE = 16, 40, 30, 10


async def test_a_turn_is_bounded_and_each_partition_has_its_own(
    kafka: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "TURN", TURN)
    settings = settings_for(kafka, topic_prefix).model_copy(update={"partitions": PARTITIONS})
    names = [("promises", number) for number in range(PARTITIONS)]
    found = Source(settings, ("promises",), (), PARTITIONS)
    await found.start()
    try:
        async with Sender(settings) as sender:
            await sender.send([withdrawn(key, key, n) for key in _one_key_each() for n in range(EACH)])
        found.follow(dict.fromkeys(names, 0))
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


def _one_key_each() -> list[str]:
    names = [f"c{n}" for n in range(1_000)]
    return [next(name for name in names if partition_of(name.encode(), PARTITIONS) == p) for p in range(PARTITIONS)]
