"""When a source's silence is longer than its own rhythm explains."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candor.intake.silence import rhythm
from candor.intake.silence.rhythm import FLOOR, HOUR, HOURS, MINUTE, UNKNOWN, WEEK, Rhythm

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
SEEDS = range(8)


def told(moments: list[datetime]) -> Rhythm:
    found = rhythm.begun(moments[0])
    for at in moments[1:]:
        found = rhythm.heard(found, at)
    return found


def working_hours(seed: int, weeks: int, an_hour: float = 12.0) -> list[datetime]:
    """Words at random, so many an hour from Monday to Friday between 8 and 18 h, and none at other times."""
    chance, at, found = random.Random(seed), MONDAY, []
    while at < MONDAY + weeks * WEEK:
        at += timedelta(hours=chance.expovariate(an_hour))
        if at.weekday() < 5 and 8 <= at.hour < 18:
            found.append(at)
    return found


def steady(number: int, gap: timedelta) -> list[datetime]:
    return [MONDAY + gap * place for place in range(number)]


def test_the_rate_of_an_hour_is_the_minutes_in_which_it_was_heard() -> None:
    found = told([MONDAY + timedelta(minutes=minute, seconds=second) for minute in range(20) for second in (1, 30)])
    found = rhythm.heard(found, MONDAY + HOUR)
    assert found.rates[0] == 20.0
    assert set(found.rates[1:]) == {UNKNOWN}
    found = rhythm.heard(found, MONDAY + WEEK)
    assert (found.rates[1], found.rates[2], found.rates[167]) == (1.0, 0.0, 0.0)
    assert rhythm.heard(found, MONDAY + WEEK + HOUR).rates[0] == 20 + rhythm.WEIGHT * (1 - 20)


def test_a_quiet_weekend_is_no_silence_and_a_quiet_monday_is() -> None:
    found = told(working_hours(1, 4))
    saturday, next_monday = MONDAY + 3 * WEEK + timedelta(days=5), MONDAY + 4 * WEEK
    assert found.last < saturday
    assert not rhythm.silent(found, saturday + timedelta(hours=12))
    assert not rhythm.silent(found, next_monday + timedelta(hours=8))
    assert rhythm.silent(found, next_monday + timedelta(hours=10))


@pytest.mark.parametrize("seed", SEEDS)
def test_in_ten_weeks_of_words_at_random_nothing_is_called_silent(seed: int) -> None:
    words = working_hours(seed, 12)
    found, false = rhythm.begun(words[0]), 0
    for before, at in pairwise(words):
        false += rhythm.silent(found, at - timedelta(seconds=1)) and at - before > FLOOR
        found = rhythm.heard(found, at)
    assert len(words) > 5_000
    assert false == 0, f"seed {seed}"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_source_that_ends_is_called_silent_within_two_hours_of_work(seed: int) -> None:
    found = told(working_hours(seed, 6))
    tuesday = MONDAY + 6 * WEEK + timedelta(days=1)
    found = rhythm.heard(found, tuesday + timedelta(hours=9))
    late = next(minutes for minutes in range(1_000) if rhythm.silent(found, found.last + minutes * MINUTE))
    assert 15 <= late <= 120, f"seed {seed}: {late} minutes"


def test_bursts_of_its_own_make_a_source_patient() -> None:
    burst = [MONDAY + timedelta(hours=6) * place + MINUTE * step for place in range(120) for step in range(10)]
    found, evenly = told(burst), told(steady(2_000, timedelta(minutes=20)))
    limits = rhythm.limit(found), rhythm.limit(evenly)
    assert limits[0] is not None and limits[1] is not None
    assert limits[0] > 2 * limits[1]
    assert not rhythm.silent(found, found.last + timedelta(hours=6))
    assert rhythm.silent(found, found.last + timedelta(hours=30))


def test_a_source_is_learnt_for_a_week_and_fifty_gaps() -> None:
    assert rhythm.limit(told(steady(6 * 24, HOUR))) is None
    assert rhythm.limit(told(steady(8 * 24, HOUR))) is None
    assert rhythm.limit(told(steady(7 * 24 + 49, HOUR))) is None
    some = told(steady(7 * 24 + 52, HOUR))
    assert len(some.gaps) == rhythm.LEAST_GAPS + 1
    # Below 200 gaps no quantile of its own is believed to be shorter than that of an exponential.
    assert rhythm.limit(some) == pytest.approx(2 * log(200))
    assert not rhythm.silent(told(steady(100, HOUR)), MONDAY + 52 * WEEK)


def test_however_busy_a_source_is_a_quarter_of_an_hour_is_no_silence() -> None:
    found = told(steady(9 * 1_440, MINUTE))
    assert rhythm.limit(found) == pytest.approx(2.0, rel=0.05)
    assert not rhythm.silent(found, found.last + FLOOR - timedelta(seconds=1))
    assert rhythm.silent(found, found.last + FLOOR)


def test_an_outage_is_not_learnt_as_a_habit() -> None:
    words = steady(15 * 24 * 4, timedelta(minutes=15))
    found = told(words)
    back = found.last + timedelta(days=2)
    assert rhythm.silent(found, back)
    after = rhythm.heard(found, back)
    assert after.rates[(rhythm.hour_of_week(back) - 24) % HOURS] == 4.0
    assert after.gaps[-1] == pytest.approx(4 * 48, rel=0.02)
    assert rhythm.limit(after) == pytest.approx(rhythm.limit(found), rel=0.02)


def test_expected_words_are_counted_by_the_hour_and_by_whole_weeks() -> None:
    rates = tuple(float(number) for number in range(HOURS))
    half = MONDAY + HOUR / 2
    assert rhythm.expected(rates, half, half + HOUR) == pytest.approx(0.5)
    assert rhythm.expected(rates, half, half + 3 * WEEK) == pytest.approx(3 * sum(rates))
    assert rhythm.expected((UNKNOWN,) * HOURS, MONDAY, MONDAY + 5 * WEEK) == 0.0
    assert rhythm.expected(rates, half, half - HOUR) == 0.0


def test_the_usual_number_is_that_of_the_hour_of_the_week() -> None:
    found = told(steady(9 * 24 * 6, timedelta(minutes=10)))
    assert rhythm.usual(found, MONDAY + 20 * WEEK) == 6.0
    assert rhythm.usual(rhythm.begun(MONDAY), MONDAY) is None


MOMENTS = st.lists(st.integers(0, 40 * 1_440), min_size=2, max_size=400).map(
    lambda minutes: [MONDAY + MINUTE * minute for minute in sorted(minutes)]
)


@settings(print_blob=True)
@given(MOMENTS, st.integers(0, 60 * 1_440), st.integers(0, 1_440))
def test_once_silent_it_stays_so_until_a_word_and_expectations_only_grow(
    words: list[datetime], later: int, more: int
) -> None:
    found = told(words)
    first, second = found.last + later * MINUTE, found.last + (later + more) * MINUTE
    assert rhythm.expected(found.rates, found.last, second) >= rhythm.expected(found.rates, found.last, first) - 1e-9
    assert rhythm.silent(found, second) >= rhythm.silent(found, first)
    assert not rhythm.silent(rhythm.heard(found, second + HOUR), second + HOUR)


@settings(print_blob=True)
@given(MOMENTS, st.data())
def test_words_that_come_again_or_late_change_nothing_but_the_last(words: list[datetime], data: st.DataObject) -> None:
    found = told(words)
    again = data.draw(st.sampled_from(words))
    assert rhythm.heard(found, again)[2:] == found[2:]
    assert rhythm.heard(found, found.last) == found
    assert all(UNKNOWN <= rate <= 60 for rate in found.rates)
    assert len(found.gaps) <= rhythm.KEPT_GAPS


@settings(print_blob=True)
@given(MOMENTS, st.integers(0, 300), st.integers(0, 23))
def test_the_hour_of_a_moment_is_the_same_in_every_zone(words: list[datetime], later: int, zone: int) -> None:
    from datetime import timezone  # noqa: PLC0415

    there = timezone(timedelta(hours=zone - 12))
    elsewhere = [at.astimezone(there) for at in words]
    now = words[-1] + later * MINUTE
    assert rhythm.silent(told(words), now) == rhythm.silent(told(elsewhere), now)
    assert told(words).rates == told(elsewhere).rates
