"""Turns folded facts and a forecast into a view: score, contributions, forecast and next review time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from candor.contracts import MIN_CASES, Component, Contribution, Fact, Forecast, GapScored, Pause, Standing
from risk_svc.domain import frozen_forecasts, pauses, support
from risk_svc.domain.component import OpenCase, SettledCase
from risk_svc.domain.components.scope import missing_settled
from risk_svc.domain.gap import DOUBT, Gap, GapDefinition
from risk_svc.domain.incidents import Incident
from risk_svc.domain.predictions import Prediction
from risk_svc.domain.state import PromiseState, View, completed_at

SPEAKING: Final = frozenset({"warning", "update", "cancelled"})
SHORTEST_REVIEW_S: Final = 60.0
LONGEST_REVIEW_S: Final = 21600.0
LAST: Final = 2.5e11
"""The year 9892, in epoch seconds: what would come later is no date, as dates end with the year 9999."""


def score_open(
    state: PromiseState,
    linked: Sequence[Incident],
    item: Prediction,
    now: float,
    definition: GapDefinition,
    change: float,
) -> None:
    """Update the view of an open promise as of `now`; `change` is when the clock alone changes its forecast."""
    view = state.view
    view.at, view.model = now, item.model
    view.p_slip = min(1.0, max(0.0, item.p_slip))
    view.p50, view.p80, view.p90 = _finite(item.q50), _finite(item.q80), _finite(item.q90)
    view.basis, view.n, view.base, view.horizon = item.basis, item.n, item.base, item.horizon
    view.observed, view.records, view.withheld = item.observed, [*item.records], item.withheld
    view.never = min(1.0, max(0.0, item.never))
    view.doubtful_since = doubtful_since(state, now)
    _set(view, definition.open(OpenCase(state, linked, item, now, definition.calendar)))
    frozen_forecasts.freeze(state, now, item.base)
    frozen_forecasts.remember(view, sure=item.n >= MIN_CASES)
    view.review = next_review(state, now, change)


def score_settled(state: PromiseState, standing: Standing, now: float, definition: GapDefinition) -> None:
    """Set the final view of a promise that has ended: its outcome, with no further review."""
    view = state.view
    done = completed_at(state)
    view.at, view.review, view.doubtful_since = now, math.inf, None
    slipped = frozen_forecasts.slipped(standing)
    view.p_slip = float(slipped or 0)
    view.p50 = view.p80 = view.p90 = done
    view.basis, view.n, view.why = "settled", 0, []
    view.records, view.withheld, view.never = [], "", 0.0
    _set(view, definition.settled(SettledCase(state, standing, done, now, definition.calendar)))
    frozen_forecasts.remember(view)


def doubtful_since(state: PromiseState, now: float) -> float | None:
    """Since when P(slip) ≥ θ without the customer being notified; None while notified or not in doubt.

    A forecast that may not be stated causes no silence: there is nothing to tell the customer yet.
    """
    if state.view.p_slip < DOUBT or is_told(state) or not support.supported(state, Standing.OPEN):
        return None
    return now if state.view.doubtful_since is None else state.view.doubtful_since


def is_told(state: PromiseState) -> bool:
    """Whether the last notice sent to the customer was bad news."""
    sent = [notice for notice in state.notices if notice.state == "sent"]
    return bool(sent) and sent[-1].statement in SPEAKING


def next_review(state: PromiseState, now: float, change: float) -> float:
    """When to review next if nothing happens: sooner the nearer the deadline, and ever later once it has passed."""
    deadline = pauses.deadline(state, now)
    ahead = abs(deadline - now) / 8
    times = [now + min(LONGEST_REVIEW_S, max(SHORTEST_REVIEW_S, ahead)), change]
    times += [at for _, at in frozen_forecasts.lead_times(state)]
    times += [step.planned for step in state.steps if step.planned is not None]
    # A second past the deadline because a promise completed at the deadline is kept.
    times += [at for wait in pauses.waits(state) for at in (wait.since, wait.until)]
    times += [deadline + 1, frozen_forecasts.given_up_at(state)]
    return min(time for time in times if time > now)


def event_of(state: PromiseState, standing: Standing, facts: list[Fact], more: int = 0) -> GapScored:
    """The event that publishes the current view; of the facts `more` are not named."""
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
        promise_id=state.promise_id,
        customer_id=state.customer_id,
        standing=standing,
        score=round(view.score, 2),
        as_of=datetime.fromtimestamp(view.at, UTC),
        held_due=datetime.fromtimestamp(state.held_due, UTC),
        contributions=[
            Contribution(Component(name), round(x, 4), share, evidence) for name, x, share, evidence in view.shares
        ],
        forecast=forecast,
        times=support.times_held(view) if forecast is not None else None,
        facts=facts,
        facts_more=more,
        completed_at=_moment(done),
        pause=pause_of(state, standing),
        missing=round(missing_settled(state, standing), 4) if standing in MAY_LACK else 0.0,
    )


MAY_LACK: Final = (Standing.KEPT, Standing.BROKEN)
"""Endings after which something may be missing; of a cancelled promise all is."""


def pause_of(state: PromiseState, standing: Standing) -> Pause | None:
    """The wait for the customer that goes on as of the view; of a promise that ended there is none."""
    found = pauses.current(state, state.view.at) if standing is Standing.OPEN else None
    return None if found is None else pauses.told(found)


def _set(view: View, found: Gap) -> None:
    view.score = found.score
    view.shares = [(part.component.value, part.x, share, part.evidence) for part, share in found.parts]


def _finite(seconds: float) -> float | None:
    return seconds if seconds < LAST else None


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
