"""Records from Kafka by manual assignment: leases decide what is read, offsets in the database decide from where."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import structlog
from aiokafka import TopicPartition

from candor.messaging.connecting import stopped, uncut
from candor.messaging.fetching import Followed
from candor.messaging.link import Link
from candor.messaging.topics import ensure_topics, topic_name

if TYPE_CHECKING:
    from candor.ops.settings import Settings

log = structlog.get_logger("candor.consumer")

START_SECONDS: Final = 20.0
STOP_SECONDS: Final = 5.0
WAIT_MS: Final = 200
TURN: Final = 8_000
"""Records of one turn, of however many partitions: its transaction ends long before a lease does.

A broadcast record is applied to each partition that is read, and counts as often.
"""

Name = tuple[str, int]
"""Card and partition; broadcast cards have partition 0."""
Fetched = dict[Name, Sequence[Any]]
"""Records in offset order."""


class Source:
    """One Kafka consumer over all partitions of its topics, with those that are not owned paused."""

    def __init__(self, settings: Settings, cards: Sequence[str], broadcast: Sequence[str], partitions: int) -> None:
        self._settings = settings
        self._link = Link(settings)
        self.cards = tuple(cards)
        self.broadcast = tuple(broadcast)
        self.pairs: dict[tuple[str, int], TopicPartition] = {
            (card, number): TopicPartition(topic_name(settings.topic_prefix, card), number)
            for card, number in (
                *((card, number) for card in cards for number in range(partitions)),
                *((card, 0) for card in broadcast),
            )
        }
        self.names = {pair: name for name, pair in self.pairs.items()}
        self._consumer: Any = None
        self._followed = Followed()
        self._turn = 0
        self._next: dict[Name, int] = {}

    async def start(self) -> None:
        """Connect, with as many attempts as necessary; nothing is read before `follow`. Raises TopicMismatchError."""
        # A client asks for its topics by name: a broker that creates topics by itself would make them its own way.
        await ensure_topics(self._settings)
        while True:
            consumer = self._link.consumer(
                followed=self._followed,
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                fetch_max_wait_ms=100,
                max_partition_fetch_bytes=4 * 1_048_576,
                request_timeout_ms=15_000,
            )
            try:
                await asyncio.wait_for(uncut(consumer.start()), START_SECONDS)
            except asyncio.CancelledError:
                await stopped(consumer, STOP_SECONDS)
                raise
            except Exception as error:
                log.warning(
                    "Kafka is unreachable, trying again",
                    servers=self._link.servers,
                    error=type(error).__name__,
                )
                await stopped(consumer, STOP_SECONDS)
                await asyncio.sleep(0.5)
                continue
            consumer.assign(list(self.names))
            consumer.pause(*self.names)
            for pair in self.names:
                # Without a position aiokafka asks for one, and fetches nothing from that broker meanwhile.
                consumer.seek(pair, 0)
            self._consumer = consumer
            return

    async def stop(self) -> None:
        """Disconnect; never takes longer than STOP_SECONDS."""
        if self._consumer is not None:
            consumer, self._consumer = self._consumer, None
            await stopped(consumer, STOP_SECONDS)

    def follow(self, offsets: Mapping[tuple[str, int], int]) -> None:
        """Read these (card, partition) pairs from these offsets on; discards anything already fetched for them."""
        for name, offset in offsets.items():
            pair = self.pairs[name]
            self._next[name] = offset
            self._consumer.seek(pair, offset)
            self._consumer.resume(pair)
            self._followed.add(pair)

    async def ends(self) -> dict[tuple[str, int], int]:
        """Return the end offset of each (card, partition): the start for a reader of new records only."""
        found = await self._consumer.end_offsets(list(self.names))
        return {self.names[pair]: offset for pair, offset in found.items()}

    def leave(self, names: Iterable[tuple[str, int]]) -> None:
        """Stop reading these."""
        for name in names:
            self._followed.discard(self.pairs[name])
            self._consumer.pause(self.pairs[name])

    async def poll(self, names: Sequence[Name], largest: int, *, wait: bool = True) -> Fetched:
        """Return new records of `names`, at most `largest` per partition; waits up to WAIT_MS for the first, or not."""
        fetched = {name: records async for name, records in self.ready(names, largest)}
        if fetched or not wait:
            return fetched
        most = min(largest, max(TURN // self._readers(names), 1))
        waited = await self._consumer.getmany(timeout_ms=WAIT_MS, max_records=most)
        for pair, records in waited.items():
            fetched[self.names[pair]] = records
            self._next[self.names[pair]] = records[-1].offset + 1
        return fetched

    async def ready(self, names: Sequence[Name], largest: int) -> AsyncIterator[tuple[Name, Sequence[Any]]]:
        """Yield records that are already here, at most `largest` per partition and TURN together.

        Each partition is asked separately: a single call would drain one partition while the others starve. The next
        turn begins where this one ended.
        """
        together, room, readers = TURN, dict[int, int](), self._readers(names)
        begin = self._turn % max(len(names), 1)
        for asked, name in enumerate((*names[begin:], *names[:begin])):
            if together <= 0:
                self._turn = begin + asked
                return
            counts = readers if name[0] in self.broadcast else 1
            # One at least: with more partitions than records in a turn there would be none for ever.
            left = min(room.get(name[1], largest), max(together // counts, 1))
            if left <= 0:
                continue
            pair = self.pairs[name]
            end = self._consumer.highwater(pair)
            if end is not None and self._next.get(name, 0) >= end:
                # Whatever is here came with an end behind it: to ask many quiet partitions would cost the busy ones.
                continue
            records = (await self._consumer.getmany(pair, timeout_ms=0, max_records=left)).get(pair)
            if records:
                self._next[name] = records[-1].offset + 1
                room[name[1]] = room.get(name[1], largest) - len(records)
                together -= len(records) * counts
                yield name, records
        self._turn = begin + 1

    def _readers(self, names: Iterable[Name]) -> int:
        """How many partitions a broadcast record is applied to; 1 where there are none of either."""
        if not (self.broadcast and self.cards):
            return 1
        return max(sum(card == self.cards[0] for card, _ in names), 1)

    def behind(self, name: tuple[str, int], following: int) -> tuple[int | None, float]:
        """Return how many records Kafka has after `following` (None: unknown), and seconds since its last answer."""
        if self._consumer is None:
            return None, float("inf")
        pair = self.pairs[name]
        end = self._consumer.highwater(pair)
        heard = self._consumer.last_poll_timestamp(pair)
        age = time.time() - heard / 1000 if heard else float("inf")
        return (None if end is None else max(end - following, 0)), age
