"""What moved a promise's score between two moments: by component, and by the event that did it. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple

from candor.contracts import Component, FactKind
from risk_svc.insight.measures.movement import Scored, moved

LEAST: Final = 0.005
"""Points below which a component is not said to have moved a score."""


class Cause(StrEnum):
    """What moved a component of a score."""

    INCIDENT_BEGAN = "incident_began"
    INCIDENT_CHANGED = "incident_changed"
    INCIDENT_ENDED = "incident_ended"
    STEP_LATE = "step_late"
    STEP_OVERDUE = "step_overdue"
    STEP_MISSED = "step_missed"
    STEP_CANCELLED = "step_cancelled"
    STEP_MENDED = "step_mended"
    STEP_REACHED = "step_reached"
    NEW_DATE = "new_date"
    MESSAGE = "message"
    HANDOFF = "handoff"
    ENDED = "ended"
    FORECAST = "forecast"
    TIME = "time"


class Later(NamedTuple):
    """The event of an incident after the one that is known: the one that ended it, else the next; `of`: which one."""

    of: str
    event_id: str
    ended: bool


class Known(NamedTuple):
    """Something that was known when a score was published: a fact's kind, the id of its event, and its name.

    `later`: what came after it, of an incident; None of a step, or where that is not known.
    """

    kind: str
    event_id: str
    name: str
    later: Later | None = None


class Snapshot(NamedTuple):
    """A score as it was published at a moment (epoch seconds), with each component's share and what was known."""

    at: float
    standing: str
    score: float
    shares: Mapping[str, float]
    known: frozenset[Known]


class Happened(NamedTuple):
    """Something that is no fact of a score and may have moved it: when, as what, its name, and the id of its event."""

    at: float
    cause: Cause
    name: str
    event_id: str = ""


class Reason(NamedTuple):
    """Why a component moved; `event_id` as it was sent, "" where nobody sent one."""

    cause: Cause
    name: str = ""
    event_id: str = ""


class Moved(NamedTuple):
    """How many points one component moved a score, and why."""

    component: str
    points: float
    reason: Reason


class Move(NamedTuple):
    """A change of a score from one published score to the next, which came at `at`; its parts sum to `change`."""

    at: float
    score: float
    change: float
    parts: list[Moved]


class Course(NamedTuple):
    """How a score came about since `begin`, by whose parts; the parts sum to `change`, as do the moves.

    `whole` is false where the score that held at the moment asked for is not known any more: then it is since the
    oldest one known.
    """

    begin: float
    before: float
    change: float
    whole: bool
    parts: dict[str, float]
    moves: list[Move]


def course(snapshots: Sequence[Snapshot], happened: Sequence[Happened], since: float) -> Course | None:
    """What moved a score since a moment, from snapshots in their order; None where there are none."""
    if not snapshots:
        return None
    place = max((at for at, one in enumerate(snapshots) if one.at <= since), default=-1)
    kept = snapshots[max(0, place) :]
    moves = [move(before, after, happened) for before, after in pairwise(kept)]
    # Between the two moments alone: what came and went again in between moved nothing.
    sums = {one.component: one.points for one in move(kept[0], kept[-1], ()).parts} if moves else {}
    ranked = dict(sorted(sums.items(), key=lambda one: (-abs(one[1]), one[0])))
    change = kept[-1].score - kept[0].score
    return Course(kept[0].at, kept[0].score, change, place >= 0, ranked, [one for one in moves if _seen(one)])


def move(before: Snapshot, after: Snapshot, happened: Sequence[Happened]) -> Move:
    """The change from one snapshot to the next, each component with the likeliest of what happened between them."""
    found = moved(Scored(before.score, before.shares), Scored(after.score, after.shares))
    causes = _causes(before, after, happened)
    # What is too small to be named goes to the largest part, so that the parts still sum to the change.
    largest = dict([*found.parts.items()][:1])
    named = {name: points for name, points in found.parts.items() if abs(points) >= LEAST} or largest
    rest = math.fsum(points for name, points in found.parts.items() if name not in named)
    parts = [
        Moved(name, points + (rest if place == 0 else 0.0), _reason(Component(name), points, causes))
        for place, (name, points) in enumerate(named.items())
    ]
    return Move(after.at, after.score, after.score - before.score, parts)


def _seen(one: Move) -> bool:
    return any(abs(part.points) >= LEAST for part in one.parts)


