"""Values made of a sender's: looked up, read as times, made texts and cut."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from candor.intake.mapped.config import Value
from candor.intake.mapped.fields import made, moment
from candor.web.http.problems import Problem

VALUE: TypeAdapter[Any] = TypeAdapter(Value)
GIVEN = {
    "item": {
        "status": "won",
        "number": 7,
        "whole": 7.0,
        "flag": False,
        "empty": "",
        "day": "2026-11-27",
        "local": "2026-11-27 09:30:00",
        "ms": 1795693503250,
        "midnight": "1795737600000",
        "midnight_text": "2026-11-27T00:00:00.000+0000",
        "iso": "2026-11-27T09:30:00+01:00",
        "zone": "Asia/Tokyo",
        "ns": 1795683731440123456,
        "long": "word " * 100,
        "name": " Süd/7 (a b) ",
    }
}


def take(said: Any) -> Any:
    return made(VALUE.validate_python(said), GIVEN, "/data/x")


def take_of(said: Any, how: dict[str, Any]) -> Any:
    """What a sender's value becomes, read in some way."""
    return made(VALUE.validate_python({"from": "x", **how}), {"x": said}, "/data/x")


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("item.status", "won"),
        ({"value": 3}, 3),
        ({"value": ["a"]}, ["a"]),
        ({"from": "item.status", "map": {"won": "promised"}}, "promised"),
        ({"from": "item.status", "map": {"lost": 1}, "otherwise": 2}, 2),
        ({"from": "item.status", "map": {"lost": 1}, "otherwise": None}, None),
        ({"from": "item.number", "map": {"7": "seven"}}, "seven"),
        ({"from": "item.whole", "map": {"7": "seven"}}, "seven"),
        ({"from": "item.flag", "map": {"false": "off"}}, "off"),
        ({"from": "item.nothing", "map": {"a": 1}}, None),
        ({"from": "item.nothing", "map": {"a": 1}, "default": "d"}, "d"),
        ({"from": "item.empty", "default": "d"}, "d"),
        ({"from": "item.number", "as": "text"}, "7"),
        ({"from": "item.whole", "as": "text"}, "7"),
        ({"from": "item.flag", "as": "text"}, "false"),
        ({"from": "item.status", "as": "boolean"}, True),
        ({"from": "item.flag", "as": "boolean"}, False),
        ({"from": "item.day", "time": "date"}, "2026-11-27T23:59:00+00:00"),
        ({"from": "item.day", "time": "deadline"}, "2026-11-27T23:59:00+00:00"),
        ({"from": "item.day", "time": "deadline", "zone": "Europe/Berlin"}, "2026-11-27T22:59:00+00:00"),
        ({"from": "item.day", "time": "deadline", "zone_from": "item.zone"}, "2026-11-27T14:59:00+00:00"),
        ({"from": "item.midnight", "time": "deadline", "zone_from": "item.zone"}, "2026-11-27T14:59:00+00:00"),
        ({"from": "item.midnight_text", "time": "deadline", "at": "17:00"}, "2026-11-27T17:00:00+00:00"),
        ({"from": "item.midnight", "time": "instant"}, "2026-11-27T00:00:00+00:00"),
        ({"from": "item.ms", "time": "deadline"}, "2026-11-26T11:45:03.250000+00:00"),
        ({"from": "item.iso", "time": "deadline"}, "2026-11-27T08:30:00+00:00"),
        ({"from": "item.iso", "time": "instant"}, "2026-11-27T08:30:00+00:00"),
        ({"from": "item.local", "time": "instant", "zone": "Europe/Berlin"}, "2026-11-27T08:30:00+00:00"),
        ({"from": "item.nothing", "time": "instant", "default": "0"}, "1970-01-01T00:00:00+00:00"),
        ({"from": "item.day", "time": "date", "at": "17:00", "zone": "Europe/Berlin"}, "2026-11-27T17:00:00+01:00"),
        ({"from": "item.local", "time": "iso", "zone": "America/New_York"}, "2026-11-27T09:30:00-05:00"),
        ({"from": "item.local", "time": "%Y-%m-%d %H:%M:%S", "zone": "UTC"}, "2026-11-27T09:30:00+00:00"),
        ({"from": "item.ms", "time": "milliseconds"}, "2026-11-26T11:45:03.250000+00:00"),
        ({"from": "item.ns", "time": "nanoseconds"}, "2026-11-26T09:02:11.440123+00:00"),
        ({"from": "item.name", "as": "id"}, "S-d-7-a-b-f7364059c16e"),
        ({"kind": {"value": "site"}, "id": "item.status"}, {"kind": "site", "id": "won"}),
        ({"kind": {"value": "site"}, "id": "item.nothing"}, None),
        (
            [{"kind": {"value": "a"}, "id": "item.nothing"}, {"kind": {"value": "b"}, "id": "item.status"}],
            [{"kind": "b", "id": "won"}],
        ),
        (["item.status", "item.nothing", {"value": "x"}], ["won", "x"]),
    ],
)
def test_a_value_is_made(said: Any, found: Any) -> None:
    assert take(said) == found


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"from": "item.status", "map": {"lost": 1}}, "nothing for 'won'"),
        ({"from": "item.status", "as": "number"}, "must be a number"),
        ({"from": "item.status", "time": "iso"}, "must be a time"),
        ({"from": "item.local", "time": "iso"}, "iso with a zone"),
        ({"from": "`true`", "time": "seconds"}, "must be a time"),
        ({"from": "'1e9'", "time": "seconds"}, "must be a time"),
        ({"from": "'9999999999999999999999'", "time": "nanoseconds"}, "must be a time"),
        ({"from": "'nan'", "as": "number"}, "must be a number"),
        ({"from": "'-Infinity'", "as": "number"}, "must be a number"),
        ({"from": "'1e400'", "as": "number"}, "must be a number"),
        ({"from": "'1_000'", "as": "number"}, "must be a number"),
        ({"from": "'\u0663'", "as": "number"}, "must be a number"),
        ({"from": "`[1]`", "as": "number"}, "must be a number"),
        ({"from": "'2026-11-27T24:00:01Z'", "time": "deadline"}, "must be a time"),
        ({"from": "item.status", "time": "milliseconds"}, "must be a time"),
        ({"from": "`1e300`", "time": "seconds"}, "must be a time"),
        ({"from": "item.day", "time": "%H:%M"}, "must be a time"),
        ("lower(item.number)", "lower"),
    ],
)
def test_a_value_that_does_not_fit_is_named_by_its_place(said: Any, words: str) -> None:
    with pytest.raises(Problem, match=words) as error:
        take(said)
    assert error.value.code == "invalid_field"
    assert error.value.errors[0].pointer == "/data/x"


