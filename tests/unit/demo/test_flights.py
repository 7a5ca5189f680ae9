"""Rows of the record as instants: zones, midnight, overnight arrivals, summer time, what never happened."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor_demo import flights, source
from candor_demo.source import NEW_YORK

ZONES = {
    "ORD": ZoneInfo("America/Chicago"),
    "HNL": ZoneInfo("Pacific/Honolulu"),
    "SJU": ZoneInfo("America/Puerto_Rico"),
    "LAX": ZoneInfo("America/Los_Angeles"),
    "PBI": NEW_YORK,
    "PHX": ZoneInfo("America/Phoenix"),
}


def row(**changes: str) -> dict[str, str]:
    plain = {
        "year": "2013",
        "month": "2",
        "day": "5",
        "carrier": "UA",
        "flight": "1545",
        "origin": "EWR",
        "dest": "ORD",
        "sched_dep_time": "1700",
        "sched_arr_time": "1830",
        "dep_delay": "4",
        "arr_delay": "-3",
        "distance": "719",
    }
    return {**plain, **changes}


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def test_a_flight_west_arrives_by_its_own_clock() -> None:
    flight = flights.parse_flight(row(), ZONES)
    assert flight.planned_departure == utc(2013, 2, 5, 22)
    assert flight.planned_arrival == utc(2013, 2, 6, 0, 30)
    assert flight.departed == utc(2013, 2, 5, 22, 4)
    assert flight.arrived == utc(2013, 2, 6, 0, 27)
    assert flight.due == utc(2013, 2, 6, 0, 45)
    assert flight.made_at == utc(2013, 2, 5, 10)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # 23:59 from New York lands the next morning in San Juan, an hour ahead
        ({"sched_dep_time": "2359", "sched_arr_time": "437", "dest": "SJU", "distance": "1598"}, (2013, 2, 6, 8, 37)),
        # 24:00 is the midnight that ends the day of departure
        ({"sched_dep_time": "2100", "sched_arr_time": "2400", "dest": "PBI", "distance": "1028"}, (2013, 2, 6, 5, 0)),
        # 00:24 belongs to the next day
        ({"sched_dep_time": "2135", "sched_arr_time": "24", "dest": "PBI", "distance": "1028"}, (2013, 2, 6, 5, 24)),
        # ten hours to Honolulu, five hours behind: the same afternoon
        ({"sched_dep_time": "900", "sched_arr_time": "1445", "dest": "HNL", "distance": "4983"}, (2013, 2, 6, 0, 45)),
        # the clocks go forward in the night of 2013-03-10, while this one is in the air
        (
            {"month": "3", "day": "9", "sched_dep_time": "2359", "sched_arr_time": "400", "dest": "PBI"}
            | {"distance": "1028"},
            (2013, 3, 10, 8, 0),
        ),
        # Arizona keeps winter time
        (
            {"month": "7", "sched_dep_time": "1000", "sched_arr_time": "1215", "dest": "PHX", "distance": "2133"},
            (2013, 7, 5, 19, 15),
        ),
    ],
)
def test_arrivals_land_on_the_right_day(changes: dict[str, str], expected: tuple[int, ...]) -> None:
    assert flights.parse_flight(row(**changes), ZONES).planned_arrival == utc(*expected)


def test_departures_keep_summer_time_from_the_tenth_of_march() -> None:
    before = flights.parse_flight(row(month="3", day="9"), ZONES)
    after = flights.parse_flight(row(month="3", day="10"), ZONES)
    assert after.planned_departure - before.planned_departure == timedelta(hours=23)


def test_a_wall_clock_that_summer_time_skips_is_read_with_the_offset_before_it() -> None:
    assert flights.local_instant(date(2013, 3, 10), 230, NEW_YORK) == utc(2013, 3, 10, 7, 30)


@pytest.mark.parametrize("clock", [-1, 1261, 2401, 2500])
def test_no_wall_clock(clock: int) -> None:
    with pytest.raises(ValueError, match="wall clock"):
        flights.local_instant(date(2013, 2, 5), clock, NEW_YORK)


@given(
    st.dates(date(2013, 1, 1), date(2013, 8, 30)),
    st.integers(0, 23 * 60 + 59),
    st.sampled_from(sorted(ZONES)),
    st.integers(150, 5000),
    st.integers(-20, 20),
)
def test_the_arrival_found_is_the_arrival_that_was_scheduled(
    day: date, minute: int, destination: str, miles: int, off: int
) -> None:
    """Whatever the zone: a plausible duration, written down as a local wall clock, is found again."""
    departure = flights.local_instant(day, minute // 60 * 100 + minute % 60, NEW_YORK)
    usual = timedelta(minutes=round(miles / flights.CRUISE_MILES_PER_MINUTE) + flights.GROUND_MINUTES + off)
    arrival = departure + usual
    wall = arrival.astimezone(ZONES[destination])
    found = flights.planned_arrival(departure, wall.hour * 100 + wall.minute, ZONES[destination], miles)
    assert found.astimezone(ZONES[destination]).strftime("%H%M") == wall.strftime("%H%M")
    assert abs(found - arrival) in (timedelta(0), timedelta(hours=1)), "an hour only where clocks change"
    assert found == arrival or wall.date() in (date(2013, 3, 10), date(2013, 3, 11))


def test_a_promise_says_what_design_asks() -> None:
    flight = flights.parse_flight(row(), ZONES)
    event = flights.promise_event(flight)
    assert event.time == flight.made_at
    assert event.data["due"] == "2013-02-06T00:45:00Z"
    assert event.data["tolerance_s"] == 0
    assert event.data["labels"] == {"carrier": "UA", "origin": "EWR", "destination": "ORD", "hour": "17"}
    assert event.data["depends_on"] == [{"kind": "site", "id": "EWR"}]
    assert [step["name"] for step in event.data["milestones"]] == ["departed", "arrived"]
    assert all(step["told"] for step in event.data["milestones"])


def test_contacts_are_at_a_reserved_domain() -> None:
    event = flights.contact_event(flights.parse_flight(row(), ZONES))
    assert event.data["email"] == "passengers-20130205-ua1545-ewr@example.com"
    assert event.data["zone"] == "America/New_York"


def test_milestones_come_by_reference_when_they_happen() -> None:
    flight = flights.parse_flight(row(), ZONES)
    departed, arrived = flights.milestone_events(flight)
    assert departed.data["reference"] == flight.reference == flights.promise_event(flight).data["references"][0]
    assert "promise_id" not in departed.data
    assert (departed.time, departed.data["final"]) == (flight.departed, False)
    assert (arrived.time, arrived.data["final"]) == (flight.arrived, True)


def test_a_cancellation_is_known_at_the_scheduled_departure() -> None:
    flight = flights.parse_flight(row(dep_delay="NA", arr_delay="NA"), ZONES)
    (event,) = flights.milestone_events(flight)
    assert flight.cancelled
    assert event.time == flight.planned_departure
    assert (event.data["milestone"], event.data["status"], event.data["final"]) == ("departed", "cancelled", True)


def test_a_diverted_flight_departs_and_is_never_heard_of_again() -> None:
    flight = flights.parse_flight(row(arr_delay="NA"), ZONES)
    (event,) = flights.milestone_events(flight)
    assert not flight.cancelled
    assert event.data["status"] == "reached"
    assert event.data["final"] is False


def test_every_row_of_five_days_agrees_with_its_own_wall_clocks() -> None:
    """The record also has actual wall clocks: planned instant + delay must show exactly them, across summer time."""
    zones = source.zones()
    checked = 0
    for item in source.flight_rows(date(2013, 3, 7), date(2013, 3, 11)):
        flight = flights.parse_flight(item, zones)
        if flight.departed is not None:
            assert _shows(flight.departed, NEW_YORK, item["dep_time"])
        if flight.arrived is not None:
            assert _shows(flight.arrived, zones[flight.destination], item["arr_time"]) or item["arr_time"] == "203", (
                "one arrival is written as 02:03 in a night that has no such hour"
            )
            assert timedelta(minutes=20) < flight.arrived - (flight.departed or flight.arrived) < timedelta(hours=13)
            checked += 1
    assert checked > 4000


def _shows(moment: datetime, zone: ZoneInfo, clock: str) -> bool:
    return moment.astimezone(zone).strftime("%H%M") == f"{int(clock) % 2400:04d}"
