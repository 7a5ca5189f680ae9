"""Loads one partition's memory page by page, so that neither a transaction nor a statement grows with the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from candor.messaging.limits import Limits
from candor.messaging.planning import OwnedPartition
from candor.messaging.suspicion import recalled
from candor.store import dead_letter, lease, suspects
from candor.store.unit_of_work import UnitOfWork, unit_of_work

if TYPE_CHECKING:
    from candor.store.db import Database


class Memory(Protocol):
    """What a handler keeps of its partitions between transactions.

    `load` reads one page of it, the first with `first`, and returns whether there is more; each page is a transaction
    of its own. `drop` forgets all of it, also of a partition that is half loaded.
    """

    async def load(self, connection: Any, partition: int, *, first: bool) -> bool: ...
    def drop(self, partition: int) -> None: ...


class Loading:
    """One partition being loaded: `over` after the last page, and then `ours` says whether it still is.

    Each page is a transaction of its own that holds the lease row under our epoch. Only the owner under an epoch writes
    a partition's rows, so all pages read one state. The first one waits for a COMMIT of ours whose answer never came,
    so what is read is its outcome.
    """

    def __init__(self, database: Database, group: str, memory: Memory, limits: Limits, own: OwnedPartition) -> None:
        self.over = False
        self.ours = True
        self._database = database
        self._group = group
        self._memory = memory
        self._limits = limits
        self._own = own
        self._first = True

    async def page(self) -> None:
        """Read the next page; on an exception start anew with another object."""
        own, group = self._own, self._group
        if self._first:
            self._memory.drop(own.partition)
        async with unit_of_work(self._database) as uow:
            offsets = await lease.fence(uow.connection, group, {own.partition: own.epoch})
            if own.partition not in offsets:
                self.over, self.ours = True, False
                return
            if self._first:
                own.offsets = offsets[own.partition]
                await self._recall(uow)
                own.remember(await dead_letter.unresolved(uow.connection, group, own.partition), self._limits)
            more = await self._memory.load(uow.connection, own.partition, first=self._first)
        self._first = False
        self.over = not more

    async def _recall(self, uow: UnitOfWork) -> None:
        own = self._own
        if own.suspicion is None or not own.suspicion.ranges:
            rows = await suspects.read(uow.connection, self._group, own.partition)
            own.suspicion = recalled(rows, own.offsets, self._limits.budget) or own.suspicion
