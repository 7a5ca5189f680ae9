"""Snapshots of what was known of a promise and when; the journal keeps them for the learner."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from risk_svc.domain.state import PromiseState
from risk_svc.forecast.view import PromiseSnapshot, View
from risk_svc.forecasting.live import snapshot_of

AT_ONCE: Final = 16
"""Later times already known that an event's snapshots repeat at once; where there are more, once a batch."""
REPEATED: Final = 32
"""The later times that are repeated at most, spread over all of them: each costs time and room in all that is known."""


def view_as_known(state: PromiseState, at: float) -> list[PromiseSnapshot]:
    """The promise as known at `at`, when the last folded event became known, and at each later time already known.

    Topics are not ordered among each other: what arrived early is repeated, now with what preceded it.
    """
    at = max(at, state.made_at)
    return _as_known(state, at, _later(state, at))


def pictures(state: PromiseState, at: float) -> list[PromiseSnapshot]:
    """The snapshots of a promise, under the pseudonym used for learning."""
    return _under_pseudonym(state, view_as_known(state, at))


class BatchPictures:
    """The snapshots of the promises of one batch: what many of a promise's events would each repeat follows once.

    Without this, n reports of n steps that come with the newest first would make n²/2 snapshots of up to n steps.
    """

    def __init__(self) -> None:
        self._shared: dict[str, tuple[int, PromiseState, set[float]]] = {}

    def of(self, partition: int, state: PromiseState, at: float) -> list[PromiseSnapshot]:
        """Return the snapshots of an event known at `at`, just folded; none if they follow with `rest`."""
        at = max(at, state.made_at)
        later = _later(state, at)
        shared = self._shared.get(state.promise_id)
        if shared is None and len(later) <= AT_ONCE:
            return _under_pseudonym(state, _as_known(state, at, later))
        times = set() if shared is None else shared[2]
        times.add(at)
        self._shared[state.promise_id] = (partition, state, times)
        return []

    def forget(self, promise_ids: Iterable[str]) -> None:
        """Leave out promises that were erased."""
        for name in promise_ids:
            self._shared.pop(name, None)

    def rest(self) -> Iterable[tuple[int, list[PromiseSnapshot]]]:
        """Yield by partition what follows at the end of the batch, when all its events are folded."""
        for partition, state, times in self._shared.values():
            since = min(times)
            found = _as_known(state, since, sorted({*_later(state, since), *times} - {since}))
            yield partition, _under_pseudonym(state, found)


def forgotten(promise_id: str, at: float) -> PromiseSnapshot:
    """The snapshot by which an erased promise leaves without an answer."""
    return PromiseSnapshot(
        at,
        View(
            promise_id=pseudonym(promise_id),
            kind="",
            made=at,
            deadline=at,
            order=[],
            plans={},
            texts=[],
            numbers=[],
            last_at=at,
        ),
        gone=True,
    )


def pseudonym(promise_id: str) -> str:
    """The pseudonym used for learning: after an erasure nothing remains by which a customer can be found."""
    return hashlib.blake2b(promise_id.encode(), digest_size=12).hexdigest()


def _as_known(state: PromiseState, at: float, later: list[float]) -> list[PromiseSnapshot]:
    # Backwards, so that the newest, which says how the promise ended, is always among them.
    some = later[:: -math.ceil(len(later) / REPEATED)][::-1] if later else []
    return [snapshot_of(_as_of(state, time), time) for time in (at, *some)]


def _under_pseudonym(state: PromiseState, found: list[PromiseSnapshot]) -> list[PromiseSnapshot]:
    for seen in found:
        seen.view.promise_id = pseudonym(state.promise_id)
    return found


def _later(state: PromiseState, at: float) -> list[float]:
    times = [time for step in state.steps for time in (step.known, step.reopened_at)]
    times += [time for step in state.steps for time, _ in step.plans]
    times += [max(mark.at, mark.known) for mark in state.pauses]
    times += [time for time, _ in state.dues]
    times += [state.withdrawn_at, state.verdict_at]
    return sorted({time for time in times if time is not None and time > at})


def _as_of(state: PromiseState, at: float) -> PromiseState:
    """The promise without later changes in the ledger: another date, a withdrawal or a verdict."""
    due = next((before for time, before in state.dues if time > at), state.held_due)
    if due != state.held_due:
        state = replace(state, held_due=due)
    if state.withdrawn_at is not None and state.withdrawn_at > at:
        state = replace(state, withdrawn=False)
    if state.verdict_at is not None and state.verdict_at > at:
        state = replace(state, verdict="", verdict_completed_at=None)
    return state
