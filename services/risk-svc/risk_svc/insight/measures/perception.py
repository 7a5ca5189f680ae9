"""What leadership, staff and customers each believe (*SERVQUAL* gap 1; Bain 2005; definitions.md: perception gap)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import combinations
from typing import Final, NamedTuple

import numpy as np

from risk_svc.forecast.spans import wilson
from risk_svc.insight.measures.figure import Figure, Flags, Floats, Ints, Unit, too_little

TOP: Final = 5
"""The best rating: the top box."""
FEWEST: Final = 5
"""People below which a cell is suppressed, so that nobody is recognised."""
NEAR: Final = 0.15
"""Distance below which two groups believe alike. Assumed."""
DRAWS: Final = 1000
HIDDEN: Final = 0


class Sheets(NamedTuple):
    """Columns of answers: group, item, rating from 1 to 5, the people that the sheet stands for, and when it came."""

    group: Sequence[str]
    item: Sequence[str]
    rating: Ints
    people: Ints
    at: Floats


class Cell(NamedTuple):
    """What a group says of an item: the share of its people who give the best rating, and their mean rating.

    A suppressed cell has no values, and its n is 0 whatever it was.
    """

    group: str
    item: str
    top: Figure
    rating: Figure


class Verdict(StrEnum):
    """What two cells say of each other."""

    DISPARITY = "disparity"
    SIMILARITY = "similarity"
    UNCLEAR = "unclear"
    SUPPRESSED = "suppressed"


class Comparison(NamedTuple):
    """Two cells: difference of their top boxes (first less second), and distance in [0, 1] between their ratings.

    Alike if the distance lies below .15 with its whole interval; else apart if the difference's excludes 0.
    """

    item: str
    first: str
    second: str
    top: Figure
    distance: Figure
    verdict: Verdict


class Perception(NamedTuple):
    """What each group says, how each pair of groups differs, largest distance first, and the kept rate beside them."""

    cells: list[Cell]
    comparisons: list[Comparison]
    kept: Figure


def perception(sheets: Sheets, kept: Figure, seed: int) -> Perception:
    """The cells and comparisons of all sheets; `kept` is the measured share of promises kept."""
    found = _cells(sheets, np.full(len(sheets.rating), True))
    items = sorted({item for _, item in found})
    pairs = [
        _compared(item, (one, found[one, item]), (other, found[other, item]), seed)
        for item in items
        for one, other in combinations(sorted(group for group, of in found if of == item), 2)
    ]
    pairs.sort(key=lambda one: (one.verdict is Verdict.SUPPRESSED, -(one.distance.value or 0.0)))
    return Perception([_cell(group, item, answers) for (group, item), answers in sorted(found.items())], pairs, kept)


def trends(sheets: Sheets, since: float, seed: int) -> list[Comparison]:
    """For each group and item, the answers from `since` on (first) against those before (second)."""
    now, before = _cells(sheets, sheets.at >= since), _cells(sheets, sheets.at < since)
    return [
        _compared(item, (f"{group} now", now[group, item]), (f"{group} before", before[group, item]), seed)
        for group, item in sorted(now.keys() & before.keys())
    ]


class _Answers(NamedTuple):
    """Distinct (rating, people) of a cell and the number of sheets with each."""

    rating: Ints
    people: Ints
    sheets: Ints

    @property
    def n(self) -> int:
        return int((self.people * self.sheets).sum())

    @property
    def effective(self) -> float:
        """How many sheets of one person say as much: a sheet is one answer, however many agreed to it."""
        return float(self.n**2 / (self.people**2 * self.sheets).sum())

    def shares(self, sheets: Ints) -> Floats:
        """The share of people by rating, in rows of numbers of sheets."""
        ratings = (self.rating[:, None] == np.arange(1, TOP + 1)) * self.people[:, None]
        counted = sheets @ ratings
        return np.asarray(counted / counted.sum(axis=1, keepdims=True), np.float64)


def _cells(sheets: Sheets, which: Flags) -> dict[tuple[str, str], _Answers]:
    if not which.any():
        return {}
    keys = [np.unique(np.asarray(names, np.str_)[which], return_inverse=True) for names in (sheets.group, sheets.item)]
    (groups, group), (items, item) = keys
    rows = np.stack([group, item, sheets.rating[which], sheets.people[which]], axis=1)
    distinct, many = np.unique(rows, axis=0, return_counts=True)
    found = {}
    for at, of in np.unique(distinct[:, :2], axis=0).tolist():
        own = (distinct[:, 0] == at) & (distinct[:, 1] == of)
        found[str(groups[at]), str(items[of])] = _Answers(distinct[own, 2], distinct[own, 3], many[own])
    return found


def _cell(group: str, item: str, answers: _Answers) -> Cell:
    n = answers.n
    if n < FEWEST:
        return Cell(group, item, too_little(HIDDEN, Unit.SHARE), too_little(HIDDEN, Unit.NUMBER))
    shares = answers.shares(answers.sheets[None])[0]
    middle = float(shares @ np.arange(1, TOP + 1))
    off = 1.96 * float((shares @ (np.arange(1, TOP + 1) - middle) ** 2 / answers.effective) ** 0.5)
    rating = Figure(middle, max(1.0, middle - off), min(float(TOP), middle + off), n, Unit.NUMBER)
    top = float(shares[-1])
    return Cell(group, item, Figure(top, *wilson(top, answers.effective), n, Unit.SHARE), rating)


def _compared(item: str, first: tuple[str, _Answers], second: tuple[str, _Answers], seed: int) -> Comparison:
    (one, answers), (other, others) = first, second
    if min(answers.n, others.n) < FEWEST:
        nothing = (too_little(HIDDEN, Unit.PART), too_little(HIDDEN, Unit.SHARE))
        return Comparison(item, one, other, *nothing, Verdict.SUPPRESSED)
    top, distance = _difference(answers, others), _distance(answers, others, seed)
    verdict = Verdict.DISPARITY if top.certain_sign else Verdict.UNCLEAR
    if distance.high is not None and distance.high < NEAR:
        verdict = Verdict.SIMILARITY
    return Comparison(item, one, other, top, distance, verdict)


def _difference(answers: _Answers, others: _Answers) -> Figure:
    """The difference of top boxes with its 95 % interval (Newcombe 1998, method 10)."""
    one, other = (float(some.shares(some.sheets[None])[0, -1]) for some in (answers, others))
    (low, high), (least, most) = wilson(one, answers.effective), wilson(other, others.effective)
    below, above = np.hypot(one - low, most - other), np.hypot(high - one, other - least)
    apart = one - other
    return Figure(apart, apart - float(below), apart + float(above), answers.n + others.n, Unit.PART)


def _distance(answers: _Answers, others: _Answers, seed: int) -> Figure:
    """Wasserstein-1 distance of ratings by its greatest, 4, with its 95 % interval by a bootstrap over sheets."""
    random = np.random.default_rng(seed)
    drawn = []
    for some in (answers, others):
        many = int(some.sheets.sum())
        sheets = np.vstack([some.sheets, random.multinomial(many, some.sheets / many, DRAWS)])
        drawn.append(np.cumsum(some.shares(sheets), axis=1)[:, :-1])
    apart = np.abs(drawn[0] - drawn[1]).mean(axis=1)
    low, high = np.percentile(apart[1:], [2.5, 97.5])
    middle = float(apart[0])
    return Figure(middle, min(middle, float(low)), max(middle, float(high)), answers.n + others.n, Unit.SHARE)
