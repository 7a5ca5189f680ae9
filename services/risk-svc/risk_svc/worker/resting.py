"""Incidents that ended and touch no live promise any more leave memory; an event about one brings it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from risk_svc.store import states
from risk_svc.worker.partition_state import PartitionState

if TYPE_CHECKING:
    from candor.store.lease import Connection

MOST: Final = 500
"""Incidents looked at in a tick; and of the promises that depend on them:"""
DEPENDENTS: Final = 20_000


class RestingIncidents:
    """Looks at all incidents of all partitions in turn, some in each tick."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, str]] = []

    async def look(self, connection: Connection, partitions: Sequence[PartitionState], now: float) -> None:
        """Let the next incidents rest that need not be remembered."""
        held = {partition.number: partition for partition in partitions}
        if not self._waiting:
            self._waiting = [(number, name) for number, partition in held.items() for name in partition.incidents.known]
        resting = []
        looks, room = MOST, DEPENDENTS
        while self._waiting and looks > 0 and room > 0:
            number, name = self._waiting.pop()
            looks -= 1
            partition = held.get(number)
            incident = partition.incidents.known.get(name) if partition is not None else None
            if partition is None or incident is None or name in partition.fan_outs:
                continue
            if incident.until is None or incident.until > now:
                continue
            slots = partition.places.slots(incident.affects)
            room -= len(slots)
            if not partition.states.made_before(slots, incident.until):
                partition.incidents.forget(name)
                resting.append((number, name))
        await states.rest_incidents(connection, resting)
