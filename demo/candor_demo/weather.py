"""Turns severe weather at an origin into incidents, by one rule.

The rule: an hour is severe if it matches a line of `RULE`; the first matching line gives the category. Thresholds were
chosen on days before 2013-09-01. A line's severity is the share of otherwise punctual flights that were late if they
were to leave within three hours after such an hour became known: (late − base) / (1 − base), rounded, base 0.28.

An hour's record is complete only when the hour has ended (precipitation is summed over it), so it is not known before.
The incident opens with the first severe hour, changes when the category does, and is resolved by the first hour that
matches no line; an hour without a record changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from candor.replay.stream import StreamEvent, utc_text

KNOWN_AFTER: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Hour:
    """One hour's record at one airport: °F, miles per hour, inches, miles; None if not measured."""

    origin: str
    begins: datetime
    temperature: float | None
    wind: float | None
    gust: float | None
    precipitation: float | None
    visibility: float | None

    @property
    def known_at(self) -> datetime:
        return self.begins + KNOWN_AFTER


@dataclass(frozen=True)
class Line:
    """One line of the rule."""

    category: str
    severity: float
    words: str
    met: Callable[[Hour], bool]


def _at_most(value: float | None, limit: float) -> bool:
    return value is not None and value <= limit


def _at_least(value: float | None, limit: float) -> bool:
    return value is not None and value >= limit


RULE: Final = (
    Line(
        "freezing",
        0.55,
        "Snow or freezing rain",
        lambda h: _at_most(h.temperature, 34) and (_at_least(h.precipitation, 0.01) or _at_most(h.visibility, 3)),
    ),
    Line("precipitation", 0.4, "Heavy rain", lambda h: _at_least(h.precipitation, 0.05)),
    Line("low_visibility", 0.3, "Low visibility", lambda h: _at_most(h.visibility, 2)),
    Line("wind_gusts", 0.25, "Strong wind", lambda h: _at_least(h.gust, 40) or _at_least(h.wind, 25)),
)


def parse_hour(row: Mapping[str, str]) -> Hour:
    """A row of weather.csv."""
    names = ("temp", "wind_speed", "wind_gust", "precip", "visib")
    measures = [None if row[name] in {"", "NA"} else float(row[name]) for name in names]
    return Hour(row["origin"], datetime.fromisoformat(row["time_hour"]), *measures)


def severe(hour: Hour) -> Line | None:
    """The first line of the rule that the hour matches, or None."""
    return next((line for line in RULE if line.met(hour)), None)


def incident_events(hours: Iterable[Hour]) -> Iterator[StreamEvent]:
    """The incident events of all origins, in time order for each origin."""
    ordered = sorted(hours, key=lambda hour: (hour.origin, hour.begins))
    for _origin, series in groupby(ordered, key=lambda hour: hour.origin):
        yield from _spells(series)


def _spells(series: Iterable[Hour]) -> Iterator[StreamEvent]:
    opened: Hour | None = None
    told: Line | None = None
    for hour in series:
        line = severe(hour)
        if line is not None and opened is None:
            opened = hour
            yield _event(opened, hour, line, "opened")
        elif line is not None and opened is not None and line is not told:
            yield _event(opened, hour, line, "changed")
        elif line is None and opened is not None and told is not None:
            yield _event(opened, hour, told, "resolved")
            opened = None
        told = line


def _event(opened: Hour, hour: Hour, line: Line, status: str) -> StreamEvent:
    title = f"{line.words} at {opened.origin}"
    incident_id = f"weather-{opened.origin}-{opened.known_at:%Y%m%dT%H%MZ}"
    data: dict[str, Any] = {
        "incident_id": incident_id,
        "status": status,
        "severity": line.severity,
        "category": line.category,
        "title": title,
        "public_title": title,
        "affects": [{"kind": "site", "id": opened.origin}],
        "opened_at": utc_text(opened.known_at),
        "at": utc_text(hour.known_at),
    }
    if status == "resolved":
        data["resolved_at"] = utc_text(hour.known_at)
    return StreamEvent(f"{incident_id}.{hour.known_at:%Y%m%dT%H%MZ}", "incident.reported", hour.known_at, data)
