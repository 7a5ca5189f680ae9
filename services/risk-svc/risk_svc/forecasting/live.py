"""Converts the live service's state to the engine's input, and forecasts with the published model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from candor.contracts import MIN_CASES, NoRange, Standing
from risk_svc.domain import incidents as known
from risk_svc.domain import pauses
from risk_svc.domain.components.lateness import MIN_HORIZON_SHARE
from risk_svc.domain.predictions import Floats, LevelRecord, Predictions
from risk_svc.domain.standings import standing
from risk_svc.domain.state import PromiseState, StepState, StepStatus, completed_at, final_step
from risk_svc.forecast.context import BASE
from risk_svc.forecast.features import Features, features
from risk_svc.forecast.model import Answer, Model
from risk_svc.forecast.reasons import Reason
from risk_svc.forecast.record import LEAST, Widened, widened
from risk_svc.forecast.serialization import model_of
from risk_svc.forecast.stated import by_deadline
from risk_svc.forecast.survival import BINS, CENTRES, place
from risk_svc.forecast.view import Incident, IncidentSnapshot, PromiseSnapshot, View, labels, reach
from risk_svc.forecasting.explaining import Case, explained

TICK: Final = 0.001
"""A promise completed at the deadline is kept, but the engine calls late what is not complete before it."""
MIN_HORIZON_S: Final = 3600.0
CATEGORIES: Final = 20
"""Categories of open incidents that one forecast tells apart: each is a feature, and perhaps a reason."""
MIDDLE: Final = BINS // 2


def view_of(state: PromiseState, now: float) -> View:
    """The promise as known at `now`: facts with a later date are left out."""
    order = [step.name for step in state.steps if not step.extra]
    texts, numbers = labels(dict(state.labels), frozenset())
    view = View(
        promise_id=state.promise_id,
        kind=state.kind,
        made=state.made_at,
        deadline=pauses.deadline(state, now, now) + TICK,
        order=order,
        plans={step.name: plan for step in _in_order(state.steps) if (plan := _plan(step, now)) is not None},
        texts=texts,
        numbers=numbers,
        last_at=state.made_at,
        stages=[(-1, state.made_at)],
        places=[f"{kind}:{name}" for kind, name in state.depends_on],
    )
    for at, name in sorted((at, step.name) for step in state.steps if (at := _reached(step, now)) is not None):
        reach(view, name, at)
    view.completed = _completed(state, now)
    view.slipped = [name for at, name in view.slips() if at <= now]
    return view


def snapshot_of(state: PromiseState, at: float) -> PromiseSnapshot:
    """The engine's snapshot of a promise after folding an event that was known at `at`."""
    return PromiseSnapshot(at, view_of(state, at), standing(state) is Standing.WITHDRAWN, _called_late(state, at))


def incident_snapshot_of(incident: known.Incident, at: float) -> IncidentSnapshot:
    """The engine's snapshot of an incident that was known at `at`."""
    return IncidentSnapshot(at, incident.incident_id, incident_of(incident) if incident.until is None else None)


def incident_of(incident: known.Incident) -> Incident:
    """An incident in the form that features are computed from."""
    places = [f"{kind}:{name}" for kind, name in incident.affects]
    return Incident(incident.category, incident.since, {}, {"severity": incident.severity}, places or [""])


def open_at(linked: Sequence[known.Incident], now: float) -> list[Incident]:
    """The linked incidents that are open at `now`, in the engine's form."""
    return [incident_of(one) for one in _open_at(linked, now)]


def _open_at(linked: Sequence[known.Incident], now: float) -> list[known.Incident]:
    return [one for one in linked if one.since <= now and (one.until is None or one.until > now)]


def hits_of(linked: Sequence[known.Incident], now: float) -> list[Incident]:
    """Those of the incidents open at `now` that features and reasons tell apart: of each category the first and last.

    `linked` is in the order of their start. However many of a category there are, the forecast is the same and costs no
    more. Of more than CATEGORIES the newest count.
    """
    first: dict[str, known.Incident] = {}
    last: dict[str, known.Incident] = {}
    for one in _open_at(linked, now):
        first.setdefault(one.category, one)
        # Taken out and put in again: the newest of all must come last, as its measures are the ones that count.
        last.pop(one.category, None)
        last[one.category] = one
    for category in [*last][:-CATEGORIES]:
        del first[category], last[category]
    newest = next(reversed(last), None)
    others = (one for category, one in last.items() if one is not first[category] or category == newest)
    return [incident_of(one) for one in (*first.values(), *others)]


