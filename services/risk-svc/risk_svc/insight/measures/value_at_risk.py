"""What open promises may cost: expected loss, its 95 % quantile and the shortfall beyond it (definitions.md)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from risk_svc.insight.measures.figure import LEAST, Figure, Floats, Ints, Unit, exact
from risk_svc.insight.measures.shocks import Shocks, Singles
from risk_svc.insight.measures.tail import Tail, tails

LOADS: Final = {"incident": 0.3, "crew": 0.1, "carrier": 0.1, "claim": 0.2}
"""ρ by kind of shock: how much of what decides about a slip is shared. Assumed."""
WINDOWS: Final = (("30 days", 30.0), ("60 days", 60.0), ("90 days", 90.0), ("later", math.inf))
"""Windows before a renewal: each ends at so many days and begins where the one before it ends."""
NO_RENEWAL: Final = "no renewal"
"""The window of accounts of which no renewal is known, or that have renewed."""
NEAR: Final = 2.0
HALVES: Final = 90.0
"""A slip at the renewal costs twice the usual share; the addition halves with each 90 days before it. Assumed."""
ROWS: Final = 512
"""Promises whose slips are held at once, unless one account has more."""


class Portfolio(NamedTuple):
    """Columns of open promises: P(slip) in [0, 1], value in its currency, share of it lost if it slips (LGD, 0 to 1).

    `renewal` is days until the account's renewal, NaN if none is known; `department` is the number of a group whose
    losses are summed. The last four are numbers of what is shared with others, from 0, or ALONE.
    """

    account: Ints
    p_slip: Floats
    value: Floats
    currency: Sequence[str]
    lgd: Floats
    renewal: Floats
    department: Ints
    incident: Ints
    crew: Ints
    carrier: Ints
    claim: Ints


class AtRisk(NamedTuple):
    """Money at risk in a group of promises.

    The expected loss is computed, but for what a cap takes off it; that, quantile and shortfall are simulated, the last
    two with the 95 % interval of their simulation. All count the n promises that the group has.
    """

    expected: Figure
    quantile: Figure
    shortfall: Figure


class ValueAtRisk(NamedTuple):
    """Money at risk in all and by part; expected losses of accounts, departments or renewal windows sum to the total.

    That of a claim is the sum over the accounts that were told it; an account may have been told several. Promises left
    out for want of a forecast, of a value and of a rate of their currency are counted.
    """

    total: AtRisk
    accounts: dict[int, AtRisk]
    claims: dict[int, AtRisk]
    departments: dict[int, AtRisk]
    renewals: dict[str, AtRisk]
    no_forecast: int
    no_value: int
    no_rate: int


def renewal_weight(days: Floats) -> Floats:
    """How much more a slip costs as renewal nears: 1 + 2^(−days / 90), at most 2; 1 without one, or after it."""
    with np.errstate(invalid="ignore"):
        return np.where(days >= 0, 1 + (NEAR - 1) * np.exp2(-np.abs(days) / HALVES), 1.0)


def windows(renewal: Floats) -> list[str]:
    """The window that each of these numbers of days to a renewal lies in."""
    names = [*(name for name, _ in WINDOWS), NO_RENEWAL]
    return [names[at] for at in _window(renewal).tolist()]


def value_at_risk(
    portfolio: Portfolio,
    rates: Mapping[str, float],
    exposure: Mapping[int, float],
    draws: int,
    seed: int,
    told: Mapping[int, Iterable[int]] = MappingProxyType({}),
) -> ValueAtRisk:
    """Simulates the losses of open promises; money in the currency to which `rates` converts.

    A slip loses min(1, LGD · renewal weight) of the value (PD·LGD·EAD). An account loses no more than its `exposure`
    (missing: no cap): beyond it each of its promises loses the same share less. `told`: by claim, the accounts that
    were told it. `draws` is 100 or more. Working memory is 4 bytes for each draw and each promise of the largest
    account, and 8 for each draw and each claim or department.
    """
    if draws < 100:
        raise ValueError("draws must be 100 or more")
    rate = _rates(portfolio.currency, rates)
    reasons = [np.isnan(portfolio.p_slip), np.isnan(portfolio.value), np.isnan(rate)]
    kept = np.flatnonzero(~np.any(reasons, axis=0))
    kept = kept[np.argsort(portfolio.account[kept], kind="stable")]
    severity = np.maximum(0.0, portfolio.value * rate) * np.minimum(
        1, portfolio.lgd * renewal_weight(portfolio.renewal)
    )
    book = _Book(portfolio, kept, severity[kept], exposure, told)
    shared = np.stack([getattr(portfolio, kind)[kept] for kind in LOADS], axis=1)
    book.simulate(Shocks(portfolio.p_slip[kept], shared, np.array([*LOADS.values()]), draws, seed))
    no_forecast, no_value, no_rate = (int(reason.sum()) for reason in reasons)
    return ValueAtRisk(*book.said(), no_forecast=no_forecast, no_value=no_value, no_rate=no_rate)


def leeway(renewal: float, repairs: Floats) -> Figure:
    """Days until the renewal less the usual time to repair, with the range that 8 of 10 past `repairs` (days) leave."""
    n = len(repairs)
    if n < LEAST or math.isnan(renewal):
        return Figure(None, None, None, n, Unit.DAYS, 0.8)
    slow, usual, fast = renewal - np.percentile(repairs, [90, 50, 10])
    return Figure(float(usual), float(slow), float(fast), n, Unit.DAYS, 0.8)


class _Book:
    """Losses of promises sorted by account, expected and drawn."""

    def __init__(
        self,
        portfolio: Portfolio,
        kept: Ints,
        severity: Floats,
        exposure: Mapping[int, float],
        told: Mapping[int, Iterable[int]],
    ) -> None:
        self.names, self.account = np.unique(portfolio.account[kept], return_inverse=True)
        self.cap = np.array([exposure.get(int(name), math.inf) for name in self.names])
        self.claims = [*told]
        self.told = _told(self.names, [*told.values()])
        self.window = _window(portfolio.renewal[kept])
        self.departments, self.department = np.unique(portfolio.department[kept], return_inverse=True)
        self.severity = severity
        self.expected: Floats = portfolio.p_slip[kept] * severity
        self.uncapped = np.bincount(self.account, self.expected, len(self.names)).astype(np.float64)
        self.drawn: dict[str, Floats] = {}
        self.tails: list[Tail] = []

    def simulate(self, shocks: Shocks) -> None:
        """Draws the losses of whole accounts, some thousand promises at a time."""
        groups = {"window": (self.window, len(WINDOWS) + 1), "department": (self.department, len(self.departments))}
        sizes = {"claim": len(self.claims), **{name: many for name, (_, many) in groups.items()}}
        self.drawn = {name: np.zeros((many, shocks.draws)) for name, many in sizes.items()}
        starts = np.searchsorted(self.account, np.arange(len(self.names) + 1))
        first = 0
        while first < len(self.names):
            last = max(first + 1, int(np.searchsorted(starts, starts[first] + ROWS, "right")) - 1)
            begin, end = int(starts[first]), int(starts[last])
            slips, severity, own = shocks.slips(begin, end), self.severity[begin:end], self.account[begin:end] - first
            of_account = _summed(own, last - first, severity, slips).astype(np.float64)
            share = _capped(of_account, self.cap[first:last, None])
            if share.min() < 1:
                slips *= share[own]
                self.expected[begin:end] *= _left(of_account, of_account * share, self.uncapped[first:last])[own]
            self.tails += tails(of_account * share)
            for name, (group, many) in groups.items():
                self.drawn[name] += _summed(group[begin:end], many, severity, slips)
            self._tell(first, last, of_account * share)
            first = last

    def _tell(self, first: int, last: int, losses: Floats) -> None:
        """Add the losses of some accounts to those of the claims that they were told."""
        part = self.told[:, first:last]
        rows, place = np.unique(part.indices, return_inverse=True)
        if len(rows):
            some = csc_array((part.data, place, part.indptr), shape=(len(rows), last - first))
            self.drawn["claim"][rows] += some @ losses

    def said(self) -> tuple[AtRisk, dict[int, AtRisk], dict[int, AtRisk], dict[int, AtRisk], dict[str, AtRisk]]:
        """The total, and by account, claim, department and renewal window; only those that have promises."""
        everything = np.zeros(len(self.expected), np.int64)
        total = self._parts(everything, 1, tails(self.drawn["window"].sum(axis=0)[None]))[0]
        accounts = self._parts(self.account, len(self.names), self.tails)
        departments = self._parts(self.department, len(self.departments), tails(self.drawn["department"]))
        windows = self._parts(self.window, len(WINDOWS) + 1, tails(self.drawn["window"]))
        names = [*(name for name, _ in WINDOWS), NO_RENEWAL]
        return (
            total,
            {int(name): one for name, one in zip(self.names, accounts, strict=True)},
            dict(zip(self.claims, self._of_claims(), strict=True)),
            {int(name): one for name, one in zip(self.departments, departments, strict=True)},
            {name: one for name, one in zip(names, windows, strict=True) if one.expected.n},
        )

    def _parts(self, group: Ints, many: int, drawn: Sequence[Tail]) -> list[AtRisk]:
        n, expected = np.bincount(group, minlength=many), np.bincount(group, self.expected, many)
        return _at_risk(n, expected, drawn)

    def _of_claims(self) -> list[AtRisk]:
        if not self.claims:
            return []
        many = len(self.names)
        n, expected = np.bincount(self.account, minlength=many), np.bincount(self.account, self.expected, many)
        return _at_risk(self.told @ n, self.told @ expected, tails(self.drawn["claim"]))


def _window(renewal: Floats) -> Ints:
    """The place of each window in WINDOWS, their number for none."""
    found: Ints = np.where(renewal >= 0, np.searchsorted([limit for _, limit in WINDOWS], renewal), len(WINDOWS))
    return found


def _at_risk(n: NDArray[Any], expected: NDArray[Any], drawn: Sequence[Tail]) -> list[AtRisk]:
    return [
        AtRisk(
            exact(expected[at], int(n[at]), Unit.MONEY),
            Figure(one.quantile, one.low, one.high, int(n[at]), Unit.MONEY),
            Figure(one.shortfall, one.least, one.most, int(n[at]), Unit.MONEY),
        )
        for at, one in enumerate(drawn)
    ]


def _told(names: Ints, told: Sequence[Iterable[int]]) -> Any:
    """Which accounts were told each claim: a row a claim, a column an account, 1 where they were."""
    place = {int(name): at for at, name in enumerate(names)}
    pairs = [(row, place[name]) for row, some in enumerate(told) for name in sorted({*some}) if name in place]
    rows, columns = zip(*pairs, strict=True) if pairs else ((), ())
    return csc_array((np.ones(len(pairs)), (rows, columns)), shape=(len(told), len(names)))


def _rates(currency: Sequence[str], rates: Mapping[str, float]) -> Floats:
    names, place = np.unique(np.asarray(currency, np.str_), return_inverse=True)
    return np.array([rates.get(str(name), math.nan) for name in names])[place]


def _capped(loss: Floats, cap: Floats) -> Floats:
    """The share of each loss that its cap leaves."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(loss > cap, cap / loss, 1.0)


def _left(loss: Floats, capped: Floats, expected: Floats) -> Floats:
    """The share of each account's `expected` loss that its cap leaves: 1 where it caps none of the drawn losses.

    The mean of the capped losses, less what it owes to the draws (*control variate*, Lavenberg & Welch 1981).
    """
    apart = loss - loss.mean(axis=1, keepdims=True)
    slope = (apart * capped).sum(axis=1) / np.maximum((apart * apart).sum(axis=1), np.finfo(np.float64).tiny)
    mean = capped.mean(axis=1) - slope * (loss.mean(axis=1) - expected)
    most = np.minimum(expected, capped.max(axis=1))
    bound = (capped < loss).any(axis=1) & (expected > 0)
    return np.where(bound, np.clip(mean, 0, most) / np.where(expected > 0, expected, 1), 1.0)


def _summed(group: Ints, many: int, severity: Floats, slips: Singles) -> Singles:
    """The losses of each group in each draw."""
    ends = np.arange(len(group) + 1)
    rows = csc_array((severity.astype(np.float32), group, ends), shape=(many, len(group)))
    return np.asarray(rows.tocsr() @ slips)
