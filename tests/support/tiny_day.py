"""A small made-up day of flights for end-to-end tests: seeded, with fog at one origin, and every way to end."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

from candor_demo.day import Day, build_day
from candor_demo.flights import Flight
from candor_demo.weather import Hour, incident_events

TODAY = date(2013, 2, 5)
ORIGINS = ("EWR", "JFK", "LGA")
FOGGY = "JFK"
MORNING = datetime(2013, 2, 5, 11, tzinfo=UTC)


def tiny_day(seed: int = 1, flights: int = 30, history_days: int = 3) -> Day:
    """A day of `flights` flights and as many on each day before; the fog at JFK lasts from 10:00 to 16:00 UTC.

    The last two flights of every day are told apart: one is cancelled, one diverted and never heard of again.
    """
    rng = random.Random(seed)
    all_flights = [
        _flight(rng, TODAY - timedelta(days=back), number, flights)
        for back in range(history_days, -1, -1)
        for number in range(flights)
    ]
    return build_day(TODAY, all_flights, incident_events(_weather()))


def _flight(rng: random.Random, day: date, number: int, of: int) -> Flight:
    origin = ORIGINS[number % len(ORIGINS)]
    start = datetime(day.year, day.month, day.day, MORNING.hour, tzinfo=UTC)
    departure = start + timedelta(minutes=round(number * 600 / of))
    arrival = departure + timedelta(minutes=rng.randrange(60, 240))
    hit = day == TODAY and origin == FOGGY
    delay = timedelta(minutes=round(rng.gauss(70, 20) if hit else rng.gauss(-5, 15)))
    left, landed = departure + max(delay, timedelta(minutes=-5)), arrival + delay
    return Flight(
        carrier=rng.choice(["XA", "XB", "XC"]),
        number=f"{100 + number}",
        origin=origin,
        destination=rng.choice(["ORD", "PBI"]),
        day=day,
        planned_departure=departure,
        planned_arrival=arrival,
        departed=None if number == of - 2 else left,
        arrived=None if number >= of - 2 else landed,
    )


def _weather() -> list[Hour]:
    noon = datetime(2013, 2, 5, tzinfo=UTC)
    return [
        Hour(origin, noon + timedelta(hours=hour), 50, 8, None, 0, 1 if origin == FOGGY and 9 <= hour < 15 else 10)
        for origin in ORIGINS
        for hour in range(24)
    ]
