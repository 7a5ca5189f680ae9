"""Business time that waits for whoever begins the replay."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from candor.ops.clock import BusinessClock, HeldClock, parse_clock
from tests.support.clocks import ManualClock

START = datetime(2013, 3, 7, 17, tzinfo=UTC)
ORIGIN = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_time_stands_until_the_origin_is_named(tmp_path: Path) -> None:
    system = ManualClock(ORIGIN)
    clock = HeldClock(START, 1000, tmp_path / "origin", system)
    system.advance(timedelta(hours=1))
    assert clock.now() == START


def test_from_then_on_it_runs_as_everybody_elses(tmp_path: Path) -> None:
    file = tmp_path / "origin"
    file.write_text(ORIGIN.isoformat())
    system = ManualClock(ORIGIN + timedelta(seconds=3))
    clock = HeldClock(START, 1000, file, system)
    assert clock.now() == BusinessClock(START, 1000, ORIGIN, system).now() == START + timedelta(seconds=3000)


def test_an_origin_still_to_come_holds_the_time(tmp_path: Path) -> None:
    file = tmp_path / "origin"
    file.write_text(ORIGIN.isoformat())
    system = ManualClock(ORIGIN - timedelta(seconds=1))
    clock = HeldClock(START, 1000, file, system)
    assert clock.now() == START
    system.advance(timedelta(seconds=2))
    assert clock.now() == START + timedelta(seconds=1000)


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-01-01T12:00:00", "2026-01-01T12:00:00Z 0", "2026-01-01T12:00:00Z fast"]
)
def test_a_file_that_names_no_aware_time_changes_nothing(tmp_path: Path, text: str) -> None:
    file = tmp_path / "origin"
    file.write_text(text)
    assert HeldClock(START, 1000, file, ManualClock(ORIGIN)).now() == START


def test_whoever_begins_may_choose_another_speed(tmp_path: Path) -> None:
    file = tmp_path / "origin"
    file.write_text(f"{ORIGIN.isoformat()} 400.5")
    clock = HeldClock(START, 1000, file, ManualClock(ORIGIN + timedelta(seconds=2)))
    assert clock.now() == START + timedelta(seconds=801)
    assert clock.speed == 400.5


def test_it_stops_where_the_file_says_and_for_all_alike(tmp_path: Path) -> None:
    file, stop = tmp_path / "origin", START + timedelta(hours=1)
    file.write_text(f"{ORIGIN.isoformat()} 1000 {stop.isoformat()}")
    system = ManualClock(ORIGIN)
    early = HeldClock(START, 1000, file, system)
    system.advance(timedelta(seconds=3.5))
    assert early.now() == START + timedelta(seconds=3500)
    system.advance(timedelta(days=30))
    started_again = HeldClock(START, 1000, file, system)
    assert early.now() == started_again.now() == stop
    system.advance(timedelta(days=30))
    assert early.now() == started_again.now() == stop


@pytest.mark.parametrize("until", ["2013-03-07T16:59:59+00:00", "2013-03-07T18:00:00", "soon"])
def test_a_stop_that_is_no_aware_time_after_the_start_leaves_it_standing(tmp_path: Path, until: str) -> None:
    file = tmp_path / "origin"
    file.write_text(f"{ORIGIN.isoformat()} 1000 {until}")
    assert HeldClock(START, 1000, file, ManualClock(ORIGIN + timedelta(hours=1))).now() == START


def test_the_setting_takes_a_file_in_place_of_the_origin(tmp_path: Path) -> None:
    clock = parse_clock("2013-03-07T17:00:00Z@1300", None, tmp_path / "origin")
    assert isinstance(clock, HeldClock)
    assert (clock.start, clock.speed) == (START, 1300)
    with pytest.raises(ValueError, match="CLOCK_ORIGIN"):
        parse_clock("2013-03-07T17:00:00Z@1300", None)
    with pytest.raises(ValueError, match="speed"):
        parse_clock("2013-03-07T17:00:00Z@0", None, tmp_path / "origin")
