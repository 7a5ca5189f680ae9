"""The partitions of one worker: taken over, loaded, followed in Kafka, reloaded after a failure, released."""

from __future__ import annotations

import time
from collections import ChainMap
from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from candor.messaging import metrics
from candor.messaging.failures import Failure, classify, describe, trail
from candor.messaging.loading import Loading
from candor.messaging.planning import OwnedPartition
from candor.messaging.source import Source
from candor.messaging.transaction import TransactionRunner
from candor.store.lease import Changes

RETRY_SECONDS: Final = 1.0
PAGES_SECONDS: Final = 0.05
"""How long a turn may load pages before the partitions that are loaded already get theirs."""

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
        self._turns = turns
        self._source = source
        self._not_before = 0.0

    @property
    def active(self) -> list[OwnedPartition]:
        """The owned partitions that are not halted."""
        return [own for own in self.owned.values() if not own.halted]

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

    def take(self, changes: Sequence[Changes]) -> None:
        """Apply the changes of lease renewals."""
        for change in changes:
            for number in change.lost:
                self.drop(number)
            for claim in change.acquired:
                self.drop(claim.partition)
                self._unread[claim.partition] = OwnedPartition(claim.partition, claim.epoch, claim.offsets)
            acquired = [claim.partition for claim in change.acquired]
            log.info("partitions changed", group=self._turns.group, acquired=acquired, lost=change.lost)

    @property
    def loads(self) -> bool:
        """Whether the next turn should come at once because partitions are still to be loaded."""
        return bool(self._unread) and time.monotonic() >= self._not_before

    async def read(self) -> None:
        """Load the next pages of unread partitions; one that its handler cannot load does not delay the others."""
        if not self.loads:
            return
        until = time.monotonic() + PAGES_SECONDS
        for number, own in sorted(self._unread.items()):
            loading = self._loading.setdefault(number, self._turns.loading(own))
            try:
                while not loading.over:
                    await loading.page()
                    self._turns.alive()
                    if not loading.over and time.monotonic() >= until:
                        return
            except Exception as error:
                del self._loading[number]
                if classify(error) is not Failure.ISOLATE:
                    raise
                details = {"error": describe(error), "trail": trail(error)}
                log.error("partition not loaded, trying again", partition=number, **details)  # noqa: TRY400 - no customer's words
                self._not_before = time.monotonic() + RETRY_SECONDS
                continue
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
        if own.halted:
            self.leave_halted()
        else:
            self._source.follow(offsets)

    def leave_halted(self) -> None:
        """Stop reading for partitions that have halted since, and resume those that have been reopened."""
        for number, own in self.owned.items():
            if own.halted and number not in self._left:
                self._left.add(number)
                self._leave(number)
                log.error("partition halted", partition=number, reason=own.halted, do="candor dlq list")
            elif not own.halted and number in self._left:
                self._left.discard(number)
                self.follow(own)
                log.info("partition no longer halted", partition=number)
        metrics.PARTITIONS_HALTED.set(len(self._left))
        metrics.PARTITIONS_OWNED.set(len(self.leased))

    def drop(self, number: int) -> None:
        """Forget a partition that has another owner or whose memory cannot be trusted."""
        self._unread.pop(number, None)
        self._left.discard(number)
        if self._loading.pop(number, None) is not None:
            self._turns.handler.drop(number)
        if self.owned.pop(number, None) is not None:
            self._turns.handler.drop(number)
            self._leave(number)

    def distrust(self) -> None:
        """Forget all memory; fetched records are fetched again from the offsets that are loaded with it."""
        for number, own in [*self.owned.items()]:
            self.drop(number)
            self._unread[number] = own

    def _leave(self, number: int) -> None:
        self._source.leave((card, number) for card in self._source.cards)
        if not self.active:
            self._source.leave((card, 0) for card in self._source.broadcast)
