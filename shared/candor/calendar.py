"""The business calendar of a promise: how much working time lies between two moments, and when it will have passed."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LAST_YEAR: Final = 9998
_TICK: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PART: Final = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? +(\d{2}):(\d{2})-(\d{2}):(\d{2})")
_WEEKLY: Final = re.compile(r"([a-z]{3}) +(\d{2}):(\d{2})(?: +(\S+))?")
_EXAMPLE: Final = 'write "always", or hours like "mon-thu 08:00-17:00, fri 08:00-14:00"'

Window = tuple[int, int]
Week = tuple[tuple[Window, ...], ...]


class _Year(NamedTuple):
    """Open windows of a local year in microseconds since 1970, in order; `sums[i]`: open time before window i."""

    starts: list[int]
    ends: list[int]
    sums: list[int]


@dataclass(frozen=True, slots=True)
class Calendar:
    """Weekly working hours in `zone` (IANA), minus public `holidays` (`DE`, `DE-BE`; empty: none).

    `week` has seven days from Monday, each a row of (from, to) in minutes of the local day, in order and disjoint; if
    empty, always open. Raises ValueError for another number of days, or for no hours at all. A window counts seconds
    that really pass: an hour skipped by a clock change is no working time, a repeated hour counts twice.
    """

    week: Week = ()
    zone: str = "UTC"
    holidays: str = ""

    def __post_init__(self) -> None:
        if self.week and (len(self.week) != len(DAYS) or not any(self.week)):
            raise ValueError("a week has seven days, and working hours on some of them")

    @property
    def always(self) -> bool:
        """Whether all time is working time."""
        return not self.week

    def at(self, zone: str) -> Calendar:
        """Return the same hours and holidays in `zone`; in UTC if there is no such zone."""
        return self if self.always or zone == self.zone else replace(self, zone=zone)

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Return working time between two aware times; 0 if `end` is not after `start`; ValueError for naive ones."""
        begin, finish = _utc(start), _utc(end)
        if finish <= begin:
            return timedelta(0)
        if self.always:
            return finish - begin
        first, last = self._local(begin).year, self._local(finish).year
        whole = sum(self._year(year).sums[-1] for year in range(first, last))
        gone = self._worked(last, _ticks(finish)) - self._worked(first, _ticks(begin))
        return timedelta(microseconds=whole + gone)

    def after(self, start: datetime, working: timedelta) -> datetime:
        """Return the first moment (UTC) by which `working` has passed since `start`; `start` if that is not above 0.

        Raises OverflowError beyond the year 9998.
        """
        begin = _utc(start)
        if self.always or working <= timedelta(0):
            return begin + max(working, timedelta(0))
        year = self._local(begin).year
        wanted = self._worked(year, _ticks(begin)) + working // _TICK
        while wanted > self._year(year).sums[-1]:
            wanted -= self._year(year).sums[-1]
            year += 1
            if year > LAST_YEAR:
                raise OverflowError(f"that much working time does not pass before the year {LAST_YEAR} ends")
        found = self._year(year)
        place = bisect_left(found.sums, wanted) - 1
        return _EPOCH + timedelta(microseconds=found.starts[place] + wanted - found.sums[place])

    def is_open(self, at: datetime) -> bool:
        """Whether an aware time is within working hours."""
        moment = _utc(at)
        if self.always:
            return True
        found = self._year(self._local(moment).year)
        place = bisect_right(found.starts, _ticks(moment)) - 1
        return place >= 0 and _ticks(moment) < found.ends[place]

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(_zone(self.zone))

    def _year(self, year: int) -> _Year:
        return _year_of(self, year)

    def _worked(self, year: int, tick: int) -> int:
        found = self._year(year)
        place = bisect_right(found.starts, tick) - 1
        return 0 if place < 0 else found.sums[place] + min(tick, found.ends[place]) - found.starts[place]


def parse_business_hours(text: str) -> Week:
    """Parse `always`, or `mon-thu 08:00-17:00, fri 08:00-12:00, fri 13:00-15:00`, into a calendar's `week`.

    Raises ValueError with an explanation for anything else; hours over midnight are written as two windows (24:00 is
    allowed).
    """
    if text.strip().lower() == "always":
        return ()
    week: list[list[Window]] = [[] for _ in DAYS]
    for part in text.lower().split(","):
        found = _PART.fullmatch(part.strip())
        if found is None:
            raise ValueError(f'"{part.strip()}" is not understood: {_EXAMPLE}')
        first, last = found[1], found[2] or found[1]
        if first not in DAYS or last not in DAYS or DAYS.index(first) > DAYS.index(last):
            raise ValueError(f'"{part.strip()}" names no run of days from mon to sun: {_EXAMPLE}')
        window = _minutes(found[3], found[4]), _minutes(found[5], found[6])
        if window[0] >= window[1]:
            raise ValueError(f'"{part.strip()}" ends before it begins: write hours over midnight as two parts')
        for day in range(DAYS.index(first), DAYS.index(last) + 1):
            week[day].append(window)
    for name, windows in zip(DAYS, week, strict=True):
        windows.sort()
        if any(one[1] > following[0] for one, following in pairwise(windows)):
            raise ValueError(f"hours of {name} overlap: {_EXAMPLE}")
    return tuple(tuple(windows) for windows in week)


