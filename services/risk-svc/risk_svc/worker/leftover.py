"""What messages set off and one transaction may not finish: incidents on their way, erased promises in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice, zip_longest
from typing import Final

from risk_svc.domain.incidents import Place
from risk_svc.store import work
from risk_svc.worker.partition_state import PartitionState
from risk_svc.worker.touched import Touched

FAN_OUT: Final = 2_000
"""Promises that incidents touch in one transaction at most, of all partitions together."""
LET_GO: Final = 2_000
"""Promises of erased customers that leave memory in one transaction, about 25 ms."""
FIRST: Final = 500
SECONDS: Final = 0.25
LEAST: Final = 50
"""The smallest share of one incident: with more incidents on their way they take turns."""
ORDERED: Final = 20
"""Putting so many promises in order costs as much time as scoring one."""
LOOK: Final = 2
"""To look at an incident at all costs as much as putting so many promises in order."""

Way = tuple[PartitionState, str]
"""A partition, and the incident or customer whose work is done in it."""


class Pace:
    """How much is done in one transaction: as much as takes a quarter of a second, at most `most`.

    A busy machine would otherwise keep events waiting, and in the end come near the limits of a transaction.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.room = min(most, FIRST)

    def took(self, seconds: float) -> None:
        """Note how long the last transaction took that used all its room."""
        wanted = self.room * SECONDS / max(seconds, SECONDS / 2)
        self.room = max(min(LEAST, self._most), min(self._most, round(wanted)))


class Leftover:
    """Does a bounded part of what is left; `rows` is what of it has to be saved."""

    def __init__(self, touched: Touched) -> None:
        self.rows: list[work.Row] = []
        self._touched = touched

    def fan_out(self, ways: Sequence[Way], room: int) -> None:
        """Touch the next promises of incidents on their way, at most `room`, a fair share for each incident.

        Promises that several incidents touch are scored once: as many incidents are looked at as there is room for.
        """
        share = max(LEAST, room // max(1, len(ways)))
        left = room * ORDERED
        for partition, name in ways:
            fan_out = partition.fan_outs[name]
            if left <= 0 and fan_out.as_saved:
                continue
            del partition.fan_outs[name]
            more = True
            if left > 0:
                names, more = fan_out.take(partition.states, partition.places, min(share, -(-left // ORDERED)))
                reached = self._reach(partition, names, set(fan_out.reach.places), fan_out.reach.traceparent)
                left -= reached * ORDERED + max(LOOK, fan_out.ordered)
            if more:
                # At the end: the others are first the next time.
                partition.fan_outs[name] = fan_out
            if more or fan_out.saved:
                self.rows.append(work.Row(partition.number, name, fan_out.reach if more else None))
            fan_out.saved = fan_out.as_saved = more

    def _reach(self, partition: PartitionState, names: Sequence[str], places: set[Place], traceparent: str) -> int:
        before = len(self._touched)
        for name in names:
            state = None if name in self._touched else partition.states.get(name)
            if state is not None and not places.isdisjoint(state.depends_on) and not partition.gone(state):
                self._touched.by_event(partition, state, traceparent)
        return len(self._touched) - before

    def let_go(self, ways: Sequence[Way]) -> None:
        """Take the next promises of erased customers out of memory, at most LET_GO."""
        room = LET_GO
        for partition, customer in ways:
            if room <= 0:
                return
            room -= partition.let_go(customer, room)


def in_turns(ways: Iterable[Iterable[Way]], room: int) -> list[Way]:
    """The first way of each partition, then the second of each …, at most as many as `room` lets one look at."""
    turns = chain.from_iterable(zip_longest(*ways))
    return list(islice((way for way in turns if way is not None), room * ORDERED // LOOK))


def shares(waiting: Sequence[int], room: int) -> list[int]:
    """Divide `room` among parties that each want so much: nobody gets less than an even share of what is left over."""
    given = [0] * len(waiting)
    order = sorted(range(len(waiting)), key=lambda place: waiting[place])
    for done, place in enumerate(order):
        given[place] = min(waiting[place], room // (len(order) - done))
        room -= given[place]
    return given
