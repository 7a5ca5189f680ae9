"""From folded facts and a forecast to a view: score, contributions, forecast, when to look again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from candor.contracts import MIN_CASES, Component, Contribution, Fact, Forecast, GapScored, Standing
from risk_svc.domain import frozen_forecasts, scope, support, unmet
from risk_svc.domain import gap as gaps
from risk_svc.domain.incidents import Incident
from risk_svc.domain.predictions import Predictions
from risk_svc.domain.state import PromiseState, StepStatus, View, completed_at

SPEAKING: Final = frozenset({"warning", "update", "cancelled"})
MIN_HORIZON_SHARE: Final = 0.05
SHORTEST_REVIEW_S: Final = 60.0
LONGEST_REVIEW_S: Final = 21600.0


@dataclass(frozen=True, slots=True)
class Prediction:
    """One promise's part of a batch forecast, in plain numbers; times in epoch seconds, inf for never."""

    p_slip: float
    q50: float
    q80: float
    q90: float
    lateness: float
    horizon: float
    base: float
    n: int
    basis: str
    model: int
    never: float = 0.0
    observed: float | None = None


def prediction_of(batch: Predictions) -> list[Prediction]:
    """A batch forecast, one element a case."""
    numbers = np.stack(
        [batch.p_slip, batch.q50, batch.q80, batch.q90, batch.lateness, batch.horizon, batch.base, batch.never]
    )
    rows = zip(numbers.T.tolist(), batch.n.tolist(), batch.basis, batch.observed.tolist(), strict=True)
    return [
        Prediction(*(p, q50, q80, q90, late, horizon, base, n, basis, batch.model, never), _known(observed))
        for (p, q50, q80, q90, late, horizon, base, never), n, basis, observed in rows
    ]


def score_open(
    state: PromiseState, linked: Sequence[Incident], item: Prediction, now: float, weights: gaps.Weights, change: float
) -> None:
    """Renew the view of an open promise as of `now`; `change` is when the clock alone changes its forecast."""
    view = state.view
    view.at, view.model = now, item.model
    view.p_slip = min(1.0, max(0.0, item.p_slip))
    view.p50, view.p80, view.p90 = _finite(item.q50), _finite(item.q80), _finite(item.q90)
    view.basis, view.n, view.base, view.horizon = item.basis, item.n, item.base, item.horizon
    view.observed = item.observed
    view.doubtful_since = doubtful_since(state, now)
    view.unmet = least_lateness(state, linked, item, now, weights)
    _set(view, gaps.gap(open_parts(state, linked, item, now, weights), weights))
    frozen_forecasts.freeze(state, now, item.base)
    frozen_forecasts.remember(view, sure=item.n >= MIN_CASES)
    view.review = next_review(state, now, change)


def score_settled(state: PromiseState, standing: Standing, now: float, weights: gaps.Weights) -> None:
    """The last view: a broken promise has its real lateness, a cancelled one L = 1; all but a withdrawn one what is
    missing of their scope.
    """
    view = state.view
    done = completed_at(state)
    late = 0.0
    if standing is Standing.CANCELLED:
        late = 1.0
    elif standing is Standing.BROKEN:
        # A promise that was over before it was ever forecast has no H of its class yet.
        horizon = max(view.horizon, MIN_HORIZON_SHARE * state.lead)
        late = 1.0 if done is None else gaps.lateness_of(done, state.deadline, horizon)
    view.at, view.review, view.doubtful_since = now, math.inf, None
    slipped = frozen_forecasts.slipped(standing)
    view.p_slip = float(slipped or 0)
    view.p50 = view.p80 = view.p90 = done
    view.basis, view.n, view.why = "settled", 0, []
    parts = [gaps.Part(Component.LATENESS, late, settled_words(state, standing, done))]
    if state.scope and standing is not Standing.WITHDRAWN:
        missing = scope.missing_settled(state, standing)
        parts.append(gaps.Part(Component.SCOPE, missing, scope.words(state, standing)))
    _set(view, gaps.gap(parts, weights))
    frozen_forecasts.remember(view)


def open_parts(
    state: PromiseState, linked: Sequence[Incident], item: Prediction, now: float, weights: gaps.Weights
) -> list[gaps.Part]:
    """The components of an open promise's gap, whose view has its least lateness."""
    struck = [(one, one.overlap(now, state.deadline)) for one in linked if one.until is None and one.since <= now]
    hit = gaps.incidents([(one.severity, overlap) for one, overlap in struck])
    hours = weights.calendar.at(state.zone)
    quiet = gaps.silence(state.view.doubtful_since, now, weights.silence_hours, hours)
    late = item.lateness if state.view.unmet is None else max(item.lateness, state.view.unmet[1])
    unbacked = float(state.deliverer is not None and not state.accepted)
    return [
        gaps.Part(Component.LATENESS, late, lateness_words(state, item, now)),
        missing_part(state, item, now),
        gaps.Part(Component.INCIDENTS, hit, "; ".join(f"{one.title or one.category}, ongoing" for one, _ in struck)),
        gaps.Part(Component.SILENCE, quiet, "likely to slip, and the customer has not been told"),
        gaps.Part(Component.UNBACKED, unbacked, f"{state.deliverer} has not accepted it"),
    ]


def least_lateness(
    state: PromiseState, linked: Sequence[Incident], item: Prediction, now: float, weights: gaps.Weights
) -> tuple[int, float] | None:
    """The least L while a step that the customer was told of is missed; None while none is.

    Until something is heard it does not fall again: that the date nears is no reason to see less of a gap.
    """
    found = unmet.unmet(state, now)
    if not found:
        return None
    least = weights.missed_step * unmet.weight(found, now, item.horizon)
    heard, before = unmet.heard(state, linked), state.view.unmet
    held = before[1] if before is not None and before[0] == heard else 0.0
    return heard, max(least, held, min(1.0, item.lateness))


