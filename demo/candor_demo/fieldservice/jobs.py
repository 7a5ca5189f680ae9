"""What becomes of each promise, drawn a day at a time; and what would have become of it without a factor."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from candor_demo.fieldservice.params import Kind, Params, Team, shares

OPENS, CLOSES = 8, 17
LEAST_DAYS, MOST_DAYS = 0.02, 1825.0
"""Promised and actual times are cut to these, so that every date stays one that the API takes."""
WEEKDAYS: Final = 5
Random = np.random.Generator
HeldUp = Callable[["Job"], bool]
"""Whether an incident holds up a promise."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A promise and its fate: times in days, `stretch` is ln(actual / promised) before factors, parts and incidents.

    The uniform draws `u` decide what else happens, so that the same promise can be asked what if.
    """

    number: int
    made: datetime
    kind: str
    maker: str
    crew: str
    site: str
    customer: int
    promised: float
    stretch: float
    value: float
    has: tuple[bool, ...]
    u: dict[str, float] = field(repr=False)


class Fates:
    """Works out what becomes of promises under these parameters; `held_up` says whom an incident hits."""

    def __init__(self, params: Params, held_up: HeldUp) -> None:
        self._params = params
        self._held_up = held_up
        self._saves = [math.log1p(-one.saves) for one in params.factors.values()]
        self._parts, self._delay = math.log1p(params.parts.delay), math.log1p(params.incidents.delay)

    def days(self, job: Job, has: Sequence[bool] | None = None) -> float:
        """How long it takes, in days, if it has these factors instead of its own."""
        own = job.has if has is None else has
        stretch = job.stretch + sum(saved for saved, there in zip(self._saves, own, strict=True) if there)
        if self.parts_late(job):
            stretch += self._parts
        if self._held_up(job):
            stretch += self._delay
        return min(max(job.promised * math.exp(stretch), LEAST_DAYS), MOST_DAYS)

    def parts_late(self, job: Job) -> bool:
        return job.u["parts"] < self._params.parts.late

    def withdrawn(self, job: Job) -> bool:
        return job.u["withdrawn"] < self._params.withdrawn

    def asked_later(self, job: Job) -> float:
        """Days by which the customer asks for a later date; 0 if they do not."""
        new = self._params.new_dates
        return job.promised * new.later if job.u["asked"] < new.asked else 0.0

    def late(self, job: Job, days: float) -> bool:
        """Whether it comes after the date that the customer asked for last, and the tolerance."""
        return days > job.promised + self.asked_later(job) + self._params.tolerance_hours / 24

    def told(self, job: Job, days: float) -> bool:
        """Whether the company tells a new date, as it will be late."""
        return self.late(job, days) and job.u["told"] < self._params.new_dates.told

    def agreed(self, job: Job) -> bool:
        return job.u["agreed"] < self._params.new_dates.agreed

    def kept(self, job: Job, has: Sequence[bool] | None = None) -> bool:
        """Whether it is done by the date that the customer holds, if it has these factors."""
        days = self.days(job, has)
        return not self.late(job, days) or (self.told(job, days) and self.agreed(job))


UNIFORMS: Final = (
    "parts",
    "hit",
    "withdrawn",
    "asked",
    "told",
    "agreed",
    "imposed",
    "answer",
    "requested",
    "statements",
)


def of_day(params: Params, random: Random, day: date, first: int) -> list[Job]:
    """The promises of a day, in no order; their numbers go on from `first`."""
    if day.weekday() >= WEEKDAYS:
        return []
    n = int(random.poisson(params.promises_per_week / WEEKDAYS))
    if not n:
        return []
    kinds, kind = _drawn(random, params.kinds, n)
    makers, maker = _drawn(random, params.departments, n)
    crews, crew = _drawn(random, params.crews, n)
    sites = params.sites or [""]
    site, customer = random.integers(0, len(sites), n), random.integers(0, params.customers, n)
    second = np.sort(random.integers(OPENS * 3600, CLOSES * 3600, n))
    of_kind = list(params.kinds.values())
    days = np.array([one.days for one in of_kind])[kind]
    days = np.clip(days * np.exp(random.normal(0, 1, n) * np.array([one.spread for one in of_kind])[kind]), 0.05, 365)
    stretch = _bias(params.kinds, kind) + _bias(params.departments, maker) + _bias(params.crews, crew)
    stretch = stretch + random.normal(0, 1, n) * params.noise
    value = np.array([one.value for one in of_kind])[kind] * np.exp(random.normal(0, 0.6, n))
    has = random.random((n, len(params.factors))) < np.array([one.share for one in params.factors.values()])
    uniform = random.random((n, len(UNIFORMS)))
    midnight = datetime.combine(day, time(), ZoneInfo(params.zone))
    return [
        Job(
            number=first + at,
            made=(midnight + timedelta(seconds=int(second[at]))).astimezone(UTC),
            kind=kinds[kind[at]],
            maker=makers[maker[at]],
            crew=crews[crew[at]],
            site=sites[site[at]],
            customer=int(customer[at]),
            promised=float(days[at]),
            stretch=float(stretch[at]),
            value=round(float(value[at]), 2),
            has=tuple(has[at].tolist()),
            u=dict(zip(UNIFORMS, uniform[at].tolist(), strict=True)),
        )
        for at in range(n)
    ]


def _drawn(random: Random, parts: dict[str, Kind] | dict[str, Team], n: int) -> tuple[list[str], NDArray[np.int64]]:
    """The names, and n draws of them by their shares; without names, the name ""."""
    if not parts:
        return [""], np.zeros(n, np.int64)
    return list(parts), random.choice(len(parts), n, p=shares(parts.values()))


def _bias(parts: dict[str, Kind] | dict[str, Team], drawn: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.array([math.log1p(one.bias) for one in parts.values()] or [0.0])[drawn]
