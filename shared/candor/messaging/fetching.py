"""Fetches of many partitions, written and read at once: aiokafka does each field of each partition by itself.

A worker names every partition that it holds in each fetch, and hears of each in the answer, several hundred times a
second. What is sent and what is returned are aiokafka's own, to the byte. How long a fetch waits is ours: one that
names all that is read misses nothing, and where nothing happens five times fewer of them cost the broker less.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from io import BytesIO
from struct import Struct
from typing import Any, Final, NamedTuple

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient, ConnectionGroup
from aiokafka.protocol.fetch import FetchRequest, FetchRequest_v11, FetchResponse_v11

VERSION: Final = 11
"""Of Kafka's fetch; the newest that aiokafka knows. Brokers before 2.3 get what aiokafka makes of it."""

QUIET_MS: Final = 500
"""How long the broker may keep a fetch that names all that is read while nothing comes."""
SETTLED_SECONDS: Final = 1.0
"""For so long after something new is read fetches are short: one that is under way does not name it."""

_BEGIN: Final = Struct(">iiiibiii")
_NAME: Final = Struct(">h")
_COUNT: Final = Struct(">i")
_ASKED: Final = Struct(">iiqqi")
_FOUND: Final = Struct(">ihqqqiii")
_ABORTED: Final = Struct(">qq")
_RECORDS: Final = Struct(">ii")
_HEAD: Final = Struct(">ihii")
_NO_SESSION: Final = (0, -1)


class Answer:
    """How what a broker answers is read."""

    @staticmethod
    def decode(data: BytesIO) -> Any:
        """Return aiokafka's response. Raises struct.error or ValueError if the bytes are none."""
        raw = data.read()
        throttled, error, session, count = _HEAD.unpack_from(raw)
        at = _HEAD.size
        topics: list[tuple[str, list[tuple[Any, ...]]]] = []
        for _ in range(count):
            (length,) = _NAME.unpack_from(raw, at)
            at += _NAME.size + length
            name = raw[at - length : at].decode()
            (partitions,) = _COUNT.unpack_from(raw, at)
            found, at = _partitions(raw, at + _COUNT.size, partitions)
            topics.append((name, found))
        return FetchResponse_v11(throttled, error, session, topics)


def _partitions(raw: bytes, at: int, count: int) -> tuple[list[tuple[Any, ...]], int]:
    found: list[tuple[Any, ...]] = []
    for _ in range(count):
        number, error, end, stable, start, aborted, replica, size = _FOUND.unpack_from(raw, at)
        at += _FOUND.size
        ended: list[Any] | None = [] if aborted == 0 else None
        if aborted > 0:
            at -= _RECORDS.size
            ended = [_ABORTED.unpack_from(raw, at + place * _ABORTED.size) for place in range(aborted)]
            at += aborted * _ABORTED.size
            replica, size = _RECORDS.unpack_from(raw, at)
            at += _RECORDS.size
        records = None
        if size >= 0:
            records = raw[at : at + size]
            at += size
        found.append((number, error, end, stable, start, ended, replica, records))
    if at > len(raw):
        raise ValueError("the broker's answer ends within a partition's records")
    return found, at


class Asked(FetchRequest_v11):  # type: ignore[misc]
    """The bytes of aiokafka's request."""

    RESPONSE_TYPE = Answer

    def __init__(self, request: FetchRequest) -> None:
        self._request = request

    def __repr__(self) -> str:
        return f"fetch of {sum(len(partitions) for _, partitions in self._request.topics)} partitions"

    def encode(self) -> bytes:
        """Return what is sent."""
        request = self._request
        limits = (request._max_wait_ms, request._min_bytes, request._max_bytes, request._isolation_level)
        parts = [_BEGIN.pack(-1, *limits, *_NO_SESSION, len(request.topics))]
        for topic, partitions in request.topics:
            parts += _text(topic), _COUNT.pack(len(partitions))
            parts += [_ASKED.pack(number, -1, offset, -1, most) for number, offset, most in partitions]
        return b"".join((*parts, _COUNT.pack(0), _text(request._rack_id)))


def _text(text: str) -> bytes:
    encoded = text.encode()
    return _NAME.pack(len(encoded)) + encoded


class _Asking(NamedTuple):
    request: FetchRequest

    def prepare(self, versions: dict[int, tuple[int, int]]) -> Any:
        lowest, highest = versions.get(FetchRequest.API_KEY, (0, 0))
        return Asked(self.request) if lowest <= VERSION <= highest else self.request.prepare(versions)


class Followed:
    """What one consumer reads now."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._pairs: set[TopicPartition] = set()
        self._settled = 0.0
        self._monotonic = monotonic

    def add(self, pair: TopicPartition) -> None:
        """Note that `pair` is read from now on, or from another offset."""
        self._pairs.add(pair)
        self._settled = self._monotonic() + SETTLED_SECONDS

    def discard(self, pair: TopicPartition) -> None:
        """Note that `pair` is not read any more."""
        self._pairs.discard(pair)

    def missed_by(self, request: FetchRequest, leads: Callable[[TopicPartition], bool]) -> bool:
        """Whether something that the asked broker `leads` may come while `request` waits and not end the wait.

        aiokafka names no partition of which it has records that nobody took yet.
        """
        named = sum(len(partitions) for _, partitions in request.topics)
        return self._monotonic() < self._settled or named < sum(map(leads, self._pairs))


class FetchingClient(AIOKafkaClient):  # type: ignore[misc]
    """aiokafka's client, which fetches so; with `followed`, fetches that miss nothing wait for QUIET_MS."""

    followed: Followed | None = None

    async def send(self, node_id: int, request: Any, *, group: Any = ConnectionGroup.DEFAULT) -> Any:
        """Send a request to a broker and return its answer."""
        if type(request) is not FetchRequest:
            return await super().send(node_id, request, group=group)
        leader = self.cluster.leader_for_partition
        if self.followed is not None and not self.followed.missed_by(request, lambda pair: leader(pair) == node_id):
            request._max_wait_ms = QUIET_MS
        return await super().send(node_id, _Asking(request), group=group)
