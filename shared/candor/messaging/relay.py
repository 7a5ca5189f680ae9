"""Outbox to Kafka: each partition is sent by one owner, in order, and marked only once the broker has it.

A crash between sending and marking repeats events with their original ids and versions; nothing is lost, and the first
appearances of the events of a key keep their order.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import structlog
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError

from candor.messaging import metrics, setting_aside
from candor.messaging.inflight_window import InflightWindow, TooLargeError, UnreadableRowError
from candor.messaging.lane import Lane
from candor.messaging.link import Link
from candor.messaging.producer import Producer
from candor.messaging.topics import ensure_topics
from candor.ops.liveness import STUCK_SECONDS, Liveness
from candor.ops.tasks import end, unless
from candor.store import dead_letter, eraser, layout, outbox
from candor.store.dead_letter import DeadLetter
from candor.store.errors import StoreUnavailable, unavailable
from candor.store.lease import RENEW_SECONDS, Leases
from candor.store.unit_of_work import unit_of_work

if TYPE_CHECKING:
    from candor.ops.settings import Settings
    from candor.store.db import Database
    from candor.store.outbox import WaitingRow

_log: Final = structlog.get_logger("candor.relay")
_TOO_LARGE: Final = MessageSizeTooLargeError | RecordListTooLargeError

POLL_SECONDS: Final = 1.0
LOST_SECONDS: Final = 5.0
STOP_SECONDS: Final = 5.0
TELL_SECONDS: Final = 30.0
REST_SECONDS: Final = 5.0


def _reason(error: BaseException) -> str:
    if isinstance(error, TooLargeError | _TOO_LARGE):
        return "too_large"
    return "refused" if isinstance(error, KafkaError) else "unreadable"


def _exit(reason: str) -> None:
    """End the process at once: an orderly shutdown would wait for the producer that is stuck."""
    _log.critical("relay cannot go on", consequence="this process exits now", reason=reason)
    os._exit(70)


class Relay:
    """Sends a service's outbox. `keeps`: sent rows stay as the log, otherwise they are deleted.

    `silence_s`: seconds without an acknowledgement, while the broker answers others, after which the producer is
    replaced; `die` ends the process if a replaced producer keeps running.
    """

    name = "relay"

    def __init__(
        self,
        settings: Settings,
        database: Database,
        *,
        keeps: bool,
        silence_s: float = 120.0,
        die: Callable[[str], None] = _exit,
    ) -> None:
        self._settings = settings
        self._database = database
        self._keeps = keeps
        self._silence_s = silence_s
        self._die = die
        self.group = f"{settings.service}.relay"
        self.member_id = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self.leases = Leases(database, self.group, settings.partitions, self.member_id, when=layout.SENDS)
        self.sent = 0
        self._backlog = outbox.Backlog(database)
        self._lane = Lane(database, database.written.set) if keeps else None
        self._flights: dict[int, InflightWindow] = {}
        self._producer: Producer | None = None
        self._records_a_batch = 1_000_000
        self._stop = asyncio.Event()
        self._running: asyncio.Task[Any] | None = None
        self._told: dict[str, float] = {}
        self._resting: dict[int, float] = {}
        self._liveness = Liveness()
        self._held = False

    async def reached(self) -> dict[int, float]:
        """By partition, the system time (epoch seconds) up to which all that was saved is in Kafka.

        True whoever sends: it is read from the table. Raises StoreUnavailable.
        """
        return await outbox.sent_until(self._database)

    @property
    def standing_still(self) -> bool:
        """Whether turns fail or hang, a partition waits for a fix, or what was sent is not acknowledged."""
        now = asyncio.get_running_loop().time()
        waiting = any(until > now for until in self._resting.values())
        silent = any(not flight.ended and flight.silent_for() > STUCK_SECONDS for flight in self._flights.values())
        return self._liveness.stuck or waiting or silent

    async def run(self) -> None:
        """Send until `stop` is called; raises TopicMismatchError at the start, and survives later outages."""
        self._running = asyncio.current_task()
        # Measure from the start: while the broker is away nothing else shows that events pile up.
        measuring = asyncio.create_task(self._measure())
        try:
            if await unless(self._stop, ensure_topics(self._settings)):
                await self._relay()
        finally:
            await end(measuring)

    async def _relay(self) -> None:
        tasks = [asyncio.create_task(self._hold_leases())]
        if self._lane is not None:
            tasks.append(asyncio.create_task(self._lane.mark()))
        try:
            while not self._stop.is_set():
                try:
                    await self._turn()
                except Exception as error:
                    self._report(error)
                    await asyncio.sleep(0.5)
            await self._land()
        finally:
            await end(*tasks)
            await self._close()

    async def stop(self) -> None:
        """Wait a few seconds for what is in flight, release the partitions and return."""
        self._stop.set()
        self._database.written.set()
        if self._running is not None:
            await asyncio.wait({self._running}, timeout=30)

    async def _turn(self) -> None:
        wake = self._database.written
        wake.clear()
        if self._producer is None:
            self._producer = await self._connect()
        await self._settle()
        if self._producer is not None:
            await self._start_flights(self._producer)
        if not self._stop.is_set():
            timer = asyncio.get_running_loop().call_later(POLL_SECONDS, wake.set)
            await wake.wait()
            timer.cancel()
        await self._watch()
        self._liveness.beat()

    async def _connect(self) -> Producer:
        producer = Producer(Link(self._settings), self.group)
        await producer.start()
        return producer

    async def _start_flights(self, producer: Producer) -> None:
        if self._holding():
            return
        epochs = self.leases.epochs
        now = asyncio.get_running_loop().time()
        free = [n for n in epochs if n not in self._flights and self._resting.get(n, 0.0) <= now]
        if not free:
            return
        found = await outbox.waiting(self._database, free, group=self.group)
        waiting = await setting_aside.free(self._database, self.group, await eraser.cleansed(self._database, found))
        if self._holding():
            return
        for partition, rows in waiting.items():
            self._start(producer, self._window(partition, epochs[partition], rows))
        if self._lane is not None:
            await self._start_again(producer, self._lane, [number for number in free if number not in found], epochs)

    async def _start_again(
        self, producer: Producer, lane: Lane, free: Sequence[int], epochs: Mapping[int, int]
    ) -> None:
        again = await lane.next(free)
        if again is None:
            return
        if self._holding():
            lane.put_back()
            return
        number, rows = again
        self._start(producer, self._window(number, epochs[number], rows, again=True))

    def _window(self, number: int, epoch: int, rows: Sequence[WaitingRow], *, again: bool = False) -> InflightWindow:
        return InflightWindow(self._settings.topic_prefix, number, epoch, rows, self._records_a_batch, again=again)

    def _start(self, producer: Producer, flight: InflightWindow) -> None:
        self._flights[flight.partition] = flight
        flight.start(producer, self._database.written.set)

    def _holding(self) -> bool:
        return self._held

    async def _settle(self) -> None:
        """Mark what the broker has, then handle what it refused."""
        ended = [flight for flight in self._flights.values() if flight.ended]
        if not ended:
            return
        await self._mark(flight.sent for flight in ended)
        for flight in ended:
            del self._flights[flight.partition]
        if self._lane is not None:
            self._lane.ended(ended)
        for flight in ended:
            if flight.error is not None:
                await self._recover(flight, flight.error)

    async def _mark(self, sent: Iterable[outbox.SentRows]) -> None:
        done = [item for item in sent if item.rows]
        if not done:
            return
        # Losing this write only repeats events, so it need not wait for the disk.
        async with unit_of_work(self._database, durable=False) as uow:
            marked = await outbox.mark(uow, self.group, done, keeps=self._keeps)
        self._count(done)
        if marked < sum(len(item.rows) for item in done):
            # The partition was lost or a replay intervened: continuing before the lease task knows repeats events.
            await asyncio.sleep(RENEW_SECONDS)

    def _count(self, done: Iterable[outbox.SentRows]) -> None:
        for item in done:
            self.sent += item.events
            for row in item.rows:
                metrics.RELAYED.labels(row.topic).inc(row.events)

    async def _recover(self, flight: InflightWindow, error: BaseException) -> None:
        metrics.RELAY_FAILURES.labels(_reason(error)).inc()
        if isinstance(error, TooLargeError):
            if error.refused:
                await self._recycle()
            await self._park(error)
            return
        if isinstance(error, UnreadableRowError):
            await setting_aside.aside(self._database, self.group, error, again=flight.again)
            return
        if not isinstance(error, KafkaError):
            # A bug of ours; going past it would lose events, so its partition waits for a fix.
            self._resting[flight.partition] = asyncio.get_running_loop().time() + REST_SECONDS
            _log.error("outbox row cannot be sent, its partition waits", partition=flight.partition, exc_info=error)
            return
        if isinstance(error, _TOO_LARGE):
            self._records_a_batch = max(1, flight.largest // 2)
            _log.warning("broker takes smaller batches only", records=self._records_a_batch)
        else:
            _log.warning(
                "broker refused a batch, starting a new producer", partition=flight.partition, reason=repr(error)
            )
        await self._recycle()

    async def _park(self, error: TooLargeError) -> None:
        record, row = error.record, error.row
        subject = dict(record.headers).get("ce_subject", b"").decode(errors="replace")
        letter = DeadLetter(
            self.group, row.partition, row.topic, row.id, record.key.decode(errors="replace"), subject,
            "too_large", f"{error.bytes} bytes, more than the topic takes", record,
        )  # fmt: skip
        async with unit_of_work(self._database) as uow:
            uow.bury([letter])
            await outbox.drop(uow, row.id, error.index)
        _log.error("event too large for Kafka, parked", topic=row.topic, partition=row.partition, bytes=error.bytes)

    async def _recycle(self) -> None:
        """Replace the producer: after an error result its sequence numbers no longer match the broker's (#1017)."""
        producer, self._producer = self._producer, None
        if producer is not None:
            metrics.PRODUCERS_REPLACED.inc()
            if not await producer.close(2.0):
                self._die("a producer would not end and could repeat old events behind newer ones")
        await self._settle_all(5.0)
        self._database.written.set()

    async def _settle_all(self, seconds: float) -> None:
        tasks = {flight.task for flight in self._flights.values() if flight.task is not None}
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        ended = [flight for flight in self._flights.values() if flight.ended]
        await self._mark(flight.sent for flight in ended)
        for flight in list(self._flights.values()):
            flight.cancel()
        if self._lane is not None:
            self._lane.ended(self._flights.values())
        self._flights.clear()

    async def _watch(self) -> None:
        """Watch for flights that take too long or whose partition has another owner by now."""
        for flight in list(self._flights.values()):
            if flight.ended:
                continue
            if self.leases.epochs.get(flight.partition) != flight.epoch:
                if flight.lost_for() > LOST_SECONDS:
                    # The new owner sends these rows as well; a producer that keeps them would repeat them much later.
                    _log.warning(
                        "partition lost while its events were being sent, starting a new producer",
                        partition=flight.partition,
                    )
                    await self._recycle()
                    return
            elif flight.silent_for() > self._silence_s and self._producer is not None:
                if not await self._producer.reachable():
                    flight.excuse()  # an outage: the producer keeps its batches and sends them when it ends
                elif flight.suspect():
                    _log.error(
                        "no acknowledgement though the broker answers, starting a new producer",
                        partition=flight.partition,
                    )
                    await self._recycle()
                    return

    async def _hold_leases(self) -> None:
        while True:
            try:
                await self._look()
                if self._held and not self._flights:
                    await self.leases.release()
                else:
                    await self._renew()
            except Exception as error:
                self._report(error)
            await asyncio.sleep(RENEW_SECONDS)

    async def _look(self) -> None:
        # While the partitions are being grown nothing may be sent, so that all that was can be read to its end.
        found = await layout.read(self._database.pool)
        held = found is not None and (found.held or found.partitions != self.leases.partitions)
        if held and not self._held:
            _log.warning("relay sends nothing while the partitions are being grown", group=self.group)
        self._held = held

    async def _renew(self) -> None:
        changes = await self.leases.renew()
        if changes.acquired or changes.lost:
            owned = sorted(self.leases.epochs)
            _log.info("relay partitions changed", group=self.group, owned=owned, lost=changes.lost)
            self._database.written.set()

    async def _measure(self) -> None:
        while True:
            try:
                await self._backlog.refresh()
                metrics.OUTBOX_ROWS.set(self._backlog.rows)
                metrics.OUTBOX_AGE_SECONDS.set(self._backlog.age_s)
                metrics.OUTBOX_DEAD_LETTERS.set(await self._dead_letters())
            except Exception as error:
                self._report(error)
            await asyncio.sleep(RENEW_SECONDS)

    async def _dead_letters(self) -> int:
        # Of all partitions, owned or not: during an outage nobody owns any, and the letters wait all the same.
        partitions = range(self._settings.partitions)
        async with self._database.pool.acquire(timeout=2) as connection:
            tallies = await dead_letter.count(connection, self.group, partitions)
        return sum(sum(tally.reasons.values()) for tally in tallies.values())

    async def _land(self) -> None:
        try:
            await self._settle_all(STOP_SECONDS)
        except StoreUnavailable as error:
            self._report(error)

    async def _close(self) -> None:
        for flight in self._flights.values():
            flight.cancel()
        closing: list[Any] = [asyncio.wait_for(self.leases.release(), 5)]
        if self._producer is not None:
            closing.append(self._producer.close())
        for outcome in await asyncio.gather(*closing, return_exceptions=True):
            if isinstance(outcome, Exception):
                self._report(outcome)

    def _report(self, error: Exception) -> None:
        text = repr(error)[:300]
        now = asyncio.get_running_loop().time()
        if now - self._told.get(text, float("-inf")) < TELL_SECONDS:
            return
        self._told = {text: now}
        if isinstance(error, KafkaError | OSError | TimeoutError) or unavailable(error) is not None:
            _log.warning("relay waits", reason=text)
        else:
            _log.error("relay failed and tries again", exc_info=error)
