"""Applies commands to promises: returns the new promise and its history entry, or raises Refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from promise_svc.domain import story
from promise_svc.domain.limits import CHANGES, ENDINGS
from promise_svc.domain.promise import Change, ChangeKind, Make, Promise, Revise, Settle, State, Withdraw
from promise_svc.domain.refusal import Refusal, RefusalReason

AHEAD = timedelta(minutes=5)
Statement = Revise | Withdraw | Settle


def make(command: Make, *, historical: bool = False, first_at: datetime | None = None) -> Promise:
    """A new promise; its first, latest and held date start as the date given. Refused: due before it was made.

    `first_at` is when the date was said by a sender that tells states, of which an older one may still come.
    """
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
        first_at=first_at,
    )


def revise(promise: Promise, command: Revise, at: datetime) -> tuple[Promise, Change]:
    """A new date that one of our own users gives now, at `at`: whatever was said before, it is the newest.

    It moves the held date only if the customer asked for it or agreed to it.
    """
    _expect(promise, command.expected_version)
    if promise.state is not State.MADE:
        raise Refusal(RefusalReason.PROMISE_CLOSED, f"the promise is {promise.state}; its dates no longer move")
    return _said(promise, statement(promise, command, at))


def withdraw(promise: Promise, command: Withdraw, at: datetime) -> tuple[Promise, Change]:
    """Withdraw an open promise, as one of our own users does now."""
    _expect(promise, command.expected_version)
    if promise.state is not State.MADE:
        raise Refusal(RefusalReason.PROMISE_CLOSED, f"the promise is {promise.state} already")
    return _said(promise, statement(promise, command, at))


def settle(promise: Promise, command: Settle, at: datetime) -> tuple[Promise, Change]:
    """A verdict of one of our own users or its correction: another verdict or completion, never the same again."""
    _expect(promise, command.expected_version)
    if promise.state is State.WITHDRAWN:
        raise Refusal(
            RefusalReason.PROMISE_CLOSED, "the promise was withdrawn; it counts neither as kept nor as broken"
        )
    change = replace(statement(promise, command, at), known_due=promise.held_due)
    if (promise.state, promise.completed_at) == (command.verdict, command.completed_at):
        raise Refusal(
            RefusalReason.ALREADY_SETTLED, f"the promise is {promise.state} already, with the same completion"
        )
    return _said(promise, change)


def statement(promise: Promise, command: Statement, at: datetime, *, told: Iterable[Change] = ()) -> Change:
    """What a command says at `at`, as the next change of the promise; of what was `told` before it is no other one.

    Raises Refusal for what can be true at no time, and where the promise has too many changes.
    """
    number = promise.version + 1
    match command:
        case Revise():
            if command.due < promise.made_at:
                raise Refusal(RefusalReason.DUE_BEFORE_MADE, "due lies before the promise was made", "/due")
            change = Change(
                promise_id=promise.promise_id,
                version=number,
                kind=ChangeKind.REVISED,
                at=at,
                due=command.due,
                asked_by_customer=command.asked_by_customer,
                agreed=command.agreed,
                reason=command.reason,
                public_reason=command.public_reason,
                stated=command.if_moved and command.reported,
            )
        case Withdraw():
            change = Change(
                promise_id=promise.promise_id,
                version=number,
                kind=ChangeKind.WITHDRAWN,
                at=at,
                asked_by_customer=command.asked_by_customer,
                reason=command.reason,
                public_reason=command.public_reason,
            )
        case Settle():
            _completion(promise, command, at)
            change = Change(
                promise_id=promise.promise_id,
                version=number,
                kind=ChangeKind.SETTLED,
                at=command.settled_at or at,
                verdict=command.verdict,
                completed_at=command.completed_at,
            )
    change = replace(change, said_at=at if command.reported else story.after_all(promise, at))
    place = story.order(change)
    if not any(story.order(one) == place for one in told):
        _room(promise, "/due" if isinstance(command, Revise) else "", 0 if isinstance(command, Revise) else ENDINGS)
    return change


def _said(promise: Promise, change: Change) -> tuple[Promise, Change]:
    # What our own users say follows whatever was said before, which need not be read.
    moved = replace(promise, version=change.version, newest_at=change.said_at)
    return story.follow(moved, change, (promise.held_due,))


def _completion(promise: Promise, command: Settle, at: datetime) -> None:
    if command.completed_at is not None and command.completed_at < promise.made_at:
        raise Refusal(
            RefusalReason.COMPLETED_BEFORE_MADE, "completed_at lies before the promise was made", "/completed_at"
        )
    if command.completed_at is not None and command.completed_at > at + AHEAD:
        raise Refusal(RefusalReason.COMPLETED_AHEAD, "completed_at lies in the future", "/completed_at")


def assign(
    promise: Promise,
    deliverer: str,
    requested_at: datetime,
    at: datetime,
    *,
    accepted: bool,
    due: datetime | None = None,
) -> tuple[Promise, Change | None]:
    """The promise as a hand-off requested at `requested_at` leaves it, and the change if it is one.

    The newest request decides who delivers; a promise that has ended stays as it is. `due`: for when it was accepted.
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
        due=due if accepted else None,
        deliverer=deliverer,
        accepted=accepted,
    )


def _room(promise: Promise, pointer: str, spare: int = 0) -> None:
    if promise.version > CHANGES + spare:
        detail = f"a promise has at most {CHANGES:,} changes; it can still be settled or withdrawn"
        raise Refusal(RefusalReason.LIMIT_REACHED, detail, pointer, CHANGES)


def _expect(promise: Promise, version: int | None) -> None:
    if version is not None and version != promise.version:
        raise Refusal(RefusalReason.VERSION_CHANGED, f"the promise is at version {promise.version}, not {version}")
