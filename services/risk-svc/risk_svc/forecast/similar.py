"""What similar promises show: late rates, durations and steps of a promise's type and of each of its labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from risk_svc.forecast.context import BASE, BASE_SHRINK, DURATION_LIFE, SPEEDS, STEP_LIFE, Context
from risk_svc.forecast.rates import log_odds
from risk_svc.forecast.view import View

SHRINK: Final = {"slow": (20.0, 0.01), "mid": (10.0, 0.02), "fast": (4.0, 0.02)}
"""By speed: how many of a label's own promises weigh as much as its type, and the guard of the log-odds."""
MOST: Final = 20_000
"""Maximum cached answers of one version; beyond it the cache is cleared."""
Numbers = dict[str, float]
Steps = tuple[str, ...]


class Speed(NamedTuple):
    """The reference for a label's late rate at one speed: its type's rate, also as log-odds."""

    life: float
    rate: float
    odds: float
    shrink: float
    guard: float


class OfKind(NamedTuple):
    """What is known of a promise type; its labels are shrunk to it."""

    numbers: Numbers
    lead: float
    speeds: list[Speed]
    gap: float


class OfLabel(NamedTuple):
    """What is known of a label; `effect` is its own effect on the remaining time, in log seconds."""

    numbers: Numbers
    effect: float


class SimilarPromises:
    """Reads the reference classes as of the newest version's boundary; call `forget` when they change.

    Its answers depend on the version alone, so each class is read once per version for all promises that share it.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.forget()

    def forget(self) -> None:
        """Clears the cache because the classes have changed."""
        self._kinds: dict[tuple[str, Steps], OfKind] = {}
        self._labels: dict[tuple[str, Steps, int, tuple[str, str]], OfLabel] = {}

    def kind(self, view: View) -> OfKind:
        """What is known of a promise's type."""
        key = view.kind, tuple(view.order[:-1])
        found = self._kinds.get(key)
        if found is None:
            if len(self._kinds) >= MOST:
                self._kinds.clear()
            found = self._kinds[key] = self._read_kind(*key)
        return found

    def label(self, view: View, label: tuple[str, str]) -> OfLabel:
        """What is known of one of a promise's labels at the promise's current stage."""
        steps = tuple(view.order[:-1])
        key = view.kind, steps, view.last, label
        found = self._labels.get(key)
        if found is None:
            if len(self._labels) >= MOST:
                self._labels.clear()
            found = self._labels[key] = self._read_label(self.kind(view), view, label)
        return found

    def _read_kind(self, kind: str, steps: Steps) -> OfKind:
        context, at, own = self.context, self.context.at, (kind,)
        lead, slow = context.lead(kind), context.base(kind)
        numbers, speeds = {}, []
        for pace, (speed, leads) in enumerate(SPEEDS.items()):
            life, (shrink, guard) = leads * lead, SHRINK[speed]
            plain = rate = slow
            if pace:
                plain = context.late.mean(own, pace, at, life, BASE, BASE_SHRINK)
                rate = context.late.mean(own, pace, at, life, slow, 10.0)
            numbers[f"late rate|{speed}"] = log_odds(plain)
            speeds.append(Speed(life, rate, log_odds(rate, guard), shrink, guard))
        for step in steps:
            numbers[f"steps of late|{step}"] = context.steps.mean((kind, "", "", step), at, STEP_LIFE * lead, 0.0, 3.0)
        return OfKind(numbers, lead, speeds, context.gaps.mean(own, at, DURATION_LIFE * lead, 0.0, 5.0))

    def _read_label(self, parent: OfKind, view: View, label: tuple[str, str]) -> OfLabel:
        context, at, (name, value), kind = self.context, self.context.at, label, view.kind
        key, steps = (kind, name, value), tuple(view.order[:-1])
        life, step_life, mean = DURATION_LIFE * parent.lead, STEP_LIFE * parent.lead, context.steps.mean
        effect = context.durations.mean((kind, name, value, view.last), at, life, 0.0, 8.0)
        gap = context.gaps.mean(key, at, life, parent.gap, 10.0) - parent.gap
        late, like = self._late(key, parent.speeds)
        found = [*late, gap, effect, like]
        found += [mean((kind, name, value, step), at, step_life, 0.0, 1.0) for step in steps]
        return OfLabel(dict(zip(_names(name, steps), found, strict=True)), effect)

    def _late(self, key: tuple[str, str, str], speeds: Sequence[Speed]) -> tuple[list[float], float]:
        """The class's late rates relative to its type's, in log-odds, and the log of their number of promises."""
        held = self.context.late.table.get(key)
        if held is None:
            return [0.0] * len(speeds), 0.0
        gone, found, spot = min(held[0] - self.context.at, 0.0), list[float](), 1
        for life, rate, odds, shrink, guard in speeds:
            fade = 2.0 ** (gone / life)
            own = (held[spot] * fade + shrink * rate) / (held[spot + 1] * fade + shrink)
            found.append(math.log((own + guard) / (1.0 + guard - own)) - odds)
            spot += 2
        return found, math.log1p(held[2] * 2.0 ** (gone / speeds[0].life))


@lru_cache(MOST)
def _names(label: str, steps: Steps) -> tuple[str, ...]:
    return tuple(f"{label}|{what}" for what in (*SPEEDS, "gap", "duration", "n", *(f"step {step}" for step in steps)))
