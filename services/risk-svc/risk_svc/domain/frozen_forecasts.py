"""The record a promise leaves: forecasts frozen at fixed leads, its history, and the scores when it ends."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import msgspec

from candor.contracts import Standing
from risk_svc.domain import pauses
from risk_svc.domain.state import (
    TRAIL_LIMIT,
    WITHHELD,
    FrozenForecast,
    PromiseState,
    StepStatus,
    TrailPoint,
    View,
    completed_at,
)

LEADS: Final = (("left75", 0.75), ("left50", 0.5), ("left25", 0.25))
STALE_SHARE: Final = 0.1
"""A lead passed more than a tenth of the lead time ago is no longer frozen: that forecast would know too much."""
MAX_FROZEN: Final = 12
QUIET_SHARE: Final = 0.05
"""Quantiles that move by less than this share of H add no point if score and P(slip) are unchanged."""
THINNED: Final = 3
WHY_LIMIT: Final = 40
_NO_DIGITS: Final = {ord(digit): None for digit in "0123456789"}


class ForecastScore(NamedTuple):
    """One scored frozen forecast: p and base in [0, 1], outcome 1 for slipped or 0 for kept; times in epoch seconds.

    `p50` to `p90` are None if the promise might never have completed, `completed_at` if it did not complete,
    `issued_at` if the time was not stored.
    """

    promise_id: str
    lead: str
    kind: str
    p: float
    base: float
    outcome: int
    settled_at: float
    issued_at: float | None
    p50: float | None
    p80: float | None
    p90: float | None
    completed_at: float | None
    made_at: float
    model: int
    n: int


def given_up_at(state: PromiseState) -> float:
    """When an open promise is no longer expected: once it is overdue by its whole lead time."""
    return pauses.deadline(state, math.inf) + state.lead


def lead_times(state: PromiseState) -> list[tuple[str, float]]:
    """The fixed leads, each with its time."""
    return [(name, state.held_due - share * state.lead) for name, share in LEADS]


def freeze(state: PromiseState, now: float, base: float) -> None:
    """Freeze the current forecast for each lead or milestone reached since the last one; none after the deadline."""
    view = state.view
    deadline = pauses.deadline(state, now)
    if now > deadline or len(view.frozen) >= MAX_FROZEN:
        return
    have = {item.lead for item in view.frozen}
    stale = STALE_SHARE * state.lead
    due = [("made", state.made_at), *lead_times(state)]
    due += [
        (f"at:{step.name}"[:40], step.at)
        for step in state.steps
        if step.status == StepStatus.REACHED and step.at is not None and not step.final
    ]
    names = [name for name, at in due if at <= now <= at + stale and name not in have]
    if not names:
        return
    p50, p80, p90 = (None if at is None else round(at) for at in (view.p50, view.p80, view.p90))
    p, often = round(view.p_slip * 1e4), round(base * 1e4)
    kept = FrozenForecast(
        lead="",
        p=p,
        base=often,
        at=round(now),
        p50=p50,
        p80=p80,
        p90=p90,
        model=view.model,
        n=view.n,
        due=round(deadline),
    )
    view.frozen = [*view.frozen, *(msgspec.structs.replace(kept, lead=name) for name in names)]


def scored(state: PromiseState, outcome: int, now: float) -> list[ForecastScore]:
    """The frozen forecasts with the outcome of the promise: `outcome` is 1 for a slip, known from `now` on.

    A forecast about a date other than the final promised date is scored against its own date; both later by what the
    promise waited for its customer since.
    """
    done = completed_at(state)
    end = now if done is None else done
    deadline, stood = pauses.deadline(state, end), pauses.waits(state)

    def slip(item: FrozenForecast) -> int:
        due = item.due + pauses.overlap(stood, item.at, end)
        moved = item.due and round(due) != round(deadline)
        return int(done > due) if moved and done is not None else outcome

    return [
        ForecastScore(
            promise_id=state.promise_id,
            lead=item.lead,
            kind=state.kind,
            p=item.p / 1e4,
            base=item.base / 1e4,
            outcome=slip(item),
            settled_at=now,
            issued_at=item.at or None,
            p50=item.p50,
            p80=item.p80,
            p90=item.p90,
            completed_at=done,
            made_at=state.made_at,
            model=item.model,
            n=item.n,
        )
        for item in state.view.frozen
    ]


def slipped(standing: Standing) -> int | None:
    """The outcome a forecast is scored against: 1 broken or cancelled, 0 kept, None if it does not count."""
    if standing is Standing.KEPT:
        return 0
    return 1 if standing in (Standing.BROKEN, Standing.CANCELLED) else None


def remember(view: View, *, sure: bool = True) -> None:
    """Add the current view to the history; if not `sure`, its quantiles rest on too little history to be stated.

    When the history is full, the points that change the drawn line least are dropped.
    """
    unstated = None if sure and not view.withheld else WITHHELD if sure else -1
    p50, p80, p90 = (round(at or 0) if unstated is None else unstated for at in (view.p50, view.p80, view.p90))
    score, p_slip = round(view.score * 10), round(view.p_slip * 1000)
    last = view.trail[-1] if view.trail else None
    if last is not None and (last.score, last.p_slip) == (score, p_slip):
        still = QUIET_SHARE * view.horizon
        if abs(last.p50 - p50) <= still and abs(last.p80 - p80) <= still and abs(last.p90 - p90) <= still:
            return
    point = TrailPoint(round(view.at), score, p_slip, p50, p80, p90, view.model, moved_by(view))
    trail = [*view.trail, point]
    view.trail = thinned(trail, view.horizon) if len(trail) > TRAIL_LIMIT else trail


def explain(view: View, why: list[tuple[str, float]]) -> None:
    """Store the reasons that moved the current forecast, in the view and at its point of the history."""
    view.why = why
    last = view.trail[-1] if view.trail else None
    if last is not None and last.at == round(view.at):
        view.trail = view.trail[:-1]
        view.trail = [*view.trail, msgspec.structs.replace(last, why=moved_by(view))]


def moved_by(view: View) -> str:
    """The reason that changes the current forecast most; "" if there is none or the history named it last.

    The same reason with other numbers (`35 min late`, `42 min late`) is not a new one.
    """
    if not view.why:
        return ""
    words = max(view.why, key=lambda reason: abs(view.p_slip - reason[1]))[0][:WHY_LIMIT]
    named = next((point.why for point in reversed(view.trail) if point.why), "")
    return "" if words.translate(_NO_DIGITS) == named.translate(_NO_DIGITS) else words


def thinned(trail: list[TrailPoint], horizon: float) -> list[TrailPoint]:
    """Drops the points that change the step lines least; never two neighbours, the first or the last.

    The lines are score, P(slip), P50 and P90; the last two are in thousandths of H (`horizon`, seconds), capped at H. A
    point that names a reason is kept longer than one that does not.
    """

    def missed(place: int) -> tuple[bool, float]:
        before, point, after = trail[place - 1 : place + 2]
        change: float = abs(point.score - before.score) + abs(point.p_slip - before.p_slip)
        for moved in (point.p50 - before.p50, point.p90 - before.p90):
            change += min(1000, 1000 * abs(moved) / max(60.0, horizon))
        return (point.why != "", change * (after.at - point.at))

    gone = set(sorted(range(1, len(trail) - 1, 2), key=missed)[:THINNED])
    return [point for place, point in enumerate(trail) if place not in gone]
