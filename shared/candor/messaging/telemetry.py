"""How far behind a worker is, for people, probes and Kafka's own tools; nothing here decides what is read."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Any, Final

import structlog

from candor.messaging import metrics
from candor.messaging.connecting import stopped, uncut
from candor.messaging.link import Link
from candor.messaging.planning import OwnedPartition
from candor.messaging.slices import FetchedRecord, Slice
from candor.messaging.source import Source
from candor.ops.tasks import end

if TYPE_CHECKING:
    from candor.ops.settings import Settings

log = structlog.get_logger("candor.consumer")

COMMIT_SECONDS: Final = 0.25
DEADLINE: Final = 2.0
LATE_SECONDS: Final = 10.0
"""An event that Kafka has had for longer before it is applied counts as late."""
UNHEARD: Final = 5.0
"""Seconds of silence from Kafka that count as lag; normally fetches are answered twice a second or more."""


class Lag:
    """Lag of the leased partitions in seconds and records, from Kafka's last answer and what was applied last."""

    def __init__(self, source: Source, leased: Mapping[int, OwnedPartition]) -> None:
        self._source = source
        self._leased = leased
        self._applied: dict[tuple[str, int], float] = {}
        # There from the start: of a series that begins with its first count, that count is not seen.
        for card in self._cards():
            metrics.CONSUMED_LATE.labels(card).inc(0)
            metrics.RECORDS_MISSING.labels(card).inc(0)

    def applied(self, partition: int, pieces: list[Slice]) -> None:
        """Note that these records of a partition are committed."""
        now = time.time()
        for piece in pieces:
            self._applied[piece.card, partition] = piece.records[-1].timestamp / 1000
            metrics.CONSUMED_LATE.labels(piece.card).inc(late(piece.records, now))

    def seconds(self) -> dict[str, float]:
        """By card, the worst of the leased partitions; infinite before Kafka's first answer; 0 with none leased."""
        now = time.time()
        return {
            card: max((self._one(card, own, now) for own in [*self._leased.values()]), default=0.0)
            for card in self._cards()
        }

    def reached(self, partition: int) -> float:
        """The system time (epoch seconds) up to which all that Kafka had of a leased partition is applied, or -inf."""
        own = self._leased.get(partition)
        now = time.time()
        return min((self._until(card, own, now) for card in self._cards()), default=-inf) if own else -inf

    def records(self) -> dict[str, int]:
        """By card, records in Kafka that are not applied; broadcast records count once per leased partition."""
        leased = [*self._leased.values()]
        return {card: sum(self._missing(card, own) for own in leased) for card in self._cards()}

    def behind(self, own: OwnedPartition) -> int:
        """Records in Kafka that are not applied in one partition."""
        return sum(self._missing(card, own) for card in self._cards())

    def publish(self) -> None:
        for card, seconds in self.seconds().items():
            metrics.CONSUMER_LAG_SECONDS.labels(card).set(seconds)
        for card, amount in self.records().items():
            metrics.CONSUMER_LAG_RECORDS.labels(card).set(amount)

    def _missing(self, card: str, own: OwnedPartition) -> int:
        return self._source.behind(self._name(card, own), own.offsets.get(card, 0))[0] or 0

    def _cards(self) -> tuple[str, ...]:
        return (*self._source.cards, *self._source.broadcast)

    def _name(self, card: str, own: OwnedPartition) -> tuple[str, int]:
        return card, 0 if card in self._source.broadcast else own.partition

    def _until(self, card: str, own: OwnedPartition, now: float) -> float:
        missing, age = self._source.behind(self._name(card, own), own.offsets.get(card, 0))
        if missing == 0:
            return now - age
        return -inf if missing is None else self._applied.get((card, own.partition), -inf)

    def _one(self, card: str, own: OwnedPartition, now: float) -> float:
        missing, age = self._source.behind(self._name(card, own), own.offsets.get(card, 0))
        silent = age if age > UNHEARD else 0.0
        if missing is None:
            return float("inf")
        if not missing:
            return silent
        applied = self._applied.get((card, own.partition))
        return float("inf") if applied is None else max(now - applied, silent)


def late(records: Sequence[FetchedRecord], now: float) -> int:
    """How many records of a partition, in its order, Kafka had had for longer than LATE_SECONDS."""
    return bisect_left(records, (now - LATE_SECONDS) * 1000, key=_stamp)


def _stamp(record: FetchedRecord) -> int:
    return record.timestamp


class OffsetTelemetry:
    """Commits the owned offsets to Kafka under the group's name, so that its tools and autoscalers see the lag.

    It uses a client of its own: a client with a group waits for the coordinator before fetching, which would delay the
    worker.
    """

    def __init__(
        self, settings: Settings, group: str, source: Source, owned: Mapping[int, OwnedPartition], lag: Lag
    ) -> None:
        self._link = Link(settings)
        self._group = group
        self._source = source
        self._owned = owned
        self._lag = lag
        self._told: dict[Any, int] = {}
        self._committing: asyncio.Future[Any] | None = None

    async def run(self) -> None:
        """Run until cancelled; every failure is ignored after a pause."""
        while True:
            client = self._link.consumer(group_id=self._group, enable_auto_commit=False, request_timeout_ms=5_000)
            try:
                await asyncio.wait_for(uncut(client.start()), DEADLINE)
                client.assign(list(self._source.names))
                client.pause(*self._source.names)
                for pair in self._source.names:
                    client.seek(pair, 0)
                self._told = {}
                while True:
                    await self._commit(client)
                    self._lag.publish()
                    await asyncio.sleep(COMMIT_SECONDS)
            except Exception as error:
                log.debug("offsets not shown to Kafka tools", group=self._group, error=type(error).__name__)
            finally:
                await uncut(self._close(client))
            self._lag.publish()
            await asyncio.sleep(DEADLINE)

    async def _close(self, client: Any) -> None:
        await stopped(client, DEADLINE)
        if self._committing is not None:
            await end(self._committing)

    async def _commit(self, client: Any) -> None:
        offsets: dict[Any, int] = {}
        for own in [*self._owned.values()]:
            for card, following in own.offsets.items():
                pair = self._source.pairs.get((card, 0 if card in self._source.broadcast else own.partition))
                if pair is not None:
                    offsets[pair] = min(following, offsets.get(pair, following))
        news = {pair: offset for pair, offset in offsets.items() if self._told.get(pair) != offset}
        if news:
            # aiokafka forgets a request whose commit is cancelled, and asyncio logs its error with a traceback: closing
            # the client ends it.
            self._committing = asyncio.ensure_future(client.commit(news))
            await asyncio.wait({self._committing}, timeout=DEADLINE)
            if not self._committing.done():
                raise TimeoutError
            self._committing.result()
            self._told |= news
