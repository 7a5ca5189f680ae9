"""A worker's memory of the partitions it owns: open promises, incidents, erasures and due reviews."""

from __future__ import annotations

import hashlib
import heapq
import math
from collections.abc import Iterable

from risk_svc.domain.incidents import Incident, Incidents, Place
from risk_svc.domain.state import PromiseState
from risk_svc.worker.watermark import Watermark


class PartitionState:
    """The in-memory state of one partition, valid only as of its last commit."""

    def __init__(self, number: int, system: float = -math.inf) -> None:
        self.number = number
        self.heard = Watermark(system)
        self.states: dict[str, PromiseState] = {}
        self.incidents = Incidents()
        self.erased: dict[bytes, tuple[int, float]] = {}
        self._dependents: dict[Place, set[str]] = {}
        self._due: list[tuple[float, str]] = []

    def keep(self, state: PromiseState) -> None:
        """Keep a live promise, indexed by what it depends on."""
        self.states[state.promise_id] = state
        for place in state.depends_on:
            self._dependents.setdefault(place, set()).add(state.promise_id)

    def release(self, state: PromiseState) -> None:
        """Forget a promise that has ended or was erased."""
        if self.states.pop(state.promise_id, None) is None:
            return
        for place in state.depends_on:
            names = self._dependents.get(place)
            if names is not None:
                names.discard(state.promise_id)
                if not names:
                    del self._dependents[place]

    def depending(self, incident: Incident) -> Iterable[PromiseState]:
        """Live promises that depend on what the incident affects."""
        names = {name for place in incident.affects for name in self._dependents.get(place, ())}
        return [self.states[name] for name in sorted(names)]

    def schedule(self, state: PromiseState) -> None:
        """Schedule the promise for its review time."""
        if math.isfinite(state.view.review):
            heapq.heappush(self._due, (state.view.review, state.promise_id))

    def due(self, now: float, most: int) -> list[PromiseState]:
        """At most `most` promises whose review time has come; each is returned once and must be scheduled again."""
        found: list[PromiseState] = []
        while self._due and self._due[0][0] <= now and len(found) < most:
            at, name = heapq.heappop(self._due)
            state = self.states.get(name)
            # A promise scored since then has another review time, with its own entry.
            if state is not None and state.view.review == at:
                found.append(state)
        return found

    def overdue(self, now: float) -> bool:
        """Whether any review time has come."""
        return bool(self._due) and self._due[0][0] <= now

    def first_review(self, state: PromiseState, now: float) -> None:
        """Schedule a promise that was just loaded; one never scored is due at once, history is never due."""
        if state.placeholder or state.historical:
            return
        if not state.view.review:
            state.view.review = now
        self.schedule(state)


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
            for state in partition.states.values():
                if not (state.placeholder or state.historical):
                    state.view.review = now
                    partition.schedule(state)

    def overdue(self, now: float) -> bool:
        """Whether the review time of any promise has come."""
        return any(partition.overdue(now) for partition in self.partitions.values())

    @property
    def promises(self) -> int:
        """Live promises in memory."""
        return sum(len(partition.states) for partition in self.partitions.values())


def customer_mark(customer_id: str) -> bytes:
    """The mark kept of an erased customer's id."""
    return hashlib.sha256(customer_id.encode()).digest()
