"""A promise is the fold of what was said of it, in the order in which it was said, however that arrived."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

from promise_svc.domain.limits import CHANGES, STATES
from promise_svc.domain.promise import Change, ChangeKind, Make, Promise, Revise, State, Stated

NEVER: Final = datetime.min.replace(tzinfo=UTC)
RANK: Final = {kind: place for place, kind in enumerate(ChangeKind)}
BY_DATE: Final = (State.KEPT, State.BROKEN)
"""Verdicts that follow from a completion and a date."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A promise after a statement, and the `changes` that it brought: none if it had been said before.

    It brings several where a state comes late: that the next one moved the date back is known only then. `story`: all
    that was said, in order, where the promise is no longer what its changes, one by one, made of it; else None.
    """

    promise: Promise
    changes: tuple[Change, ...] = ()
    story: Sequence[Change] | None = None


def order(change: Change) -> tuple[Any, ...]:
    """What changes are sorted by: when each was said, then by what it says, so that no arrival decides."""
    return (
        *(_said(change), change.at, RANK[change.kind], change.due or NEVER),
        *(bool(change.asked_by_customer), bool(change.agreed), change.verdict or "", change.completed_at or NEVER),
        *(change.deliverer or "", bool(change.accepted), change.reason or "", change.public_reason or ""),
    )


def follows(promise: Promise, change: Change) -> bool:
    """Whether a statement adds to what is known by itself: it is the newest one, in effect, and judged by one date."""
    if promise.newest_at is None:
        return promise.version == 1
    if _said(change) <= promise.newest_at:
        return False
    if change.kind is not ChangeKind.SETTLED:
        return promise.state is State.MADE
    if promise.state is State.WITHDRAWN:
        return False
    return change.known_due is not None or _by_date(promise, change, promise.held_due) in (None, change.verdict)


def arrive(promise: Promise, told: Sequence[Change], change: Change) -> Arrival:
    """The promise once a statement has joined what was `told` before; that is not read where the statement `follows`.

    `change` has the promise's next version.
    """
    newest = max(_said(change), promise.newest_at or _said(change))
    if follows(promise, change):
        moved, entry = follow(replace(promise, version=change.version, newest_at=newest), change, (promise.first_due,))
        return Arrival(moved, (entry,))
    known, place = [*told, *_unmoved(promise)], order(change)
    if any(order(one) == place for one in known):
        return Arrival(promise)
    newest = max([newest, *(_said(one) for one in known if one.kind is not ChangeKind.ASSIGNED)])
    return _retold(replace(promise, newest_at=newest), [*told, replace(change, version=0)])


def precede(promise: Promise, told: Sequence[Change], command: Make, at: datetime) -> Arrival | None:
    """The promise whose making was said at `at` already, before the state by which it was made; None if it was not.

    The date of that older state is the first one then, and the states that were told since follow it.
    """
    first = (promise.first_at, promise.first_due)
    if promise.first_at is None or (at, command.due) >= first or promise.version > CHANGES:
        return None
    made_at = min(promise.made_at, command.made_at)
    if command.due < made_at:
        return None
    newest = max(promise.first_at, promise.newest_at or promise.first_at)
    moved = replace(promise, first_due=command.due, first_at=at, made_at=made_at, newest_at=newest)
    found = _retold(moved, told)
    if found.changes or (command.due, made_at) == (promise.first_due, promise.made_at):
        return found
    return Arrival(replace(found.promise, version=promise.version + 1), (), fold(moved, told)[1])


def _retold(promise: Promise, told: Sequence[Change]) -> Arrival:
    """The promise as all that was told makes it; what is a change without being one of its versions yet gets one."""
    after, story = fold(promise, told)
    versions = count(promise.version + 1)
    story = [replace(one, version=next(versions)) if one.version == 0 else one for one in story]
    fresh = tuple(one for one in story if one.version > promise.version)
    moved = {order(one) for one in fresh}
    still = tuple(one for one in _asides(promise, told) if order(_change(promise, one)) not in moved)
    after = replace(after, version=promise.version + len(fresh), states=newest_states(still))
    if not fresh:
        return Arrival(after)
    said = [one for one in story if one.kind is not ChangeKind.ASSIGNED]
    # One that stands last and in effect, and hides none that was a change before, is told by itself.
    plain = len(fresh) == 1 and fresh[0].in_effect and said[-1] is fresh[0] and len(story) == len(told)
    return Arrival(after, fresh, None if plain else story)


def _asides(promise: Promise, told: Iterable[Change]) -> list[Stated]:
    """The states that are no versions of the promise: those that it keeps, and one that is just told."""
    return [*promise.states, *(state_of(one) for one in told if one.version == 0 and one.stated)]


def newest_states(states: Iterable[Stated]) -> tuple[Stated, ...]:
    """The newest STATES of them, in order."""
    return tuple(sorted(states, key=lambda one: (*one[:5], one.public_reason or ""))[-STATES:])


def state_of(change: Change) -> Stated:
    """A change of the date as a state that was told."""
    said = (bool(change.asked_by_customer), bool(change.agreed), change.reason or "", change.public_reason)
    return Stated(_said(change), change.due or NEVER, *said)


def _change(promise: Promise, state: Stated) -> Change:
    """A state that was told as a change, of no version yet."""
    return Change(
        promise_id=promise.promise_id,
        version=0,
        kind=ChangeKind.REVISED,
        said_at=state.at,
        stated=True,
        **state._asdict(),
    )


def _unmoved(promise: Promise) -> list[Change]:
    """The promise's states since it was made: before the first of them it was none."""
    begun = promise.first_at or promise.made_at
    return [_change(promise, one) for one in promise.states if one.at >= begun]


