"""Learns what became known since the last version to make the next one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from risk_svc.forecast.intervals import AT
from risk_svc.forecast.memory import Memory
from risk_svc.forecast.model import Model
from risk_svc.forecast.net import GROWING, LARGEST, SMALLEST, dropped
from risk_svc.forecast.scoring_rules import Judge, Spots
from risk_svc.forecast.stated import by_deadline
from risk_svc.forecast.survival import Survival, place, watch

ENOUGH: Final = 32
"""Number of new moments from which the experts train."""
AGAIN: Final = 10
"""How often a survival expert learns from a moment; the direct expert learns from each answer six times."""
AGAIN_DIRECT: Final = 6
PIECE: Final = 2048
"""Moments that are forecast at once, which takes some 30 KB for each."""
ALIKE: Final = 1.5
"""A yardstick that was this many times as long or as short is not comparable."""


class Learner:
    """Trains a model from the memory; every random draw depends on the version alone."""

    def __init__(self, model: Model, memory: Memory) -> None:
        self.model, self.memory = model, memory
        self.judge = Judge(model, memory)
        self.met = 0
        self.fresh = 0
        self.waiting = np.zeros(0, np.int64)

    def predict(self, since: int) -> None:
        """Records the model's forecasts of moments from serial `since` on, before it learns anything more."""
        memory = self.memory
        first = max(since, memory.count - memory.room)
        spots = np.arange(first, memory.count) % memory.room
        for start in range(0, len(spots), PIECE):
            self._predict(spots[start : start + PIECE])
        self.fresh += len(spots)

    def _predict(self, spots: Spots) -> None:
        memory = self.memory
        at, deadline, unit = memory.at[spots], memory.deadline[spots], memory.unit[spots]
        start, end = place(at - deadline, unit), memory.horizon[spots]
        answer = self.model.forecast(memory.features[spots], start, end, memory.group[spots])
        memory.shares[spots], memory.own[spots] = answer.shares, answer.curves[:, :, AT]
        memory.said[spots], memory.p[spots] = answer.said, answer.p
        both = np.concatenate([answer.curve[:, AT], answer.told], axis=1)
        memory.named[spots] = named = deadline[:, None] + unit[:, None] * np.sinh(np.clip(both, -6, 6))
        memory.judged[spots] = named.min(axis=1)

    def came(self, completed: Sequence[tuple[str, float, int]]) -> None:
        """Adds to the record of each promise type what was told of completed promises: type, time, and serial of one
        moment.
        """
        memory = self.memory
        for kind, at, serial in completed:
            for spot in memory.spots([serial]):
                y = math.asinh((at - memory.deadline[spot]) / memory.unit[spot])
                self.model.record.add(kind, y, memory.said[spot], by_deadline(memory.p[spot : spot + 1])[0])

    def train(self, now: float, answered: Spots) -> None:
        """Trains every expert on new and remembered moments as they are known at `now`."""
        random = np.random.default_rng((7, self.model.version))
        if self.fresh >= ENOUGH:
            memory = self.memory
            newest = np.arange(max(0, memory.count - min(self.fresh, memory.room)), memory.count) % memory.room
            self.model.layout.learn(memory.features[newest])
            self.met += self.fresh
            n = AGAIN * len(newest)
            self._survival(self.model.long, now, self._draw(n, 0.4, 0.4 * memory.count, random), 0.1, random)
            self._survival(self.model.short, now, self._draw(n, 0.2, 10_000.0, random), 0.15, random)
            self.fresh = 0
        self.waiting = np.concatenate([self.waiting, answered])
        if len(self.waiting) >= ENOUGH:
            self._direct(self.waiting, random)
            self.waiting = self.waiting[:0]

    def _draw(self, n: int, uniform: float, mean_age: float, random: np.random.Generator) -> Spots:
        """Moments to learn from: some of any age, the others mostly recent."""
        count, even = self.memory.count, int(n * uniform)
        young = random.exponential(mean_age, n - even).astype(np.int64) % count
        ages = np.concatenate([random.integers(0, count, even), young])
        random.shuffle(ages)
        return self._alike(self.memory.drawn(ages, random))

    def _alike(self, spots: Spots) -> Spots:
        """Moments measured by a yardstick like the current one: a type's first moments, measured by a guess, mislead.

        Moments after the completion, if it was reported later, are left out as well.
        """
        memory = self.memory
        share = memory.unit[spots] / self.model.units()[memory.group[spots]]
        return spots[~((share > ALIKE) | (share < 1 / ALIKE) | (memory.done[spots] < memory.at[spots]))]

    def _survival(self, expert: Survival, now: float, spots: Spots, leave: float, random: np.random.Generator) -> None:
        memory, layout = self.memory, self.model.layout
        deadline, unit = memory.deadline[spots], memory.unit[spots]
        until = np.minimum(now, memory.until[spots])
        done = memory.done[spots] <= now
        end = place(np.where(done, memory.done[spots], until) - deadline, unit).astype(np.float32)
        start = place(memory.at[spots] - deadline, unit).astype(np.float32)
        for part in self._batches(len(spots)):
            rows = memory.features[spots[part]]
            scaled = dropped(layout.coarse(rows), leave, random)
            seen = watch(start[part], rows[:, 0].astype(np.float32), end[part], done[part])
            expert.learn(scaled, seen, float(self.met))

    def _direct(self, answered: Spots, random: np.random.Generator) -> None:
        memory = self.memory
        size = memory.size
        known = np.flatnonzero(memory.learned[:size] & (memory.at[:size] < memory.deadline[:size]))
        again = known[random.integers(0, len(known), AGAIN_DIRECT * len(answered))]
        spots = self._alike(np.concatenate([answered, again]))
        random.shuffle(spots)
        late = memory.late[spots].astype(np.float32)
        for part in self._batches(len(spots)):
            rows = dropped(self.model.layout.coarse(memory.features[spots[part]]), 0.1, random)
            self.model.direct.learn(rows, late[part], float(self.met))

    def _batches(self, n: int) -> Iterator[slice]:
        size = min(LARGEST, SMALLEST + int(self.met / GROWING))
        for start in range(0, n, size):
            yield slice(start, start + size)
