"""Lets the handler go on with what earlier events left to do, and halts the partition where that never succeeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog

from candor.messaging import metrics
from candor.messaging.blame import outage, why
from candor.messaging.failures import trail
from candor.messaging.holdings import Holdings
from candor.messaging.suspicion import Budget, Suspicion
from candor.messaging.transaction import TransactionRunner

LEFT: Final = "what earlier events left to do fails ({}): restart the process once that is mended"

log = structlog.get_logger("candor.consumer")


class GoingOn:
    """After a failure each partition goes on in transactions of its own, until that succeeds."""

    def __init__(self, turns: TransactionRunner, holdings: Holdings, budget: Budget) -> None:
        self._turns = turns
        self._holdings = holdings
        self._budget = budget
        self._failures: dict[int, int] = {}

    async def turn(self) -> set[int]:
        """Do a bounded part of what is left in busy partitions; return those that have another owner."""
        lost: set[int] = set()
        busy = self._holdings.busy
        alone = [number for number in busy if number in self._failures]
        for numbers in [[number for number in busy if number not in alone], *([number] for number in alone)]:
            if numbers:
                lost |= await self._try(numbers)
        return lost

    async def _try(self, numbers: Sequence[int]) -> set[int]:
        try:
            # A transaction without messages: if it fails, none of them is to blame.
            lost = await self._turns.go_on(self._holdings.owned, numbers)
        except Exception as error:
            if await outage(error, self._turns.database):
                raise
            self._failed(numbers, error)
            return set()
        for number in numbers:
            self._failures.pop(number, None)
        return lost

    def _failed(self, numbers: Sequence[int], error: Exception) -> None:
        metrics.BATCH_FAILURES.labels(type(error).__name__).inc()
        where = trail(error)
        log.error("what earlier events left to do failed", error=why(error), trail=where, partitions=numbers)
        for number in numbers:
            # The first failure may be a neighbour's.
            self._failures[number] = self._failures.get(number, -1) + 1
            if self._failures[number] >= self._budget.single:
                self._holdings.owned[number].suspicion = Suspicion(stuck=LEFT.format(why(error)))
        self._holdings.distrust(numbers)
