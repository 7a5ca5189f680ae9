"""A source's own rhythm, and when its silence is longer than that explains. Pure.

How long a source is quiet depends on the hour of the week: nothing on a Sunday says nothing, nothing on a Monday
morning says much. So silence is not measured in minutes but in *words expected meanwhile*: the integral of the
source's own rate by hour of the week. By the time-rescaling theorem (E. N. Brown, R. Barbieri, V. Ventura, R. E. Kass,
L. M. Frank: The Time-Rescaling Theorem and Its Application to Neural Spike Train Data Analysis, Neural Computation 14,
2002) gaps of any point process are, measured so, exponential with mean 1, whatever the hour; a source that speaks in
bursts has longer ones, and its own 99.5 % quantile is what is compared with.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import ceil, log
from typing import Final, NamedTuple

WEEK: Final = timedelta(days=7)
HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)
HOURS: Final = 168
UNKNOWN: Final = -1.0
"""The rate of an hour of the week that has not been seen yet: there, nothing is expected."""
WEIGHT: Final = 0.25
"""Of the newest week in the rate of an hour: a new habit counts for half after three weeks."""
KEPT_GAPS: Final = 500
LEAST_GAPS: Final = 50
"""So few gaps say too little of what is usual: the source is being learnt."""
SHARE: Final = 0.995
MARGIN: Final = 2.0
"""A silence is one of very many gaps: compared with the quantile alone, one of 200 would be called unusual."""
EXPONENTIAL: Final = -log(1.0 - SHARE)
FLOOR: Final = timedelta(minutes=15)
"""No silence shorter than this is unusual, however busy a source is: deployments of senders take minutes."""


class Rhythm(NamedTuple):
    """What is known of a source: heard first at `since` and last at `last`, in `minutes` minutes of the hour of `last`.

    `rates`: minutes an hour in which it is heard, by hour of the week (UTC, from Monday 0:00), UNKNOWN if not seen yet.
    `gaps`: the newest 500 gaps between minutes in which it was heard, each as minutes expected meanwhile.
    """

    since: datetime
    last: datetime
    minutes: int = 1
    rates: tuple[float, ...] = (UNKNOWN,) * HOURS
    gaps: tuple[float, ...] = ()


def begun(at: datetime) -> Rhythm:
    """The rhythm of a source that is heard for the first time."""
    return Rhythm(at, at)


def heard(rhythm: Rhythm, at: datetime) -> Rhythm:
    """The rhythm after the source was heard at `at`; a minute counts once, and one that lies before the last never.

    What an unusual silence left out is not learnt as a habit, but for the length of the gap.
    """
    if _minute(at) <= _minute(rhythm.last):
        return rhythm._replace(last=max(rhythm.last, at))
    gaps = rhythm.gaps
    if rhythm.last - rhythm.since >= WEEK:
        gaps = (*gaps, expected(rhythm.rates, rhythm.last, at))[-KEPT_GAPS:]
    if _hour(at) == _hour(rhythm.last):
        return rhythm._replace(last=at, minutes=rhythm.minutes + 1, gaps=gaps)
    rates = list(rhythm.rates)
    _fold(rates, rhythm.last, rhythm.minutes)
    if not silent(rhythm, at):
        start, quiet = _hour(rhythm.last) + HOUR, int((_hour(at) - _hour(rhythm.last)) / HOUR) - 1
        for number in range(min(quiet, 4 * HOURS)):
            _fold(rates, start + number * HOUR, 0)
    return Rhythm(rhythm.since, at, 1, tuple(rates), gaps)


def expected(rates: Sequence[float], start: datetime, end: datetime) -> float:
    """How many minutes with a word were to be expected from `start` to `end`; at least 0, and growing with `end`."""
    if end <= start:
        return 0.0
    whole = (end - start) // WEEK
    total = whole * sum(max(rate, 0.0) for rate in rates)
    at = start + whole * WEEK
    while at < end:
        until = min(_hour(at) + HOUR, end)
        total += max(rates[hour_of_week(at)], 0.0) * ((until - at) / HOUR)
        at = until
    return total


def limit(rhythm: Rhythm) -> float | None:
    """How many expected minutes without a word are still usual; None while the source is being learnt.

    Twice the 99.5 % quantile of its own gaps, and below 200 gaps at least twice that of an exponential.
    """
    number = len(rhythm.gaps)
    if number < LEAST_GAPS:
        return None
    quantile = sorted(rhythm.gaps)[ceil(SHARE * number) - 1]
    return MARGIN * (quantile if number >= 1 / (1 - SHARE) else max(quantile, EXPONENTIAL))


def silent(rhythm: Rhythm, now: datetime) -> bool:
    """Whether the source has been silent for longer than its rhythm explains. Once true it stays so until a word."""
    most = limit(rhythm)
    if most is None or now - rhythm.last < FLOOR:
        return False
    return expected(rhythm.rates, rhythm.last, now) > most


def usual(rhythm: Rhythm, now: datetime) -> float | None:
    """In how many minutes of an hour it is usually heard at this hour of the week; None if not known yet."""
    rate = rhythm.rates[hour_of_week(now)]
    return None if rate == UNKNOWN else rate


def hour_of_week(at: datetime) -> int:
    """0 to 167, from Monday 0:00 UTC on."""
    there = at.astimezone(UTC)
    return there.weekday() * 24 + there.hour


def _fold(rates: list[float], at: datetime, count: int) -> None:
    number = hour_of_week(at)
    before = rates[number]
    rates[number] = float(count) if before == UNKNOWN else before + WEIGHT * (count - before)


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
