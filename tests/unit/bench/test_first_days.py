"""The bench of the first days: flights as the backtest reads them, and forecasts counted by what was known."""

from __future__ import annotations

import random
import statistics
from datetime import UTC, date, datetime, timedelta

import pytest

from bench.first_days import Case, cases, events_of, figures
from bench.first_days_streams import Event
from candor_demo.flights import Flight
from risk_svc.backtest.stream import seconds

PLANNED = datetime(2013, 1, 8, 12, tzinfo=UTC)


def flight(number: int, late: float | None = 0.0) -> Flight:
    """A flight of two hours, `number` hours after the first; None: it never left."""
    leaves = PLANNED + timedelta(hours=number)
    left = None if late is None else leaves + timedelta(minutes=late)
    lands = None if left is None else left + timedelta(hours=2)
    day = date(2013, 1, 8)
    return Flight(
        carrier="UA",
        number=str(number),
        origin="EWR",
        destination="ORD",
        day=day,
        planned_departure=leaves,
        planned_arrival=leaves + timedelta(hours=2),
        departed=left,
        arrived=lands,
    )


def test_a_flight_slips_once_it_is_a_quarter_of_an_hour_late_and_a_cancelled_one_is_never_done() -> None:
    kinds = {
        late: [(event["type"], event["data"].get("final", False)) for event in events_of(flight(0, late))]
        for late in (10.0, 20.0, None)
    }
    made, left, done = ("promise.made", False), ("milestone.reached", False), ("milestone.reached", True)
    slipped, cancelled = ("milestone.slipped", False), ("promise.cancelled", False)
    assert kinds == {10.0: [made, left, done], 20.0: [made, slipped, left, done], None: [made, cancelled]}


def test_every_forecast_knows_how_many_promises_were_answered_when_it_was_asked_for() -> None:
    flights = [flight(number, 40.0 if number % 3 == 0 else 0.0) for number in range(30)]
    events = sorted((event for one in flights for event in events_of(one)), key=lambda event: event["time"])
    found = list(cases(events))
    dues = [seconds(event["data"]["due"]) for event in events if event["type"] == "promise.made"]
    made = sorted(case.known for case in found)
    assert made[0] == 0
    assert max(made) < len(dues)
    assert {case.late for case in found} == {0, 1}
    assert all(0 <= case.said <= 1 and 0 <= case.base <= 1 for case in found)
    assert all(min(case.times) >= 0 for case in found if case.times is not None)
    assert sum(case.times is not None for case in found) > len(found) / 2


def days(late: float, seed: int, n: int = 40) -> list[Event]:
    """The events of `n` flights, an hour apart, of which a share is late."""
    draw = random.Random(seed)
    flights = [flight(number, 40.0 if draw.random() < late else 0.0) for number in range(n)]
    return sorted((event for one in flights for event in events_of(one)), key=lambda event: event["time"])


def test_nothing_is_asked_once_enough_are_answered_and_what_was_asked_before_stays_the_same() -> None:
    events = days(0.3, seed=1)
    whole, few = list(cases(events)), list(cases(events, 20))
    assert few == [case for case in whole if case.known < 20]
    assert max(case.known for case in whole) > 20
    assert list(cases(events, 1_000)) == whole


@pytest.mark.parametrize("late", [0.1, 0.5, 0.7])
def test_from_the_first_answer_on_forecasts_are_no_worse_than_the_running_share(late: float) -> None:
    worse = []
    for seed in range(7):
        found = figures(case for case in cases(days(late, seed), 20) if case.known)
        worse.append(found["engine"]["Brier, 1+ known"] / found["running share"]["Brier, 1+ known"])
    assert statistics.median(worse) <= 1.02, worse


def test_losses_are_kept_apart_by_what_was_known() -> None:
    times = [Case(20, 0.5, 1.0, 0, (1.0, 2.0)), Case(99, 0.5, 0.0, 1, (2.0, 2.0))]
    found = [Case(0, 0.9, 0.9, 0), *times, Case(1500, 0.0, 0.5, 1)]
    assert figures(found) == {
        "engine": {"Brier, 20+ known": 0.25, "Brier, 1,000+ known": pytest.approx(1.0), "pinball h, 20+ known": 1.5},
        "running share": {"Brier, 20+ known": 1.0, "Brier, 1,000+ known": 0.25, "pinball h, 20+ known": 2.0},
    }
