"""A worker: partitions by lease, records by poll, one transaction per turn (docs/adr on delivery)."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from contextlib import suppress
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import structlog

from candor.messaging import metrics
from candor.messaging.apart import Apart
from candor.messaging.batching import Batching
from candor.messaging.failures import describe
from candor.messaging.going_on import GoingOn
from candor.messaging.holdings import Holdings
from candor.messaging.limits import Limits
from candor.messaging.prefetch import WORTH, Decoded, Prefetch
from candor.messaging.progress import Patience, Progress
from candor.messaging.replay import replay_due
from candor.messaging.source import Source
from candor.messaging.telemetry import Lag, OffsetTelemetry
from candor.messaging.transaction import Batch, Handler, Holes, Result, TransactionRunner, Work
from candor.messaging.watchdog import Watchdog
from candor.ops import garbage
from candor.ops.liveness import Liveness
from candor.ops.tasks import end, unless
from candor.records.origin import Origins
from candor.store.errors import StoreUnavailable
from candor.store.lease import LEASE_SECONDS, RENEW_SECONDS, Changes, Leases

if TYPE_CHECKING:
    from candor.ops.settings import Settings
    from candor.store.db import Database

__all__ = ["HaltedError", "Handler", "Limits", "Work", "Worker"]

log = structlog.get_logger("candor.consumer")

BATCH: Final = 2_000
TICK_SECONDS: Final = 1.0
PAUSE_SECONDS: Final = 0.2
LONGEST_PAUSE: Final = 2.0
RELEASE_SECONDS: Final = 5.0


class HaltedError(Exception):
    """Partitions have stopped until a person decides about their dead letters."""


class NotGettingOnError(Exception):
    """Turns fail again and again, or nothing is applied though events wait."""


class Worker:
    """Feeds `handler` from the partitions whose lease this process has; runs as a background of its service.

    Every accepted event takes effect once: state, next offset, dead letters and outgoing events commit together, and a
    worker that lost its lease cannot commit. `lag_seconds` is by topic card; `halted` gives the reason by partition.
    A process is not ready while any partition is halted, or does not get on for longer than its `patience`.
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
        patience: Patience | None = None,
        member_id: str = "",
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self.group = group
        self.member_id = member_id or f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
        self.leases = Leases(database, group, settings.partitions, self.member_id, seconds=lease_seconds)
        self.source = Source(settings, handler.topics, handler.broadcast, settings.partitions)
        self._watchdog = Watchdog(f"consumer {group}")
        limits = limits or Limits(settings.dead_letters_in_a_row, settings.dead_letter_share)
        keys = settings.event_public_keys_file
        origins = Origins(keys) if keys is not None else None
        self.event_keys = origins.file if origins is not None else None
        self._turns = TransactionRunner(database, group, handler, limits, self._watchdog.alive, origins)
        self._holdings = Holdings(self._turns, self.source)
        self._batching = Batching(self._holdings, self.source)
        self._ahead = Prefetch(self.source, origins, settings.partitions if settings.grown else None)
        self.owned = self._holdings.owned
        self.lag = Lag(self.source, self._holdings.leased)
        self._progress = Progress(self._holdings.leased, self.lag.behind, patience)
        self._apart = Apart(self._turns, self._holdings, limits, self._progress)
        self._going_on = GoingOn(self._turns, self._holdings, limits.budget)
        self._telemetry = OffsetTelemetry(settings, group, self.source, self.owned, self.lag)
        self._changes: list[Changes] = []
        self._next_tick = 0.0
        self._liveness = Liveness()
        self._stopping = asyncio.Event()
        self._stopped: asyncio.Event | None = None

    @property
    def lag_seconds(self) -> dict[str, float]:
        """By topic card, the age of the oldest event not yet applied; infinite before the first answer from Kafka."""
        return self.lag.seconds()

    async def reached(self) -> dict[int, float]:
        """By partition, the system time (epoch seconds) up to which what was in Kafka has had its whole effect."""
        if self._liveness.stuck:
            # Nobody looks at what time alone changes, however little there is to read.
            return {}
        unfinished = self._turns.handler.unfinished
        return {number: min(self.lag.reached(number), unfinished.get(number, inf)) for number in [*self.owned]}

    @property
    def halted(self) -> dict[int, str]:
        """The partitions that stopped at a dead-letter limit, and the reason."""
        return {number: own.halted for number, own in self.owned.items() if own.halted}

    @property
    def standing_still(self) -> bool:
        """Whether turns fail or hang, or a partition is halted or does not get on."""
        return self._liveness.stuck or bool(self.halted) or bool(self._progress.problems())

    async def check(self) -> None:
        """Readiness check: raise HaltedError while any owned partition is halted, NotGettingOnError if it fails."""
        if self.halted:
            raise HaltedError("; ".join(f"partition {number}: {why}" for number, why in sorted(self.halted.items())))
        if problems := self._progress.problems():
            raise NotGettingOnError("; ".join(problems))

    async def run(self) -> None:
        """Work until `stop` is called; survives outages of Kafka and of the database."""
        self._stopped = asyncio.Event()
        tasks: list[asyncio.Task[None]] = []
        self._watchdog.start()
        try:
            # Being told to stop while Kafka is away must not wait for it.
            await unless(self._stopping, self.source.start(), alive=self._watchdog.alive)
            tasks = [asyncio.create_task(self._renew()), asyncio.create_task(self._telemetry.run())]
            while not self._stopping.is_set():
                await self._guarded_turn()
        finally:
            self._watchdog.stop()
            await self._leave(tasks)
            self._stopped.set()

    async def stop(self) -> None:
        """Finish the running transaction, release the partitions and disconnect; return when all of it is done."""
        self._stopping.set()
        if self._stopped is not None:
            await self._stopped.wait()

    async def _leave(self, tasks: list[asyncio.Task[None]]) -> None:
        await end(*tasks)
        await self._ahead.forget()
        for number in [*self.owned]:
            self._holdings.drop(number)
        try:
            await asyncio.wait_for(self.leases.release(), RELEASE_SECONDS)
        except Exception as error:
            log.warning(
                "leases not released", error=describe(error), consequence="other members take over once they expire"
            )
        await self.source.stop()

    async def _renew(self) -> None:
        while True:
            try:
                changes = await asyncio.wait_for(self.leases.renew(), self.leases.seconds)
                if changes.acquired or changes.lost:
                    self._changes.append(changes)
            except Exception as error:
                log.warning("lease not renewed", group=self.group, error=describe(error))
            self._progress.look()
            await asyncio.sleep(min(RENEW_SECONDS, self.leases.seconds / 5))

    async def _guarded_turn(self) -> None:
        self._watchdog.alive()
        try:
            with garbage.held():
                await self._turn()
        except Exception as error:
            # It is unknown whether anything was committed, so every partition is reloaded before its next turn.
            await self._ahead.forget()
            self._holdings.distrust(self.owned)
            metrics.BATCH_FAILURES.labels(type(error).__name__).inc()
            why = error.detail if isinstance(error, StoreUnavailable) else describe(error)
            self._progress.failed(why)
            failures = self._progress.failures
            log.warning("nothing applied, trying again", group=self.group, reason=why, failures_in_a_row=failures)
            pause = min(PAUSE_SECONDS * 2 ** min(failures - 1, 8), LONGEST_PAUSE)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _turn(self) -> None:
        changes, self._changes = self._changes, []
        self._holdings.take(changes)
        await self._holdings.read()
        if self._apart.any:
            self._apart.wake()
        decoded = await self._decoded()
        started = time.monotonic()
        tick = started >= self._next_tick
        if tick:
            self._next_tick = started + TICK_SECONDS
            await replay_due(self._turns, self.owned)
            await self._apart.decide()
            self._holdings.leave_halted()
        batch, holes = self._batching.sort(decoded)
        together, apart = self._apart.split(batch)
        if together:
            await self._together(together, holes, started=started)
        for number in apart.keys() & self.owned.keys():
            applied, result = await self._apart.run(number, apart[number], holes)
            self._after({number: applied}, result)
        if tick and self._holdings.active:
            self._lose(await self._apart.tick())
            if self._turns.handler.reviews.searching:
                self._next_tick = started
        self._lose(await self._going_on.turn())
        self._progress.done()
        self._liveness.beat()

    async def _together(self, batch: Batch, holes: Holes, *, started: float) -> None:
        size = sum(len(piece.records) for pieces in batch.values() for piece in pieces)
        begins = partial(self._ahead.start, self._holdings.unsuspected, BATCH) if size >= WORTH else None
        try:
            result = await self._turns.run(self.owned, batch, tick=False, holes=holes, meanwhile=begins)
        except Exception as error:
            await self._apart.blame(batch, error)
            return
        self._after(batch, result)
        metrics.BATCH_SECONDS.observe(time.monotonic() - started)
        metrics.BATCH_EVENTS.observe(size)

    async def _decoded(self) -> Decoded:
        """Return the prefetched records, or those that Kafka has now."""
        decoded = await self._ahead.take()
        if decoded:
            return decoded
        idle = not (self._holdings.loads or self._holdings.busy)
        fetched = await self.source.poll(self._holdings.names, BATCH, wait=idle)
        return {name: self._ahead.decode(name, records) for name, records in fetched.items()}

    def _after(self, batch: Batch, result: Result) -> None:
        for number, pieces in batch.items():
            if number not in result.lost:
                self.lag.applied(number, pieces)
        self._lose(result.lost)
        for number, card in result.gaps:
            if number in self.owned:
                self._holdings.follow(self.owned[number], (card,))
        self._holdings.leave_halted()

    def _lose(self, lost: set[int]) -> None:
        for number in lost:
            metrics.FENCED.inc()
            log.warning(
                "partition lost to another member",
                partition=number,
                group=self.group,
                consequence="the new owner goes on",
            )
            self._holdings.drop(number)
            self._turns.handler.reviews.lost(number)
