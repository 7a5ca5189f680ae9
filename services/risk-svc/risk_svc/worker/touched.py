"""The promises that a transaction touches, each decoded once."""

from __future__ import annotations

from typing import NamedTuple

from risk_svc.domain.state import PromiseState
from risk_svc.worker.partition_state import PartitionState


class PromiseChange(NamedTuple):
    """A promise touched by a batch: `by_event` or only by the clock, and the trace to continue."""

    partition: PartitionState
    state: PromiseState
    by_event: bool
    traceparent: str


class Touched(dict[str, PromiseChange]):
    """By promise id, in the order of their first touch; an event counts for more than the clock."""

    def by_event(self, partition: PartitionState, state: PromiseState, traceparent: str) -> None:
        """Note that an event touched the promise, and with `state` what became of it."""
        self[state.promise_id] = PromiseChange(partition, state, True, traceparent)

    def by_clock(self, partition: PartitionState, name: str) -> None:
        """Note that the promise's review is due."""
        state = None if name in self else partition.states.get(name)
        if state is not None and not partition.gone(state):
            self[name] = PromiseChange(partition, state, False, "")

    def state(self, partition: PartitionState, name: str) -> PromiseState | None:
        """The promise as this transaction has it so far, if it is live."""
        held = self.get(name)
        return held.state if held is not None else partition.states.get(name)
