"""A linear model with classes and two kinds of shrunken effects, fitted together (mixed model, Henderson 1975).

y = class + maker + deliverer + ε, with effects of variance γ·σ². Only sums by cell are needed, so rows cost nothing
once they are counted, and the larger kind of effects is eliminated: what is inverted has the size of the smaller.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array
from scipy.special import ndtr, ndtri

from risk_svc.insight.measures.censored import working
from risk_svc.insight.measures.figure import Flags, Floats, Ints

SPREADS: Final = (0.02, 3.0)
"""Spread of effects as a multiple of that of single promises: the least and the most that is looked at."""
STEPS: Final = 7
ZOOMS: Final = 3
USUAL: Final = 0.5
"""Half of all spreads are below this beforehand. Assumed; with ten effects and more it hardly matters."""
NEGLIGIBLE: Final = 1e-3
HALVINGS: Final = 40
EXACT: Final = 1e-12
"""Part of a variance that is left at least, however much of it cancels."""
NONE: Final = -1
"""The number of a row that has no effect of a kind."""
ROUNDS: Final = 50
SETTLED: Final = 1e-6
"""Rows of which only the least is known are placed anew until none moves by more standard deviations than this."""
LOOKS: Final = 3
"""How often the likeliest spreads are looked for while they are placed."""


class Rows(NamedTuple):
    """Columns: y, and the numbers from 0 of its class, maker and deliverer (NONE: it has none).

    `above`: of which rows only is known that they lie above y; None: of no row.
    """

    y: Floats
    kind: Ints
    maker: Ints
    deliverer: Ints
    above: Flags | None = None


class Fit(NamedTuple):
    """Effects of one kind for one pair of γ, each less the mean of the others, and the variances of their errors.

    Beside the others there are, and not beside all that there might be: of few, that mean is known far worse.
    """

    effect: Floats
    variance: Floats


class Effects(NamedTuple):
    """Effects of one kind whatever γ is, and the ends of their interval."""

    effect: Floats
    low: Floats
    high: Floats


class Solution(NamedTuple):
    """What one pair of γ gives: −2 · restricted log-likelihood up to a constant, and both kinds of effects."""

    deviance: float
    maker: Fit
    deliverer: Fit


class TwoWay:
    """The sums of rows by cell, to be solved for any pair of γ."""

    def __init__(self, rows: Rows) -> None:
        # One number a cell: sorting those takes a tenth of the time that sorting triples does.
        numbers = tuple(column - NONE for column in rows[1:4])
        shape = tuple(int(column.max(initial=0)) + 1 for column in numbers)
        self._cells, self._cell = np.unique(np.ravel_multi_index(numbers, shape), return_inverse=True)
        kinds, makers, deliverers = (_columns(column + NONE) for column in np.unravel_index(self._cells, shape))
        self.swapped = makers.shape[1] > deliverers.shape[1]
        small, self._others = (deliverers, makers) if self.swapped else (makers, deliverers)
        self._columns = csr_array(np.hstack([kinds.toarray(), small.toarray()]))
        self._classes, self.n = kinds.shape[1], len(rows.y)
        self.weigh(rows.y, np.ones(len(rows.y)), 0.0)

    def weigh(self, y: Floats, weight: Floats, excess: float) -> None:
        """Take the rows as these values, each with a weight; `excess` is what their squares count too much together."""
        many = len(self._cells)
        counted, total = np.bincount(self._cell, weight, many), np.bincount(self._cell, weight * y, many)
        fixed, large = self._columns, self._others
        self._fixed = np.asarray((fixed.T @ fixed.multiply(counted[:, None])).toarray())
        self._between = np.asarray((fixed.T @ large.multiply(counted[:, None])).toarray())
        self._large = large.T @ counted
        self._of_fixed, self._of_large = fixed.T @ total, large.T @ total
        self._squares = float(weight @ (y * y)) - excess
        self._degrees = max(1.0, float(weight.sum()) - self._classes)

    def fit(self, maker: float, deliverer: float) -> tuple[Floats, float]:
        """The fitted mean of each row, and the standard deviation around it."""
        half = self._half(maker, deliverer)
        means = self._columns @ half.found + self._others @ half.others
        return means[self._cell], math.sqrt(half.sigma2)

    def likeliest(self) -> tuple[float, float]:
        """The pair of γ on the widest grid that is likeliest, with what is assumed of them beforehand."""
        axes = [np.geomspace(*SPREADS, STEPS)] * 2
        pairs, chance = _chances(self, axes)
        return pairs[int(chance.argmax())]

    def deviance(self, maker: float, deliverer: float) -> float:
        """−2 · restricted log-likelihood, up to a constant, of variances of γ `maker` and `deliverer` times σ²."""
        return self._half(maker, deliverer).deviance

    def solve(self, maker: float, deliverer: float) -> Solution:
        """The effects for these variances."""
        half = self._half(maker, deliverer)
        own = np.arange(self._classes, len(half.found))
        inverse = cho_solve(half.factor, np.eye(len(half.found)))
        block = inverse[np.ix_(own, own)]
        small = _beside(half.found[own], half.sigma2 * np.diag(block), half.sigma2 * block.sum(axis=1))
        covering = inverse @ half.reach
        spread = 1 / half.inner + np.einsum("ij,ij->j", half.reach, covering)
        together = 1 / half.inner + half.reach.T @ covering.sum(axis=1)
        large = _beside(half.others, half.sigma2 * spread, half.sigma2 * together)
        return Solution(half.deviance, *((large, small) if self.swapped else (small, large)))

    def _half(self, maker: float, deliverer: float) -> _Half:
        small, large = (deliverer, maker) if self.swapped else (maker, deliverer)
        inner = self._large + 1 / large
        reach = self._between / inner
        left = self._fixed - reach @ self._between.T
        own = np.arange(self._classes, len(left))
        left[own, own] += 1 / small
        factor = cho_factor(left, lower=True)
        found = cho_solve(factor, self._of_fixed - reach @ self._of_large)
        others = (self._of_large - self._between.T @ found) / inner
        rest = self._squares - float(found @ self._of_fixed) - float(others @ self._of_large)
        sigma2 = max(rest, 1e-12 * max(self._squares, 1e-12)) / self._degrees
        determinant = 2 * np.log(np.diag(factor[0])).sum() + np.log(inner).sum()
        counts = len(own) * math.log(small) + len(inner) * math.log(large)
        deviance = self._degrees * math.log(sigma2) + float(determinant) + counts
        return _Half(factor, inner, reach, found, others, sigma2, deviance)


def _beside(effect: Floats, variance: Floats, together: Floats) -> Fit:
    """Effects less the mean of the others; `together` has the covariances of each with all of them, summed.

    One without others keeps its own, which says nothing.
    """
    n = len(effect)
    if n < 2:
        return Fit(effect, variance)
    scale = n / (n - 1)
    left = np.maximum(EXACT * variance, variance - 2 * together / n + together.sum() / n**2)
    return Fit(scale * (effect - effect.mean()), scale**2 * left)


class _Half(NamedTuple):
    """The equations of one pair of γ, with classes and the smaller kind of effects `found`, and the `others`."""

    factor: tuple[Floats, bool]
    inner: Floats
    reach: Floats
    found: Floats
    others: Floats
    sigma2: float
    deviance: float


def fitted(rows: Rows, level: float) -> tuple[Effects, Effects]:
    """Effects of makers and deliverers with intervals that cover `level`, averaged over γ by restricted likelihood.

    (Patterson & Thompson 1971.) Beforehand √γ has a half-Cauchy distribution, so that the intervals of few makers are
    honest too (Gelman 2006). The grid of √γ narrows to where the likelihood is, so the work is bounded.
    """
    model, axes = TwoWay(rows), [np.geomspace(*SPREADS, STEPS)] * 2
    if rows.above is not None and rows.above.any():
        place(model, rows.y, rows.above)
    chance: Floats = np.ones((STEPS, STEPS))
    for zoom in range(ZOOMS):
        if zoom:
            axes = [_narrowed(axis, chance.sum(axis=1 - place)) for place, axis in enumerate(axes)]
        pairs, chance = _chances(model, axes)
    weights = chance.ravel().tolist()
    solved = [(weight, model.solve(*pair)) for weight, pair in zip(weights, pairs, strict=True) if weight > NEGLIGIBLE]
    weight = np.array([weight for weight, _ in solved])
    weight /= weight.sum()
    makers, deliverers = ([getattr(one, kind) for _, one in solved] for kind in ("maker", "deliverer"))
    return _averaged(weight, makers, level), _averaged(weight, deliverers, level)


def place(model: TwoWay, y: Floats, above: Flags) -> None:
    """Weigh the rows of which only the least is known as what is fitted says of them, until that stands still."""
    least, some = y[above], np.flatnonzero(above)
    value, weight = y.copy(), np.ones(len(y))
    for _ in range(LOOKS):
        pair, before = model.likeliest(), np.full(len(some), np.inf)
        for _ in range(ROUNDS):
            mean, deviation = model.fit(*pair)
            found = working(least, mean[some], deviation)
            value[some], weight[some] = found.y, found.weight
            model.weigh(value, weight, float(found.excess.sum()))
            moved = float(np.abs(mean[some] - before).max()) / deviation
            if moved < SETTLED:
                break
            before = mean[some]
        if model.likeliest() == pair:
            break


def _chances(model: TwoWay, axes: list[Floats]) -> tuple[list[tuple[float, float]], Floats]:
    """All pairs of γ whose roots these are, and how likely each is among them."""
    pairs = [(float(a**2), float(b**2)) for a in axes[0] for b in axes[1]]
    deviance = np.array([model.deviance(*pair) for pair in pairs]).reshape(STEPS, STEPS)
    chance: Floats = np.exp((deviance.min() - deviance) / 2) * np.outer(
        *(axis / (1 + (axis / USUAL) ** 2) for axis in axes)
    )
    return pairs, chance / chance.sum()


def _averaged(weight: Floats, fits: list[Fit], level: float) -> Effects:
    """Means and quantiles of a mixture of normal distributions, these by halving what they lie in."""
    effects, spread = np.stack([fit.effect for fit in fits]), np.sqrt(np.stack([fit.variance for fit in fits]))
    ends = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        each = effects + float(ndtri(tail)) * spread
        low, high = each.min(axis=0), each.max(axis=0)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            above = weight @ ndtr((middle - effects) / spread) > tail
            low, high = np.where(above, low, middle), np.where(above, middle, high)
        ends.append((low + high) / 2)
    return Effects(weight @ effects, ends[0], ends[1])


def _narrowed(axis: Floats, chance: Floats) -> Floats:
    likely = np.flatnonzero(chance > NEGLIGIBLE)
    first, last = max(0, likely[0] - 1), min(len(axis) - 1, likely[-1] + 1)
    return np.geomspace(axis[first], axis[last], STEPS)


def _columns(column: Ints) -> csr_array:
    """The cells that have each number, as columns of ones."""
    held = np.flatnonzero(column != NONE)
    return csr_array((np.ones(len(held)), (held, column[held])), shape=(len(column), int(column.max(initial=NONE)) + 1))
