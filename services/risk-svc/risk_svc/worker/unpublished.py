"""After a rebuild: rows say of each promise what was published before it, and what was not is published."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import msgspec

from candor.store.unit_of_work import unit_of_work
from risk_svc.domain import facts as known
from risk_svc.domain.incidents import Incidents
from risk_svc.domain.publish import as_published, mark_published, next_version
from risk_svc.domain.scoring import pause_of
from risk_svc.domain.standings import standing
from risk_svc.domain.state import PromiseState, to_bytes
from risk_svc.store import rebuilding, states
from risk_svc.worker.handlers import gap_message

if TYPE_CHECKING:
    from candor.contracts import Message
    from candor.ops.clock import Clock
    from candor.store.db import Database
    from candor.store.unit_of_work import UnitOfWork

CHUNK: Final = 500


class Unpublished:
    """Corrects rows in chunks, each in one transaction; may be repeated after an end in the middle."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._incidents: dict[int, Incidents] = {}

    async def publish(self) -> None:
        """Give promises that have ended to the outbox, and open ones to the next worker, which looks at once."""
        after = ""
        while True:
            async with unit_of_work(self._database) as uow:
                found = await rebuilding.unpublished(uow.connection, after, CHUNK)
                if not found:
                    return
                await self._take(uow, found)
                after = found[-1].state.promise_id

    async def _take(self, uow: UnitOfWork, found: list[rebuilding.Unpublished]) -> None:
        for item in found:
            if item.live:
                view = as_published(item.state.view, item.standing, item.before.view if item.before else None)
                item.state.view = msgspec.structs.replace(view, review=0.0)
            else:
                uow.emit([await self._message(uow, item.partition, item.state)])
        saved = [states.Saved(item.partition, item.state, to_bytes(item.state), item.live) for item in found]
        await states.save(uow.connection, saved)

    async def _message(self, uow: UnitOfWork, partition: int, state: PromiseState) -> Message:
        if partition not in self._incidents:
            self._incidents[partition] = await _incidents(uow, partition)
        stands, now = standing(state), self._clock.now().timestamp()
        found, more = known.foremost(state, self._incidents[partition].linked(state), now)
        version = next_version(state.view.version, int(time.time() * 1000))
        mark_published(state.view, stands, known.digest(found, state.held_due, more, pause_of(state, stands)), version)
        return gap_message(state, stands, found, more)


async def _incidents(uow: UnitOfWork, partition: int) -> Incidents:
    found, after = Incidents(), ""
    while page := await states.incident_page(uow.connection, partition, after, CHUNK):
        for incident in page:
            found.put(incident)
        after = page[-1].incident_id
    return found