def _called_late(state: PromiseState, now: float) -> bool:
    """Whether at `now` a verdict calls the promise late, or its final step was cancelled or missed."""
    if state.verdict:
        return state.verdict != "kept"
    step = final_step(state)
    # A step is folded whenever its topic is read: one dated later does not count yet.
    return step is not None and step.status != StepStatus.REACHED and (step.known or now) <= now


def _completed(state: PromiseState, now: float) -> float | None:
    """When the promise was completed; for a verdict `kept` without a time, just in time at the latest."""
    done, step = completed_at(state), final_step(state)
    if state.verdict_completed_at is None and step is not None and (step.known or now) > now:
        return None
    if done is None and standing(state) is Standing.KEPT:
        said = state.verdict_at or now
        done = min(said, pauses.deadline(state, said, now))
    return done if done is not None and done <= now else None


def _reached(step: StepState, now: float) -> float | None:
    if step.status != StepStatus.REACHED or step.final or step.known is None or step.known > now:
        return None
    return step.at


def _plan(step: StepState, now: float) -> float | None:
    return next((plan for at, plan in reversed(step.plans) if at <= now), None if step.unplanned else step.planned)


def _in_order(steps: Sequence[StepState]) -> list[StepState]:
    """Steps in an order that does not depend on what came in when: unplanned ones by their name."""
    return sorted(steps, key=lambda step: (0, step.name) if step.extra else (1, ""))


class PublishedModel:
    """The newest published model; version 0 has learned nothing, and its forecasts rest on 0 promises.

    A model is only replaced, never changed, and each call keeps the one it started with: `take` may run in a thread.
    """

    def __init__(self, model: Model | None = None) -> None:
        self.model = model or Model()

    @property
    def version(self) -> int:
        """The version currently in use."""
        return self.model.version

    def take(self, raw: bytes) -> None:
        """Swaps in a newer model; on ForeignFormatError the old one stays."""
        self.model = model_of(raw)

    def forecast(self, views: Sequence[View], incidents: Sequence[Sequence[Incident]], now: float) -> Predictions:
        """Forecasts of open promises at `now`, in one numpy pass; `incidents` are those open for each promise.

        The networks learn only from moments. Between two moments, the forecast is that of the first, given that the
        promise is not complete yet: while nothing happens it never looks less late and stated times do not drift.
        """
        model = self.model
        context = model.context
        moments = [view.newest(now) for view in views]
        cases = zip(views, moments, incidents, strict=True)
        found = [features(view, at, what, model.likes, hit) for view, (at, what), hit in cases]
        unit = np.array([context.unit(view.kind) for view in views])
        group = np.array(
            [model.group(view.kind, what) for view, (_, what) in zip(views, moments, strict=True)], np.int64
        )
        answer = _answer(model, found, views, now, unit, group)
        weights = model.curves.weights[group]
        deadline = np.array([view.deadline for view in views])
        late = deadline <= now
        p = np.where(late, 1.0, answer.p)
        by = by_deadline(p)
        holding = widened(model.record, [view.kind for view in views], answer.said, by)
        told, raw = (_times(y, by, deadline, unit, now) for y in (holding.told, answer.said))
        worst = np.array([_worst(model, view) for view in views])
        bases = [_basis(model, view) for view in views]
        n = np.array([n for _, n in bases], np.int64)
        # A gap that rests on nothing but a guess stays low: half of all promises late would look like trouble.
        assumed = np.where((n == 0) & ~late, np.minimum(p, BASE), p)
        return Predictions(
            p_slip=p,
            q50=told[:, 0],
            q80=told[:, 1],
            q90=told[:, 2],
            lateness=assumed * _lateness(answer, weights, unit, worst, np.maximum(0.0, now - deadline)),
            horizon=worst,
            never=answer.never,
            base=np.array([context.base(view.kind) for view in views]),
            observed=np.array([context.observed(view.kind, MIN_CASES) for view in views], np.float64),
            n=n,
            basis=[words for words, _ in bases],
            model=model.version,
            records=_records(holding, told, raw),
            withheld=_withheld(holding),
        )

    def why(self, cases: Sequence[Case], now: float) -> list[list[Reason]]:
        """The reasons that move the forecast of each promise, strongest first; at most three."""
        return explained(self.model, cases, now)

    def next_change(self, view: View, now: float) -> float:
        """The next business time at which the clock alone changes the forecast; inf if there is none."""
        times = [at for at, _ in (*view.slips(), *view.looks()) if at > now]
        return min(times, default=math.inf)


