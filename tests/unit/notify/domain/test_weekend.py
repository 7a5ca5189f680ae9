"""A promise due while nobody works is warned of before its date: only until then does the hold count working hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from candor.calendar import Calendar, parse_business_hours
from notify_svc.domain.episode import decide, observe
from notify_svc.domain.facts import Decision, Episode, Kind, Reason, Rules
from tests.unit.notify.facts import gap, minutes, promise

ZONE = ZoneInfo("America/New_York")
RULES = Rules(calendar=Calendar(parse_business_hours("mon-fri 08:00-17:00"), "America/New_York"))


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """A time in March 2013 on New York's clocks; the 8th is a Friday."""
    return datetime(2013, 3, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


def told_at(slips: datetime, due: datetime, rules: Rules = RULES) -> tuple[datetime, Decision]:
    """When the customer is first told if P(slip) rises at `slips` and stays; the clock goes where a decision asks."""
    known = gap(0.9, as_of=slips, held_due=due, p50=due + minutes(40), p80=due + minutes(80))
    episode, now = observe(Episode(), known, rules), slips
    for _ in range(20):
        found = decide(episode, known, promise(held_due=due), now, rules)
        if found.kind is Kind.SPEAK:
            return now, found
        assert found.wake_at is not None
        assert found.wake_at > now
        now = found.wake_at
    raise AssertionError("never told")


@pytest.mark.parametrize(
    ("slips", "due"),
    [
        (local(8, 17, 30), local(9, 12)),
        (local(8, 16, 57), local(9, 12)),
        (local(9, 9), local(9, 12)),
        (local(9, 23), local(10, 3)),
        (local(10, 22), local(11, 8, 3)),
    ],
)
def test_one_that_is_due_before_five_working_minutes_have_passed_is_warned_of_after_five_of_the_clock(
    slips: datetime, due: datetime
) -> None:
    at, found = told_at(slips, due)
    assert found.reason is Reason.SLIP_HELD
    assert at == slips + RULES.hold
    assert at < due


@pytest.mark.parametrize(
    ("slips", "told"),
    [(local(8, 17, 30), local(11, 8, 5)), (local(8, 16, 57), local(11, 8, 2)), (local(8, 9), local(8, 9, 5))],
)
def test_one_that_is_due_in_working_hours_waits_for_them(slips: datetime, told: datetime) -> None:
    assert told_at(slips, local(11, 12))[0] == told


def test_one_that_rises_just_before_its_date_is_told_of_after_the_hold_and_not_after_the_weekend() -> None:
    due = local(9, 12)
    at, _ = told_at(due - timedelta(minutes=2), due)
    assert at == due + timedelta(minutes=3)


def test_the_hours_are_those_of_the_promises_own_zone() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    slips = datetime(2013, 3, 8, 18, tzinfo=tokyo)
    known = gap(0.9, as_of=slips, held_due=slips + timedelta(hours=20), p50=None, p80=None)
    due = replace(promise(zone=tokyo.key), held_due=slips + timedelta(hours=20))
    found = decide(observe(Episode(), known, RULES), known, due, slips + RULES.hold, RULES)
    assert found.kind is Kind.SPEAK
