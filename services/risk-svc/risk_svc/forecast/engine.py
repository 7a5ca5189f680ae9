"""The forecaster of one stream: folds entries into promises and publishes a version at every boundary."""

from __future__ import annotations

import heapq
import math
import zlib
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from risk_svc.forecast import examples
from risk_svc.forecast.examples import Lesson, encoded
from risk_svc.forecast.features import Features, features
from risk_svc.forecast.learner import Learner
from risk_svc.forecast.memory import Memory
from risk_svc.forecast.model import GROUPS, Group, Model
from risk_svc.forecast.single import forecast_one
from risk_svc.forecast.survival import INSIDE, place
from risk_svc.forecast.view import DUE, Entry, Incident, PromiseSnapshot, View, unreached

STEP: Final = 3600.0
"""Business time between versions, in seconds."""
GIVEN_UP: Final = 2.3
"""How far (y) behind its type's horizon a promise is watched: about ten times as long, to learn of later ones."""


class Forecast(msgspec.Struct, array_like=True, frozen=True):
    """P(late) in [0, 1], quantiles in hours from now given that it completes, and the model's `version`."""

    p_late: float
    q50: float
    q80: float
    q90: float
    version: int


class WatchedPromise(msgspec.Struct):
    """A watched promise: its newest snapshot and moment, the serials of all moments, and whether its answer is known.

    `late` means already decided, whenever it completes. It counts when its date comes; it is no longer forecast.
    """

    view: View
    at: float = 0.0
    rows: list[int] = []
    labelled: bool = False
    late: bool = False


