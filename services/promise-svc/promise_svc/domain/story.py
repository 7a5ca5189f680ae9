"""A promise is the fold of what was said of it, in the order in which it was said, however that arrived."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from promise_svc.domain.limits import CHANGES
from promise_svc.domain.promise import Change, ChangeKind, Make, Promise, State

NEVER: Final = datetime.min.replace(tzinfo=UTC)
RANK: Final = {kind: place for place, kind in enumerate(ChangeKind)}
BY_DATE: Final = (State.KEPT, State.BROKEN)
"""Verdicts that follow from a completion and a date."""
TOLD_AFTER: Final = "a later state in the same system, which came before an older one"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A promise after a statement: the `change` is None if it had been said before.

    `story`: all that was said, in order, where the promise is no longer what its changes, one by one, made of it; else
    None.
    """

    promise: Promise
    change: Change | None
    story: Sequence[Change] | None = None


def order(change: Change) -> tuple[Any, ...]:
    """What changes are sorted by: when each was said, then by what it says, so that no arrival decides."""
    return (
        *(change.said_at or change.at, change.at, RANK[change.kind], change.due or NEVER),
        *(bool(change.asked_by_customer), bool(change.agreed), change.verdict or "", change.completed_at or NEVER),
        *(change.deliverer or "", bool(change.accepted), change.reason or "", change.public_reason or ""),
    )


def follows(promise: Promise, change: Change) -> bool:
    """Whether a statement adds to what is known by itself: it is the newest one, in effect, and judged by one date."""
    if promise.version == 1:
        return True
    said = change.said_at or change.at
    if promise.newest_at is None or said <= promise.newest_at:
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
    said = change.said_at or change.at
    moved = replace(promise, version=change.version, newest_at=max(said, promise.newest_at or said))
    if follows(promise, change):
        return Arrival(*follow(moved, change, (promise.first_due,)))
    place = order(change)
    if any(order(one) == place for one in told):
        return Arrival(promise, None)
    said_last = max((one.said_at or one.at for one in told if one.kind is not ChangeKind.ASSIGNED), default=said)
    after, story = fold(replace(moved, newest_at=max(said, said_last)), [*told, change])
    (joined,) = (one for one in story if one.version == change.version)
    newest = [one for one in story if one.kind is not ChangeKind.ASSIGNED][-1]
    plain = joined.in_effect and newest is joined
    return Arrival(after, joined, None if plain else story)


def precede(promise: Promise, told: Sequence[Change], command: Make, at: datetime) -> Arrival | None:
    """The promise whose making was said at `at` already, before the state by which it was made; None if it was not.

    The date of that older state is the first one then, and the date that was held for the first is told after it.
    """
    if promise.first_at is None or at >= promise.first_at or promise.version > CHANGES:
        return None
    made_at = min(promise.made_at, command.made_at)
    if command.due < made_at:
        return None
    before, moved = promise.first_at, replace(promise, first_due=command.due, first_at=at, made_at=made_at)
    dated = command.due != promise.first_due
    if not dated and made_at == promise.made_at:
        return Arrival(moved, None)
    moved = replace(moved, version=promise.version + 1, newest_at=max(before, promise.newest_at or before))
    told_after = Change(
        promise_id=promise.promise_id,
        version=moved.version,
        kind=ChangeKind.REVISED,
        at=before,
        said_at=before,
        due=promise.first_due,
        asked_by_customer=False,
        agreed=False,
        reason=TOLD_AFTER,
    )
    after, story = fold(moved, [*told, *([told_after] if dated else [])])
    joined = next((one for one in story if one.version == after.version), None)
    return Arrival(after, joined, story)


def fold(promise: Promise, told: Iterable[Change]) -> tuple[Promise, list[Change]]:
    """The promise as all that was told makes it, and that in order, each as it then stood."""
    folded = replace(
        promise,
        state=State.MADE,
        latest_due=promise.first_due,
        latest_at=promise.made_at,
        held_due=promise.first_due,
        held_at=promise.made_at,
        completed_at=None,
    )
    held, story = [promise.first_due], []
    told = sorted(told, key=order)
    restated = _restated(promise, told)
    for change in told:
        if restated is not None and (change.said_at or change.at) > restated.latest_at:
            folded, restated = replace(folded, latest_due=restated.latest_due, latest_at=restated.latest_at), None
        folded, entry = follow(folded, change, held)
        if folded.held_due != held[-1]:
            held.append(folded.held_due)
        story.append(entry)
    if restated is not None and folded.state is State.MADE:
        folded = replace(folded, latest_due=restated.latest_due, latest_at=restated.latest_at)
    return folded, story


def _restated(promise: Promise, told: Sequence[Change]) -> Promise | None:
    """The promise if its latest date was said once more by who tells states: that is no change, and among none."""
    dates = {promise.made_at} | {one.said_at or one.at for one in told if one.kind is ChangeKind.REVISED}
    return None if promise.latest_at in dates else promise


def follow(promise: Promise, change: Change, held: Collection[datetime]) -> tuple[Promise, Change]:
    """The promise after a statement that follows all others, and the statement as it then stands.

    `held` are the dates that were held before: whoever settles a promise knew one of them.
    """
    said = change.said_at or change.at
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
