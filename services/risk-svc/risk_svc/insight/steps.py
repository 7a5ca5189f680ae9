"""A background whose work is done in steps, each a transaction of its own: a kill between two loses nothing."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Final

from candor.ops.rounds import Rounds
from candor.store.errors import RETRIABLE, StoreUnavailable
from candor.store.unit_of_work import unit_of_work

if TYPE_CHECKING:
    from candor.store.db import Database
    from candor.store.unit_of_work import UnitOfWork

IDLE_SECONDS: Final = 1.0
AGAIN_SECONDS: Final = 5.0
PAUSE_SECONDS: Final = 0.01


class Steps(Rounds):
    """Does one step after another, each of at most `most` rows; rests where there is none."""

    def __init__(self, database: Database, most: int) -> None:
        super().__init__()
        self._database = database
        self._most = most

    async def round(self) -> float:
        """Do one step; if the database is away, try again in some seconds."""
        try:
            return PAUSE_SECONDS if await self.step() else IDLE_SECONDS
        except (StoreUnavailable, *RETRIABLE) as error:
            self._interrupted(str(error)[:300])
        return AGAIN_SECONDS

    async def step(self) -> bool:
        """Do one step; return whether there was one to do. Raises StoreUnavailable."""
        async with unit_of_work(self._database) as uow:
            return await self._next(uow)

    async def clear(self) -> None:
        """Do all steps there are. For tests."""
        while await self.step():
            pass

    @abstractmethod
    async def _next(self, uow: UnitOfWork) -> bool:
        """Do the next step in this transaction; return whether there was one to do."""

    @abstractmethod
    def _interrupted(self, reason: str) -> None:
        """Log that the database did not take a step, which is tried again after AGAIN_SECONDS."""
