"""Snapshots of what was known of a promise and when; the journal keeps them for the learner."""

from __future__ import annotations

import hashlib

from msgspec.structs import replace

from risk_svc.domain.state import PromiseState
from risk_svc.forecast.view import PromiseSnapshot, View
from risk_svc.forecasting.live import snapshot_of


def view_as_known(state: PromiseState, at: float) -> list[PromiseSnapshot]:
    """The promise as known at `at`, when the last folded event became known, and at each later time already known.

    Topics are not ordered among each other: what arrived early is repeated, now with what preceded it.
    """
    return [snapshot_of(_as_of(state, time), time) for time in (at, *_later(state, at))]


def pictures(state: PromiseState, at: float) -> list[PromiseSnapshot]:
    """The snapshots of a promise, under the pseudonym used for learning."""
    found = view_as_known(state, at)
    for seen in found:
        seen.view.promise_id = pseudonym(state.promise_id)
    return found


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


def _later(state: PromiseState, at: float) -> list[float]:
    times = [time for step in state.steps for time in (step.at, step.expected_at, step.reopened_at)]
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