def _answer(
    model: Model,
    found: Sequence[Features],
    views: Sequence[View],
    now: float,
    unit: Floats,
    group: NDArray[np.int64],
) -> Answer:
    rows = np.stack([model.layout.row(one) for one in found])
    start = place(np.array([now - view.deadline for view in views]), unit)
    return model.forecast(rows, start, _horizon(model, views), group)


def _basis(model: Model, view: View) -> tuple[str, int]:
    """The narrowest class with enough answered promises, else the promise type, in words and with its n."""
    answered = model.context.answered
    n = answered.get((view.kind, view.last), 0)
    if view.last < 0 or n < MIN_CASES:
        return view.kind, answered.get((view.kind, -1), 0)
    return f"{view.kind}, after {view.order[view.last]}", n


def _worst(model: Model, view: View) -> float:
    return max(model.context.worst(view.kind), MIN_HORIZON_SHARE * view.lead, MIN_HORIZON_S)


def _horizon(model: Model, views: Sequence[View]) -> Floats:
    """The horizon of the quantiles of each promise's type (y)."""
    known = {kind: model.context.horizon(kind) for kind in {view.kind for view in views}}
    return np.array([known[view.kind] for view in views])


def _times(y: Floats, by: NDArray[np.bool_], deadline: Floats, unit: Floats, now: float) -> Floats:
    """Times (y) in epoch seconds, not before `now`; those after the deadline at least a second after it."""
    found = deadline[:, None] + unit[:, None] * np.sinh(y)
    found = np.where(by, found, np.maximum(found, deadline[:, None] + 1))
    return np.asarray(np.maximum(now, found), np.float64)


def _records(holding: Widened, told: Floats, raw: Floats) -> list[list[LevelRecord]]:
    """What the quantiles of each promise rest on."""
    later = np.subtract(told, raw, out=np.zeros_like(raw), where=np.isfinite(told) & np.isfinite(raw))
    seconds = later.round().astype(np.int64).tolist()
    shares = (np.nan_to_num(1000 * share, nan=-1.0).round().astype(np.int64).tolist() for share in holding[2:])
    rows = zip(holding.n.tolist(), *shares, seconds, strict=True)
    return [[LevelRecord(*one) for one in zip(*row, strict=True)] for row in rows]


def _withheld(holding: Widened) -> list[str]:
    """Why times are withheld, by promise: none of them holds, or it is not known."""
    none: list[bool] = np.isnan(holding.told).any(axis=1).astype(object).tolist()
    rows = zip(holding.n.min(axis=1).tolist(), none, strict=True)
    return [str(NoRange.TOO_FEW if n < LEAST else NoRange.DID_NOT_HOLD) if gone else "" for n, gone in rows]


def _lateness(answer: Answer, weights: Floats, unit: Floats, worst: Floats, gone: Floats) -> Floats:
    """E[min(1, (T − deadline)⁺ / H) | late], by the mixed survival experts; at least the lateness already certain."""
    alive = np.exp(-answer.hazard[:, :, MIDDLE:])
    late = np.minimum(1.0, unit[:, None] * np.sinh(CENTRES[MIDDLE:]) / worst[:, None])
    cost = ((alive[:, :, :-1] - alive[:, :, 1:]) * late[:, None, :]).sum(axis=2) + alive[:, :, -1]
    mixed = (weights * cost / np.maximum(alive[:, :, 0], 1e-12)).sum(axis=1)
    return np.asarray(np.clip(np.maximum(mixed, gone / worst), 0.0, 1.0), np.float64)