def _causes(before: Snapshot, after: Snapshot, happened: Sequence[Happened]) -> list[Reason]:
    """All that changed between two snapshots: what ended, what came and went of what was known, and what happened."""
    ended = [Reason(Cause.ENDED, after.standing)] if before.standing != after.standing else []
    came, went = sorted(after.known - before.known), sorted(before.known - after.known)
    # A step that is known to be late is later missed: it was not mended. An incident of which more comes goes on.
    still, going_on = {one.name for one in after.known if not _hit(one)}, _incidents(after.known)
    named = _incidents(before.known)
    begun = [
        Reason(Cause.INCIDENT_CHANGED if _of(one) in named else _CAME[FactKind(one.kind)], one.name, one.event_id)
        for one in came
    ]
    over = [_end(one) for one in went if _hit(one) and _of(one) not in going_on]
    # What mended a step is no event of its own where it is not among what happened: its new plan, or a pause.
    mended = [Reason(Cause.STEP_MENDED, one.name) for one in went if not _hit(one) and one.name not in still]
    between = [Reason(one.cause, one.name, one.event_id) for one in happened if before.at < one.at <= after.at]
    return [*ended, *begun, *(one for one in over if one is not None), *mended, *between]


def _end(known: Known) -> Reason | None:
    """How an incident went; None where it goes on and hits the promise no more, or is one of too many to be named."""
    if known.later is None:
        return Reason(Cause.INCIDENT_ENDED, known.name)
    if not known.later.event_id:
        return None
    cause = Cause.INCIDENT_ENDED if known.later.ended else Cause.INCIDENT_CHANGED
    return Reason(cause, known.name, known.later.event_id)


def _hit(known: Known) -> bool:
    return known.kind == FactKind.INCIDENT_OPEN


def _of(known: Known) -> str | None:
    return known.later.of if known.later else None


def _incidents(facts: frozenset[Known]) -> set[str | None]:
    return {_of(one) for one in facts if one.later is not None}


def _reason(component: Component, points: float, causes: Sequence[Reason]) -> Reason:
    for wanted in _ORDER[component]:
        for one in causes:
            if one.cause is wanted and points * _SIGN.get(one.cause, points) > 0:
                return one
    # A silence ends by a message, or as the promise is no longer in doubt.
    ended = component is Component.SILENCE and points < 0
    return Reason(Cause.FORECAST if ended else _ALONE[component])


_CAME: Final = {
    FactKind.INCIDENT_OPEN: Cause.INCIDENT_BEGAN,
    FactKind.MILESTONE_LATE: Cause.STEP_LATE,
    FactKind.MILESTONE_OVERDUE: Cause.STEP_OVERDUE,
    FactKind.MILESTONE_MISSED: Cause.STEP_MISSED,
    FactKind.MILESTONE_CANCELLED: Cause.STEP_CANCELLED,
}
_STEPS: Final = (
    *(Cause.STEP_MISSED, Cause.STEP_CANCELLED, Cause.STEP_LATE, Cause.STEP_OVERDUE, Cause.STEP_REACHED),
    Cause.STEP_MENDED,
)
_INCIDENTS: Final = (Cause.INCIDENT_BEGAN, Cause.INCIDENT_ENDED, Cause.INCIDENT_CHANGED)
_ORDER: Final[dict[Component, tuple[Cause, ...]]] = {
    Component.LATENESS: (Cause.ENDED, *_STEPS, Cause.NEW_DATE, *_INCIDENTS),
    Component.SCOPE: (Cause.ENDED, *_STEPS),
    Component.INCIDENTS: (*_INCIDENTS, Cause.ENDED),
    Component.SILENCE: (Cause.MESSAGE, Cause.ENDED),
    Component.UNBACKED: (Cause.HANDOFF, Cause.ENDED),
}
"""What may move a component, the likeliest first."""
_SIGN: Final = {
    **dict.fromkeys((Cause.INCIDENT_BEGAN, Cause.STEP_MISSED, Cause.STEP_CANCELLED, Cause.STEP_LATE), 1.0),
    **dict.fromkeys((Cause.INCIDENT_ENDED, Cause.STEP_MENDED, Cause.MESSAGE), -1.0),
    Cause.STEP_OVERDUE: 1.0,
}
"""The direction in which a cause moves a score; without one, either."""
_ALONE: Final = {
    Component.LATENESS: Cause.FORECAST,
    Component.SCOPE: Cause.FORECAST,
    Component.INCIDENTS: Cause.TIME,
    Component.SILENCE: Cause.TIME,
    Component.UNBACKED: Cause.HANDOFF,
}
"""What moves a component where nothing happened."""
