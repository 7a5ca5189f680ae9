"""Applies statements to promises: returns the new promise and its history entry, or raises Refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from promise_svc.domain.limits import CHANGES
from promise_svc.domain.promise import Change, ChangeKind, Make, Promise, Revise, Settle, State, Withdraw
from promise_svc.domain.refusal import Refusal, RefusalReason

AHEAD = timedelta(minutes=5)


def make(command: Make, *, historical: bool = False) -> Promise:
    """A new promise; its first, latest and held date start as the date given. Refused: due before it was made."""
    if command.due < command.made_at:
        raise Refusal(RefusalReason.DUE_BEFORE_MADE, "due lies before made_at", "/due")
    return Promise(
        promise_id=command.promise_id,
        customer_id=command.customer_id,
        kind=command.kind,
        what=command.what,
        made_at=command.made_at,
        requested_due=command.requested_due,
        first_due=command.due,
        latest_due=command.due,
        held_due=command.due,
        latest_at=command.made_at,
        held_at=command.made_at,
        tolerance_s=command.tolerance_s,
        terms=command.terms,
        historical=historical,
    )


def revise(promise: Promise, command: Revise, at: datetime) -> tuple[Promise, Change]:
    """A new date, given at `at`. It moves the held date only if the customer asked for it or agreed to it.

    A date older than one already recorded is added to the history without undoing the newer one.
    """
    _expect(promise, command.expected_version)
    if promise.state is not State.MADE:
        raise Refusal(RefusalReason.PROMISE_CLOSED, f"the promise is {promise.state}; its dates no longer move")
    if command.due < promise.made_at:
        raise Refusal(RefusalReason.DUE_BEFORE_MADE, "due lies before the promise was made", "/due")
    _room(promise, "/due")
    revised = replace(promise, version=promise.version + 1)
    if at >= promise.latest_at:
        revised = replace(revised, latest_due=command.due, latest_at=at)
    if (command.asked_by_customer or command.agreed) and at >= promise.held_at:
        revised = replace(revised, held_due=command.due, held_at=at)
    return revised, Change(
        promise_id=promise.promise_id,
        version=revised.version,
        kind=ChangeKind.REVISED,
        at=at,
        due=command.due,
        held_due=revised.held_due,
        asked_by_customer=command.asked_by_customer,
        agreed=command.agreed,
        reason=command.reason,
        public_reason=command.public_reason,
    )


def withdraw(promise: Promise, command: Withdraw, at: datetime) -> tuple[Promise, Change]:
    """Withdraw an open promise."""
    _expect(promise, command.expected_version)
    if promise.state is not State.MADE:
        raise Refusal(RefusalReason.PROMISE_CLOSED, f"the promise is {promise.state} already")
    withdrawn = replace(promise, state=State.WITHDRAWN, version=promise.version + 1)
    return withdrawn, Change(
        promise_id=promise.promise_id,
        version=withdrawn.version,
        kind=ChangeKind.WITHDRAWN,
        at=at,
        reason=command.reason,
        public_reason=command.public_reason,
    )


def assign(
    promise: Promise, deliverer: str, requested_at: datetime, at: datetime, *, accepted: bool
) -> tuple[Promise, Change | None]:
    """The promise as a hand-off requested at `requested_at` leaves it, and the change if it is one.

    The newest request decides who delivers; a promise that has ended stays as it is.
    """
    older = promise.assigned_at is not None and requested_at < promise.assigned_at
    if promise.state is not State.MADE or older:
        return promise, None
    if (promise.terms.deliverer, promise.terms.accepted) == (deliverer, accepted):
        return replace(promise, assigned_at=requested_at), None
    _room(promise, "")
    terms = replace(promise.terms, deliverer=deliverer, accepted=accepted)
    assigned = replace(promise, terms=terms, assigned_at=requested_at, version=promise.version + 1)
    return assigned, Change(
        promise_id=promise.promise_id,
        version=assigned.version,
        kind=ChangeKind.ASSIGNED,
        at=at,
        deliverer=deliverer,
        accepted=accepted,
    )


def settle(promise: Promise, command: Settle, at: datetime) -> tuple[Promise, Change]:
    """A verdict or its correction: a settled promise accepts another verdict or completion, never the same again."""
    _expect(promise, command.expected_version)
    if promise.state is State.WITHDRAWN:
        raise Refusal(
            RefusalReason.PROMISE_CLOSED, "the promise was withdrawn; it counts neither as kept nor as broken"
        )
    if command.completed_at is not None and command.completed_at < promise.made_at:
        raise Refusal(
            RefusalReason.COMPLETED_BEFORE_MADE, "completed_at lies before the promise was made", "/completed_at"
        )
    if command.completed_at is not None and command.completed_at > at + AHEAD:
        raise Refusal(RefusalReason.COMPLETED_AHEAD, "completed_at lies in the future", "/completed_at")
    if (promise.state, promise.completed_at) == (command.verdict, command.completed_at):
        raise Refusal(
            RefusalReason.ALREADY_SETTLED, f"the promise is {promise.state} already, with the same completion"
        )
    settled = replace(promise, state=command.verdict, completed_at=command.completed_at, version=promise.version + 1)
    return settled, Change(
        promise_id=promise.promise_id,
        version=settled.version,
        kind=ChangeKind.SETTLED,
        at=command.settled_at or at,
        verdict=command.verdict,
        completed_at=command.completed_at,
    )


def _room(promise: Promise, pointer: str) -> None:
    if promise.version > CHANGES:
        detail = f"a promise has at most {CHANGES:,} changes; it can still be settled or withdrawn"
        raise Refusal(RefusalReason.LIMIT_REACHED, detail, pointer, CHANGES)


def _expect(promise: Promise, version: int | None) -> None:
    if version is not None and version != promise.version:
        raise Refusal(RefusalReason.VERSION_CHANGED, f"the promise is at version {promise.version}, not {version}")