def missing_part(state: PromiseState, item: Prediction, now: float) -> gaps.Part:
    """S of an open promise; what is not delivered when the promise is given up is not expected any more."""
    if not state.scope:
        return gaps.Part(Component.SCOPE, 0.0)
    coming = 0.0 if now >= frozen_forecasts.given_up_at(state) else 1.0 - min(1.0, max(0.0, item.never))
    return gaps.Part(Component.SCOPE, scope.missing_open(state, coming), scope.words(state, Standing.OPEN))


def doubtful_since(state: PromiseState, now: float) -> float | None:
    """Since when P(slip) ≥ θ without the customer being told; None while told or not in doubt.

    A forecast that may not be stated leaves nobody silent: there is nothing yet that the customer could be told.
    """
    if state.view.p_slip < gaps.DOUBT or is_told(state) or not support.supported(state, Standing.OPEN):
        return None
    return now if state.view.doubtful_since is None else state.view.doubtful_since


def is_told(state: PromiseState) -> bool:
    """Whether the last word that went out to the customer was bad news."""
    sent = [notice for notice in state.notices if notice.state == "sent"]
    return bool(sent) and sent[-1].statement in SPEAKING


def next_review(state: PromiseState, now: float, change: float) -> float:
    """When to look again though nothing happens: the sooner, the nearer the deadline; later and later once past it."""
    ahead = abs(state.deadline - now) / 8
    times = [now + min(LONGEST_REVIEW_S, max(SHORTEST_REVIEW_S, ahead)), change]
    times += [at for _, at in frozen_forecasts.lead_times(state)]
    times += [step.planned for step in state.steps if step.planned is not None]
    # A second past the deadline, as a promise completed at the deadline is kept.
    times += [state.deadline + 1, frozen_forecasts.given_up_at(state)]
    return min(time for time in times if time > now)


def event_of(state: PromiseState, standing: Standing, facts: list[Fact]) -> GapScored:
    """What is published of the present view."""
    view = state.view
    forecast = None
    if standing is Standing.OPEN:
        forecast = Forecast(
            round(view.p_slip, 4),
            _moment(view.p50),
            _moment(view.p80),
            _moment(view.p90),
            view.basis,
            view.n,
            view.model,
            None if view.observed is None else round(view.observed, 4),
        )
    done = completed_at(state) if standing is not Standing.OPEN else None
    return GapScored(
        state.promise_id,
        state.customer_id,
        standing,
        round(view.score, 2),
        datetime.fromtimestamp(view.at, UTC),
        datetime.fromtimestamp(state.held_due, UTC),
        [Contribution(Component(name), round(x, 4), share, evidence) for name, x, share, evidence in view.shares],
        forecast,
        facts,
        _moment(done),
    )


def lateness_words(state: PromiseState, item: Prediction, now: float) -> str:
    """The evidence of L, told steps that were missed first; a forecast that may not be stated is called assumed."""
    missed = unmet.words(unmet.unmet(state, now))
    usual = _usual_words(state, item, now)
    return f"{missed}; {usual}" if missed else usual


def _usual_words(state: PromiseState, item: Prediction, now: float) -> str:
    """E.g. `83 % likely to slip; the middle forecast is 42 min late`."""
    if now > state.deadline:
        return f"{span(now - state.deadline)} overdue"
    if item.n < MIN_CASES:
        return f"{support.words(item.n, item.observed)}; some risk of delay is assumed"
    said = f"{item.p_slip * 100:.0f} % likely to slip"
    if math.isfinite(item.q50) and item.q50 > state.deadline:
        said += f"; the middle forecast is {span(item.q50 - state.deadline)} late"
    return said


def settled_words(state: PromiseState, standing: Standing, done: float | None) -> str:
    """The evidence of L once it is known."""
    if standing is Standing.CANCELLED:
        return "cancelled"
    said = "not delivered" if done is None else f"completed {span(max(0.0, done - state.deadline))} late"
    return "; ".join([said, *late_steps(state, done)]) if standing is Standing.BROKEN else said


def late_steps(state: PromiseState, done: float | None) -> list[str]:
    """The step that was the latest of those on the way, and each that was missed, e.g. `departed was 42 min late`."""
    # What completed the promise was late as the promise itself is.
    steps = [step for step in state.steps if step.at is None or step.at != done]
    late = [
        (step.at - step.planned, step.name)
        for step in steps
        if step.status == StepStatus.REACHED and step.at is not None and step.planned is not None
    ]
    seconds, name = max(late, default=(0.0, ""))
    said = [f"{name} was {span(seconds)} late"] if seconds >= 30 else []
    return said + [f"{step.name} was missed" for step in steps if step.status == StepStatus.MISSED]


def span(seconds: float) -> str:
    """E.g. `42 min`, `1.5 h`, `2.3 days`."""
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172800 else f"{seconds / 86400:.1f} days"


def _set(view: View, found: gaps.Gap) -> None:
    view.score = found.score
    view.shares = [(part.component.value, part.x, share, part.evidence) for part, share in found.parts]


def _known(share: float) -> float | None:
    return None if math.isnan(share) else share


def _finite(seconds: float) -> float | None:
    # datetime ends with the year 9999; the grid reaches four years past the anchor.
    return seconds if seconds < 2.5e11 else None


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
