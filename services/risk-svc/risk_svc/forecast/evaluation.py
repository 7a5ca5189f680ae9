"""Forecast accuracy: forecasts as they were issued, against the outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from risk_svc.forecast.accuracy import BINS, Floats, calibration_error, pinball, skill_interval

ENOUGH: Final = 30
"""Settled promises below which no skill is stated."""
LEVELS: Final = (0.5, 0.8, 0.9)
MAX_PERIODS: Final = 40
MAX_GROUPS: Final = 50
JUDGED: Final = 1000
"""Scored forecasts below which miscalibration is not reported: it would often be chance."""
CALIBRATION_LIMIT: Final = 0.08
COVERAGE_LIMITS: Final = (0.7, 0.9)
"""The coverage of P80 outside which it counts as off."""

FEW_DAYS: Final = 7
"""Up to this many days of outcomes are no track record: promises of one day slip together."""
EXTREME: Final = 0.2
"""A period is extreme if the share that slipped differs from the base rate by at least this much."""

Quantiles = tuple[float | None, float | None, float | None]
Key = TypeVar("Key", str, date)
Period = Literal["day", "week", "month", "year"]
UNSTATED: Final[Quantiles] = (None, None, None)


class ScoredForecast(NamedTuple):
    """One forecast with its outcome: `outcome` is 1 for a slip, `settled` is in epoch seconds.

    `hours` from issue to completion, None if it never completed or the issue time is unknown; `told` are P50, P80 and
    P90 in hours from issue, None if not stated, and `base_told` those of the yardstick.
    """

    promise: str
    lead: str
    kind: str
    p: float
    base: float
    outcome: int
    settled: float
    hours: float | None = None
    told: Quantiles = UNSTATED
    base_told: Quantiles = UNSTATED


@dataclass(frozen=True, slots=True)
class Bin:
    """Forecasts in [low, low + .1): their number, their mean and the share that slipped."""

    low: float
    n: int
    predicted: float
    observed: float


@dataclass(frozen=True, slots=True)
class Level:
    """The share `covered` of `n` completed promises that came by the stated time; `pinball` loss in hours."""

    level: float
    n: int
    covered: float
    pinball: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """`brier` and `base_brier` are mean squared errors (0 is perfect), `skill` = 1 − brier / base_brier.

    `skill_interval` is its 95 % interval, `slipped` the share that slipped, `base_rate` the mean of the yardstick's
    forecasts (an assumed share before the first outcome), `pinball` the mean loss of all levels in hours. Skills,
    `base_rate` and `calibration_error` are None while too little is settled.
    """

    n: int
    promises: int
    slipped: float | None = None
    base_rate: float | None = None
    brier: float | None = None
    base_brier: float | None = None
    skill: float | None = None
    skill_interval: tuple[float, float] | None = None
    calibration_error: float | None = None
    pinball: float | None = None
    pinball_skill: float | None = None
    reliability: tuple[Bin, ...] = ()
    coverage: tuple[Level, ...] = ()

    @property
    def enough(self) -> bool:
        return self.promises >= ENOUGH

    @property
    def too_little_history(self) -> str | None:
        """Why no skill is stated, with what was observed; None if skill is stated."""
        if self.enough:
            return None
        said = f"too little history ({self.promises} settled, {ENOUGH} are needed)"
        if self.slipped is None:
            return said
        return f"{said}; {round(self.slipped * self.n):,} of {self.n:,} forecasts were about one that slipped"


@dataclass(frozen=True, slots=True)
class Group:
    """The accuracy of one lead or promise type."""

    name: str
    track: Measures


@dataclass(frozen=True, slots=True)
class Span:
    """The accuracy of forecasts settled in the period that begins on a UTC day."""

    start: date
    track: Measures


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Overall accuracy; `by_lead` and `by_class` have the fifty largest groups, `over_time` at most about 40."""

    overall: Measures
    period: Period
    over_time: tuple[Span, ...]
    by_lead: tuple[Group, ...]
    by_class: tuple[Group, ...]


class Columns(NamedTuple):
    """Scored forecasts as columns; unknown values are nan, and `promise` is a number."""

    promise: Floats
    p: Floats
    base: Floats
    outcome: Floats
    hours: Floats
    told: Floats
    base_told: Floats

    def where(self, chosen: NDArray[np.bool_]) -> Columns:
        """The chosen rows."""
        return Columns(*(column[chosen] for column in self))


def evaluate(scored: Sequence[ScoredForecast]) -> Measures:
    """The accuracy of all these forecasts together."""
    return measure(columns(scored))


def evaluate_all(scored: Sequence[ScoredForecast]) -> Evaluation:
    """The accuracy of these forecasts overall and by period, lead and promise type."""
    table = columns(scored)
    period, starts = periods([item.settled for item in scored])
    spans = [Span(*found) for found in _groups(table, starts, len(starts))]
    leads = [Group(*found) for found in _groups(table, [item.lead for item in scored], MAX_GROUPS)]
    classes = [Group(*found) for found in _groups(table, [item.kind for item in scored], MAX_GROUPS)]
    return Evaluation(
        measure(table),
        period,
        tuple(sorted(spans, key=lambda span: span.start)),
        tuple(sorted(leads, key=lambda group: lead_order(group.name))),
        tuple(classes),
    )


def calibrated(found: Measures) -> bool | None:
    """Whether forecasts are still calibrated; None while too few are settled to tell."""
    if found.n < JUDGED or found.calibration_error is None:
        return None
    low, high = COVERAGE_LIMITS
    p80 = [item for item in found.coverage if item.level == 0.8 and item.n >= JUDGED]
    return found.calibration_error <= CALIBRATION_LIMIT and all(low <= item.covered <= high for item in p80)


