"""Incidents of a simulated company, and the promises that they hold up."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from candor_demo.fieldservice.jobs import Job, Random
from candor_demo.fieldservice.params import Params

CATEGORIES: Final = ("outage", "staff-shortage", "weather", "recall")
CREW, SITE = "crew", "site"
HALF: Final = 0.5
"""Of its promised time, in which an incident can hold a promise up; after that too little is left to be hit."""


@dataclass(frozen=True)
class Trouble:
    """An incident: when it begins and ends, and the crews and sites that it hits, as (kind, name)."""

    number: int
    begins: datetime
    ends: datetime
    category: str
    hits: tuple[tuple[str, str], ...]


class Troubles:
    """All incidents of the company, some hundred weeks at most, in order of time."""

    def __init__(self, params: Params, random: Random) -> None:
        self.all = _drawn(params, random)
        self._severity = params.incidents.severity
        self._begins: dict[tuple[str, str], list[datetime]] = defaultdict(list)
        for one in self.all:
            for place in one.hits:
                self._begins[place].append(one.begins)

    def hold_up(self, job: Job) -> bool:
        """Whether one begins at its crew or site in the first half of its promised time, and it is among those hit."""
        if job.u["hit"] >= self._severity:
            return False
        until = job.made + timedelta(days=HALF * job.promised)
        for place in ((CREW, job.crew), (SITE, job.site)):
            begins = self._begins.get(place)
            if begins and (at := bisect_right(begins, job.made)) < len(begins) and begins[at] < until:
                return True
        return False


def _drawn(params: Params, random: Random) -> list[Trouble]:
    given = params.incidents
    n = int(random.poisson(given.per_week * params.weeks))
    seconds = np.sort(random.integers(0, params.weeks * 7 * 86_400, n)).tolist()
    first = datetime.combine(params.starts, time(), ZoneInfo(params.zone)).astimezone(UTC)
    found = []
    for number, second in enumerate(seconds):
        hits = [(CREW, name) for name in _some(random, list(params.crews), given.crews)]
        hits += [(SITE, name) for name in _some(random, params.sites, given.sites)]
        begins = first + timedelta(seconds=second)
        ends = begins + timedelta(days=min(365.0, 0.01 + float(random.exponential(given.days))))
        found.append(Trouble(number, begins, ends, CATEGORIES[int(random.integers(len(CATEGORIES)))], tuple(hits)))
    return found


def _some(random: Random, names: list[str], many: int) -> list[str]:
    return [names[at] for at in random.permutation(len(names))[:many].tolist()]
