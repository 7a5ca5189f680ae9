"""The background that keeps the rhythms of sources, and knows which of them are silent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

import structlog

from candor.intake import metrics
from candor.intake.heard import Heard
from candor.intake.silence import book, rhythm
from candor.ops.clock import Clock, SystemClock
from candor.ops.rounds import Rounds
from candor.store.errors import StoreUnavailable
from candor.store.unit_of_work import unit_of_work

if TYPE_CHECKING:
    from candor.store.db import Database

log: Final = structlog.get_logger("candor.silence")
EVERY_SECONDS: Final = 10.0


class Listening(Rounds):
    """Saves when sources were heard; `silent` are those that are silent against their rhythm, and since when.

    A kill loses what was heard in the last ten seconds, which the next word repairs. `clock` is system time: rhythms
    are those of the senders' machines, whatever business time is replayed.
    """

    name = "listening"

    def __init__(self, database: Database, heard: Heard, clock: Clock | None = None) -> None:
        super().__init__()
        self._database = database
        self._heard = heard
        self._clock = clock or SystemClock()
        self._silent: dict[str, datetime] = {}

    @property
    def silent(self) -> Mapping[str, datetime]:
        """The silent sources, each with when it was last heard."""
        return self._silent

    async def round(self) -> float:
        """Save what was heard and look who is silent; if the database is away, with the next round."""
        heard = self._heard.taken()
        try:
            await self._look(heard)
        except StoreUnavailable as error:
            self._heard.put_back(heard)
            log.warning("rhythms of sources not saved", reason=error.detail)
        return EVERY_SECONDS

    async def _look(self, heard: dict[str, list[datetime]]) -> None:
        async with unit_of_work(self._database, durable=False) as uow:
            await book.note(uow, heard)
            rhythms = await book.all_of(uow)
        now = self._clock.now()
        silent = {name: found.last for name, found in rhythms.items() if rhythm.silent(found, now)}
        for name, found in rhythms.items():
            if rhythm.limit(found) is not None:
                metrics.SOURCE_STALE.labels(name).set(name in silent)
        for name in silent.keys() - self._silent.keys():
            log.warning("source silent against its own rhythm", source=name, last_heard=silent[name].isoformat())
        for name in self._silent.keys() - silent.keys():
            log.info("source heard again", source=name)
        self._silent = silent
