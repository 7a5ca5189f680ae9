"""The one rule for severe weather, and that nothing is known before its hour has ended."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.replay.stream import StreamEvent
from candor_demo.weather import RULE, Hour, Line, incident_events, parse_hour, severe

MIDNIGHT = datetime(2013, 2, 5, tzinfo=UTC)
Measures = dict[str, float | None]


def hour(at: int = 0, measures: Measures | None = None, origin: str = "EWR") -> Hour:
    calm: Measures = {
        "temperature": 50,
        "wind": 8,
        "gust": None,
        "precipitation": 0,
        "visibility": 10,
    }
    return Hour(origin, MIDNIGHT + timedelta(hours=at), **{**calm, **(measures or {})})


FOG: Measures = {"visibility": 1.0}
SNOW: Measures = {"temperature": 30.0, "precipitation": 0.02}


@pytest.mark.parametrize(
    ("measures", "category"),
    [
        ({}, None),
        ({"temperature": 34, "precipitation": 0.01}, "freezing"),
        ({"temperature": 30, "visibility": 3}, "freezing"),
        ({"temperature": 35, "precipitation": 0.04}, None),
        ({"precipitation": 0.05}, "precipitation"),
        ({"precipitation": 0.05, "visibility": 1}, "precipitation"),
        ({"visibility": 2}, "low_visibility"),
        ({"visibility": 2.5}, None),
        ({"gust": 40}, "wind_gusts"),
        ({"wind": 25}, "wind_gusts"),
        ({"wind": None, "gust": None, "visibility": None, "precipitation": None, "temperature": None}, None),
    ],
)
def test_the_first_line_met_names_the_category(measures: Measures, category: str | None) -> None:
    line = severe(hour(0, measures))
    assert (line.category if line else None) == category


def test_the_worse_the_line_the_earlier_it_stands() -> None:
    severities = [line.severity for line in RULE]
    assert severities == sorted(severities, reverse=True)
    assert all(0 < severity <= 1 for severity in severities)


def _told(hours: list[Hour]) -> list[tuple[int, str, str]]:
    return [
        (int((event.time - MIDNIGHT).total_seconds() // 3600), event.data["status"], event.data["category"])
        for event in incident_events(hours)
    ]


def test_a_spell_opens_changes_and_ends_each_when_the_hour_is_over() -> None:
    hours = [hour(0), hour(1, FOG), hour(2, FOG), hour(3, SNOW), hour(4), hour(5)]
    assert _told(hours) == [(2, "opened", "low_visibility"), (4, "changed", "freezing"), (5, "resolved", "freezing")]


def test_a_missing_hour_says_nothing() -> None:
    assert _told([hour(0, FOG), hour(5, FOG), hour(6)]) == [
        (1, "opened", "low_visibility"),
        (7, "resolved", "low_visibility"),
    ]


def test_origins_have_incidents_of_their_own() -> None:
    events = list(incident_events([hour(0, FOG), hour(0, FOG, "JFK"), hour(1), hour(2, origin="JFK")]))
    assert len({event.data["incident_id"] for event in events}) == 2
    for event in events:
        assert event.data["affects"] == [{"kind": "site", "id": event.data["incident_id"].split("-")[1]}]


def test_the_weather_is_no_secret_of_ours() -> None:
    opened, over = incident_events([hour(0, FOG), hour(1)])
    assert opened.data["public_title"] == over.data["public_title"] == "Low visibility at EWR"


def test_a_second_spell_is_another_incident() -> None:
    events = list(incident_events([hour(0, FOG), hour(1), hour(2, FOG)]))
    assert [event.data["status"] for event in events] == ["opened", "resolved", "opened"]
    assert events[0].data["incident_id"] == events[1].data["incident_id"] != events[2].data["incident_id"]
    assert "resolved_at" in events[1].data
    assert "resolved_at" not in events[2].data


def test_a_row_of_the_file() -> None:
    row = {"origin": "LGA", "time_hour": "2013-01-01T06:00:00Z", "temp": "39.02", "wind_speed": "NA"}
    parsed = parse_hour({**row, "wind_gust": "", "precip": "0", "visib": "10"})
    assert parsed.begins == datetime(2013, 1, 1, 6, tzinfo=UTC)
    assert (parsed.wind, parsed.gust, parsed.precipitation) == (None, None, 0)


Weather = st.sampled_from([{}, FOG, SNOW, {"wind": 30.0}])


@given(st.lists(st.tuples(st.integers(0, 60), Weather), unique_by=lambda item: item[0]))
def test_what_is_told_at_any_moment_follows_from_the_last_hour_that_has_ended(
    series: list[tuple[int, Measures]],
) -> None:
    events = list(incident_events([hour(at, measures) for at, measures in series]))
    assert len({event.id for event in events}) == len(events)
    for at, measures in series:
        now = MIDNIGHT + timedelta(hours=at + 1)
        assert _standing(events, now) == _category(severe(hour(at, measures)))


def _category(line: Line | None) -> str | None:
    return line.category if line else None


def _standing(events: list[StreamEvent], now: datetime) -> str | None:
    last = max((event for event in events if event.time <= now), key=lambda event: event.time, default=None)
    return None if last is None or last.data["status"] == "resolved" else str(last.data["category"])
