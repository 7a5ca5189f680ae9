"""How long promises took or take against what was promised, gathered by pages, and the sheets of bias made of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal

import numpy as np

from risk_svc.insight.measures.bias import Bias, Coded, Durations, biases_of
from risk_svc.insight.measures.figure import Floats
from risk_svc.insight.sheets import NO_NAME, Ended, Row, due_body

MOST: Final = 1_000_000
"""Promises that bias is of, in 64 bytes each; of more every second one counts, then every fourth, …"""
DAY: Final = 86_400.0
LAST: Final = -2.0
"""The rank of too little history: no drift is below −1."""
COLUMNS: Final = 8
Verdict = Literal["optimistic", "padded", "unclear", "too_little_history"]


class Gathered:
    """Columns of completed and open promises: type, team, person, deliverer by number, seconds they take, when made."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._names: tuple[dict[str, int], ...] = ({}, {}, {}, {})
        self._rows: list[Floats] = []
        self._held = self._seen = 0
        self._step = 1

    def add(self, page: Sequence[Ended]) -> None:
        """Take in the completed and the open promises of a page."""
        done = [one for one in page if one.open or one.done is not None]
        kept = done[-self._seen % self._step :: self._step]
        self._seen += len(done)
        self._rows.append(np.array([self._row(one) for one in kept], np.float64).reshape(-1, COLUMNS))
        self._held += len(kept)
        while self._held > self._most:
            self._step *= 2
            self._rows = [self._table()[::2].copy()]
            self._held = len(self._rows[0])

    def by_team(self) -> Durations:
        """All of it, with teams as makers."""
        return self._by(1)

    def by_person(self) -> Durations:
        """All of it, with persons as makers."""
        return self._by(2)

    def _by(self, maker: int) -> Durations:
        table = self._table()
        kind, makers, deliverer = (Coded([*self._names[at]], table[:, at].astype(np.int64)) for at in (0, maker, 3))
        return Durations(kind, makers, deliverer, table[:, 4], table[:, 5], table[:, 6] > 0, table[:, 7])

    def _table(self) -> Floats:
        return np.concatenate([*self._rows, np.empty((0, COLUMNS))])

    def _row(self, one: Ended) -> tuple[float, ...]:
        named = (one.kind, one.department, one.owner, one.deliverer)
        numbers = (
            known.setdefault(name or NO_NAME, len(known)) for known, name in zip(self._names, named, strict=True)
        )
        until = one.ended if one.open else one.done or 0.0
        return (*numbers, one.first - one.made, until - one.made, float(one.open), one.made / DAY)


def bias_sheets(found: Gathered, *, persons: bool) -> dict[str, list[Row]]:
    """Drifts of teams, of deliverers and, where that is switched on, of persons; else that sheet is empty."""
    by_team = biases_of(found.by_team())
    by_person = biases_of(found.by_person()).makers if persons else []
    said = {"team": by_team.makers, "deliverer": by_team.deliverers, "person": by_person}
    return {f"bias:{by}": _rows(biases) for by, biases in said.items()}


def verdict_of(one: Bias) -> Verdict:
    """What a drift says: nothing is said of its direction while its interval includes 0."""
    if one.drift.too_little_history:
        return "too_little_history"
    if not one.flagged:
        return "unclear"
    return "optimistic" if one.drift.certain_sign > 0 else "padded"


def _rows(biases: Iterable[Bias]) -> list[Row]:
    return [
        Row(
            one.name,
            LAST if one.drift.value is None else one.drift.value,
            {"name": one.name, "drift": due_body(one.drift), "verdict": verdict_of(one)},
        )
        for one in biases
    ]
