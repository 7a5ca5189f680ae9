"""Quiet hours: over midnight, where clocks change, and what does not wait for the morning."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_svc.domain.quiet import QuietHours, quiet_hours, quiet_until, waits_until
from notify_svc.domain.schedule import in_the_morning

VIENNA, NEW_YORK, LORD_HOWE = ZoneInfo("Europe/Vienna"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")
NIGHT = QuietHours(time(21), time(7))
SIESTA = QuietHours(time(12, 30), time(14))
HOUR = timedelta(hours=1)
ZONES = st.sampled_from([VIENNA, NEW_YORK, LORD_HOWE, ZoneInfo("Asia/Kathmandu"), ZoneInfo("UTC")])
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 3 * 366 * 86_400).map(lambda seconds: BEGIN + timedelta(seconds=seconds))
HOURS = st.builds(QuietHours, st.times(), st.times()).filter(lambda quiet: quiet.begin != quiet.end)


def at(text: str, zone: ZoneInfo = VIENNA) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def test_hours_are_read_as_people_write_them() -> None:
    assert quiet_hours("21:00-07:00") == NIGHT
    assert quiet_hours("none") is None
    for wrong in ("", "21-7", "24:00-07:00", "21:00-21:00", "21:00 - 07:00", "9:00-10:00", "21:60-07:00"):
        with pytest.raises(ValueError, match="21:00-07:00, or none"):
            quiet_hours(wrong)


@pytest.mark.parametrize(
    ("moment", "quiet", "until"),
    [
        ("2026-03-10T20:59:59", NIGHT, None),
        ("2026-03-10T21:00", NIGHT, "2026-03-11T07:00"),
        ("2026-03-11T00:00", NIGHT, "2026-03-11T07:00"),
        ("2026-03-11T06:59:59", NIGHT, "2026-03-11T07:00"),
        ("2026-03-11T07:00", NIGHT, None),
        ("2026-03-11T12:30", SIESTA, "2026-03-11T14:00"),
        ("2026-03-11T14:00", SIESTA, None),
        ("2026-12-31T23:00", NIGHT, "2027-01-01T07:00"),
        # The night in which clocks go forward is an hour shorter, and the one in which they go back an hour longer.
        ("2026-03-28T23:00", NIGHT, "2026-03-29T07:00"),
        ("2026-10-24T23:00", NIGHT, "2026-10-25T07:00"),
    ],
)
def test_they_end_on_the_customers_clock(moment: str, quiet: QuietHours, until: str | None) -> None:
    assert quiet_until(at(moment), VIENNA, quiet) == (None if until is None else at(until))
    assert quiet_until(at(moment), VIENNA, None) is None


def test_an_end_that_clocks_show_twice_is_the_one_that_lies_ahead() -> None:
    half_past_two = QuietHours(time(22), time(2, 30))
    first = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)
    assert first.astimezone(VIENNA).time() == time(2, 45)
    assert quiet_until(first, VIENNA, half_past_two) is None
    again = datetime(2026, 10, 25, 1, 15, tzinfo=UTC)
    assert again.astimezone(VIENNA).time() == time(2, 15)
    assert quiet_until(again, VIENNA, half_past_two) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@given(MOMENTS, ZONES, HOURS)
def test_an_end_lies_ahead_within_a_day_and_is_quiet_no_more(now: datetime, zone: ZoneInfo, quiet: QuietHours) -> None:
    until = quiet_until(now, zone, quiet)
    if until is not None:
        assert now < until <= now + timedelta(hours=25)
        later = quiet_until(until + timedelta(hours=1, microseconds=1), zone, quiet)
        # Where clocks go back the same hours may begin once more; then they end again.
        assert later is None or later > until


@given(MOMENTS, ZONES, HOURS, st.integers(-48, 48), st.integers(-48, 48))
def test_nothing_waits_past_its_use_or_past_what_was_announced(
    now: datetime, zone: ZoneInfo, quiet: QuietHours, due_in: int, announced_in: int
) -> None:
    due, announced = now + due_in * HOUR, now + announced_in * HOUR
    until = waits_until(now, zone, quiet, announced=None, due=due, least=HOUR)
    if until is not None:
        assert until == quiet_until(now, zone, quiet)
        assert due <= now or until + HOUR <= due
    told = waits_until(now, zone, quiet, announced=announced, due=due, least=HOUR)
    assert told is None or told < announced


def test_a_warning_that_would_come_too_late_goes_out_at_night() -> None:
    now = at("2026-03-10T23:00")
    for due, waits in (("2026-03-11T06:00", False), ("2026-03-11T07:30", False), ("2026-03-11T08:00", True)):
        found = waits_until(now, VIENNA, NIGHT, announced=None, due=at(due), least=HOUR)
        assert (found is not None) == waits
    # What is late already waits: nothing is left to save before the morning.
    assert waits_until(now, VIENNA, NIGHT, announced=None, due=at("2026-03-10T22:00"), least=HOUR) is not None


EARLY = timedelta(minutes=15)


@pytest.mark.parametrize(
    ("by", "due", "told"),
    [
        ("2026-03-10T18:00", "2026-03-12T12:00", "2026-03-10T18:00"),
        ("2026-03-10T23:00", "2026-03-12T12:00", "2026-03-11T07:15"),
        # It would be written within them.
        ("2026-03-11T07:00", "2026-03-12T12:00", "2026-03-11T07:15"),
        ("2026-03-11T05:00", "2026-03-11T06:00", "2026-03-11T05:00"),
        ("2026-03-11T05:00", "2026-03-11T04:00", "2026-03-11T07:15"),
    ],
)
def test_an_update_is_announced_for_the_morning(by: str, due: str, told: str) -> None:
    assert in_the_morning(at(by), at(due), VIENNA, NIGHT, EARLY) == at(told)
    assert in_the_morning(at(by), at(due), VIENNA, None, EARLY) == at(by)


@given(MOMENTS, ZONES, HOURS, st.integers(-48, 48))
def test_an_announced_time_is_never_earlier_nor_past_a_promised_one(
    by: datetime, zone: ZoneInfo, quiet: QuietHours, due_in: int
) -> None:
    due = by + due_in * HOUR
    found = in_the_morning(by, due, zone, quiet, EARLY)
    assert found >= by
    assert due < by or found <= due
