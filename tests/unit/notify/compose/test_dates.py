"""Times read right to a stranger, in every language: no two moments read the same, and none reads as another."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_svc.compose.localize import Localizer
from tests.support.clocks import NOON

LOCALES = ("en_GB", "en_US", "de", "de_AT", "fr", "fr_CA", "es", "es_MX", "pt", "pt_PT", "ja")
ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "America/St_Johns", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tokyo"),
    *("Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham", "Etc/GMT-3", "America/Sao_Paulo", "Africa/Casablanca"),
)
moments = st.integers(-2 * 525_600, 3 * 525_600).map(lambda minutes: NOON + timedelta(minutes=minutes))
locales, zones = st.sampled_from(LOCALES), st.sampled_from(ZONES).map(ZoneInfo)
CHANGES = [
    # Clocks go back: 01:30 in New York and Sydney's half hour at Lord Howe come twice.
    ("America/New_York", datetime(2013, 11, 3, 5, 30, tzinfo=UTC), timedelta(hours=1)),
    ("Europe/Berlin", datetime(2013, 10, 27, 0, 30, tzinfo=UTC), timedelta(hours=1)),
    ("Australia/Lord_Howe", datetime(2013, 4, 6, 14, 45, tzinfo=UTC), timedelta(minutes=30)),
    ("America/St_Johns", datetime(2013, 11, 3, 3, 45, tzinfo=UTC), timedelta(hours=1)),
]


apart = st.sampled_from([0, 1, 30, 60, 720, 1_440, 10_080, 525_600]) | st.integers(1, 2_000_000)


@given(locales, zones, moments, apart)
def test_two_moments_never_read_the_same(locale: str, zone: ZoneInfo, one: datetime, minutes: int) -> None:
    civil, other = Localizer(zone, locale, NOON), one + timedelta(minutes=minutes)
    assert (civil.moment(one) == civil.moment(other)) == (one == other)
    assert (civil.deadline(one) == civil.deadline(other)) == (one == other)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(("zone", "first", "later"), CHANGES)
def test_an_hour_that_comes_twice_is_told_apart(locale: str, zone: str, first: datetime, later: timedelta) -> None:
    civil = Localizer(ZoneInfo(zone), locale, NOON)
    one, two = civil.clock(first), civil.clock(first + later)
    assert one.partition(" (UTC")[0] == two.partition(" (UTC")[0]
    assert one != two
    assert "UTC" in one
    assert "UTC" in two
    assert "UTC" not in civil.clock(first - timedelta(hours=3))
    assert civil.ends(first, first + later) == (civil.moment(first), two)


@given(locales, zones, moments)
def test_the_day_the_clock_and_the_year_stand_in_a_moment(locale: str, zone: ZoneInfo, at: datetime) -> None:
    civil, local = Localizer(zone, locale, NOON), at.astimezone(zone)
    text = civil.moment(at)
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    assert local.day in numbers
    assert local.minute in numbers
    hour = local.hour if locale != "en_US" and locale != "es_MX" else (local.hour % 12 or 12)
    assert {hour, local.hour, local.hour % 12 or 12} & set(numbers)
    assert (local.year in numbers) == (local.year != NOON.astimezone(zone).year)


@given(locales, zones, moments)
def test_a_day_never_stands_alone_for_its_midnight(locale: str, zone: ZoneInfo, at: datetime) -> None:
    civil = Localizer(zone, locale, NOON)
    local = at.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, fold=0).astimezone(UTC)
    if (midnight.astimezone(zone).hour, midnight.astimezone(zone).minute) != (0, 0):
        return
    before = midnight - timedelta(minutes=1)
    assert civil.day(before) in civil.deadline(midnight)
    assert civil.deadline(midnight) != civil.day(before)
    assert civil.moment(midnight) != civil.day(midnight)
    assert civil.day(midnight) in civil.moment(midnight)


@given(locales, zones, moments, st.integers(1, 3_000))
def test_a_range_reads_in_order_and_names_the_second_day_where_it_is_another(
    locale: str, zone: ZoneInfo, low: datetime, minutes: int
) -> None:
    civil, high = Localizer(zone, locale, NOON), low + timedelta(minutes=minutes)
    first, second = civil.ends(low, high)
    assert first == civil.moment(low)
    same_day = low.astimezone(zone).date() == high.astimezone(zone).date()
    assert second == (civil.clock(high) if same_day else civil.moment(high))
    assert first != second


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(("zone", "offset"), [("Asia/Kolkata", "+05:30"), ("Asia/Kathmandu", "+05:45")])
def test_a_zone_of_half_hours_says_its_distance_from_utc(locale: str, zone: str, offset: str) -> None:
    named = Localizer(ZoneInfo(zone), locale, NOON).zone_name(NOON)
    assert f"UTC{offset}" in named
    assert not named.startswith("UTC")


@given(locales, zones, st.lists(moments, max_size=4))
def test_the_distance_from_utc_is_said_only_where_it_holds_for_every_time_of_the_letter(
    locale: str, zone: ZoneInfo, told: list[datetime]
) -> None:
    named = Localizer(zone, locale, NOON).zone_name(*told)
    offsets = {at.astimezone(zone).utcoffset() for at in (NOON, *told)}
    assert ("UTC" in named) == (len(offsets) == 1)
