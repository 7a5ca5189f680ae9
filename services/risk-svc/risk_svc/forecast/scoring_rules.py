"""Judges experts, intervals and the reference class by the outcomes of the moments they forecast."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from risk_svc.forecast.intervals import STATED
from risk_svc.forecast.layout import Floats
from risk_svc.forecast.memory import UNKNOWN, Memory
from risk_svc.forecast.model import Model
from risk_svc.forecast.survival import BIN, place

Spots = NDArray[np.int64]


class Judge:
    """Compares the forecasts of moments with their outcomes, once each; `spots` are places in the memory."""

    def __init__(self, model: Model, memory: Memory) -> None:
        self.model, self.memory = model, memory

    def score(self, now: float) -> Spots:
        """Judges all outcomes known by `now`; returns the places of new answers."""
        memory, size = self.memory, self.memory.size
        answered = np.flatnonzero((memory.late[:size] != UNKNOWN) & ~memory.learned[:size])
        memory.learned[answered] = True
        if len(answered):
            self._answers(answered, now)
        due = np.flatnonzero((memory.late[:size] != UNKNOWN) & ~memory.scored[:size])
        done, lost = np.isfinite(memory.done[due]), memory.lost[due] < np.inf
        memory.scored[due[done | lost]] = True
        self._times(due[done], now)
        self._lost(due[lost & ~done])
        self._waiting(now, size)
        self._cover(now, size)
        return answered

    def _answers(self, spots: Spots, now: float) -> None:
        """Judges moments whose date has come: late or not, and what was observed by then."""
        memory, group = self.memory, self.memory.group[spots]
        late, done, lost, deadline = memory.late[spots], memory.done[spots], memory.lost[spots], memory.deadline[spots]
        self.model.shares.learn(group, (memory.shares[spots] - late[:, None]) ** 2, now)
        self.model.reference.learn(group, late == 1)
        self.model.reference.end(group, np.isinf(done) & (lost <= deadline))
        self._watched(spots, np.minimum(np.minimum(done, lost), deadline), done < deadline)
        memory.look[spots] = deadline

    def _times(self, spots: Spots, now: float) -> None:
        """Judges moments of promises that are completed."""
        if not len(spots):
            return
        memory = self.memory
        done, deadline = memory.done[spots], memory.deadline[spots]
        error = place(done - deadline, memory.unit[spots])[:, None, None] - memory.own[spots]
        losses = np.maximum(STATED * error, (STATED - 1) * error).mean(axis=2)
        self.model.curves.learn(memory.group[spots], losses, now)
        late = spots[done >= deadline]
        self._watched(late, memory.done[late], np.ones(len(late), bool))
        memory.look[spots] = np.inf
        overdue = spots[memory.at[spots] >= deadline]
        self.model.reference.end(memory.group[overdue], np.zeros(len(overdue), bool))

    def _lost(self, spots: Spots) -> None:
        """Judges moments of promises that are no longer expected, for the time that they were overdue."""
        if not len(spots):
            return
        memory = self.memory
        self._watched(spots, memory.lost[spots], np.zeros(len(spots), bool))
        memory.look[spots] = np.inf
        overdue = spots[memory.at[spots] >= memory.deadline[spots]]
        self.model.reference.end(memory.group[overdue], np.ones(len(overdue), bool))

    def _waiting(self, now: float, size: int) -> None:
        """Counts the time for which open promises have been overdue so far: waiting until they end would hide it."""
        memory = self.memory
        spots = np.flatnonzero(memory.look[:size] <= now)
        if not len(spots):
            return
        self._watched(spots, np.minimum(now, memory.until[spots]), np.zeros(len(spots), bool))
        deadline, unit = memory.deadline[spots], memory.unit[spots]
        later = deadline + unit * np.sinh(place(now - deadline, unit) + BIN)
        memory.look[spots] = np.where((memory.until[spots] > now) & (later > now), later, np.inf)

    def _watched(self, spots: Spots, until: Floats, done: NDArray[np.bool_]) -> None:
        """Passes to the reference class moments watched on to `until`, measured by the current yardsticks."""
        if not len(spots):
            return
        memory, group = self.memory, self.memory.group[spots]
        unit = self.model.units()[group]
        unit = np.where(np.isnan(unit), memory.unit[spots], unit)
        begun = memory.counted[spots]
        start, end = (place(time - memory.deadline[spots], unit) for time in (begun, until))
        right = until >= begun
        memory.counted[spots] = np.maximum(begun, until)
        self.model.reference.watch(group[right], start[right], end[right], done[right])

    def _cover(self, now: float, size: int) -> None:
        memory = self.memory
        due = np.flatnonzero(memory.judged[:size] <= now)
        if not len(due):
            return
        for column in range(6):
            spots = due[memory.named[due, column] <= now]
            if not len(spots):
                continue
            named = memory.named[spots, column]
            memory.named[spots, column] = np.nan
            # Quantiles are given completion: a promise known to be cancelled by then is no miss.
            left = (memory.lost[spots] > named) | (memory.done[spots] <= named)
            spots, named = spots[left], named[left]
            hit = (memory.done[spots] <= named).astype(np.float64)
            judge = self.model.intervals.raw if column < 3 else self.model.intervals.told
            group = memory.group[spots]
            start = place(memory.at[spots] - memory.deadline[spots], memory.unit[spots])
            judge(column % 3, group, hit, 1 - self.model.reference.never(group, start, memory.horizon[spots]))
        memory.judged[due] = np.nan_to_num(memory.named[due], nan=np.inf).min(axis=1)