@lru_cache(maxsize=256)
def public_holidays(place: str, year: int) -> frozenset[date]:
    """Return public holidays of a country (`DE`) or a part of it (`DE-BE`); ValueError for an unknown place."""
    # Imported here because it takes a third of a second, which a deployment without holidays can save.
    import holidays  # noqa: PLC0415

    unknown = ValueError(f'no holidays are known of "{place}": write a country like DE, or a part like DE-BE')
    country, _, part = place.partition("-")
    if not re.fullmatch("[A-Z]{2,3}", country):
        raise unknown
    try:
        return frozenset(holidays.country_holidays(country, subdiv=part or None, years=year))
    except NotImplementedError:
        raise unknown from None


@lru_cache(maxsize=256)
def _year_of(calendar: Calendar, year: int) -> _Year:
    starts: list[int] = []
    ends: list[int] = []
    for begin, end in _windows(calendar, year):
        # A repeated hour may belong to two windows of one day: it still passes only once.
        start = max(begin, ends[-1]) if ends else begin
        if start < end:
            starts.append(start)
            ends.append(end)
    lengths = (end - begin for begin, end in zip(starts, ends, strict=True))
    return _Year(starts, ends, [0, *accumulate(lengths)])


def _windows(calendar: Calendar, year: int) -> Iterator[Window]:
    zone = _zone(calendar.zone)
    off = public_holidays(calendar.holidays, year) if calendar.holidays else frozenset()
    day = date(year, 1, 1)
    while day.year == year and day < date.max:
        if day not in off:
            midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001
            for begin, end in calendar.week[day.weekday()]:
                yield (
                    _instant(midnight + timedelta(minutes=begin), zone, 0),
                    _instant(midnight + timedelta(minutes=end) - _TICK, zone, 1) + 1,
                )
        day += timedelta(days=1)


def _instant(wall: datetime, zone: ZoneInfo, fold: int) -> int:
    """Return when local clocks show `wall`, first (fold 0) or last; if they skip it, the time of the jump."""
    first, last = (_ticks(wall.replace(tzinfo=zone, fold=one).astimezone(UTC)) for one in (0, 1))
    if first <= last:
        return last if fold else first
    # Clocks skip it: the jump lies between the two readings, where local time passes `wall`.
    low, high = last, first
    while high - low > 1:
        middle = (low + high) // 2
        local = (_EPOCH + timedelta(microseconds=middle)).astimezone(zone).replace(tzinfo=None)
        low, high = (middle, high) if local < wall else (low, middle)
    return low if fold else high


def _minutes(hours: str, minutes: str) -> int:
    total = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or total > 1440:
        raise ValueError(f'"{hours}:{minutes}" is no time of day: {_EXAMPLE}')
    return total


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _ticks(moment: datetime) -> int:
    return (moment - _EPOCH) // _TICK


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is UTC:
        return moment
    if moment.utcoffset() is None:
        raise ValueError("a time without zone has no place in a calendar")
    return moment.astimezone(UTC)


class Weekly(NamedTuple):
    """A time of the week in a zone: day 0 is Monday."""

    day: int
    hour: int
    minute: int
    zone: str

    @classmethod
    def of(cls, words: str) -> Weekly:
        """From words such as `mon 08:00` or `fri 16:30 Europe/Berlin`. Raises ValueError."""
        found = _WEEKLY.fullmatch(words.strip())
        if found is None or found[1] not in DAYS or int(found[2]) > 23 or int(found[3]) > 59:
            raise ValueError('must be a weekday and a time, such as "mon 08:00" or "mon 08:00 Europe/Berlin"')
        zone = found[4] or "UTC"
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{zone} is no IANA zone, such as Europe/Berlin") from None
        return cls(DAYS.index(found[1]), int(found[2]), int(found[3]), zone)

    def last(self, now: datetime) -> datetime:
        """The newest such time (UTC) at or before `now`; one that a clock change skips comes an hour later."""
        local = now.astimezone(ZoneInfo(self.zone))
        monday = local.date() - timedelta(days=local.weekday())
        for weeks in (0, 1):
            day = monday + timedelta(days=self.day - 7 * weeks)
            at = datetime(day.year, day.month, day.day, self.hour, self.minute, tzinfo=ZoneInfo(self.zone))
            if at.astimezone(UTC) <= now:
                break
        return at.astimezone(UTC)
