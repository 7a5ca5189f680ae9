"""Standing of those who make promises, and how far a claim spreads that is not met (definitions.md: reputation)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from scipy.special import betaincinv

from risk_svc.insight.measures.figure import Figure, Flags, Floats, Ints, Unit, too_little

HALF_LIFE: Final = 180.0
"""Days after which an outcome counts half. Assumed."""
LEVEL: Final = 0.9
WEEK: Final = 7.0
FEWEST: Final = 5
"""An effective number of accounts below this is too little history for growth."""


class Outcomes(NamedTuple):
    """Columns of promises: who made it, 1 if it was kept, else 0, and how many days ago it was settled.

    `open`: which are open and overdue, and so not kept, as of now; None: none.
    """

    maker: Sequence[str]
    kept: Floats
    age: Floats
    open: Flags | None = None


class Record(NamedTuple):
    """How many promises were kept and broken, each weighted by its age, and how many there are; records add up.

    `open` of the n are open and overdue.
    """

    kept: float
    broken: float
    n: int
    open: int = 0


class Standing(NamedTuple):
    """A maker's share kept, with its 90 % interval and n; makers are ranked by its lower end."""

    maker: str
    share: Figure


class Told(NamedTuple):
    """Columns of one claim: the account or prospect that was told, how many recipients there, and how many days ago.

    `unmet` is P(unmet) in [0, 1]; `weight` that of the channel, 0 or more. `apart`: the recipients are no account but
    each one of its own, as prospects are; None: nowhere.
    """

    account: Sequence[str]
    recipients: Ints
    unmet: Floats
    weight: Floats
    age: Floats
    apart: Flags | None = None


class Spread(NamedTuple):
    """How far an unmet claim reaches.

    `reach` Σx; `effective` (Σx)² / Σx²: near 1 is one noisy account, large is market-wide; `growth`, this week's reach
    by last week's: above 1 it spreads. Their n is that of accounts.
    """

    reach: Figure
    effective: Figure
    growth: Figure


def standings(outcomes: Outcomes, half_life: float = HALF_LIFE) -> list[Standing]:
    """The standing (r + 1) / (r + s + 2) of each maker, best lower end first (*beta reputation*, Jøsang & Ismail 2002).

    r and s are the numbers kept and broken, each counting 2^(−age / `half_life`). Nothing is too little for it: with
    no history it is a half, from 5 to 95 %.
    """
    return ranked(records(outcomes, half_life))


def records(outcomes: Outcomes, half_life: float = HALF_LIFE) -> dict[str, Record]:
    """The record of each maker in these outcomes."""
    makers, group = np.unique(np.asarray(outcomes.maker, np.str_), return_inverse=True)
    weight = np.exp2(-np.maximum(0.0, outcomes.age) / half_life)
    kept = np.bincount(group, weight * outcomes.kept, len(makers))
    broken = np.bincount(group, weight * (1 - outcomes.kept), len(makers))
    n = np.bincount(group, minlength=len(makers))
    late = np.zeros(len(group), np.bool_) if outcomes.open is None else outcomes.open
    still = np.bincount(group[late], minlength=len(makers))
    return {
        str(name): Record(float(kept[at]), float(broken[at]), int(n[at]), int(still[at]))
        for at, name in enumerate(makers)
    }


def joined(found: Iterable[Mapping[str, Record]]) -> dict[str, Record]:
    """The records of several sets of outcomes together."""
    total: dict[str, Record] = {}
    for some in found:
        for name, one in some.items():
            before = total.get(name, NOTHING)
            kept, broken = before.kept + one.kept, before.broken + one.broken
            total[name] = Record(kept, broken, before.n + one.n, before.open + one.open)
    return total


def ranked(found: Mapping[str, Record]) -> list[Standing]:
    """The standing of each record, best lower end first."""
    names = [*found]
    kept, broken = (np.array([getattr(found[name], what) for name in names]) for what in ("kept", "broken"))
    low, high = (betaincinv(kept + 1, broken + 1, level) for level in ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    middle = (kept + 1) / (kept + broken + 2)
    stood = [
        Standing(
            name,
            Figure(
                float(middle[at]), float(low[at]), float(high[at]), found[name].n, Unit.SHARE, LEVEL, found[name].open
            ),
        )
        for at, name in enumerate(names)
    ]
    return sorted(stood, key=lambda one: (-(one.share.low or 0.0), one.maker))


NOTHING: Final = Record(0.0, 0.0, 0)


def spread(told: Told) -> Spread:
    """The spread of a claim; x of an account is Σ P(unmet) · channel weight over its recipients.

    Reach and effective number are computed, and have no interval. That of growth is of 95 %, on the logarithm, each
    week varying as its effective number of accounts does.
    """
    everything = np.full(len(told.unmet), True)
    reach, effective, n = _reach(told, everything)
    return Spread(
        Figure(reach, None, None, n, Unit.NUMBER),
        Figure(effective, None, None, n, Unit.NUMBER) if reach > 0 else too_little(n, Unit.NUMBER),
        _growth(_reach(told, told.age < WEEK), _reach(told, (told.age >= WEEK) & (told.age < 2 * WEEK))),
    )


def _reach(told: Told, which: Flags) -> tuple[float, float, int]:
    """Σx, (Σx)² / Σx² and the number of accounts, of which each recipient of what is `apart` is one."""
    each = told.unmet * told.weight
    x = each * told.recipients
    apart = which & (np.zeros(len(which), np.bool_) if told.apart is None else told.apart)
    _, group = np.unique(np.asarray(told.account, np.str_)[which & ~apart], return_inverse=True)
    of_account = np.bincount(group, x[which & ~apart])
    total = float(x[which].sum())
    squares = float((of_account**2).sum() + (told.recipients * each**2)[apart].sum())
    n = int((np.bincount(group) > 0).sum() + told.recipients[apart].sum())
    return total, total * total / squares if squares > 0 else 0.0, n


def _growth(now: tuple[float, float, int], before: tuple[float, float, int]) -> Figure:
    n = now[2] + before[2]
    if min(now[1], before[1]) < FEWEST:
        return too_little(n, Unit.RATIO)
    ratio, off = now[0] / before[0], float(np.exp(1.96 * (1 / now[1] + 1 / before[1]) ** 0.5))
    return Figure(ratio, ratio / off, ratio * off, n, Unit.RATIO)
