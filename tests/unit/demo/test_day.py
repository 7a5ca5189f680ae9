"""A day's two streams: sorted, told when known, open promises of the history going on live."""

from datetime import date, timedelta

import pytest

from candor_demo import flights
from candor_demo.day import build_day, load_day
from candor_demo.source import DataMissingError
from candor_demo.weather import incident_events
from tests.unit.demo.test_flights import ZONES, row
from tests.unit.demo.test_weather import FOG, MIDNIGHT, hour

TODAY = date(2013, 2, 5)


def flight(**changes: str) -> flights.Flight:
    return flights.parse_flight(row(**changes), ZONES)


def test_the_day_begins_before_its_first_promise_and_ends_after_its_last() -> None:
    day = build_day(TODAY, [flight(), flight(flight="7", sched_dep_time="2000", sched_arr_time="2130")], [])
    assert day.starts < min(event.time for event in day.live)
    assert day.ends > max(event.time for event in day.live)
    assert day.history == []
    assert day.history_rate == 0.5


def test_a_promise_still_open_when_the_day_begins_goes_on_live() -> None:
    overnight = flight(day="4", flight="9", sched_dep_time="2100", sched_arr_time="2230", arr_delay="200")
    early = flight(sched_dep_time="500", sched_arr_time="630")
    day = build_day(TODAY, [overnight, early], [])
    assert [event.type for event in day.history if event.id.startswith(overnight.promise_id)] == ["promise.made"]
    later = [event for event in day.live if event.id.startswith(overnight.promise_id)]
    assert [event.data["milestone"] for event in later] == ["departed", "arrived"]
    assert overnight.promise_id not in day.truths
    assert day.history_rate == 1


def test_nobody_of_the_history_has_a_contact() -> None:
    day = build_day(TODAY, [flight(day="4"), flight()], [])
    assert all(event.type != "contact.set" for event in day.history)
    assert sum(event.type == "contact.set" for event in day.live) == 1


def test_contact_comes_before_promise_and_both_before_milestones() -> None:
    day = build_day(TODAY, [flight()], [])
    assert [event.type for event in day.live] == [
        "contact.set",
        "promise.made",
        "milestone.reported",
        "milestone.reported",
    ]


def test_weather_after_the_end_is_left_out() -> None:
    incidents = list(incident_events([hour(12, FOG), hour(13), hour(200, FOG)]))
    day = build_day(TODAY, [flight()], incidents)
    told = [event for event in [*day.history, *day.live] if event.type == "incident.reported"]
    assert [event.time for event in told] == [MIDNIGHT + timedelta(hours=13), MIDNIGHT + timedelta(hours=14)]


def test_a_day_without_flights_is_refused() -> None:
    with pytest.raises(ValueError, match="no flights"):
        build_day(TODAY, [flight(day="4")], [])


@pytest.mark.parametrize(("day", "history"), [(date(2013, 9, 1), 14), (date(2012, 12, 31), 0), (TODAY, -1)])
def test_days_out_of_reach_are_refused(day: date, history: int) -> None:
    with pytest.raises(DataMissingError):
        load_day(day, history)


def test_the_default_day_is_the_bad_one() -> None:
    day = load_day(history_days=1)
    assert len(day.truths) == 979
    assert sum(truth.late for truth in day.truths.values()) == 813
    assert sum(truth.cancelled for truth in day.truths.values()) == 180
    assert sum(truth.completed_at is None and not truth.cancelled for truth in day.truths.values()) == 1
    times = [event.time for event in [*day.history, *day.live]]
    assert times == sorted(times)
    assert times[len(day.history) - 1] < day.starts <= times[len(day.history)]
    ids = [event.id for event in [*day.history, *day.live]]
    assert len(set(ids)) == len(ids)