def caution(found: Evaluation) -> str | None:
    """Why the figures are not yet a track record: few days or an extreme period; None if they are.

    Promises of one day share its conditions, so thousands of forecasts on a few days are few outcomes.
    """
    whole, said = found.overall, []
    if not whole.enough or whole.slipped is None or whole.base_rate is None:
        return None
    days = len(found.over_time) if found.period == "day" else FEW_DAYS + 1
    if days <= FEW_DAYS:
        on = "one day" if days == 1 else f"{days} days"
        said.append(f"All of it was settled on {on}: that tells how {on} went, and is not yet the forecasts' record.")
    if abs(whole.slipped - whole.base_rate) >= EXTREME:
        said.append(
            f"The time is extreme: {whole.slipped:.0%} slipped, where {whole.base_rate:.0%} was usual before; "
            "in such a time calibration is off."
        )
    return " ".join(said) or None


def lead_order(name: str) -> tuple[int, str]:
    """Sort key of a lead: made, then the shares of the lead time left, then milestones by name."""
    fixed = ("made", "left75", "left50", "left25")
    return (fixed.index(name), "") if name in fixed else (len(fixed), name)


def columns(scored: Sequence[ScoredForecast]) -> Columns:
    """Scored forecasts as columns; promises become numbers in the order of their ids."""
    numbers = {name: number for number, name in enumerate(sorted({item.promise for item in scored}))}
    plain = [
        (numbers[item.promise], item.p, item.base, item.outcome, item.hours, *item.told, *item.base_told)
        for item in scored
    ]
    table = np.array(plain, np.float64).reshape(-1, 11)
    promise, p, base, outcome, hours = table[:, :5].T
    return Columns(promise, p, base, outcome, hours, table[:, 5:8], table[:, 8:])


def measure(table: Columns) -> Measures:
    """The accuracy of the rows of a table."""
    n, promises = len(table.p), len(np.unique(table.promise))
    if not n:
        return Measures(n=0, promises=0)
    loss, base_loss = (table.p - table.outcome) ** 2, (table.base - table.outcome) ** 2
    brier, base_brier = float(loss.mean()), float(base_loss.mean())
    enough = promises >= ENOUGH
    claims = enough and base_brier > 0
    mean_pinball, pinball_skill = _pinball(table)
    return Measures(
        n=n,
        promises=promises,
        slipped=float(table.outcome.mean()),
        base_rate=float(table.base.mean()) if enough else None,
        brier=brier,
        base_brier=base_brier,
        skill=1 - brier / base_brier if claims else None,
        skill_interval=skill_interval(table.promise, loss, base_loss) if claims else None,
        calibration_error=calibration_error(table.p, table.outcome) if enough else None,
        pinball=mean_pinball,
        pinball_skill=pinball_skill if enough else None,
        reliability=tuple(_bins(table)),
        coverage=tuple(_levels(table)),
    )


def periods(settled: Sequence[float]) -> tuple[Period, list[date]]:
    """The shortest period that splits these times into at most about forty, and the start of each time's period."""
    days = [int(at // 86400) for at in settled]
    whole = {day: (datetime.fromtimestamp(0, UTC) + timedelta(days=day)).date() for day in set(days)}
    span = max(whole) - min(whole) + 1 if whole else 1
    widths: tuple[tuple[Period, int, Callable[[date], date]], ...] = (
        ("day", 1, lambda day: day),
        ("week", 7, lambda day: day - timedelta(days=day.weekday())),
        ("month", 30, lambda day: day.replace(day=1)),
        ("year", 0, lambda day: day.replace(month=1, day=1)),
    )
    name, _, start = next(item for item in widths if span <= MAX_PERIODS * item[1] or not item[1])
    begun = {day: start(found) for day, found in whole.items()}
    return name, [begun[day] for day in days]


def _groups(table: Columns, keys: Sequence[Key], most: int) -> list[tuple[Key, Measures]]:
    """The largest groups, largest first; limited because types and milestones are open sets and each costs a pass."""
    many = Counter(keys)
    largest = sorted(many, key=lambda key: (-many[key], key))[:most]
    places = {name: place for place, name in enumerate(largest)}
    number = np.array([places.get(key, -1) for key in keys], np.intp)
    return [(name, measure(table.where(number == place))) for name, place in places.items()]


def _bins(table: Columns) -> Iterable[Bin]:
    number = np.minimum(BINS - 1, (table.p * BINS).astype(np.intp))
    for place in np.unique(number).tolist():
        rows = table.where(number == place)
        yield Bin(place / BINS, len(rows.p), float(rows.p.mean()), float(rows.outcome.mean()))


def _levels(table: Columns) -> Iterable[Level]:
    for place, level in enumerate(LEVELS):
        known = ~np.isnan(table.hours) & ~np.isnan(table.told[:, place])
        if known.any():
            hours, told = table.hours[known], table.told[known, place]
            yield Level(level, len(hours), float((hours <= told).mean()), pinball(hours, told, level))


def _pinball(table: Columns) -> tuple[float | None, float | None]:
    """Mean loss over all levels, and the skill over the yardstick where it stated quantiles."""
    known = ~np.isnan(table.hours) & ~np.isnan(table.told).any(axis=1)
    if not known.any():
        return None, None
    beside = known & ~np.isnan(table.base_told).any(axis=1)
    mean = float(np.mean([pinball(table.hours[known], table.told[known, at], q) for at, q in enumerate(LEVELS)]))
    if not beside.any():
        return mean, None
    hours = table.hours[beside]
    own = sum(pinball(hours, table.told[beside, at], q) for at, q in enumerate(LEVELS))
    other = sum(pinball(hours, table.base_told[beside, at], q) for at, q in enumerate(LEVELS))
    return mean, 1 - own / other if other > 0 else None
