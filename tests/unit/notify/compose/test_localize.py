"""Times as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from notify_svc.compose.localize import Localizer
from notify_svc.compose.words import locale_of
from tests.support.clocks import NOON

VIENNA, NEW_YORK = ZoneInfo("Europe/Vienna"), ZoneInfo("America/New_York")


def test_the_customers_clock_and_format() -> None:
    assert Localizer(VIENNA, "en_GB", NOON).moment(NOON) == "Fri 8 Mar, 13:00"
    assert Localizer(VIENNA, "en_US", NOON).moment(NOON) == "Fri Mar 8, 1:00 PM"


def test_the_year_shows_where_it_is_another() -> None:
    assert Localizer(VIENNA, "en_GB", NOON).moment(NOON + timedelta(days=365)) == "Sat 8 Mar 2014, 13:00"


@pytest.mark.parametrize(
    ("locale", "first", "second"),
    [
        ("fr", "ven. 1er mars, 13:00", "sam. 2 mars, 13:00"),
        ("fr_CA", "ven. 1er mars, 13 h 00", "sam. 2 mars, 13 h 00"),
        ("pt", "sex., 1º de mar. 13:00", "sáb., 2 de mar. 13:00"),
        ("pt_PT", "sexta, 1/03, 13:00", "sábado, 2/03, 13:00"),
        ("de", "Fr., 1. März, 13:00", "Sa., 2. März, 13:00"),
        ("es", "vie, 1 mar, 13:00", "sáb, 2 mar, 13:00"),
    ],
)
def test_the_first_of_a_month_is_written_as_its_language_does(locale: str, first: str, second: str) -> None:
    civil = Localizer(VIENNA, locale, NOON)
    for days, said in ((7, first), (6, second)):
        assert civil.moment(NOON - timedelta(days=days)).replace("\xa0", " ").replace("\u202f", " ") == said
    year = Localizer(VIENNA, locale, NOON + timedelta(days=400)).day(NOON - timedelta(days=7))
    assert (" 1er mars 2013" in year) is locale.startswith("fr")


def test_the_day_is_named_once_where_both_ends_share_it() -> None:
    civil = Localizer(VIENNA, "en_GB", NOON)
    assert civil.ends(NOON, NOON + timedelta(hours=1)) == ("Fri 8 Mar, 13:00", "14:00")
    assert civil.ends(NOON, NOON + timedelta(hours=12)) == ("Fri 8 Mar, 13:00", "Sat 9 Mar, 01:00")


def test_midnight_is_the_end_of_the_day_before_and_never_a_day_alone() -> None:
    midnight = datetime(2013, 3, 8, 23, tzinfo=UTC)
    civil = Localizer(VIENNA, "en_GB", NOON)
    assert civil.deadline(midnight) == "the end of Fri 8 Mar"
    assert civil.moment(midnight) == "Sat 9 Mar, 00:00"
    assert civil.deadline(midnight + timedelta(minutes=1)) == "Sat 9 Mar, 00:01"


def test_the_end_of_a_year_is_in_that_year() -> None:
    new_year = datetime(2013, 12, 31, 23, tzinfo=UTC)
    assert Localizer(VIENNA, "en_GB", NOON).deadline(new_year) == "the end of Tue 31 Dec"


def test_an_hour_that_clocks_show_twice_says_which() -> None:
    civil = Localizer(NEW_YORK, "en_GB", NOON)
    first, second = (datetime(2013, 11, 3, hour, 30, tzinfo=UTC) for hour in (5, 6))
    assert civil.moment(first) == "Sun 3 Nov, 01:30 (UTC-04:00)"
    assert civil.moment(second) == "Sun 3 Nov, 01:30 (UTC-05:00)"
    assert civil.clock(second + timedelta(hours=1)) == "02:30"
    spring = datetime(2013, 3, 10, 7, 30, tzinfo=UTC)
    assert civil.clock(spring) == "03:30"


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("UTC", "UTC"),
        ("Etc/UTC", "UTC"),
        ("GMT", "UTC"),
        ("Etc/GMT-3", "UTC+03:00"),
        ("America/New_York", "New York time (UTC-05:00)"),
        ("Europe/Vienna", "Vienna time (UTC+01:00)"),
        ("Asia/Kolkata", "Kolkata time (UTC+05:30)"),
        ("Asia/Kathmandu", "Kathmandu time (UTC+05:45)"),
    ],
)
def test_a_zone_is_named_by_its_place_and_its_distance_from_utc(zone: str, name: str) -> None:
    assert Localizer(ZoneInfo(zone), "en_GB", NOON).zone_name() == name


def test_a_zone_whose_distance_changes_among_the_times_of_a_letter_is_named_by_its_place_alone() -> None:
    summer = NOON + timedelta(days=60)
    assert Localizer(NEW_YORK, "en_GB", NOON).zone_name(NOON, summer) == "New York time"
    assert Localizer(NEW_YORK, "en_GB", summer).zone_name(summer) == "New York time (UTC-04:00)"


@pytest.mark.parametrize(
    ("minutes", "text"), [(1, "1 minute"), (47.4, "47 minutes"), (185, "3 hours"), (4_000, "3 days")]
)
def test_a_length_is_told_in_the_unit_that_fits(minutes: float, text: str) -> None:
    assert Localizer(VIENNA, "en_GB", NOON).length(minutes) == text


@pytest.mark.parametrize(
    ("language", "locale"),
    [(None, "en_GB"), ("en", "en_GB"), ("en-US", "en_US"), ("de", "de"), ("xx-yy-zz-?", "en_GB"), ("", "en_GB")],
)
def test_formats_follow_the_language_of_the_words(language: str | None, locale: str) -> None:
    assert locale_of(language) == locale
