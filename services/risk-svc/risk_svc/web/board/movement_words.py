"""What moved a score, in words: which component by how many points, and what did it. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from risk_svc.insight.courses import Cause, Course, Move, Moved
from risk_svc.insight.scores import Movement
from risk_svc.web.board import style

NOTHING: Final = "Nothing is known of its scores so far."
STILL: Final = "nothing moved it"
PASSED: Final = "what moved it has passed again"
SAID: Final = 0.05
"""Points below which a component is not named: they would read as none."""
CAUSES: Final = {
    Cause.INCIDENT_BEGAN: "an incident began: {}",
    Cause.INCIDENT_CHANGED: "an incident changed: {}",
    Cause.INCIDENT_ENDED: "an incident ended: {}",
    Cause.STEP_LATE: "step {} came late",
    Cause.STEP_OVERDUE: "step {} is overdue",
    Cause.STEP_MISSED: "step {} was missed",
    Cause.STEP_CANCELLED: "step {} was cancelled",
    Cause.STEP_MENDED: "step {} is no longer late",
    Cause.STEP_REACHED: "step {} was reached",
    Cause.NEW_DATE: "a new date, asked for by the {}",
    Cause.MESSAGE: "a message went out: {}",
    Cause.HANDOFF: "a deliverer was asked or answered",
    Cause.ENDED: "the promise ended: {}",
    Cause.FORECAST: "its forecast alone",
    Cause.TIME: "time passed",
}


def summary(found: Movement | None) -> list[str]:
    """What moved a score over the last day, and since the customer was told last."""
    if found is None or found.since is None:
        return [NOTHING]
    lines = [f"{'Over the last day' if found.since.whole else _since(found.since.begin)}: {_sum(found.since)}."]
    if found.since_told is not None and found.told is not None and found.told_at is not None:
        told = f"{style.NOT_TOLD.get(found.told, found.told)}, {_clock(found.told_at)} UTC"
        lines.append(f"Since the customer was told last ({told}): {_sum(found.since_told)}.")
    return lines


def moves(found: Movement | None) -> list[str]:
    """Each change of a score, the newest first, with what did it."""
    if found is None or found.since is None:
        return []
    return [_move(one) for one in reversed(found.since.moves)]


def cause(one: Moved) -> str:
    """What moved a component, in words; a cause that has no name is said without."""
    return CAUSES[one.reason.cause].format(one.reason.name.replace("_", " ") or "unnamed")


def points(number: float) -> str:
    """Points of a score with their sign, e.g. `+12.3`."""
    return f"{number:+.1f}".replace("-", "−")


def _sum(course: Course) -> str:
    # Rounded down as wherever a gap is shown.
    after = course.before + course.change
    parts = [f"{name} {points(part)}" for name, part in course.parts.items() if abs(part) >= SAID]
    if not parts:
        return f"{PASSED if course.moves else STILL}, it is {math.floor(after)}"
    return f"{points(course.change)}, from {math.floor(course.before)} to {math.floor(after)} ({', '.join(parts)})"


def _move(one: Move) -> str:
    parts: Sequence[str] = [f"{part.component} {points(part.points)}: {cause(part)}" for part in one.parts]
    return f"{_clock(one.at)} UTC: {points(one.change)} to {math.floor(one.score)}; {'; '.join(parts)}"


def _since(begin: float) -> str:
    return f"Since {_clock(begin)} UTC, as far as it is known"


def _clock(seconds: float) -> str:
    return style.clock_text(datetime.fromtimestamp(seconds, UTC))
