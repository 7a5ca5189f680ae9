"""One batch ahead, taken once or given up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import pytest

from candor.messaging.prefetch import Prefetch
from candor.messaging.source import Source
from tests.unit.messaging.records import bad, good

NAMES = [("promises", 0), ("promises", 1), ("incidents", 0)]


class Shelf:
    """What a source has ready, once."""

    def __init__(self, ready: dict[tuple[str, int], list[Any]], fails: bool = False) -> None:
        self.stock = ready
        self.fails = fails
        self.asked: list[tuple[Sequence[tuple[str, int]], int]] = []

    async def ready(self, names: Sequence[tuple[str, int]], largest: int) -> AsyncIterator[tuple[Any, Sequence[Any]]]:
        self.asked.append((names, largest))
        for name in names:
            if records := self.stock.pop(name, None):
                yield name, records
        if self.fails:
            raise OSError("no route")


def ahead_of(shelf: Shelf) -> Prefetch:
    return Prefetch(cast(Source, shelf))


async def test_what_is_ready_is_decoded_and_taken_once() -> None:
    shelf = Shelf({("promises", 0): [good(1), good(2)], ("promises", 1): [good(5), bad(6)]})
    ahead = ahead_of(shelf)
    ahead.start(NAMES, 10)
    found = await ahead.take()
    assert {name: [record.offset for record in piece.records] for name, piece in found.items()} == {
        ("promises", 0): [1, 2],
        ("promises", 1): [5, 6],
    }
    assert [piece.card for piece in found.values()] == ["promises", "promises"]
    assert list(found["promises", 1].faults) == [1]
    assert shelf.asked == [(NAMES, 10)]
    assert await ahead.take() == {}


async def test_a_second_start_reads_nothing_while_one_batch_is_held() -> None:
    shelf = Shelf({("promises", 0): [good(1)]})
    ahead = ahead_of(shelf)
    ahead.start(NAMES, 10)
    await asyncio.sleep(0.01)
    shelf.stock = {("promises", 0): [good(2)]}
    ahead.start(NAMES, 10)
    assert [record.offset for record in (await ahead.take())["promises", 0].records] == [1]
    ahead.start(NAMES, 10)
    assert [record.offset for record in (await ahead.take())["promises", 0].records] == [2]


async def test_what_is_given_up_does_not_come_later() -> None:
    shelf = Shelf({("promises", 0): [good(1)]})
    ahead = ahead_of(shelf)
    ahead.start(NAMES, 10)
    await ahead.forget()
    assert await ahead.take() == {}
    await ahead.forget()


async def test_an_error_of_kafka_is_told_to_whoever_takes() -> None:
    ahead = ahead_of(Shelf({}, fails=True))
    ahead.start(NAMES, 10)
    with pytest.raises(OSError, match="no route"):
        await ahead.take()
    assert await ahead.take() == {}
    ahead.start(NAMES, 10)
    await ahead.forget()
    assert await ahead.take() == {}
