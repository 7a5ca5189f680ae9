"""The background that keeps which labels of incidents no rule knew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import structlog

from candor.intake.mapped import MappedSource
from candor.intake.source import Source
from candor.ops.rounds import Rounds
from candor.store.errors import RETRIABLE, StoreUnavailable
from candor.store.unit_of_work import unit_of_work
from delivery_svc.store import label_rows

if TYPE_CHECKING:
    from candor.store.db import Database

log: Final = structlog.get_logger("delivery.labels")
EVERY_SECONDS: Final = 2.0


class LabelKeeper(Rounds):
    """Takes every two seconds what the sources have counted; a kill loses two seconds of counts, and no event."""

    name = "labels"

    def __init__(self, database: Database, sources: Mapping[str, Source]) -> None:
        super().__init__()
        self._database = database
        self._sources = sources

    async def round(self) -> float:
        """Keep what was counted; without the database it is counted on."""
        for source in self._sources.values():
            if isinstance(source, MappedSource):
                await self._keep(source)
        return EVERY_SECONDS

    async def _keep(self, source: MappedSource) -> None:
        found = source.unknown.take()
        if not found:
            return
        try:
            async with unit_of_work(self._database, durable=False) as uow:
                await label_rows.count(uow, found)
        except (StoreUnavailable, *RETRIABLE) as error:
            log.warning("unknown labels not kept", reason=str(error)[:300])
            for one in found:
                source.unknown.add(one.source, {one.label: one.value}, one.seen)
