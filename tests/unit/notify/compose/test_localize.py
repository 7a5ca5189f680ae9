"""Times as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from notify_svc.compose.localize import Localizer, locale_of
from tests.support.clocks import NOON

VIENNA = ZoneInfo("Europe/Vienna")


def test_the_customers_clock_and_format() -> None:
    assert Localizer(VIENNA, "en_GB", NOON).moment(NOON) == "Fri 8 Mar, 13:00"
    assert Localizer(VIENNA, "en_US", NOON).moment(NOON) == "Fri Mar 8, 1:00 PM"


def test_the_year_shows_where_it_is_another() -> None:
    assert Localizer(VIENNA, "en_GB", NOON).moment(NOON + timedelta(days=365)) == "Sat 8 Mar 2014, 13:00"


def test_the_day_is_named_once_where_both_ends_share_it() -> None:
    civil = Localizer(VIENNA, "en_GB", NOON)
    assert civil.ends(NOON, NOON + timedelta(hours=1)) == ("Fri 8 Mar, 13:00", "14:00")
    assert civil.ends(NOON, NOON + timedelta(hours=12)) == ("Fri 8 Mar, 13:00", "Sat 9 Mar, 01:00")


def test_midnight_is_the_day_alone() -> None:
    midnight = datetime(2013, 3, 8, 23, tzinfo=UTC)
    assert Localizer(VIENNA, "en_GB", NOON).moment(midnight) == "Sat 9 Mar"


@pytest.mark.parametrize(
    ("zone", "name"),
    [("UTC", "UTC"), ("America/New_York", "New York time"), ("Europe/Vienna", "Vienna time")],
)
def test_a_zone_is_named_by_its_place(zone: str, name: str) -> None:
    assert Localizer(ZoneInfo(zone), "en_GB", NOON).zone_name() == name


@pytest.mark.parametrize(
    ("minutes", "text"), [(1, "1 minute"), (47.4, "47 minutes"), (185, "3 hours"), (4_000, "3 days")]
)
def test_a_length_is_told_in_the_unit_that_fits(minutes: float, text: str) -> None:
    assert Localizer(VIENNA, "en_GB", NOON).length(minutes) == text


@pytest.mark.parametrize(
    ("language", "locale"),
    [(None, "en_GB"), ("en", "en_GB"), ("en-US", "en_US"), ("de", "en_GB"), ("xx-yy-zz-?", "en_GB"), ("", "en_GB")],
)
def test_formats_follow_the_language_of_the_words(language: str | None, locale: str) -> None:
    assert locale_of(language) == locale
