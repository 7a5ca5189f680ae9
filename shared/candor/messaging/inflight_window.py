"""One window of a partition's outbox rows on their way to the broker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from aiokafka.errors import MessageSizeTooLargeError, RecordListTooLargeError

from candor.contracts import Record
from candor.messaging.producer import LARGEST_RECORD, Batch, Producer, fits, size
from candor.messaging.topics import topic_name
from candor.records.packing import unpack
from candor.records.wire import PackedBatch, UnreadableError
from candor.store.outbox import SentRows, WaitingRow

WHOLE: Final = 64
"""A row with at least this many events gets a batch of its own; smaller rows share batches, if there are several."""
SMALL: Final = LARGEST_RECORD // 2
"""Bytes of a row of which no record can be too large for a topic."""


class TooLargeError(Exception):
    """A record that the topic will never accept; with `refused` the broker said so, and the producer is unusable."""

    def __init__(self, row: WaitingRow, index: int, record: Record, *, refused: bool) -> None:
        self.row = row
        self.index = index
        self.record = record
        self.bytes = size(record)
        self.refused = refused
        super().__init__(f"{self.bytes} bytes")


class UnreadableRowError(Exception):
    """A row that is no batch of records; `row` is taken out of the way, and what cannot be read is told of it."""

    def __init__(self, row: WaitingRow, reason: str) -> None:
        self.row = row
        super().__init__(reason)


class _Place(NamedTuple):
    row: WaitingRow
    at: int
    record: Record


class _Load:
    """A batch in flight; its rows are sent once it is acknowledged.

    `first` locates its first record, where rows may share it.
    """

    def __init__(self, batch: Batch | PackedBatch, first: _Place | None = None) -> None:
        self.batch = batch
        self.first = first
        self.completes: list[WaitingRow] = []
        self.acknowledgement: asyncio.Future[Any] | None = None

    def begin(self) -> _Place:
        """Locate the first record."""
        return self.first or _Place(self.completes[0], 0, unpack(self.completes[0].records)[0])

    def forget(self) -> None:
        """Consume the result: nobody waits for it any more, and asyncio must not complain about its error."""
        if self.acknowledgement is not None:
            self.acknowledgement.add_done_callback(lambda future: future.cancelled() or future.exception())


class InflightWindow:
    """Sends the rows of one partition, topic by topic in row order; `error` is the first failure.

    `again`: rows that have been sent before.
    """

    def __init__(
        self,
        prefix: str,
        partition: int,
        epoch: int,
        rows: Sequence[WaitingRow],
        records_a_batch: int,
        *,
        again: bool = False,
    ) -> None:
        self.prefix = prefix
        self.partition = partition
        self.epoch = epoch
        self.again = again
        self.task: asyncio.Task[None] | None = None
        self.error: BaseException | None = None
        self.largest = 0
        self._rows = rows
        self._limit = records_a_batch
        self._through: list[WaitingRow] = []
        self._heard = time.monotonic()
        self._lost: float | None = None
        self._suspect = False

    @property
    def ended(self) -> bool:
        return self.task is not None and self.task.done()

    @property
    def sent(self) -> SentRows:
        """The rows that the broker has acknowledged completely."""
        return SentRows(self.partition, self.epoch, self._through, self.again)

    def start(self, producer: Producer, done: Callable[[], None]) -> None:
        self.task = asyncio.create_task(self._fly(producer))
        self.task.add_done_callback(lambda _: done())

    def cancel(self) -> None:
        if self.task is not None:
            self.task.cancel()

    def silent_for(self) -> float:
        """Seconds since the last acknowledgement, or since the broker was last found unreachable."""
        return time.monotonic() - self._heard

    def lost_for(self) -> float:
        """Seconds since the first call: how long the partition has belonged to another owner."""
        self._lost = self._lost or time.monotonic()
        return time.monotonic() - self._lost

    def excuse(self) -> None:
        self._heard = time.monotonic()
        self._suspect = False

    def suspect(self) -> bool:
        """True on the second call in a row: the first silence may end at the very moment the broker returns."""
        before, self._suspect = self._suspect, True
        self._heard = time.monotonic()
        return before

    async def _fly(self, producer: Producer) -> None:
        topics: dict[str, list[WaitingRow]] = {}
        for row in self._rows:
            topics.setdefault(row.topic, []).append(row)
        if len(topics) == 1:
            # The usual case, several hundred times a second with many partitions.
            ((topic, rows),) = topics.items()
            try:
                await self._send(producer, topic, rows)
            except Exception as error:
                self.error = error
            return
        # There is no order between topics, so a refused one does not block the others.
        outcomes = await asyncio.gather(
            *(self._send(producer, topic, rows) for topic, rows in topics.items()), return_exceptions=True
        )
        self.error = next((outcome for outcome in outcomes if isinstance(outcome, BaseException)), None)

    async def _send(self, producer: Producer, topic: str, rows: Sequence[WaitingRow]) -> None:
        """Send all records of `rows`, building the next batch while the previous one is in flight.

        Only one batch at a time: a broker that does not know the producer yet accepts any sequence number, so after
        refusing a first batch it would accept the second, and newer events would appear before older ones.
        """
        name = topic_name(self.prefix, topic)
        under_way: _Load | None = None
        try:
            for load in self._loads(producer, rows):
                if under_way is not None:
                    await self._acknowledged(under_way)
                    under_way = None
                if isinstance(load, Exception):
                    raise load
                self.largest = max(self.largest, load.batch.count)
                load.acknowledgement = await producer.send(name, self.partition, load.batch)
                under_way = load
            if under_way is not None:
                await self._acknowledged(under_way)
        except asyncio.CancelledError:
            if under_way is not None:
                under_way.forget()
            raise

    def _loads(self, producer: Producer, rows: Sequence[WaitingRow]) -> Iterator[_Load | Exception]:
        """Yield batches in order; an exception comes last and says why there are no more."""
        load: _Load | None = None
        for row in rows:
            enough = row.events >= WHOLE or (len(rows) == 1 and len(row.records) < SMALL)
            whole = enough and row.events <= self._limit
            try:
                ready = PackedBatch(row.records) if whole else None
                records = [] if whole else unpack(row.records)
            except UnreadableError as error:
                if load is not None:
                    yield load
                yield UnreadableRowError(row, str(error))
                return
            if ready is not None:
                if load is not None:
                    yield load
                load = _Load(ready)
            for index, record in enumerate(records):
                if not fits(record):
                    if load is not None:
                        yield load
                    yield TooLargeError(row, index, record, refused=False)
                    return
                if load is None or not load.batch.add(record):
                    if load is not None:
                        yield load
                    load = _Load(producer.batch(self._limit), _Place(row, index, record))
                    load.batch.add(record)
            if load is not None:
                load.completes.append(row)
        if load is not None:
            yield load

    async def _acknowledged(self, load: _Load) -> None:
        assert load.acknowledgement is not None  # noqa: S101
        try:
            await load.acknowledgement
        except (MessageSizeTooLargeError, RecordListTooLargeError) as error:
            if load.batch.count == 1:
                raise TooLargeError(*load.begin(), refused=True) from error
            raise
        self.excuse()
        self._through.extend(load.completes)
