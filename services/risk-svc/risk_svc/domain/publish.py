"""Decides whether a change of a promise's gap is worth publishing, and why."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from candor.contracts import MIN_CASES, Standing
from risk_svc.domain.state import PromiseState, View

SCORE_STEP: Final = 1.0
MEDIAN_SHARE: Final = 0.05
THRESHOLDS: Final = (0.3, 0.5, 0.7)


class Reason(StrEnum):
    """Why a score was published."""

    FIRST = "first"
    STANDING = "standing"
    FACTS = "facts"
    THRESHOLD = "threshold"
    SUPPORT = "support"
    SCORE = "score"
    MEDIAN = "median"


def worth_publishing(state: PromiseState, standing: Standing, facts: int) -> Reason | None:
    """Why the view of `state` differs enough from the last published one; None if it does not.

    It does when the score moves by a point, P(slip) crosses .3, .5 or .7, P50 moves by a twentieth of the lead time or
    becomes never, there is now enough (or too little) history to state the forecast, or the standing or `facts` (digest
    of facts and promised date) change.
    """
    view = state.view
    if not view.sent_standing:
        return Reason.FIRST
    if view.sent_standing != standing.value:
        return Reason.STANDING
    if view.sent_facts != facts:
        return Reason.FACTS
    return _numbers(view, MEDIAN_SHARE * state.lead)


def _numbers(view: View, median_step: float) -> Reason | None:
    if crossed(view.sent_p_slip, view.p_slip):
        return Reason.THRESHOLD
    if (view.n >= MIN_CASES) != view.sent_enough:
        return Reason.SUPPORT
    if abs(view.score - view.sent_score) >= SCORE_STEP:
        return Reason.SCORE
    return Reason.MEDIAN if _moved(view.sent_p50, view.p50, median_step) else None


def mark_published(view: View, standing: Standing, facts: int, version: int) -> None:
    """Remember what was published."""
    view.version = version
    view.sent_score, view.sent_p_slip, view.sent_p50 = view.score, view.p_slip, view.p50
    view.sent_standing, view.sent_facts, view.sent_enough = standing.value, facts, view.n >= MIN_CASES


def as_published(view: View, standing: str, before: View | None) -> View:
    """The view with what is remembered as published taken from `standing` and `before`; None: no figures are known."""
    old = before or View()
    return msgspec.structs.replace(
        view,
        sent_standing=standing,
        sent_score=old.sent_score,
        sent_p_slip=old.sent_p_slip,
        sent_p50=old.sent_p50,
        sent_facts=old.sent_facts,
        sent_enough=old.sent_enough,
    )


def next_version(previous: int, system_ms: int) -> int:
    """The next version of a promise's gap; versions only grow, even across rebuilds and changes of owner."""
    return max(previous + 1, system_ms)


def crossed(before: float, after: float) -> bool:
    """Whether a probability crossed a threshold; the threshold itself belongs to the upper side."""
    return any((before >= level) != (after >= level) for level in THRESHOLDS)


def _moved(before: float | None, after: float | None, step: float) -> bool:
    if before is None or after is None:
        return before is not after
    return abs(after - before) > step
