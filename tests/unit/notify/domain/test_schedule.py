"""Ranges and update times: rounded for people, never earlier than the forecast."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.calendar import Calendar, parse_business_hours
from candor.contracts import Statement
from notify_svc.domain.facts import Announcement, Forecast, Rules
from notify_svc.domain.schedule import ceil_to, next_update, owner_until, step_of, told_range, write_at
from tests.support.clocks import NOON
from tests.unit.notify.facts import NEW_YORK, RULES, minutes

zones = st.sampled_from(["UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]).map(ZoneInfo)
moments = st.integers(0, 365 * 86_400).map(lambda second: datetime(2013, 1, 1, tzinfo=UTC) + timedelta(seconds=second))
spans = st.timedeltas(timedelta(0), timedelta(days=60))


def test_a_range_is_told_to_five_minutes_an_hour_or_a_day() -> None:
    assert step_of(timedelta(hours=24)) == minutes(5)
    assert step_of(timedelta(days=14)) == timedelta(hours=1)
    assert step_of(timedelta(days=15)) == timedelta(days=1)


def test_a_flights_range_is_rounded_up() -> None:
    forecast = Forecast(0.9, NOON + minutes(37.2), NOON + minutes(76), 10)
    assert told_range(forecast, NOON, NEW_YORK) == (NOON + minutes(40), NOON + minutes(80))


def test_a_delivery_in_weeks_is_told_in_local_days() -> None:
    forecast = Forecast(0.9, NOON + timedelta(days=20), NOON + timedelta(days=23, hours=1), 10)
    low, high = told_range(forecast, NOON, NEW_YORK) or (NOON, NOON)
    assert low.astimezone(NEW_YORK).strftime("%d %H:%M") == "29 00:00"
    assert high.astimezone(NEW_YORK).strftime("%d %H:%M") == "01 00:00"


def test_half_a_forecast_is_no_range() -> None:
    assert told_range(None, NOON, NEW_YORK) is None
    assert told_range(Forecast(0.9, NOON, None), NOON, NEW_YORK) is None
    assert told_range(Forecast(0.9, None, NOON), NOON, NEW_YORK) is None


@given(moments, spans, spans, zones)
def test_no_range_begins_before_p50_or_before_now_or_ends_before_p80(
    now: datetime, ahead: timedelta, width: timedelta, zone: ZoneInfo
) -> None:
    p50 = now - timedelta(days=1) + ahead
    low, high = told_range(Forecast(0.9, p50, p50 + width), now, zone) or (now, now)
    assert low >= max(p50, now)
    assert high >= p50 + width
    assert high > low
    assert low - max(p50, now) <= timedelta(days=1, hours=2)


@given(moments, st.sampled_from([minutes(5), minutes(15), timedelta(hours=1)]), zones)
def test_rounding_up_lands_on_the_local_clock(at: datetime, step: timedelta, zone: ZoneInfo) -> None:
    rounded = ceil_to(at, step, zone)
    assert at <= rounded < at + step + timedelta(hours=1)
    local = rounded.astimezone(zone)
    assert (local.minute * 60 + local.second) % min(step.total_seconds(), 900) == 0


def test_rounding_across_a_clock_change_never_goes_back() -> None:
    in_the_repeated_hour = datetime(2013, 11, 3, 6, 50, tzinfo=UTC)
    assert ceil_to(in_the_repeated_hour, timedelta(hours=1), NEW_YORK) >= in_the_repeated_hour


def test_the_next_update_falls_on_the_end_of_the_range_at_a_quarter() -> None:
    assert next_update(NOON, NOON + minutes(131), NEW_YORK, RULES) == NOON + minutes(135)


def test_it_is_neither_sooner_than_an_hour_nor_later_than_two_days() -> None:
    assert next_update(NOON, NOON + minutes(3), NEW_YORK, RULES) == NOON + minutes(60)
    far = next_update(NOON, NOON + timedelta(days=30), NEW_YORK, RULES)
    assert far.astimezone(NEW_YORK).strftime("%d %H:%M") == "10 17:00"


def test_beyond_six_hours_it_is_a_whole_hour() -> None:
    by = next_update(NOON + minutes(7), NOON + timedelta(hours=9), NEW_YORK, RULES)
    assert by == NOON + timedelta(hours=9)


def test_without_news_the_interval_does_not_shrink() -> None:
    assert next_update(NOON, NOON + minutes(61), NEW_YORK, RULES, timedelta(hours=4)) == NOON + timedelta(hours=4)


@pytest.mark.parametrize(
    ("until", "due", "by"),
    [
        (131, 120, 120),
        (131, 20, 20),
        (61, 240, 75),
        (200, 240, 240),
        (131, -1, 135),
        (131, 0, 135),
    ],
    ids=["before the range ends", "nearer than an hour", "far ahead", "shortly before", "gone", "now"],
)
def test_while_the_date_lies_ahead_the_next_update_is_not_after_it(until: float, due: float, by: float) -> None:
    found = next_update(NOON, NOON + minutes(until), NEW_YORK, RULES, due=NOON + minutes(due))
    assert found == NOON + minutes(by)


@pytest.mark.parametrize(
    ("now", "due", "by"),
    [
        (
            datetime(2013, 3, 8, 17, tzinfo=UTC),
            datetime(2013, 3, 9, 15, tzinfo=UTC),
            datetime(2013, 3, 8, 22, tzinfo=UTC),
        ),
        (datetime(2013, 3, 8, 21, 30, tzinfo=UTC), datetime(2013, 3, 9, 15, tzinfo=UTC), None),
        (datetime(2013, 3, 9, 12, tzinfo=UTC), datetime(2013, 3, 9, 15, tzinfo=UTC), None),
    ],
    ids=["the last closing", "too near", "closed already"],
)
def test_a_date_outside_working_hours_is_spoken_of_in_them_where_there_are_any_left(
    now: datetime, due: datetime, by: datetime | None
) -> None:
    found = next_update(now, due + timedelta(hours=2), NEW_YORK, RULES, hours=WORKDAYS, due=due)
    assert found == (by or due)


@given(moments, spans, st.timedeltas(timedelta(seconds=1), timedelta(days=60)), zones, st.booleans())
def test_the_next_update_is_ahead_and_by_the_date(
    now: datetime, left: timedelta, ahead: timedelta, zone: ZoneInfo, working: bool
) -> None:
    due = now + ahead
    by = next_update(now, now + left, zone, RULES, hours=WORKDAYS if working else None, due=due)
    assert now < by <= due
    assert by == due or by - now >= RULES.update_min


@given(st.integers(1, 6_000), st.integers(-3_000, 6_000), st.integers(0, 30))
def test_an_announced_word_is_written_ahead_but_never_at_once_and_not_about_a_date_to_come(
    wait: int, due: int, early: int
) -> None:
    said = Announcement(Statement.UPDATE, NOON, next_update_by=NOON + minutes(wait))
    write, date = write_at(said, NOON + minutes(due), minutes(early)), NOON + minutes(due)
    assert write is not None
    assert min(minutes(wait) / 2, date - NOON) <= write - NOON <= minutes(wait)
    assert write >= min(date, NOON + minutes(wait)) or write >= NOON + minutes(wait - early)
    assert not write < date <= NOON + minutes(wait)


def test_the_owners_wait_ends_with_the_time_the_customer_was_told() -> None:
    assert owner_until(NOON, None, RULES) == NOON + RULES.owner_wait
    assert owner_until(NOON, NOON + minutes(15), RULES) == NOON + RULES.owner_wait
    assert owner_until(NOON, NOON + minutes(4), RULES) == NOON + minutes(4)
    assert owner_until(NOON, NOON, RULES) == NOON + minutes(1)


WORKDAYS = Calendar(parse_business_hours("mon-fri 08:00-17:00"), "America/New_York")


@pytest.mark.parametrize(
    ("until", "by"),
    [
        (datetime(2013, 3, 8, 21, 0, tzinfo=UTC), datetime(2013, 3, 8, 21, 0, tzinfo=UTC)),
        (datetime(2013, 3, 8, 22, 0, tzinfo=UTC), datetime(2013, 3, 8, 22, 0, tzinfo=UTC)),
        # Clocks change on the Sunday between.
        (datetime(2013, 3, 8, 22, 15, tzinfo=UTC), datetime(2013, 3, 11, 12, 0, tzinfo=UTC)),
        (datetime(2013, 3, 9, 15, 0, tzinfo=UTC), datetime(2013, 3, 11, 12, 0, tzinfo=UTC)),
    ],
    ids=["open", "closing", "evening", "weekend"],
)
def test_the_next_update_comes_due_in_working_hours(until: datetime, by: datetime) -> None:
    now = datetime(2013, 3, 8, 17, tzinfo=UTC)
    assert next_update(now, until, NEW_YORK, RULES, hours=WORKDAYS) == by


@given(moments, spans, zones)
def test_working_hours_only_ever_put_it_off_to_an_opening(now: datetime, left: timedelta, zone: ZoneInfo) -> None:
    plain = next_update(now, now + left, zone, RULES)
    by = next_update(now, now + left, zone, RULES, hours=WORKDAYS)
    assert by >= plain
    assert by == plain or WORKDAYS.is_open(by)


@given(moments, spans, zones, st.floats(0.1, 1))
def test_the_next_update_is_always_ahead_and_bounded(
    now: datetime, left: timedelta, zone: ZoneInfo, share: float
) -> None:
    rules = Rules(update_share=share)
    by = next_update(now, now + left, zone, rules)
    assert now + rules.update_min <= by <= now + rules.update_max + timedelta(hours=26)
