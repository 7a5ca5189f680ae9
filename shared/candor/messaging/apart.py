"""Partitions under suspicion, each in transactions of its own: what stops one of them does not stop the others."""

from __future__ import annotations

import time
from collections.abc import Mapping

import structlog

from candor.messaging import metrics
from candor.messaging.blame import outage, why
from candor.messaging.failures import Failure, classify, trail
from candor.messaging.holdings import Holdings
from candor.messaging.limits import Limits
from candor.messaging.planning import OwnedPartition
from candor.messaging.progress import Progress
from candor.messaging.review_list import ReviewList
from candor.messaging.slices import Slice
from candor.messaging.suspicion import Ranges, Suspicion, extents, verdict
from candor.messaging.transaction import Batch, Holes, Result, TransactionRunner
from candor.store import suspects
from candor.store.unit_of_work import unit_of_work

log = structlog.get_logger("candor.consumer")


class Apart:
    """Finds out which event cannot be applied within our limits; halts its partition when it is a single one.

    Every attempt is written down before it is made. If even that fails the database is away: that counts for nothing.
    """

    def __init__(self, turns: TransactionRunner, holdings: Holdings, limits: Limits, progress: Progress) -> None:
        self._turns = turns
        self._holdings = holdings
        self._budget = limits.budget
        self._progress = progress
        self._review_list = ReviewList(turns)

    @property
    def any(self) -> bool:
        """Whether any partition is under suspicion."""
        return any(own.suspicion is not None for own in self._holdings.leased.values())

    def wake(self) -> None:
        """Let partitions rest after a failed attempt, and go on once they have."""
        now = time.monotonic()
        for own in self._holdings.leased.values():
            if own.suspicion is not None and own.suspicion.rests_until <= now:
                own.suspicion.rests_until = 0.0
        self._holdings.leave_halted()

    def split(self, batch: Batch) -> tuple[Batch, Batch]:
        """Return what is handled together, and what is handled apart."""
        owned = self._holdings.owned
        apart = {number: pieces for number, pieces in batch.items() if owned[number].suspicion is not None}
        return {number: pieces for number, pieces in batch.items() if number not in apart}, apart

    async def tick(self) -> set[int]:
        """Let the handler do what is due by the clock; return partitions that have another owner.

        It is a transaction without messages: if it fails, none of them is to blame.
        """
        epochs = {own.partition: own.epoch for own in self._holdings.active}
        await self._review_list.ask(epochs)
        numbers = [*epochs]
        reviews = self._turns.handler.reviews
        try:
            batch: Batch = {number: [] for number in numbers}
            result = await self._turns.run(self._holdings.owned, batch, tick=True, holes={})
        except Exception as error:
            if await outage(error, self._turns.database):
                raise
            self._tick_failed(error)
            return set()
        reviews.passed()
        self._progress.tick_done()
        await self._review_list.keep(epochs)
        return result.lost

    def _tick_failed(self, error: Exception) -> None:
        said, where = why(error), trail(error)
        metrics.BATCH_FAILURES.labels(type(error).__name__).inc()
        log.error("reviews by the clock failed, trying fewer of them", error=said, trail=where)
        self._progress.tick_failed(said)
        self._turns.handler.reviews.failed(said, where)
        self._holdings.distrust([own.partition for own in self._holdings.active])

    async def blame(self, batch: Batch, error: Exception) -> None:
        """Suspect all partitions of a batch that failed together; raises `error` if nothing of it is to blame."""
        if await outage(error, self._turns.database):
            raise error
        _tell(error, {number: extents(pieces) for number, pieces in batch.items()})
        for number in batch:
            # A partition that was alone in the batch is known to fail as a whole.
            known = Suspicion(extents(batch[number]))
            if len(batch) == 1:
                known.trial = dict(known.ranges)
                known.failed(why(error), self._budget, certain=classify(error) is Failure.UNKNOWN)
            self._holdings.owned[number].suspicion = known
        self._holdings.distrust(batch)

    async def run(self, number: int, pieces: list[Slice], holes: Holes) -> tuple[list[Slice], Result]:
        """Try the next part of what is suspected in one partition; return what was applied."""
        own, nothing = self._holdings.owned[number], Result(set(), set())
        known = own.suspicion
        if known is None or known.passed(own.offsets):
            await self._end(own)
            return [], nothing
        trial = known.choose(pieces, self._budget)
        if not trial:
            self._holdings.follow(own)
            return [], nothing
        await self._save(own)
        begun = time.monotonic()
        try:
            result = await self._try(own, trial, holes)
        except Exception as error:
            if await outage(error, self._turns.database):
                raise
            await self._failed(own, known, error, time.monotonic() - begun)
            return [], nothing
        if number not in result.lost and own.suspicion is known:
            if known.passed(own.offsets):
                await self._end(own)
            else:
                self._holdings.follow(own)
        return trial, result

    async def decide(self) -> None:
        """Show people the partitions that are halted for an event, and go on as they decided."""
        stuck = [own for own in self._holdings.owned.values() if own.suspicion is not None and own.suspicion.stuck]
        if not stuck:
            return
        for own in stuck:
            if own.suspicion is not None and not own.suspicion.shown:
                # What its owner before us died of is not written down as such yet.
                await self._save(own)
        async with self._turns.database.pool.acquire() as connection:
            found = await suspects.decisions(connection, self._turns.group, [own.partition for own in stuck])
        for own in stuck:
            if own.suspicion is not None and own.partition in found:
                what = found[own.partition]
                own.suspicion.decided(what)
                own.halted = ""
                log.info("a person decided about a halted partition", partition=own.partition, what=what)

    async def _try(self, own: OwnedPartition, trial: list[Slice], holes: Holes) -> Result:
        known = {}
        if own.suspicion is not None and own.suspicion.buried:
            [(card, (low, _))] = own.suspicion.ranges.items()
            known[own.partition, card, low] = verdict(own.suspicion)
        return await self._turns.run({own.partition: own}, {own.partition: trial}, tick=False, holes=holes, known=known)

    async def _failed(self, own: OwnedPartition, known: Suspicion, error: Exception, seconds: float) -> None:
        known.failed(why(error), self._budget, certain=classify(error) is Failure.UNKNOWN)
        known.rests_until = time.monotonic() + self._budget.rest * seconds
        _tell(error, {own.partition: known.ranges})
        self._holdings.distrust([own.partition])
        await self._save(own)

    async def _end(self, own: OwnedPartition) -> None:
        own.suspicion = None
        await self._save(own)
        self._holdings.follow(own)

    async def _save(self, own: OwnedPartition) -> None:
        known = own.suspicion
        async with unit_of_work(self._turns.database) as uow:
            rows = known.rows() if known is not None else []
            await suspects.save(uow.connection, self._turns.group, own.partition, own.epoch, rows)
        if known is not None:
            known.shown = bool(known.stuck)


def _tell(error: Exception, suspected: Mapping[int, Ranges]) -> None:
    metrics.BATCH_FAILURES.labels(type(error).__name__).inc()
    log.error(
        "events not applied, searching in several attempts for the one that is too much",
        error=why(error),
        partitions=sorted(suspected),
        suspected=[f"{card} {low} to {high - 1}" for each in suspected.values() for card, (low, high) in each.items()],
    )