class Engine:
    """One pass over all entries in time order; only the moments of a promise are kept once it has ended.

    Between two boundaries the model does not change: lessons wait, in order, for the next version. With `by_clock`,
    plans slip by the clock; otherwise only by an event (a recorded stream).
    """

    def __init__(self, step: float = STEP, *, by_clock: bool = False) -> None:
        self.step, self.by_clock = step, by_clock
        self.model = Model()
        self.learner = Learner(self.model, Memory())
        self.open: dict[str, WatchedPromise] = {}
        self.incidents: dict[str, Incident] = {}
        self.now = self.boundary = -math.inf
        self.timers: list[tuple[float, int, str, str]] = []
        self.order = 0
        self.lessons: list[bytes] = []
        """Encoded: an hour has many, and each holds what was known of its promise."""
        self.fresh: list[tuple[int, bytes | None, Group]] = []
        self.completed: list[tuple[str, float, int]] = []
        """Type, time, and the serial of one moment of what was completed since the last version."""
        self.first = 0
        self._last: tuple[str, str, float, NDArray[np.float16]] | None = None

    def see(self, entry: Entry) -> None:
        """Takes in a snapshot; one that arrives after its time counts from now on."""
        at = max(entry.at, self.now)
        self.advance(at, inclusive=False)
        if not isinstance(entry, PromiseSnapshot):
            if entry.incident is None:
                self.incidents.pop(entry.incident_id, None)
            else:
                self.incidents[entry.incident_id] = entry.incident
            return
        view, held = entry.view, self.open.get(entry.view.promise_id)
        if held is None:
            if not entry.gone and at <= view.deadline:
                self._begin(entry, at)
        elif entry.gone:
            self.withdrawn(held, at)
        else:
            if entry.late != held.late:
                self.decided(held, at, late=entry.late)
            self.update(held, view, at)

    def _begin(self, entry: PromiseSnapshot, at: float) -> None:
        """Begins with a promise that is not over; what became known as it was made came after it was made."""
        view = entry.view
        if at == view.made and (view.reached or view.completed is not None or entry.late):
            self.made(unreached(view))
            self.see(entry)
        elif not entry.late and view.completed is None:
            self.made(view)

    def close(self, boundary: float) -> bool:
        """Lets time pass to `boundary`, a multiple of the step; returns whether that made a new version."""
        before = self.model.version
        self.advance(boundary)
        return self.model.version > before

    def advance(self, now: float, inclusive: bool = True) -> None:
        """Lets time pass: runs timers that fall due and publishes versions."""
        while self.timers and (self.timers[0][0] < now or (inclusive and self.timers[0][0] == now)):
            at, _, what, promise = heapq.heappop(self.timers)
            self._tick(at)
            held = self.open.get(promise)
            if held is not None:
                self._timer(held, what, at)
        self._tick(now)
        self.now = max(self.now, now)

    def forecast(self, promise: str, at: float, what: str) -> Forecast:
        """The forecast of an open promise at `at`; for an unknown one it rests on the yardsticks alone.

        It is the forecast at its newest moment, given that the promise is not complete by `at`.
        """
        held = self.open.get(promise)
        if held is None:
            moment, view = (
                at,
                View(
                    promise_id=promise,
                    kind="",
                    made=at,
                    deadline=at + self.model.context.lead(""),
                    order=[],
                    plans={},
                    texts=[],
                    numbers=[],
                    last_at=at,
                ),
            )
        else:
            view = held.view
            moment = view.newest(at)[0] if self.by_clock else held.at
        last = self._last
        if last is not None and last[:3] == (promise, what, moment):
            row = last[3]
        else:
            row = self.model.layout.row(self._features(view, moment, what))
        unit = self.model.context.unit(view.kind)
        start = float(place(np.array([at - view.deadline]), np.array([unit]))[0])
        end = self.model.context.horizon(view.kind)
        p_late, told = forecast_one(self.model, row, start, end, self.model.group(view.kind, what))
        left = (view.deadline + unit * math.sinh(one) - at for one in told)
        q50, q80, q90 = (max(0.0, one) / 3600 for one in left)
        return Forecast(p_late, q50, q80, q90, self.model.version)

    def made(self, view: View) -> None:
        """Adds a promise."""
        held = self.open[view.promise_id] = WatchedPromise(view)
        self._learn(examples.MadeExample(view))
        self._set_timers(held)
        self._set_slips(held, {})
        self.moment(held, view.made, "made")

    def update(self, held: WatchedPromise, view: View, at: float) -> None:
        """Takes in a newer snapshot of a promise: milestones, completion, new plans or a new date."""
        old = held.view
        if self.by_clock:
            held.view = view
        else:
            held.view = msgspec.structs.replace(view, slipped=old.slipped)
        if view.deadline != old.deadline:
            self._set_timers(held)
        self._set_slips(held, old.plans)
        if view.completed is not None and old.completed is None:
            self._reached(held, old, at)
            self._completed(held, view.completed)
        elif view.completed is None and old.completed is not None:
            self.learner.memory.done[self.learner.memory.spots(held.rows)] = np.inf
        elif view.completed is None:
            self._reached(held, old, at)

    def _reached(self, held: WatchedPromise, old: View, at: float) -> None:
        """Learns of newly reached milestones; after the last one nothing is forecast."""
        view = held.view
        if view.forlorn(at):
            return
        before, since = old.last, old.last_at
        for name in [name for name in view.reached if name not in old.reached]:
            reached = view.reached[name]
            self._learn(examples.StepExample(view, name, reached, old.plans.get(name), before, reached - since))
            before, since = view.last, reached
            if view.completed is None:
                self.moment(held, at, f"at:{name}")

    def slipped(self, held: WatchedPromise, name: str, at: float, planned: float) -> None:
        """A milestone's planned time passed without it."""
        if name not in held.view.slipped:
            held.view = msgspec.structs.replace(held.view, slipped=[*held.view.slipped, name])
        if held.view.forlorn(at):
            return
        self._learn(examples.SlipExample(held.view, name, at, at - planned))
        if held.view.completed is None:
            self.moment(held, at, f"slip:{name}")

    def decided(self, held: WatchedPromise, at: float, *, late: bool) -> None:
        """The promise was cancelled or a verdict called it late, or that was taken back."""
        held.late = late
        self._expected(held, at if late else np.inf)

    def withdrawn(self, held: WatchedPromise, at: float) -> None:
        """A withdrawn promise teaches only that it was not completed until now."""
        self.learner.memory.until[self.learner.memory.spots(held.rows)] = at
        self._expected(held, at)
        del self.open[held.view.promise_id]

    def _expected(self, held: WatchedPromise, until: float) -> None:
        """Notes until when the promise's completion was expected."""
        self.learner.memory.lost[self.learner.memory.spots(held.rows)] = until

    def moment(self, held: WatchedPromise, at: float, what: str) -> None:
        """Remembers what is known now, to learn from later; an overdue promise teaches only how long it still takes."""
        if held.late:
            # Its outcome would teach that promises without any news never come.
            return
        view = held.view
        found = self._features(view, at, what)
        row = self.model.layout.row(found)
        known = found.keys() <= self.model.layout.columns.keys()
        unit, horizon = self.model.context.unit(view.kind), self.model.context.horizon(view.kind)
        group = self.model.group(view.kind, what)
        serial = self.learner.memory.add(row, at, view.made, view.deadline, unit, horizon, group)
        if at >= view.deadline:
            self.learner.memory.overdue(serial)
        held.at, held.rows = at, [*held.rows, serial]
        self.fresh.append((serial, None if known else _encoder.encode(found), (view.kind, what)))
        self._last = (view.promise_id, what, at, row)

    def _learn(self, lesson: Lesson) -> None:
        """Keeps a lesson for the next version."""
        self.lessons.append(encoded(lesson))

    def _features(self, view: View, at: float, what: str) -> Features:
        return features(view, at, what, self.model.likes, view.touched(self.incidents.values()))

    def _push(self, at: float, what: str, promise: str) -> None:
        self.order += 1
        heapq.heappush(self.timers, (at, self.order, what, promise))

    def _set_timers(self, held: WatchedPromise) -> None:
        for at, what in held.view.looks():
            self._push(at, what, held.view.promise_id)
        self._push(held.view.deadline, DUE, held.view.promise_id)

    def _set_slips(self, held: WatchedPromise, before: dict[str, float]) -> None:
        if not self.by_clock:
            return
        for at, name in held.view.slips():
            if held.view.plans[name] != before.get(name):
                self._push(at, f"slip:{name}", held.view.promise_id)

    def _timer(self, held: WatchedPromise, what: str, at: float) -> None:
        view = held.view
        if what == DUE:
            self._due(held, at)
        elif what == "drop":
            self._drop(held, at)
        elif what.startswith("slip:"):
            name = what.removeprefix("slip:")
            if view.completed is None and name not in view.reached and (at, name) in view.slips():
                self.slipped(held, name, at, view.plans[name])
        elif view.completed is None and (at, what) in view.looks():
            self.moment(held, at, what)

    def _due(self, held: WatchedPromise, at: float) -> None:
        view, memory = held.view, self.learner.memory
        done = view.completed is not None and view.completed < at
        late = held.late or not done
        spots = np.array(memory.spots(held.rows), np.int64)
        memory.late[spots[memory.deadline[spots] == at]] = late
        if view.deadline != at:
            # The customer has since agreed to another date: this answers forecasts against the old one, nothing else.
            return
        held.labelled = True
        self._learn(examples.DueExample(view, late))
        if done:
            self._learn(examples.CompletionExample(view, at))
            del self.open[view.promise_id]
        else:
            if view.completed is None:
                self.moment(held, at, DUE)
            self._push(self._given_up(view), "drop", view.promise_id)

    def _given_up(self, view: View) -> float:
        """When the promise will be watched no more, as far as completions of its type have taught by now."""
        context = self.model.context
        until = min(context.horizon(view.kind) + GIVEN_UP, INSIDE)
        return view.deadline + context.unit(view.kind) * math.sinh(until)

    def _drop(self, held: WatchedPromise, at: float) -> None:
        view = held.view
        later = self._given_up(view)
        if later > at:
            self._push(later, "drop", view.promise_id)
            return
        self.learner.memory.until[self.learner.memory.spots(held.rows)] = at
        del self.open[view.promise_id]

    def _completed(self, held: WatchedPromise, completed: float) -> None:
        view, memory = held.view, self.learner.memory
        spots = np.array(memory.spots(held.rows), np.int64)
        memory.done[spots] = completed
        if held.rows:
            # One moment of each promise, any of them, the same on every replay: many moments would count it often.
            drawn = held.rows[zlib.crc32(view.promise_id.encode()) % len(held.rows)]
            self.completed.append((view.kind, completed, drawn))
        if held.labelled:
            # A completion reported after the deadline may still have been in time.
            memory.late[spots] = held.late | (completed >= memory.deadline[spots])
            self._learn(examples.CompletionExample(view, completed))
            del self.open[view.promise_id]

    def _tick(self, now: float) -> None:
        boundary = now // self.step * self.step
        if boundary > self.boundary:
            if self.lessons or self.fresh:
                # At the first boundary after them, however long nothing happens, exactly as `close` would.
                self._publish(self.boundary + self.step)
            self.boundary = boundary

    def _publish(self, boundary: float) -> None:
        """Publishes the next version: forecasts are recorded and judged, then everything learns."""
        learner, model, memory = self.learner, self.model, self.learner.memory
        learner.predict(self.first)
        self.first = memory.count
        answered = learner.judge.score(boundary)
        learner.came(self.completed)
        for lesson in self.lessons:
            examples.learn(model.context, examples.decoded(lesson))
        model.context.at = boundary
        model.likes.forget()
        oldest = memory.count - memory.room
        for serial, found, group in self.fresh:
            if group not in model.groups and len(model.groups) < GROUPS - 2:
                model.groups[group] = len(model.groups) + 1
            if serial < oldest:
                continue
            if found is not None:
                named = _features.decode(found)
                model.layout.admit(named)
                memory.features[serial % memory.room] = model.layout.row(named)
            memory.group[serial % memory.room] = model.groups.get(group, GROUPS - 1)
        model.refresh(boundary)
        learner.train(boundary, answered)
        self.lessons, self.fresh, self.completed, self._last = [], [], [], None
        model.version += 1


_encoder: Final = msgspec.msgpack.Encoder()
_features: Final = msgspec.msgpack.Decoder(Features)