@pytest.mark.parametrize("text", ["false", "FALSE", "False", "no", "No", " N ", "off", "OFF", "f", "0", " "])
def test_no_is_no_however_it_is_written(text: str) -> None:
    assert take_of(text, {"as": "boolean"}) is False


@pytest.mark.parametrize(("said", "found"), [("TRUE", True), ("Yes", True), ("on", True), ([], False), ([0], True)])
def test_what_else_is_said_is_yes_but_for_nothing(said: Any, found: bool) -> None:
    assert take_of(said, {"as": "boolean"}) is found


@pytest.mark.parametrize(
    ("said", "found"),
    [(" 7 ", 7), ("-1.50", -1.5), (".5", 0.5), ("1E3", 1000), (True, 1), ("+3.", 3), (10**20, 10**20)],
)
def test_a_number_is_read_from_text_as_json_would_have_it(said: Any, found: float) -> None:
    assert take_of(said, {"as": "number"}) == found


@pytest.mark.parametrize(
    ("said", "unit", "found"),
    [
        ("1795693503.25", "seconds", "2026-11-26T11:45:03.250000+00:00"),
        (1795693503.25, "seconds", "2026-11-26T11:45:03.250000+00:00"),
        ("1795693503.000123999999", "seconds", "2026-11-26T11:45:03.000123+00:00"),
        ("1795693503250.5", "milliseconds", "2026-11-26T11:45:03.250500+00:00"),
        (1795693503250.0, "milliseconds", "2026-11-26T11:45:03.250000+00:00"),
        (1.795693503e18, "nanoseconds", "2026-11-26T11:45:03+00:00"),
        (-1.5, "seconds", "1969-12-31T23:59:58.500000+00:00"),
    ],
)
def test_parts_of_a_second_since_1970_are_kept(said: Any, unit: str, found: str) -> None:
    assert take_of(said, {"time": unit}) == found


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_24_00_is_the_moment_that_ends_a_day_and_no_mere_date(zone: str) -> None:
    ends = "2026-11-28T00:00:00+00:00"
    assert take_of("2026-11-27T24:00:00Z", {"time": "deadline", "zone": zone}) == ends
    assert take_of("2026-11-27T24:00:00Z", {"time": "instant", "zone": zone}) == ends
    assert take_of("2026-11-27 24:00", {"time": "iso", "zone": "Europe/Berlin"}) == "2026-11-28T00:00:00+01:00"


def test_a_long_text_is_cut_and_says_so() -> None:
    found = take({"from": "item.long", "cut": 20})
    assert len(found) <= 20
    assert found.endswith("…")
    assert take({"from": "item.status", "cut": 3}) == "won"


def test_a_moment_is_a_time_or_none() -> None:
    day = VALUE.validate_python({"from": "item.day", "time": "date"})
    assert moment(day, GIVEN, "/time") == datetime(2026, 11, 27, 23, 59, tzinfo=UTC)
    assert moment("item.nothing", GIVEN, "/time") is None
    with pytest.raises(Problem, match="date and time"):
        moment("item.number", GIVEN, "/time")


@given(st.text(max_size=200))
def test_any_text_makes_an_id_of_ours_or_none(text: str) -> None:
    found = made(VALUE.validate_python({"from": "x", "as": "id"}), {"x": text}, "/data/x")
    assert found is None or (0 < len(found) <= 128 and found.isascii() and not set(found) & set(" /()\n"))


@given(st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_time_in_nanoseconds_loses_nothing(at: datetime) -> None:
    value = VALUE.validate_python({"from": "x", "time": "nanoseconds"})
    delta = at - datetime(1970, 1, 1, tzinfo=UTC)
    whole = (delta.days * 86_400 + delta.seconds) * 1_000_000_000 + delta.microseconds * 1_000
    assert moment(value, {"x": whole}, "/time") == at
