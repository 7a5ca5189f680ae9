"""A worker's memory of the partitions it owns: live promises, incidents, erasures and due reviews."""

from __future__ import annotations

import hashlib
import math
from array import array
from collections.abc import Iterable
from typing import Final

from risk_svc.domain.incidents import Incidents
from risk_svc.domain.state import PromiseState
from risk_svc.worker.fan_out import FanOut
from risk_svc.worker.places import Places
from risk_svc.worker.shelf import Glance, Shelf, encoded, glance
from risk_svc.worker.watermark import Watermark

LOOK: Final = 50
"""Looking for a customer's promises among all costs as much time as taking so many out of memory."""


class Leaving:
    """An erased customer's promises that are still in memory: their slots once looked for, and ids given since."""

    def __init__(self) -> None:
        self.slots: array[int] | None = None
        self.since: set[str] = set()


class PartitionState:
    """The in-memory state of one partition, valid only as of its last commit.

    `fan_outs` are incidents that have not reached all their promises, `leaving` erased customers whose promises count
    for gone but take up memory. Those need not be stored: a partition that is loaded anew does not read them.
    """

    def __init__(self, number: int, system: float = -math.inf) -> None:
        self.number = number
        self.heard = Watermark(system)
        self.states = Shelf()
        self.places = Places()
        self.incidents = Incidents()
        self.erased: dict[bytes, tuple[int, float]] = {}
        self.fan_outs: dict[str, FanOut] = {}
        self.leaving: dict[str, Leaving] = {}

    @property
    def busy(self) -> bool:
        """Whether work is left that needs no message."""
        return bool(self.fan_outs or self.leaving)

    def keep(self, state: PromiseState) -> bytes:
        """Keep a live promise as it is now, to be reviewed when its view says; returns its row."""
        row = encoded(state)
        never = state.placeholder or (state.historical and state.view.untaught is None)
        review = math.inf if never else state.view.review
        seen = Glance(state.customer_id, state.made_at, review, state.depends_on, state.kind)
        self.places.add(self.states.put(state.promise_id, row, seen), seen.depends_on)
        return row

    def keep_row(self, name: str, row: bytes) -> None:
        """Keep a live promise as stored."""
        seen = glance(row)
        self.places.add(self.states.put(name, row, seen), seen.depends_on)

    def release(self, name: str) -> None:
        """Forget a promise that has ended, was erased or rests."""
        gone = self.states.pop(name)
        if gone is not None:
            slot, row = gone
            self.places.remove(slot, glance(row).depends_on)

    def erase(self, customer_id: str) -> None:
        """Take all promises of a customer for gone, at once."""
        self.leaving[customer_id] = Leaving()

    def gone(self, state: PromiseState) -> bool:
        """Whether the promise is of before its customer's erasure and only waits for its place to be cleared."""
        leaving = self.leaving.get(state.customer_id)
        return leaving is not None and state.promise_id not in leaving.since

    def holds(self, name: str) -> bool:
        """Whether a promise is in memory, and not for gone."""
        return name in self.states and not (self.leaving and self.gone(self.states[name]))

    def begin(self, state: PromiseState) -> None:
        """Make room for a new promise, whose id may have been an erased one's."""
        if self.leaving:
            self.release(state.promise_id)
            if state.customer_id in self.leaving:
                self.leaving[state.customer_id].since.add(state.promise_id)

    def let_go(self, customer_id: str, most: int) -> int:
        """Take at most `most` promises of an erased customer out of memory; returns what it cost, in promises."""
        leaving, cost = self.leaving[customer_id], 0
        if leaving.slots is None:
            leaving.slots, cost = self.states.of_customer(customer_id), LOOK
        for _ in range(min(len(leaving.slots), most)):
            name = self.states.name(leaving.slots.pop())
            if name and name not in leaving.since and self.states.seen(name).customer_id == customer_id:
                self.release(name)
            cost += 1
        if not leaving.slots:
            del self.leaving[customer_id]
        return cost


class PartitionStates:
    """The partitions of this worker."""

    def __init__(self) -> None:
        self.partitions: dict[int, PartitionState] = {}

    def drop(self, number: int) -> None:
        """Forget a partition."""
        self.partitions.pop(number, None)

    def look_again(self, now: float) -> None:
        """Schedule a review of every promise that is scored at all."""
        for partition in self.partitions.values():
            partition.states.look_again(now)

    def look_again_at(self, kinds: Iterable[str], now: float) -> None:
        """Schedule a review of every promise of these types that is scored at all."""
        for partition in self.partitions.values():
            partition.states.look_again_at(kinds, now)

    def overdue(self, now: float) -> bool:
        """Whether the review time of any promise has come."""
        return any(partition.states.overdue(now) for partition in self.partitions.values())

    @property
    def busy(self) -> list[int]:
        """Partitions with work left that needs no message."""
        return [number for number, partition in self.partitions.items() if partition.busy]

    @property
    def unfinished(self) -> dict[int, float]:
        """Partitions in which incidents are on their way, and since when the first of them is."""
        on_their_way = [(number, partition.fan_outs) for number, partition in self.partitions.items()]
        return {number: min(one.since for one in ways.values()) for number, ways in on_their_way if ways}

    @property
    def promises(self) -> int:
        """Live promises in memory."""
        return sum(len(partition.states) for partition in self.partitions.values())


def customer_mark(customer_id: str) -> bytes:
    """The mark kept of an erased customer's id."""
    return hashlib.sha256(customer_id.encode()).digest()
