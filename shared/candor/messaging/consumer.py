"""A worker: partitions by lease, records by poll, one transaction a turn. The tested loop of docs/adr on delivery."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import structlog

from candor.messaging.failures import Failure, classify, describe
from candor.messaging.limits import Limits
from candor.messaging.planning import Continuity, Own, Step, private, read
from candor.messaging.replay import replay_due
from candor.messaging.source import Fetched, Source
from candor.messaging.telemetry import Lag, OffsetTelemetry
from candor.messaging.turn import Batch, Handler, Result, Turns, Work
from candor.messaging.watchdog import Watchdog
from candor.ops import metrics
from candor.store.lease import LEASE_SECONDS, RENEW_SECONDS, Changes, Leases

if TYPE_CHECKING:
    from candor.ops.settings import Settings
    from candor.store.db import Database

__all__ = ["Handler", "Limits", "Work", "Worker"]

log = structlog.get_logger("candor.consumer")

BATCH: Final = 2_000
TICK_SECONDS: Final = 1.0
PAUSE_SECONDS: Final = 0.2
LONGEST_PAUSE: Final = 2.0
RELEASE_SECONDS: Final = 5.0


class Worker:
    """Feeds `handler` from the partitions that this process holds the lease of; a background of its service.

    Every accepted event takes effect once: state, next offset, dead letters and outgoing events commit together, and a
    worker that lost its lease cannot commit. `lag_seconds` by card, `halted` by partition (why it stopped): readiness
    should say no while anything is halted.
    """

    name = "consumer"

    def __init__(
        self,
        settings: Settings,
        database: Database,
        handler: Handler,
        group: str,
        *,
        limits: Limits | None = None,
        member_id: str = "",
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self.group = group
        self.member_id = member_id or f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
        self.owned: dict[int, Own] = {}
        self.handler = handler
        self.leases = Leases(database, group, settings.partitions, self.member_id, seconds=lease_seconds)
        self.source = Source(settings, handler.topics, handler.broadcast, settings.partitions)
        self.lag = Lag(self.source, self.owned)
        self._database = database
        self._watchdog = Watchdog(f"consumer {group}")
        limits = limits or Limits(settings.dead_letters_in_a_row, settings.dead_letter_share)
        self._turns = Turns(database, group, handler, limits, self._watchdog.alive)
        self._telemetry = OffsetTelemetry(settings, group, self.source, self.owned, self.lag)
        self._continuity = Continuity()
        self._changes: list[Changes] = []
        self._unread: dict[int, Own] = {}
        self._left: set[int] = set()
        self._next_load = 0.0
        self._largest = BATCH
        self._failures = 0
        self._next_tick = 0.0
        self._stopping = asyncio.Event()
        self._stopped: asyncio.Event | None = None

    @property
    def lag_seconds(self) -> dict[str, float]:
        """By topic card: age of the oldest event not yet applied; infinite while Kafka has not been heard."""
        return self.lag.seconds()

    @property
    def halted(self) -> dict[int, str]:
        """Partitions that stopped at a limit, and why."""
        return {number: own.halted for number, own in self.owned.items() if own.halted}

    async def run(self) -> None:
        """Work until `stop`; outlives outages of Kafka and the database."""
        self._stopped = asyncio.Event()
        tasks: list[asyncio.Task[None]] = []
        self._watchdog.start()
        try:
            await self._connect()
            tasks = [asyncio.create_task(self._renew()), asyncio.create_task(self._telemetry.run())]
            while not self._stopping.is_set():
                await self._guarded_turn()
        finally:
            self._watchdog.stop()
            await self._leave(tasks)
            self._stopped.set()

    async def stop(self) -> None:
        """Finish the running transaction, give the partitions back, disconnect; returns when all is done."""
        self._stopping.set()
        if self._stopped is not None:
            await self._stopped.wait()

    async def _connect(self) -> None:
        starting = asyncio.create_task(self.source.start())
        stopping = asyncio.create_task(self._stopping.wait())
        while not starting.done() and not stopping.done():
            self._watchdog.alive()
            await asyncio.wait({starting, stopping}, timeout=1, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not starting.done():
            starting.cancel()
        with suppress(asyncio.CancelledError):
            await starting

    async def _leave(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for number in [*self.owned]:
            self._drop(number)
        try:
            await asyncio.wait_for(self.leases.release(), RELEASE_SECONDS)
        except Exception as error:
            log.warning("leases_not_released", error=describe(error), consequence="others take over in 5 s")
        await self.source.stop()

    async def _renew(self) -> None:
        while True:
            try:
                changes = await asyncio.wait_for(self.leases.renew(), self.leases.seconds)
                if changes.acquired or changes.lost:
                    self._changes.append(changes)
            except Exception as error:
                log.warning("lease_not_renewed", group=self.group, error=describe(error))
            await asyncio.sleep(min(RENEW_SECONDS, self.leases.seconds / 5))

    async def _guarded_turn(self) -> None:
        self._watchdog.alive()
        try:
            await self._turn()
        except Exception as error:
            # Whether anything was committed is unknown, so every partition is read again before its next turn.
            self._failures += 1
            self._largest = max(self._largest // 2, 1)
            self._distrust()
            metrics.BATCH_FAILURES.labels(type(error).__name__).inc()
            log.warning(
                "turn_failed", group=self.group, error=describe(error), text=str(error)[:200], in_a_row=self._failures
            )
            pause = min(PAUSE_SECONDS * 2 ** min(self._failures - 1, 8), LONGEST_PAUSE)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _turn(self) -> None:
        self._take_changes()
        if self._unread:
            await self._read_again()
        fetched = await self.source.poll(self._names(), self._largest)
        started = time.monotonic()
        tick = started >= self._next_tick
        if tick:
            self._next_tick = started + TICK_SECONDS
            await replay_due(self._turns, self.owned)
            self._follow_unhalted()
        batch, holes = self._batch(fetched)
        if tick:
            for own in self._active():
                batch.setdefault(own.partition, [])
        if not batch:
            return
        result = await self._turns.run(self.owned, batch, tick=tick, holes=holes)
        self._after(batch, result)
        metrics.BATCH_SECONDS.observe(time.monotonic() - started)
        self._failures = 0
        self._largest = min(self._largest * 2, BATCH)

    def _active(self) -> list[Own]:
        return [own for own in self.owned.values() if not own.halted]

    def _names(self) -> list[tuple[str, int]]:
        names = [(card, own.partition) for own in self._active() for card in self.source.cards]
        return names + [(card, 0) for card in self.source.broadcast] if names else []

    def _take_changes(self) -> None:
        changes, self._changes = self._changes, []
        for change in changes:
            for number in change.lost:
                self._drop(number)
            for claim in change.acquired:
                self._drop(claim.partition)
                self._unread[claim.partition] = Own(claim.partition, claim.epoch, claim.offsets)
            log.info(
                "partitions_changed",
                group=self.group,
                acquired=[claim.partition for claim in change.acquired],
                lost=change.lost,
            )
        metrics.PARTITIONS_OWNED.set(len(self.owned) + len(self._unread))

    async def _read_again(self) -> None:
        """Load what was taken over or is not trusted; one that its handler cannot load keeps no other waiting."""
        if time.monotonic() < self._next_load:
            return
        for number, own in sorted(self._unread.items()):
            try:
                ours = await self._turns.reload(own)
            except Exception as error:
                if classify(error) is not Failure.ISOLATE:
                    raise
                log.error("partition_not_loaded", partition=number, error=describe(error), exc_info=True)
                self._next_load = time.monotonic() + TICK_SECONDS
                continue
            del self._unread[number]
            if not ours:
                self.handler.drop(number)
                continue
            self.owned[number] = own
            self._follow(own)
            if own.halted:
                log.error("partition_halted", partition=number, why=own.halted)

    def _batch(self, fetched: Fetched) -> tuple[Batch, dict[tuple[int, str], int]]:
        batch: Batch = {}
        holes: dict[tuple[int, str], int] = {}
        for (card, number), records in fetched.items():
            shared = card in self.source.broadcast
            readers = self._active() if shared else [own for own in self._active() if own.partition == number]
            if not readers:
                continue
            low = min(own.offsets.get(card, 0) for own in readers)
            first, last = records[0].offset, records[-1].offset
            fresh = all(card not in own.offsets for own in readers)
            step = Step.HOLE if fresh and first > 0 else self._continuity.check((card, number), first, last, low)
            if step is Step.AGAIN:
                self.source.follow({(card, number): low})
                continue
            if step is Step.RESET:
                self._halt_reset(readers, card, low, last)
                continue
            if step is Step.HOLE:
                holes |= {(own.partition, card): first for own in readers}
                if not fresh:
                    metrics.RECORDS_MISSING.labels(card).inc(first - low)
                    log.error(
                        "records_missing",
                        topic=card,
                        partition=number,
                        since=low,
                        until=first,
                        do="candor relay replay",
                    )
            piece = read(card, records)
            for index, own in enumerate(readers):
                # Rejections find their partition by the message's identity, so no two partitions share one.
                batch.setdefault(own.partition, []).append(private(piece) if index else piece)
        return batch, holes

    def _after(self, batch: Batch, result: Result) -> None:
        for number, pieces in batch.items():
            if number not in result.lost:
                self.lag.applied(number, pieces)
        for number in result.lost:
            metrics.FENCED.inc()
            self._drop(number)
        for number, card in result.gaps:
            if number in self.owned:
                self._follow(self.owned[number], (card,))
        for own in self.owned.values():
            if own.halted and own.partition not in self._left:
                self._leave_topics(own.partition)

    def _follow(self, own: Own, cards: Sequence[str] = ()) -> None:
        """Read the partition's topics from its next offsets; broadcast ones from where the hindmost partition is."""
        if own.halted:
            self._leave_topics(own.partition)
            return
        offsets: dict[tuple[str, int], int] = {}
        for card in cards or (*self.source.cards, *self.source.broadcast):
            if card in self.source.broadcast:
                offsets[card, 0] = min(each.offsets.get(card, 0) for each in self._active())
            else:
                offsets[card, own.partition] = own.offsets.get(card, 0)
        self.source.follow(offsets)

    def _follow_unhalted(self) -> None:
        for number in [*self._left]:
            if not self.owned[number].halted:
                self._left.discard(number)
                self._follow(self.owned[number])
                log.info("partition_goes_on", partition=number)
        for own in self.owned.values():
            if own.halted and own.partition not in self._left:
                self._leave_topics(own.partition)

    def _halt_reset(self, readers: list[Own], card: str, low: int, last: int) -> None:
        for own in readers:
            own.halted = f"{card}: Kafka ends at {last + 1}, before our next offset {low}: was the topic made anew?"
            log.error("partition_halted", partition=own.partition, why=own.halted)
            self._leave_topics(own.partition)

    def _leave_topics(self, number: int) -> None:
        self._left.add(number)
        self.source.leave((card, number) for card in self.source.cards)
        if not self._active():
            self.source.leave((card, 0) for card in self.source.broadcast)

    def _drop(self, number: int) -> None:
        self._unread.pop(number, None)
        if self.owned.pop(number, None) is None:
            return
        self.handler.drop(number)
        self._leave_topics(number)
        self._left.discard(number)

    def _distrust(self) -> None:
        """Forget all memory; what was fetched is fetched again from the offsets that are read with it."""
        for number, own in [*self.owned.items()]:
            self._drop(number)
            self._unread[number] = own
