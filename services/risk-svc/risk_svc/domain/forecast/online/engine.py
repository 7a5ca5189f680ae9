"""The forecaster of one stream: folds events into promises, forecasts, and publishes a version at every boundary."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from risk_svc.domain.forecast.online.features import Features, features
from risk_svc.domain.forecast.online.learner import OPEN_FOR, Learner
from risk_svc.domain.forecast.online.memory import Memory
from risk_svc.domain.forecast.online.model import GROUPS, HORIZON, Model
from risk_svc.domain.forecast.online.survival import place
from risk_svc.domain.forecast.online.view import Incident, View

STEP: Final = 3600.0
"""Seconds of business time between versions."""
LEADS: Final = {0.25: "left75", 0.5: "left50", 0.75: "left25"}
MOST_INCIDENTS: Final = 64


class Forecast(msgspec.Struct, array_like=True, frozen=True):
    """P(late) in [0, 1] and, given that it completes, quantiles in hours from now; `version` is the model's."""

    p_late: float
    q50: float
    q80: float
    q90: float
    version: int


class Engine:
    """One pass over a stream in time order; nothing is kept of a promise that has ended.

    Between two boundaries nothing that forecasts changes: lessons wait, in order, for the next version.
    """

    def __init__(self, step: float = STEP) -> None:
        self.step = step
        self.model = Model()
        self.learner = Learner(self.model, Memory())
        self.open: dict[str, View] = {}
        self.incidents: dict[str, Incident] = {}
        self._timers: list[tuple[float, int, str, str]] = []
        self._order = 0
        self._boundary = -math.inf
        self._lessons: list[Callable[[], object]] = []
        self._fresh: list[tuple[int, Features | None, str]] = []
        self._first = 0
        self._last: tuple[str, str, float, NDArray[np.float16]] | None = None

    def advance(self, now: float, inclusive: bool = True) -> None:
        """Lets time pass: what falls due by itself, and versions."""
        while self._timers and (self._timers[0][0] < now or (inclusive and self._timers[0][0] == now)):
            at, _, what, promise = heapq.heappop(self._timers)
            self._tick(at)
            view = self.open.get(promise)
            if view is not None:
                self._timer(view, what, at)
        self._tick(now)

    def forecast(self, promise: str, at: float, what: str) -> Forecast:
        """The forecast of an open promise at `at`; of an unknown one, what the yardsticks alone say."""
        view = self.open.get(promise)
        if view is None:
            view = View(promise, "", at, at + self.model.context.lead(""), [], {}, [], [], at)
        last = self._last
        if last is not None and last[:3] == (promise, what, at):
            row = last[3]
        else:
            row = self.model.layout.row(self._features(view, at, what))
        unit = np.array([self.model.context.unit(view.kind)])
        start = place(np.array([at - view.deadline]), unit)
        end = place(np.array([HORIZON * view.lead]), unit)
        answer = self.model.forecast(row[None], start, end, np.array([self.model.group(view.kind, what)]))
        left = view.deadline + unit[0] * np.sinh(answer.told[0]) - at
        q50, q80, q90 = (max(0.0, float(one)) / 3600 for one in left)
        return Forecast(float(answer.p[0]), q50, q80, q90, self.model.version)

    def made(self, view: View) -> None:
        """A promise enters."""
        self.open[view.promise_id] = view
        self._lessons.append(lambda: self.model.context.made(view))
        for share, what in LEADS.items():
            self._push(float(int(view.made + share * (view.deadline - view.made))), what, view.promise_id)
        self._push(view.deadline, "due", view.promise_id)
        self.moment(view, view.made, "made")

    def reached(self, view: View, name: str, at: float, final: bool, plan: tuple[str, float] | None) -> None:
        """A milestone was reached; `plan` is what became known of the next."""
        if final:
            self._completed(view, at)
            return
        planned, before, since = view.plans.get(name), view.last, at - view.last_at
        self._lessons.append(lambda: self._step(view, name, at, planned, before, since))
        view.reached[name] = at
        view.last = max(view.last, view.order.index(name) if name in view.order else len(view.order))
        view.last_at = at
        view.stages.append((view.last, at))
        if plan is not None:
            view.plans[plan[0]] = plan[1]
        if at < view.deadline:
            self.moment(view, at, f"at:{name}")

    def slipped(self, view: View, name: str, at: float, planned: float) -> None:
        """A milestone's plan passed without it."""
        if name not in view.slipped:
            view.slipped.append(name)
        self._lessons.append(lambda: self._late_step(view, name, at - planned, 0.25, at))
        if at < view.deadline and view.completed is None:
            self.moment(view, at, f"slip:{name}")

    def moment(self, view: View, at: float, what: str) -> None:
        """Remembers what is known now, to learn from later."""
        found = self._features(view, at, what)
        row = self.model.layout.row(found)
        known = found.keys() <= self.model.layout.columns.keys()
        group = f"{view.kind} {what}"
        serial = self.learner.memory.add(
            row, at, view.made, view.deadline, self.model.context.unit(view.kind), self.model.group(view.kind, what)
        )
        view.rows.append(serial)
        self._fresh.append((serial, None if known else found, group))
        self._last = (view.promise_id, what, at, row)

    def _features(self, view: View, at: float, what: str) -> Features:
        return features(view, at, what, self.model.context, self.incidents.values())

    def _push(self, at: float, what: str, promise: str) -> None:
        self._order += 1
        heapq.heappush(self._timers, (at, self._order, what, promise))

    def _timer(self, view: View, what: str, at: float) -> None:
        if what == "due":
            late = view.completed is None or view.completed >= view.deadline
            view.labelled = True
            self.learner.memory.late[self.learner.memory.spots(view.rows)] = late
            self._lessons.append(lambda: self.model.context.due(view, late))
            if not late:
                self._lessons.append(lambda: self.model.context.completed(view, at))
                self.learner.ended(True)
                del self.open[view.promise_id]
            else:
                self._push(view.deadline + view.lead, "judge", view.promise_id)
                self._push(view.deadline + OPEN_FOR * view.lead, "drop", view.promise_id)
        elif what == "judge":
            self.learner.ended(False)
        elif what == "drop":
            del self.open[view.promise_id]
        elif view.completed is None:
            self.moment(view, at, what)

    def _completed(self, view: View, at: float) -> None:
        view.completed = at
        memory = self.learner.memory
        memory.done[memory.spots(view.rows)] = at
        if view.labelled:
            self._lessons.append(lambda: self.model.context.completed(view, at))
            if at < view.deadline + view.lead:
                self.learner.ended(True)
            del self.open[view.promise_id]

    def _step(self, view: View, name: str, at: float, planned: float | None, before: int, since: float) -> None:
        if planned is not None:
            self._late_step(view, name, at - planned, 0.0, at)
        else:
            context = self.model.context
            context.step(view, name, context.surprise(view, before, since, at), at)

    def _late_step(self, view: View, name: str, late: float, more: float, at: float) -> None:
        unit = self.model.context.unit(view.kind)
        self.model.context.step(view, name, math.asinh((late + more * unit) / (0.3 * unit)), at)

    def _tick(self, now: float) -> None:
        boundary = now // self.step * self.step
        if boundary > self._boundary:
            if self._lessons or self._fresh:
                self._publish(boundary)
            self._boundary = boundary

    def _publish(self, boundary: float) -> None:
        """The next version: what was forecast is written down and judged, then everything learns."""
        learner, model, memory = self.learner, self.model, self.learner.memory
        learner.predict(self._first)
        self._first = memory.count
        answered = learner.score(boundary)
        for lesson in self._lessons:
            lesson()
        oldest = memory.count - memory.room
        for serial, found, group in self._fresh:
            if group not in model.groups and len(model.groups) < GROUPS - 2:
                model.groups[group] = len(model.groups) + 1
            if serial < oldest:
                continue
            if found is not None:
                model.layout.admit(found)
                memory.features[serial % memory.room] = model.layout.row(found)
            memory.group[serial % memory.room] = model.groups.get(group, GROUPS - 1)
        learner.train(boundary, answered)
        self._lessons, self._fresh, self._last = [], [], None
        model.version += 1
