"""What kept promises have in common that broken ones of their type and lead have not (definitions.md: factors)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfc
from scipy.stats import false_discovery_control

from risk_svc.insight.measures.figure import LEAST, Figure, Flags, Floats, Ints, Unit, share, too_little

BANDS: Final = 4
"""Lead times of a type are compared within its quarters, from shortest to longest."""
FALSE: Final = 0.05
"""Of the factors that are said to hold, the share that may do so by chance."""
Table = NDArray[np.bool_]


class Judged(NamedTuple):
    """Columns of promises that were kept or broken: type, lead time in days, when made and when settled (any unit).

    `factors` has a column for each of `names`: whether the promise had it when it was made. `open`: which are not
    ended, and count as not kept since the date their customer holds has passed; None: none.
    """

    kind: Sequence[str]
    lead: Floats
    kept: Flags
    made: Floats
    settled: Floats
    names: Sequence[str]
    factors: Table
    open: Flags | None = None

    @property
    def overdue(self) -> Flags:
        """Which are open, one for each promise."""
        return np.zeros(len(self.kept), np.bool_) if self.open is None else self.open


class Factor(NamedTuple):
    """How many times as often promises with a factor are kept as others of their type and lead, with 95 % interval.

    n counts those that could be matched, `open` of them open and overdue; `q` is the p-value corrected for how many
    factors were tried, None where there is too little history. `holds`: q is at most .05.
    """

    name: str
    lift: Figure
    q: float | None
    holds: bool


class Checklist(NamedTuple):
    """What to do, and whether later promises that did all of it were kept more often.

    `items` were found in promises settled before a moment; `lift`, `with_all` and `without` are of those made since.
    """

    items: list[str]
    lift: Figure
    with_all: Figure
    without: Figure


def factors(judged: Judged) -> list[Factor]:
    """The lift of each factor, matched by type and quarter of lead; strongest first, too little history last.

    Of factors that divide the promises alike, as the two values of a label do, one is tested: that with which more are
    kept. Lift: ratio of shares kept (Mantel & Haenszel 1959; interval by Greenland & Robins 1985). At least 20 promises
    with and 20 without it, and some kept in both. Many factors: Benjamini & Hochberg 1995.
    """
    stratum = _strata(judged)
    tested = [_better(judged, places, stratum) for places in _alike(judged.factors)]
    known = [at for at, (_, lift, _) in enumerate(tested) if not lift.too_little_history]
    corrected: Floats = false_discovery_control([tested[at][2] for at in known]) if known else np.array([])
    q = dict(zip(known, corrected.tolist(), strict=True))
    found = [Factor(name, lift, q.get(at), q.get(at, 1.0) <= FALSE) for at, (name, lift, _) in enumerate(tested)]
    return sorted(found, key=lambda one: (one.q is None, -abs(np.log(one.lift.value or 1.0)), one.name))


def _alike(table: Table) -> list[list[int]]:
    """The columns that divide the rows alike, whichever side they call theirs; one that divides none stands alone."""
    groups: dict[bytes, list[int]] = {}
    for at, column in enumerate(table.T):
        divides = bool(column.any()) and not bool(column.all())
        name = np.packbits(column ^ column[0]).tobytes() if divides else b"%d" % at
        groups.setdefault(name if divides else b"alone " + name, []).append(at)
    return [*groups.values()]


def _better(judged: Judged, places: list[int], stratum: Ints) -> tuple[str, Figure, float]:
    """Of columns that divide alike the first with which more are kept, else the first: name, lift and p-value."""
    first = places[0]
    lift, p = _lift(judged, judged.factors[:, first], stratum)
    if (lift.value or 1.0) < 1:
        mirrors = [at for at in places if judged.factors[0, at] != judged.factors[0, first]]
        if mirrors:
            lift, p = _lift(judged, judged.factors[:, mirrors[0]], stratum)
            return judged.names[mirrors[0]], lift, p
    return judged.names[first], lift, p


def checklist(judged: Judged, since: float, most: int = 5) -> Checklist:
    """A checklist of at most `most` factors that hold before `since`, judged by promises made from then on."""
    past, later = judged.settled < since, judged.made >= since
    items = [one.name for one in factors(_only(judged, past)) if one.holds and (one.lift.value or 0.0) > 1][:most]
    rest = _only(judged, later)
    followed = np.all(rest.factors[:, [list(judged.names).index(name) for name in items]], axis=1)
    if not items:
        nothing = too_little(len(rest.kept), Unit.SHARE)
        return Checklist([], too_little(len(rest.kept), Unit.RATIO), nothing, nothing)
    lift, _ = _lift(rest, followed, _strata(rest))
    return Checklist(items, lift, _kept(rest, followed), _kept(rest, ~followed))


def _kept(judged: Judged, which: Flags) -> Figure:
    found = share(int((judged.kept & which).sum()), int(which.sum()))
    return found._replace(open=int((judged.overdue & which).sum()))


def _only(judged: Judged, which: Flags) -> Judged:
    at = np.flatnonzero(which)
    return judged._replace(
        kind=[judged.kind[place] for place in at.tolist()],
        lead=judged.lead[at],
        kept=judged.kept[at],
        made=judged.made[at],
        settled=judged.settled[at],
        factors=judged.factors[at],
        open=judged.overdue[at],
    )


def _strata(judged: Judged) -> Ints:
    """The number of each promise's type and quarter of lead; equal leads are in one quarter."""
    _, kind = np.unique(np.asarray(judged.kind, np.str_), return_inverse=True)
    order = np.lexsort((judged.lead, kind))
    first = np.searchsorted(kind[order], kind[order])
    changed = np.r_[True, (np.diff(kind[order]) != 0) | (np.diff(judged.lead[order]) != 0)][: len(order)]
    rank = np.maximum.accumulate(np.where(changed, np.arange(len(order)), 0)) - first
    found = np.empty(len(order), np.int64)
    found[order] = kind[order] * BANDS + BANDS * rank // np.maximum(1, np.bincount(kind)[kind[order]])
    return found


def _lift(judged: Judged, has: Flags, stratum: Ints) -> tuple[Figure, float]:
    """The lift over the strata, and the p-value of none (Mantel & Haenszel 1959)."""
    kept = judged.kept
    many = int(stratum.max(initial=-1)) + 1
    with_it, without = np.bincount(stratum[has], minlength=many), np.bincount(stratum[~has], minlength=many)
    some = (with_it > 0) & (without > 0)
    a = np.bincount(stratum[has & kept], minlength=many)[some]
    c = np.bincount(stratum[~has & kept], minlength=many)[some]
    n1, n0 = with_it[some], without[some]
    n, m1 = n1 + n0, a + c
    matched, ours, others = int(n.sum()), float((a * n0 / n).sum()), float((c * n1 / n).sum())
    late = int(np.bincount(stratum[judged.overdue], minlength=many)[some].sum())
    if min(n1.sum(), n0.sum()) < LEAST or min(ours, others) <= 0:
        return too_little(matched, Unit.RATIO)._replace(open=late), 1.0
    lift = ours / others
    off = float(np.exp(1.96 * (((m1 * n1 * n0 - a * c * n) / n**2).sum() / (ours * others)) ** 0.5))
    varies = float((n1 * n0 * m1 * (n - m1) / (n**2 * np.maximum(1, n - 1))).sum())
    apart = abs(float((a - n1 * m1 / n).sum()))
    p = float(erfc(apart / (2 * varies) ** 0.5)) if varies > 0 else 1.0
    return Figure(lift, lift / off, lift * off, matched, Unit.RATIO, open=late), p
