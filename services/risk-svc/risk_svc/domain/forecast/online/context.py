"""What the stream has taught about like promises: rates at several speeds, durations of stages, lateness of steps."""

from __future__ import annotations

import math
from typing import Final

from risk_svc.domain.forecast.online.rates import Rates
from risk_svc.domain.forecast.online.view import View

DAY: Final = 86400.0
SPEEDS: Final = {"slow": 30.0, "mid": 3.0, "fast": 0.35}
"""Half-lives of the late rates, in mean lead times of the kind: one configuration for hours and for weeks."""
STEP_LIFE: Final = 0.12
DURATION_LIFE: Final = 15.0
RECENT_LIFE: Final = 1.0


class Context:
    """All reference classes; changed only at a version boundary."""

    def __init__(self) -> None:
        self.late = {speed: Rates() for speed in SPEEDS}
        self.steps, self.durations, self.recent, self.gaps = Rates(), Rates(), Rates(), Rates()
        self.leads: dict[str, list[float]] = {}
        self.spread: dict[str, list[float]] = {}

    def lead(self, kind: str) -> float:
        """Mean lead time of a kind in seconds; a day before the first promise."""
        held = self.leads.get(kind)
        return held[0] / held[1] if held else DAY

    def unit(self, kind: str) -> float:
        """The kind's usual distance from the date in seconds: the yardstick of every time difference."""
        total, n = self.spread.get(kind, (0.0, 0.0))
        return (total + 0.5 * self.lead(kind)) / (n + 5)

    def made(self, view: View) -> None:
        """Counts a new promise's lead time."""
        held = self.leads.setdefault(view.kind, [0.0, 0.0])
        held[0] += view.lead
        held[1] += 1

    def due(self, view: View, late: bool) -> None:
        """Counts the answer of a promise at its deadline, in the order of deadlines."""
        for speed, table in self.late.items():
            life = SPEEDS[speed] * self.lead(view.kind)
            table.add((view.kind,), float(late), view.deadline, life)
            for name, value in view.texts:
                table.add((view.kind, name, value), float(late), view.deadline, life)

    def step(self, view: View, name: str, lateness: float, at: float) -> None:
        """Counts how late a milestone was reached, or is, in yardsticks (signed, compressed)."""
        life = STEP_LIFE * self.lead(view.kind)
        self.steps.add((view.kind, "", "", name), lateness, at, life)
        for label, value in view.texts:
            self.steps.add((view.kind, label, value, name), lateness, at, life)

    def surprise(self, view: View, before: int, seconds: float, at: float) -> float:
        """How much longer than usual a stage without a plan took, in log seconds; counts it."""
        life, key = SPEEDS["slow"] * self.lead(view.kind), (view.kind, "stage", before)
        took = math.log(max(60.0, seconds))
        usual = self.gaps.mean(key, at, life, took, 1.0)
        self.gaps.add(key, took, at, life)
        return took - usual

    def completed(self, view: View, at: float) -> None:
        """Counts what remained from each stage to completion, and the final lateness; `at` is when both count."""
        if view.completed is None:
            return
        lead, unit = self.lead(view.kind), self.unit(view.kind)
        held = self.spread.setdefault(view.kind, [0.0, 0.0])
        held[0] += abs(view.completed - view.deadline)
        held[1] += 1
        lateness = math.asinh((view.completed - view.deadline) / unit)
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
        """Each label learns what the others do not explain: labels overlap, and would count one thing twice."""
        keys = [(view.kind, label, value, stage) for label, value in view.texts]
        effects = [self.durations.mean(key, at, life, 0.0, 8.0) for key in keys]
        total = sum(effects)
        for key, effect in zip(keys, effects, strict=True):
            self.durations.add(key, over - (total - effect), at, life)
