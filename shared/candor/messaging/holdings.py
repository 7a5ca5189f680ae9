"""The partitions of one worker: taken over, loaded, followed in Kafka, reloaded after a failure, released."""

from __future__ import annotations

import asyncio
import time
from collections import ChainMap
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import structlog

from candor.messaging import metrics
from candor.messaging.failures import Failure, classify, describe, trail
from candor.messaging.loading import Loading
from candor.messaging.planning import OwnedPartition
from candor.messaging.source import Source
from candor.messaging.suspicion import Suspicion
from candor.messaging.transaction import TransactionRunner
from candor.store.lease import Changes

RETRY_SECONDS: Final = 1.0
PAGES_SECONDS: Final = 0.05
"""How long a turn may load pages before the partitions that are loaded already get theirs."""
TOGETHER: Final = 2
"""Partitions that are loaded at once; more would only wait for each other."""

log = structlog.get_logger("candor.consumer")


class Holdings:
    """`owned` partitions have their handler's memory loaded; `unread` ones are leased but not loaded yet."""

    def __init__(self, turns: TransactionRunner, source: Source) -> None:
        self.owned: dict[int, OwnedPartition] = {}
        self._unread: dict[int, OwnedPartition] = {}
        self._loading: dict[int, Loading] = {}
        # Lag covers all leased partitions: while turns fail all of them are unread, and that must not look like no lag.
        self.leased: Mapping[int, OwnedPartition] = ChainMap(self.owned, self._unread)
        self._left: set[int] = set()
        self._told: set[int] = set()
        self._turns = turns
        self._source = source
        self._not_before: dict[int, float] = {}

    @property
    def active(self) -> list[OwnedPartition]:
        """The owned partitions that are neither halted nor resting."""
        return [own for own in self.owned.values() if not (own.halted or own.resting)]

    @property
    def busy(self) -> list[int]:
        """The active partitions in which earlier messages left work to do."""
        busy = self._turns.handler.busy
        return [own.partition for own in self.active if own.partition in busy] if busy else []

    @property
    def names(self) -> list[tuple[str, int]]:
        """The (card, partition) pairs to poll; includes broadcast cards while any partition is active."""
        names = [(card, own.partition) for own in self.active for card in self._source.cards]
        return names + [(card, 0) for card in self._source.broadcast] if names else []

    @property
    def unsuspected(self) -> list[tuple[str, int]]:
        """Those of `names` that are read without gaps, so that one may read ahead."""
        suspected = {own.partition for own in self.active if own.suspicion is not None}
        return [name for name in self.names if name[1] not in suspected] if suspected else self.names

    def take(self, changes: Sequence[Changes]) -> None:
        """Apply the changes of lease renewals."""
        for change in changes:
            for number in change.lost:
                self.drop(number)
                self._turns.handler.reviews.lost(number)
            for claim in change.acquired:
                self.drop(claim.partition)
                own = OwnedPartition(partition=claim.partition, epoch=claim.epoch, offsets=claim.offsets)
                # The owner before us may have died of the events that come next.
                own.suspicion = Suspicion() if claim.orphan else None
                self._unread[claim.partition] = own
            acquired = [claim.partition for claim in change.acquired]
            log.info("partitions changed", group=self._turns.group, acquired=acquired, lost=change.lost)

    @property
    def loads(self) -> bool:
        """Whether the next turn should come at once because partitions are still to be loaded."""
        return bool(self._next())

    async def read(self) -> None:
        """Load the next pages of unread partitions; one that its handler cannot load does not delay the others.

        Two at a time: while the database reads for one, the other's rows are taken into memory.
        """
        until = time.monotonic() + PAGES_SECONDS
        while numbers := self._next():
            found = await asyncio.gather(*map(self._page, numbers), return_exceptions=True)
            failed = [one for one in found if one is not None]
            if failed:
                raise failed[0]
            if time.monotonic() >= until:
                return

    def _next(self) -> list[int]:
        now = time.monotonic()
        return sorted(number for number in self._unread if now >= self._not_before.get(number, 0.0))[:TOGETHER]

    async def _page(self, number: int) -> None:
        """Load the next page of a partition. Raises what the database fails with."""
        own = self._unread[number]
        loading = self._loading.setdefault(number, self._turns.loading(own))
        try:
            await loading.page()
        except Exception as error:
            del self._loading[number]
            if classify(error) is Failure.WAIT:
                raise
            details = {"error": describe(error), "trail": trail(error)}
            log.error("partition not loaded, trying again", partition=number, **details)  # noqa: TRY400 - no customer's words
            self._not_before[number] = time.monotonic() + RETRY_SECONDS
            return
        self._turns.alive()
        if not loading.over:
            return
        del self._unread[number], self._loading[number]
        if loading.ours:
            self.owned[number] = own
            self.follow(own)
        else:
            self._turns.handler.drop(number)

    def follow(self, own: OwnedPartition, cards: Sequence[str] = ()) -> None:
        """Read the partition's topics from its next offsets, and broadcast ones from any partition's lowest offset."""
        offsets: dict[tuple[str, int], int] = {}
        for card in cards or (*self._source.cards, *self._source.broadcast):
            if card not in self._source.broadcast:
                offsets[card, own.partition] = own.offsets.get(card, 0)
            elif self.active:
                offsets[card, 0] = min(each.offsets.get(card, 0) for each in self.active)
        if own.halted or own.resting:
            self.leave_halted()
        else:
            self._source.follow(offsets)

    def leave_halted(self) -> None:
        """Stop reading for partitions that halt or rest since, and resume those that go on."""
        for number, own in self.owned.items():
            stops = bool(own.halted or own.resting)
            if stops and number not in self._left:
                self._left.add(number)
                self._leave(number)
            elif not stops and number in self._left:
                self._left.discard(number)
                self.follow(own)
            self._tell(own)
        metrics.PARTITIONS_HALTED.set(len(self._told))
        metrics.PARTITIONS_OWNED.set(len(self.leased))

    def drop(self, number: int) -> None:
        """Forget a partition that has another owner or whose memory cannot be trusted."""
        self._unread.pop(number, None)
        self._not_before.pop(number, None)
        self._left.discard(number)
        self._told.discard(number)
        if self._loading.pop(number, None) is not None:
            self._turns.handler.drop(number)
        if self.owned.pop(number, None) is not None:
            self._turns.handler.drop(number)
            self._leave(number)

    def distrust(self, numbers: Iterable[int]) -> None:
        """Forget the memory of partitions; records are fetched again from the offsets that are loaded with it."""
        for number in [*numbers]:
            own = self.owned.get(number)
            if own is not None:
                told = number in self._told
                self.drop(number)
                self._unread[number] = own
                if told:
                    self._told.add(number)

    def _tell(self, own: OwnedPartition) -> None:
        if own.halted and own.partition not in self._told:
            self._told.add(own.partition)
            do = "candor stuck list" if own.suspicion is not None and own.suspicion.ranges else "candor dlq list"
            log.error("partition halted", partition=own.partition, reason=own.halted, do=do)
        elif not own.halted and own.partition in self._told:
            self._told.discard(own.partition)
            log.info("partition no longer halted", partition=own.partition)

    def _leave(self, number: int) -> None:
        self._source.leave((card, number) for card in self._source.cards)
        if not self.active:
            self._source.leave((card, 0) for card in self._source.broadcast)
