"""The business clock: one history, replayed alike by every process."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.ops.clock import BusinessClock, SystemClock, ahead, parse_clock
from tests.support.clocks import NOON, ManualClock

ORIGIN = datetime(2026, 11, 22, 12, tzinfo=UTC)
START = datetime(2013, 3, 7, 17, tzinfo=UTC)


def test_it_starts_where_it_is_told_at_the_shared_origin() -> None:
    assert BusinessClock(START, 1300, ORIGIN, ManualClock(ORIGIN)).now() == START


def test_it_runs_at_its_speed() -> None:
    system = ManualClock(ORIGIN)
    clock = BusinessClock(START, 1300, ORIGIN, system)
    system.advance(timedelta(seconds=2))
    assert clock.now() == START + timedelta(seconds=2600)


def test_before_the_origin_it_shows_an_earlier_time() -> None:
    assert BusinessClock(START, 60, ORIGIN, ManualClock(ORIGIN - timedelta(seconds=1))).now() == START - timedelta(
        minutes=1
    )


@given(st.floats(0.1, 10_000), st.timedeltas(timedelta(0), timedelta(days=30)))
def test_processes_that_share_the_setting_agree(speed: float, later: timedelta) -> None:
    system = ManualClock(ORIGIN + later)
    one = BusinessClock(START, speed, ORIGIN, system)
    two = BusinessClock(START.astimezone(timezone(timedelta(hours=-5))), speed, ORIGIN, system)
    assert one.now() == two.now()
    assert one.now().tzinfo is UTC


@given(st.floats(0.1, 10_000), st.integers(1, 10**6))
def test_waiting_the_seconds_it_says_reaches_the_moment(speed: float, ahead_s: int) -> None:
    system = ManualClock(ORIGIN)
    clock = BusinessClock(START, speed, ORIGIN, system)
    moment = START + timedelta(seconds=ahead_s)
    system.advance(timedelta(seconds=clock.system_seconds_until(moment)))
    assert abs((clock.now() - moment).total_seconds()) <= 1e-6 * speed + 1e-3
    assert BusinessClock(START, speed, ORIGIN, ManualClock(ORIGIN)).system_seconds_until(START) == 0


def test_no_setting_means_the_machines_time() -> None:
    assert isinstance(parse_clock("", None), SystemClock)
    assert parse_clock("", None).now().tzinfo is UTC


def test_a_setting_is_start_and_speed() -> None:
    clock = parse_clock("2013-03-07T17:00:00Z@1300", ORIGIN)
    assert isinstance(clock, BusinessClock)
    assert (clock.start, clock.speed, clock.origin) == (START, 1300, ORIGIN)


@pytest.mark.parametrize(
    "text",
    [
        "2013-03-07T17:00:00Z",
        "@",
        "@5",
        "2013-03-07T17:00:00Z@",
        "2013-03-07T17:00:00Z@fast",
        "2013-03-07T17:00:00Z@0",
        "2013-03-07T17:00:00Z@-1",
        "2013-03-07T17:00:00Z@nan",
        "2013-03-07T17:00:00Z@inf",
        "2013-03-07T17:00:00@5",
        "yesterday@5",
    ],
)
def test_any_other_setting_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_clock(text, ORIGIN)


def test_each_process_must_not_choose_its_own_origin() -> None:
    with pytest.raises(ValueError, match="CLOCK_ORIGIN"):
        parse_clock("2013-03-07T17:00:00Z@1300", None)


def test_clocks_may_differ_by_five_minutes() -> None:
    assert not ahead(NOON + timedelta(minutes=5), NOON)
    assert ahead(NOON + timedelta(minutes=5, seconds=1), NOON)
    assert not ahead(NOON - timedelta(days=3650), NOON)


def test_a_manual_clock_stands_still() -> None:
    clock = ManualClock()
    assert clock.now() == clock.now() == NOON
    assert clock.advance(timedelta(hours=1)) == clock.now()
    clock.set(NOON)
    assert clock.now() == NOON
