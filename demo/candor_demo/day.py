"""One day of departures as two streams: the history before it, to learn from, and the day itself, to replay live.

The day's promises are the flights that leave New York on that local day. The live part begins shortly before the first
of them is made; everything known before that moment is history. The promise of a flight of the day before that is still
under way then belongs to the history (nobody is warned about it), and its later events come live, when they happen:
they teach, but the promise is not counted among the day's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from candor.replay.stream import StreamEvent, sort_key
from candor_demo import flights as fl
from candor_demo import source, weather

DEFAULT_DAY: Final = date(2013, 3, 8)
DEFAULT_HISTORY_DAYS: Final = 14
LEAD_IN: Final = timedelta(minutes=10)
LEAD_OUT: Final = timedelta(minutes=30)


@dataclass(frozen=True)
class Truth:
    """How a promise ended: `completed_at` is None if it never completed; `late` is by the promise's own terms."""

    promise_id: str
    customer_id: str
    made_at: datetime
    due: datetime
    completed_at: datetime | None
    cancelled: bool

    @property
    def late(self) -> bool:
        return self.completed_at is None or self.completed_at > self.due


@dataclass(frozen=True)
class Day:
    """The streams of a day, sorted by time, with the truth about its promises.

    `starts` is the business time at which the live part begins, `ends` when nothing more can happen to its promises.
    `history_rate` is the share of the history's promises that were late: the base rate known beforehand.
    """

    day: date
    starts: datetime
    ends: datetime
    history: list[StreamEvent]
    live: list[StreamEvent]
    truths: dict[str, Truth]
    history_rate: float


def truth_of(flight: fl.Flight) -> Truth:
    """The truth of one flight's promise."""
    return Truth(
        flight.promise_id, flight.customer_id, flight.made_at, flight.due, flight.arrived, cancelled=flight.cancelled
    )


def load_day(
    day: date = DEFAULT_DAY, history_days: int = DEFAULT_HISTORY_DAYS, *, limit: date = source.LAST_OPEN_DAY
) -> Day:
    """Read the day and the days before it from the package's files.

    Raises DataMissingError for a day after `limit` or before 2013-01-01, or for a negative length of history.
    """
    if not date(2013, 1, 1) <= day <= limit:
        raise source.DataMissingError(f"{day} is not open: choose a day from 2013-01-01 to {limit}")
    if history_days < 0:
        raise source.DataMissingError("the history cannot have less than 0 days")
    first = day - timedelta(days=history_days)
    zones = source.zones()
    known = [fl.parse_flight(row, zones) for row in source.flight_rows(first, day)]
    hours = [weather.parse_hour(row) for row in source.weather_rows(first, min(day + timedelta(days=1), limit))]
    return build_day(day, known, weather.incident_events(hours))


def build_day(day: date, known: Iterable[fl.Flight], incidents: Iterable[StreamEvent]) -> Day:
    """The day's streams, from incidents and from flights of this and earlier days; ValueError without flights."""
    todays: list[fl.Flight] = []
    earlier: list[fl.Flight] = []
    for flight in known:
        (todays if flight.day == day else earlier).append(flight)
    if not todays:
        raise ValueError(f"no flights on {day}")
    starts = min(flight.made_at for flight in todays) - LEAD_IN
    ends = max(max(flight.due, flight.arrived or flight.due) for flight in todays) + LEAD_OUT
    events = [event for event in incidents if event.time <= ends]
    for flight in earlier:
        events += [fl.promise_event(flight), *fl.milestone_events(flight)]
    for flight in todays:
        events += [fl.contact_event(flight), fl.promise_event(flight), *fl.milestone_events(flight)]
    events = sorted((event for event in events if event.time <= ends), key=sort_key)
    outcomes = [truth_of(flight).late for flight in earlier]
    return Day(
        day,
        starts,
        ends,
        [event for event in events if event.time < starts],
        [event for event in events if event.time >= starts],
        {flight.promise_id: truth_of(flight) for flight in todays},
        sum(outcomes) / len(outcomes) if outcomes else 0.5,
    )
