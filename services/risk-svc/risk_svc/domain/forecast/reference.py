"""Nested reference classes, shrunk to their parents (Kahneman & Tversky 1979), conditional on the time gone by."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from risk_svc.domain.forecast import grid
from risk_svc.domain.forecast.base import Case, Floats, Outcome, Predictions
from risk_svc.domain.forecast.classes import (
    KIND_LEVEL,
    LABEL_LEVEL,
    Key,
    Moment,
    moment,
    moments,
    next_edge,
    tags,
    words,
)
from risk_svc.domain.forecast.read import read

SHRINK: Final = 20.0
"""How many like promises weigh as much as the parent class."""
LABEL_SHRINK: Final = 100.0
LABEL_WEIGHT: Final = 0.25
"""Share of each label's own deviation that is added: labels overlap, so their sum would count things twice."""
MOST_CLASSES: Final = 60_000
MOST_VALUES: Final = 256
MOST_PAIRS: Final = 1024
"""Distinct values of one label (or label by hour) that get a class of their own; later ones rest on the others."""
NEVER_PRIOR: Final = 0.02
ENOUGH: Final = 20
"""Like promises from which on a class is named as the basis."""


class ReferenceClasses:
    """Counts of delays per class, on one logarithmic grid; about 1 KB a class, 60 MB at most.

    Learning only adds, so the order of outcomes does not matter until a limit on classes is reached.
    """

    def __init__(self) -> None:
        self._rows: dict[Key, int] = {}
        self._values: dict[Key, set[Hashable]] = {}
        self._counts = np.zeros((256, grid.COLUMNS), np.float32)
        self._prior = np.full(grid.COLUMNS, (1 - NEVER_PRIOR) / grid.BINS)
        self._prior[grid.NEVER] = NEVER_PRIOR
        self.learned = 0

    @property
    def classes(self) -> int:
        """How many classes have counts."""
        return len(self._rows)

    def learn(self, outcomes: Sequence[Outcome]) -> None:
        """Counts each outcome once in every class it passed through, from the moment it entered it."""
        rows: list[int] = []
        delays: list[float] = []
        for outcome in outcomes:
            self._lessons(outcome, rows, delays)
        found = np.array(rows, np.int64)
        delay = np.array(delays)
        finite = np.isfinite(delay)
        column = np.full(len(delay), grid.NEVER, np.int64)
        column[finite] = np.minimum(grid.BINS - 1, grid.position(delay[finite]).astype(np.int64))
        np.add.at(self._counts, (found, column), np.float32(1.0))
        self.learned += len(outcomes)

    def forecast(self, cases: Sequence[Case], now: float | Floats) -> Predictions:
        """Forecasts of open cases at `now`; one pass of numpy over the batch."""
        times = np.broadcast_to(np.asarray(now, np.float64), (len(cases),))
        found = [moment(case, at, tags(case)) for case, at in zip(cases, times.tolist(), strict=True)]
        share, kinds, support, level = self._pooled(found)
        due = np.array([case.due for case in cases], np.float64)
        tolerance = np.array([case.tolerance for case in cases], np.float64)
        least = np.array([max(3600.0, 0.05 * (case.due - case.made)) for case in cases], np.float64)
        anchor = due + np.array([item.shift for item in found], np.float64)
        reading = read(share, kinds, times, anchor, due, tolerance, least)
        return Predictions(
            **reading,
            n=support,
            basis=[words(item.chain[depth]) for item, depth in zip(found, level.tolist(), strict=True)],
            model=self.learned,
        )

    def next_change(self, case: Case, now: float) -> float:
        """When the clock alone moves the case to another class."""
        return next_edge(case, now)

    def _lessons(self, outcome: Outcome, rows: list[int], delays: list[float]) -> None:
        case, completed = outcome.case, outcome.completed
        labels = tags(case)
        seen: set[Key] = set()
        for at in moments(case, outcome.known if completed is None else completed):
            here = moment(case, at, labels)
            if here.chain[-1] in seen:
                continue
            delay = np.inf if completed is None else completed - case.due - here.shift
            # Label classes follow from their parent class: one test spares all of them.
            known = here.chain[LABEL_LEVEL] in seen
            for key in here.chain if known else (*here.chain, *here.labels):
                if key in seen:
                    continue
                seen.add(key)
                row = self._row(key)
                if row:
                    rows.append(row)
                    delays.append(delay)

    def _row(self, key: Key) -> int:
        """The row of a class, made when first met; 0 (the empty row) once a limit is reached."""
        row = self._rows.get(key)
        if row is not None:
            return row
        if len(self._rows) + 1 >= MOST_CLASSES or not self._room(key):
            return 0
        row = len(self._rows) + 1
        self._rows[key] = row
        if row >= len(self._counts):
            self._counts = np.concatenate([self._counts, np.zeros_like(self._counts)])
        return row

    def _room(self, key: Key) -> bool:
        if key[-1:] != ("label",):
            return True
        name, value = key[4], key[5]
        met = self._values.setdefault((key[0], name), set())
        if value in met:
            return True
        if len(met) >= (MOST_PAIRS if str(name).endswith(" by due hour") else MOST_VALUES):
            return False
        met.add(value)
        return True

    def _pooled(self, found: Sequence[Moment]) -> tuple[Floats, Floats, NDArray[np.int64], NDArray[np.int64]]:
        """Shrunk distributions of a batch, those of the kinds, the support and the level that it comes from."""
        size = len(found)
        get = self._rows.get
        chain = np.array([[get(key, 0) for key in item.chain] for item in found], np.int64).reshape(size, -1)
        share = np.repeat(self._prior[None], size, 0)
        kinds = parent = share
        support = np.zeros(size, np.int64)
        level = np.zeros(size, np.int64)
        for depth in range(chain.shape[1]):
            counts = self._counts[chain[:, depth]]
            total = counts.sum(axis=1, dtype=np.float64)
            share = (counts + SHRINK * share) / (total + SHRINK)[:, None]
            enough = total >= (ENOUGH if depth else 0)
            support = np.where(enough, total.astype(np.int64), support)
            level = np.where(enough, depth, level)
            kinds = share if depth == KIND_LEVEL else kinds
            parent = share if depth == LABEL_LEVEL else parent
        share = np.maximum(share * 0.02, share + LABEL_WEIGHT * self._deviation(found, parent))
        share /= share.sum(axis=1, keepdims=True)
        return share, kinds, support, level

    def _deviation(self, found: Sequence[Moment], parent: Floats) -> Floats:
        """Sum over labels of how far the label's class lies from its parent, shrunk by how few it has seen."""
        get = self._rows.get
        width = max((len(item.labels) for item in found), default=0)
        rows = np.zeros((len(found), width), np.int64)
        for index, item in enumerate(found):
            rows[index, : len(item.labels)] = [get(key, 0) for key in item.labels]
        sums = np.zeros_like(parent)
        pull = np.zeros(len(found))
        for place in range(width):
            counts = self._counts[rows[:, place]]
            total = counts.sum(axis=1, dtype=np.float64)
            sums += counts / (total + LABEL_SHRINK)[:, None]
            pull += total / (total + LABEL_SHRINK)
        return sums - pull[:, None] * parent
