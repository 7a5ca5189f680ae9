"""Fetches that are written and read at once are aiokafka's own, to the byte."""

from __future__ import annotations

from io import BytesIO
from struct import error as StructError  # noqa: N812

import pytest
from aiokafka.protocol.fetch import FetchRequest, FetchResponse_v11
from hypothesis import given
from hypothesis import strategies as some

from candor.messaging.fetching import Answer, Asked, FetchingClient
from candor.messaging.link import Link
from candor.ops.settings import Settings

OFFSETS = some.integers(-1, 2**62)
NUMBERS = some.integers(0, 2**31 - 1)
NAMES = some.text(some.characters(codec="utf-8"), max_size=20)
ASKED = some.lists(some.tuples(NAMES, some.lists(some.tuples(NUMBERS, OFFSETS, NUMBERS), max_size=3)), max_size=3)
ABORTED = some.none() | some.lists(some.tuples(OFFSETS, OFFSETS), max_size=2)
PARTITION = some.tuples(
    NUMBERS, some.integers(-1, 90), OFFSETS, OFFSETS, OFFSETS, ABORTED, some.just(-1), some.none() | some.binary()
)
ANSWERS = some.lists(some.tuples(NAMES, some.lists(PARTITION, max_size=3)), max_size=3)


@given(ASKED, some.sampled_from([0, 1]), NAMES)
def test_what_is_sent(topics: list[tuple[str, list[tuple[int, int, int]]]], isolation: int, rack: str) -> None:
    request = FetchRequest(100, 1, 52_428_800, isolation, topics, rack)
    assert Asked(request).encode() == request.prepare({1: (0, 11)}).encode()


@given(ANSWERS)
def test_what_is_returned(topics: list[tuple[str, list[tuple[object, ...]]]]) -> None:
    answer = FetchResponse_v11(3, 0, 7, topics)
    found = Answer.decode(BytesIO(answer.encode()))
    assert (found, type(found)) == (FetchResponse_v11.decode(answer.encode()), FetchResponse_v11)


@given(some.integers(0, 69))
def test_an_answer_that_ends_early_is_refused(length: int) -> None:
    whole = FetchResponse_v11(3, 0, 7, [("t", [(1, 0, 9, 9, 0, [(1, 2)], -1, b"records")])]).encode()
    assert len(whole) == 70 or length < len(whole)
    with pytest.raises((StructError, ValueError)):
        Answer.decode(BytesIO(whole[:length]))


async def test_consumers_fetch_so() -> None:
    consumer = Link(Settings(service="test-svc", port=0)).consumer()
    assert isinstance(consumer._client, FetchingClient)
    await consumer.stop()
