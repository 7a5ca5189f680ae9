"""What the model has learned about similar promises: rates at several speeds, durations of stages, lateness."""

from __future__ import annotations

import math
from typing import Final

from risk_svc.forecast.rates import FadingMeans, Rates
from risk_svc.forecast.spans import Spans
from risk_svc.forecast.survival import INSIDE
from risk_svc.forecast.view import FORLORN_LEADS, View

DAY: Final = 86400.0
SPEEDS: Final = {"slow": 30.0, "mid": 3.0, "fast": 0.35}
"""Half-lives of the late rates, in mean lead times of the promise type: one setting fits hours and weeks alike."""
STEP_LIFE: Final = 0.12
DURATION_LIFE: Final = 15.0
RECENT_LIFE: Final = 1.0
MAX_KINDS: Final = 4096
"""Promise types with yardsticks of their own; beyond this number the oldest is dropped."""
TAIL_BINS: Final = 50
TAIL_BIN: Final = 0.1
TAIL_FADE: Final = 0.9995
NEARLY_ALL: Final = 0.99
"""Share of late completions that come within the horizon of a promise type."""
LONGER: Final = math.log(2)
"""How far (y) the horizon lies behind them, twice as far out: the latest of what is open now are still to come."""
GUESSED_LEADS: Final = 2.0
"""Lead times after the deadline that the horizon of a promise type without late completions lasts; weighs as one."""
BASE, BASE_SHRINK = 0.15, 5.0
"""The late rate of an unknown promise type, and how many of its own promises weigh as much."""
Stage = tuple[str, int]