def fold(promise: Promise, told: Iterable[Change]) -> tuple[Promise, list[Change]]:
    """The promise as all that was told makes it, and that in order, each as it then stood.

    A state that tells the date that stands already is no part of it.
    """
    folded = replace(
        promise,
        state=State.MADE,
        latest_due=promise.first_due,
        latest_at=promise.made_at,
        held_due=promise.first_due,
        held_at=promise.made_at,
        completed_at=None,
    )
    held, story, said_due = [promise.first_due], [], promise.first_due
    for change in sorted([*told, *_unmoved(promise)], key=order):
        if change.stated and stands(folded, change, said_due):
            folded = replace(folded, latest_at=_said(change)) if folded.state is State.MADE else folded
            continue
        folded, entry = follow(folded, change, held)
        said_due = change.due if change.kind is ChangeKind.REVISED and change.due is not None else said_due
        if folded.held_due != held[-1]:
            held.append(folded.held_due)
        story.append(entry)
    return folded, story


def stands(promise: Promise, said: Change | Revise, due: datetime) -> bool:
    """Whether a state moves nothing where `due` was said last, in effect or not."""
    counts = promise.state is State.MADE and (said.asked_by_customer or said.agreed)
    return said.due == due and (not counts or said.due == promise.held_due)


def _said(change: Change) -> datetime:
    return change.said_at or change.at


def follow(promise: Promise, change: Change, held: Collection[datetime]) -> tuple[Promise, Change]:
    """The promise after a statement that follows all others, and the statement as it then stands.

    `held` are the dates that were held before: whoever settles a promise knew one of them.
    """
    said = _said(change)
    match change.kind:
        case ChangeKind.REVISED:
            if promise.state is not State.MADE or change.due is None:
                return promise, replace(change, in_effect=False, held_due=promise.held_due)
            promise = replace(promise, latest_due=change.due, latest_at=said)
            if change.asked_by_customer or change.agreed:
                promise = replace(promise, held_due=change.due, held_at=said)
            return promise, replace(change, in_effect=True, held_due=promise.held_due)
        case ChangeKind.WITHDRAWN:
            open_ = promise.state is State.MADE
            state = State.WITHDRAWN if open_ else promise.state
            return replace(promise, state=state), replace(change, in_effect=open_)
        case ChangeKind.SETTLED:
            if promise.state is State.WITHDRAWN or change.verdict is None:
                return promise, replace(change, in_effect=False, judged=None)
            found = _judge(promise, change, held)
            promise = replace(promise, state=found, completed_at=change.completed_at)
            return promise, replace(change, in_effect=True, judged=None if found is change.verdict else found)
        case _:
            return promise, change


def after_all(promise: Promise, at: datetime) -> datetime:
    """The place of what one of our own users says at `at`: after all that was said, whatever clock a sender has."""
    newest = promise.newest_at or max(promise.latest_at, promise.held_at)
    return at if promise.version == 1 else max(at, newest + timedelta(microseconds=1))


def _judge(promise: Promise, change: Change, held: Collection[datetime]) -> State:
    """What a verdict comes to by the date held; as it was said if it does not follow from a date that was known."""
    assert change.verdict is not None  # noqa: S101 - asked by the caller
    found = _by_date(promise, change, promise.held_due)
    known = (change.known_due,) if change.known_due is not None else held
    if found is None or not any(_by_date(promise, change, due) is change.verdict for due in known):
        return change.verdict
    return found


def _by_date(promise: Promise, change: Change, due: datetime) -> State | None:
    """What a completion comes to by a date; None for a verdict that says something else, or names no completion."""
    if change.verdict not in BY_DATE or change.completed_at is None:
        return None
    return State.KEPT if change.completed_at <= due + timedelta(seconds=promise.tolerance_s) else State.BROKEN
