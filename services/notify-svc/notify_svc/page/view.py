"""What the customer's page shows, from facts alone: pure, without words.

The page never runs ahead of a message: it names a range only if a message that went out named it and it still holds,
so that nobody learns here what nobody decided to tell them, or what the record does not hold (ADR 0071).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from candor.contracts import NoticeState, Pause, Standing, Statement
from notify_svc.domain.episode import left, recovered
from notify_svc.domain.facts import DateGiven, Gap, Promise, Reason, Rules
from notify_svc.domain.history import NoticeEntry


class State(StrEnum):
    """How a promise stands for its customer; the texts are in `texts.STATES`."""

    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    DISPUTED = "disputed"
    KEPT = "kept"
    IN_PART = "in_part"
    LATE = "late"
    BROKEN = "broken"
    RANGE = "range"
    NO_RANGE = "no_range"
    CHANGED = "changed"
    STALE = "stale"
    ON_TRACK = "on_track"
    OVERDUE = "overdue"
    NOTHING = "nothing"


ENDED = frozenset(
    {State.WITHDRAWN, State.CANCELLED, State.DISPUTED, State.KEPT, State.IN_PART, State.LATE, State.BROKEN}
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """An option that the customer took at `at`, by which it is promised by `due` once that is confirmed."""

    name: str
    due: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A promise as its customer reads it.

    `low` and `high` are both given only in State.RANGE. `said_at` is when the message was sent that `state` repeats,
    None if it repeats none. `missed`: `next_by` has passed without a word; `passed`: the promised time
    has, with its tolerance. `pause`: we wait for them. `chosen` is what they took that is not confirmed yet.
    """

    what: str
    first_due: datetime | None
    due: datetime
    dates: tuple[DateGiven, ...]
    state: State
    low: datetime | None = None
    high: datetime | None = None
    completed_at: datetime | None = None
    reason: str = ""
    said_at: datetime | None = None
    next_by: datetime | None = None
    missed: bool = False
    passed: bool = False
    pause: Pause | None = None
    chosen: Chosen | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more is expected to happen."""
        return self.state in ENDED


def view(
    promise: Promise,
    gap: Gap | None,
    said: Sequence[NoticeEntry],
    now: datetime,
    rules: Rules,
    *,
    fresh: bool,
    updates: bool = True,
    chosen: Chosen | None = None,
) -> View:
    """The page of a promise at business time `now`; `said` are the messages that went out, newest first.

    Not `fresh`: the facts are too old to say how it stands (ADR 0049). Without `updates` they want none by now.
    `chosen` is what they took last, unless that came to nothing.
    """
    last = next(iter(said), None)
    state = _state(promise, gap, last, now, rules, fresh=fresh)
    repeats = state in (State.RANGE, State.NO_RANGE, State.ON_TRACK, State.CANCELLED) and last is not None
    told = last.told if last is not None else None
    by = told.next_update_by if told is not None and updates and state not in ENDED else None
    completed = gap.completed_at if gap is not None and state in (State.KEPT, State.IN_PART, State.LATE) else None
    return View(
        what=promise.what,
        first_due=promise.first_due,
        due=promise.held_due,
        dates=promise.dates,
        state=state,
        low=told.low if told is not None and state is State.RANGE else None,
        high=told.high if told is not None and state is State.RANGE else None,
        completed_at=completed,
        reason=promise.withdrawn_for if state is State.WITHDRAWN else "",
        said_at=told.at if told is not None and repeats else None,
        next_by=by,
        missed=by is not None and by < now,
        passed=_passed(promise, now),
        pause=gap.pause if gap is not None and gap.going_on(now) and state not in (*ENDED, State.STALE) else None,
        chosen=None if state in ENDED or chosen is None or _confirmed(promise, chosen) else chosen,
    )


def _confirmed(promise: Promise, chosen: Chosen) -> bool:
    """Whether the promise has the time that they took, or another one since."""
    return promise.held_due == chosen.due or any(one.at >= chosen.at for one in promise.dates)


def _state(
    promise: Promise, gap: Gap | None, last: NoticeEntry | None, now: datetime, rules: Rules, *, fresh: bool
) -> State:
    if promise.withdrawn:
        return State.WITHDRAWN
    if promise.disputed:
        return State.DISPUTED
    ended = _ended(promise, gap, last)
    if ended is not None:
        return ended
    if not fresh or gap is None:
        return State.STALE
    return _open(promise, gap, last, now, rules)


def _ended(promise: Promise, gap: Gap | None, last: NoticeEntry | None) -> State | None:
    """How it ended, if a verdict or its completion says so, or a message did."""
    completed = gap is not None and gap.completed_at is not None
    standing = promise.ended or (gap.standing if gap is not None and completed else None)
    if standing is Standing.KEPT:
        # A verdict says that what was supported was taken as it is.
        return State.IN_PART if promise.ended is None and gap is not None and gap.missing > 0 else State.KEPT
    if standing is Standing.BROKEN:
        return State.LATE if completed else State.BROKEN
    if last is None or gap is None or gap.standing is Standing.OPEN:
        return None
    if last.statement is Statement.CANCELLED:
        return State.CANCELLED
    return State.BROKEN if last.closing and gap.standing is Standing.BROKEN else None


def _open(promise: Promise, gap: Gap, last: NoticeEntry | None, now: datetime, rules: Rules) -> State:
    passed = _passed(promise, now)
    if last is None or last.state is NoticeState.UNKNOWN:
        # What may not have reached the customer is not repeated here as if they knew it.
        return State.OVERDUE if passed else State.NOTHING
    state = _as_said(promise, gap, last, now, rules)
    if state in (State.NO_RANGE, State.CHANGED) and not passed and _of_the_date(promise, last):
        return State.NOTHING
    return state


def _of_the_date(promise: Promise, last: NoticeEntry) -> bool:
    """Whether the date that the customer agreed to, or was told last, is the newest word between us."""
    if last.statement is Statement.ALL_CLEAR:
        return last.spoken_for is Reason.DATE_MOVED
    return promise.agreed_at is not None and last.told.at <= promise.agreed_at


def _as_said(promise: Promise, gap: Gap, last: NoticeEntry, now: datetime, rules: Rules) -> State:
    if last.statement is Statement.ALL_CLEAR:
        holds = gap.standing is Standing.OPEN and recovered(gap, promise, now, rules)
        return State.ON_TRACK if holds else _unclear(passed=_passed(promise, now))
    if last.told.low is None or last.told.high is None:
        return State.NO_RANGE
    holds = gap.standing is Standing.OPEN and now < last.told.high and not left(last.told, gap, rules)
    return State.RANGE if holds else State.CHANGED


def _passed(promise: Promise, now: datetime) -> bool:
    return now > promise.held_due + promise.tolerance


def _unclear(*, passed: bool) -> State:
    return State.OVERDUE if passed else State.CHANGED
