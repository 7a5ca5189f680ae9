"""The promises whose reviews are set aside, written down so that people see them and may have one tried again."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING

from candor.store import review_aside
from candor.store.review_aside import LISTED, ReviewAside
from candor.store.unit_of_work import unit_of_work

if TYPE_CHECKING:
    from candor.messaging.transaction import TransactionRunner


class ReviewList:
    """Writes only when something has changed: a process whose reviews are well asks the database nothing."""

    def __init__(self, turns: TransactionRunner) -> None:
        self._turns = turns
        self._epochs: dict[int, int] = {}
        self._written: dict[str, ReviewAside] = {}

    async def ask(self, epochs: Mapping[int, int]) -> None:
        """Review again what people want tried in these partitions, which are ours under these epochs."""
        reviews = self._turns.handler.reviews
        if not reviews.aside:
            return
        async with unit_of_work(self._turns.database) as uow:
            wanted = await review_aside.take_wanted(uow.connection, self._turns.group, epochs)
        for name in wanted:
            self._written.pop(name, None)
        reviews.retry(wanted)

    async def keep(self, epochs: Mapping[int, int]) -> None:
        """Write down what is set aside in these partitions, which are ours under these epochs.

        What an owner before us set aside is due again, and set aside anew if it still fails.
        """
        reviews = self._turns.handler.reviews
        if not reviews.used or reviews.searching:
            return
        ours = ((name, left) for name, left in reviews.aside.items() if left.partition in epochs)
        now = dict(islice(ours, LISTED))
        if now == self._written and epochs == self._epochs:
            return
        async with unit_of_work(self._turns.database) as uow:
            await review_aside.save(uow.connection, self._turns.group, epochs, now)
        self._written, self._epochs = now, dict(epochs)
