"""Reads a partition's memory from the tables in pages, each short enough for one transaction and one turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from risk_svc.store import states, work
from risk_svc.worker.fan_out import FanOut
from risk_svc.worker.partition_state import PartitionState

if TYPE_CHECKING:
    from candor.store.lease import Connection

PAGE: Final = 2_000
"""Rows a page, about 20 ms with the database's part."""


class Reading:
    """One partition on its way into memory: `partition` is whole once `page` has returned False."""

    def __init__(self, number: int, system: float) -> None:
        self.partition = PartitionState(number, system)
        self._incident = ""
        self._customer = b""
        self._work = ""
        self._promise = ""
        self._stages = [self._incidents, self._erasures, self._unfinished, self._promises]

    async def page(self, connection: Connection) -> bool:
        """Read the next rows, at most PAGE; returns whether there is more."""
        room = PAGE
        while room > 0 and self._stages:
            count = await self._stages[0](connection, room)
            if count < room:
                del self._stages[0]
            room -= count
        return bool(self._stages)

    async def _incidents(self, connection: Connection, most: int) -> int:
        found = await states.incident_page(connection, self.partition.number, self._incident, most)
        for incident in found:
            self.partition.incidents.put(incident)
            self._incident = incident.incident_id
        return len(found)

    async def _erasures(self, connection: Connection, most: int) -> int:
        found = await states.erasure_page(connection, self.partition.number, self._customer, most)
        for self._customer, version, at in found:
            self.partition.erased[self._customer] = (version, at)
        return len(found)

    async def _unfinished(self, connection: Connection, most: int) -> int:
        found = await work.page(connection, self.partition.number, self._work, most)
        for row in found:
            if row.data is not None:
                self.partition.fan_outs[row.incident_id] = FanOut(row.data, saved=True)
            self._work = row.incident_id
        return len(found)

    async def _promises(self, connection: Connection, most: int) -> int:
        found = await states.promise_page(connection, self.partition.number, self._promise, most)
        for self._promise, row in found:
            self.partition.keep_row(self._promise, row)
        return len(found)