class Context:
    """All reference classes; changed, and faded for reading, only at a version boundary: `at`, epoch seconds."""

    def __init__(self) -> None:
        self.at = 0.0
        self.late = FadingMeans(len(SPEEDS))
        self.steps, self.durations, self.recent, self.gaps = Rates(), Rates(), Rates(), Rates()
        self.leads: dict[str, list[float]] = {}
        self.spread: dict[str, list[float]] = {}
        self.tails: dict[str, list[float]] = {}
        self._units: dict[str, float] = {}
        self._horizons: dict[str, float] = {}
        """Read so far: between two lessons of a promise type they stay the same."""
        self.answered: dict[Stage, int] = {}
        self.slipped: dict[str, int] = {}
        self.spans = Spans(MAX_KINDS)

    def lead(self, kind: str) -> float:
        """Mean lead time of a promise type in seconds; one day before the first promise."""
        held = self.leads.get(kind)
        return held[0] / held[1] if held else DAY

    def unit(self, kind: str) -> float:
        """The promise type's usual distance from the date in seconds: the yardstick of every time difference."""
        found = self._units.get(kind)
        if found is None:
            self._make_room()
            total, n = self.spread.get(kind, (0.0, 0.0))
            found = self._units[kind] = (total + 0.5 * self.lead(kind)) / (n + 1)
        return found

    def base(self, kind: str) -> float:
        """The late rate of a promise type before anything has happened to a promise."""
        return self.late.mean((kind,), 0, self.at, SPEEDS["slow"] * self.lead(kind), BASE, BASE_SHRINK)

    def observed(self, kind: str, least: int) -> float | None:
        """The share of a promise type's answered promises that were late, with nothing assumed; None if unknown.

        With fewer than `least` promises it is the plain share; with more, newer ones weigh more.
        """
        n = self.answered.get((kind, -1), 0)
        if n >= least:
            return self.late.seen((kind,), 0)
        return self.slipped[kind] / n if n and kind in self.slipped else None

    def worst(self, kind: str) -> float:
        """H: the P90 of lateness in seconds among the promise type's late completions; 0 while there are none."""
        tail = self.tails.get(kind)
        if tail is None:
            return 0.0
        goal, gone = 0.9 * sum(tail), 0.0
        for place, count in enumerate(tail):
            gone += count
            if gone >= goal:
                return self.unit(kind) * math.sinh(TAIL_BIN * (place + 1))
        return 0.0

    def horizon(self, kind: str) -> float:
        """The time (y) after the deadline by which nearly all of a promise type's late completions came, so far."""
        found = self._horizons.get(kind)
        if found is None:
            self._make_room()
            found = self._horizons[kind] = self._horizon(kind)
        return found

    def _horizon(self, kind: str) -> float:
        tail = list(self.tails.get(kind, [0.0] * TAIL_BINS))
        guess = math.asinh(GUESSED_LEADS * self.lead(kind) / self.unit(kind))
        tail[min(TAIL_BINS - 1, int(guess / TAIL_BIN))] += 1.0
        left, place = (1 - NEARLY_ALL) * sum(tail), TAIL_BINS
        while left >= tail[place - 1]:
            place -= 1
            left -= tail[place]
        return min(TAIL_BIN * place + LONGER, INSIDE)

    def _make_room(self) -> None:
        if len(self._units) + len(self._horizons) > 2 * MAX_KINDS:
            self._units, self._horizons = {}, {}

    def _forget(self, kind: str) -> None:
        self._units.pop(kind, None)
        self._horizons.pop(kind, None)

    def made(self, view: View) -> None:
        """Counts a new promise's lead time."""
        self._forget(view.kind)
        for table in (self.leads, self.spread, self.tails):
            if len(table) >= MAX_KINDS and view.kind not in table:
                oldest = next(iter(table))
                self._forget(oldest)
                del table[oldest]
        held = self.leads.setdefault(view.kind, [0.0, 0.0])
        held[0] += view.lead
        held[1] += 1

    def due(self, view: View, late: bool) -> None:
        """Counts whether a promise was late at its deadline, in the order of deadlines."""
        if not self.answered.get((view.kind, -1)):
            self.slipped[view.kind] = int(late)
        elif view.kind in self.slipped:
            # A promise type stored before slips were counted stays uncounted: a count begun late would be wrong.
            self.slipped[view.kind] += late
        while len(self.slipped) > 8 * MAX_KINDS:
            del self.slipped[next(iter(self.slipped))]
        self.spans.due(view.kind)
        for stage in {-1, *(stage for stage, entered in view.stages if entered < view.deadline)}:
            self.answered[view.kind, stage] = self.answered.pop((view.kind, stage), 0) + 1
        while len(self.answered) > 8 * MAX_KINDS:
            del self.answered[next(iter(self.answered))]
        lead = self.lead(view.kind)
        lives = [speed * lead for speed in SPEEDS.values()]
        self.late.add((view.kind,), float(late), view.deadline, lives)
        for name, value in view.texts:
            self.late.add((view.kind, name, value), float(late), view.deadline, lives)

    def step(self, view: View, name: str, lateness: float, at: float) -> None:
        """Counts how late a milestone was reached, or is so far, in yardsticks (signed, compressed)."""
        life = STEP_LIFE * self.lead(view.kind)
        self.steps.add((view.kind, "", "", name), lateness, at, life)
        for label, value in view.texts:
            self.steps.add((view.kind, label, value, name), lateness, at, life)

    def surprise(self, view: View, before: int, seconds: float, at: float) -> float:
        """Counts, and returns in log seconds, how much longer than usual a stage without a plan took."""
        life, key = SPEEDS["slow"] * self.lead(view.kind), (view.kind, "stage", before)
        took = math.log(max(60.0, seconds))
        usual = self.gaps.mean(key, at, life, took, 1.0)
        self.gaps.add(key, took, at, life)
        return took - usual

    def completed(self, view: View, at: float) -> None:
        """Counts the time from each stage to completion, and the final lateness; both count from `at`."""
        if view.completed is None:
            return
        self.spans.completed(view.kind, view.completed - view.made)
        lead, unit = self.lead(view.kind), self.unit(view.kind)
        lateness = math.asinh((view.completed - view.deadline) / unit)
        if lateness >= 0:
            tail = [count * TAIL_FADE for count in self.tails.get(view.kind, [0.0] * TAIL_BINS)]
            tail[min(TAIL_BINS - 1, int(lateness / TAIL_BIN))] += 1.0
            self.tails[view.kind] = tail
        # A few very late ones would make the yardstick too coarse for all others, and the usual pace too slow.
        held = self.spread.setdefault(view.kind, [0.0, 0.0])
        held[0] += min(abs(view.completed - view.deadline), FORLORN_LEADS * view.lead)
        held[1] += 1
        self._forget(view.kind)
        if view.forlorn(view.completed):
            return
        life = DURATION_LIFE * lead
        self.gaps.add((view.kind,), lateness, at, life)
        for label, value in view.texts:
            self.gaps.add((view.kind, label, value), lateness, at, life)
        for stage, entered in view.stages:
            took = math.log(max(60.0, view.completed - entered))
            key = (view.kind, stage)
            usual = self.durations.mean(key, at, life, took, 1.0)
            self.durations.add(key, took, at, life)
            self.recent.add(key, took, at, RECENT_LIFE * lead)
            self._share_out(view, stage, took - usual, at, life)

    def _share_out(self, view: View, stage: int, over: float, at: float, life: float) -> None:
        """Each label learns what the others do not explain: labels overlap and would count one effect twice."""
        keys = [(view.kind, label, value, stage) for label, value in view.texts]
        effects = [self.durations.mean(key, at, life, 0.0, 8.0) for key in keys]
        total = sum(effects)
        for key, effect in zip(keys, effects, strict=True):
            self.durations.add(key, over - (total - effect), at, life)
