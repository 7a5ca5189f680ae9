"""Customers gone silent over an open gap, and surprises of both signs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_svc.insight.measures.contact import Ended, Words, gone_silent, silences, surprises
from risk_svc.insight.measures.figure import Unit
from tests.support.figures import bounds, stated

DAY = 86400.0
days = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 365)), min_size=1, max_size=60)
ends = st.lists(
    st.tuples(
        *(st.floats(0, 30), st.floats(0, 30), st.none() | st.floats(-30, 60), st.floats(0.1, 30), st.booleans()),
        st.floats(0, 1),
    ),
    min_size=1,
    max_size=30,
)


def words(rows: list[tuple[str, int]]) -> Words:
    customer, day = zip(*rows, strict=True)
    return Words(customer, np.array(day) * DAY)


def ended(*rows: tuple[float, float, float | None, float, bool, float]) -> Ended:
    """Rows of begin and length of what was told, when it came, scale, all in days; if it was known; what is missing."""
    begin, length, done, scale, known, missing = zip(*rows, strict=True)
    start = np.array(begin)
    came = np.array([np.nan if one is None else one for one in done], np.float64)
    end, length_of_all = (start + np.array(length)) * DAY, np.array(scale) * DAY
    return Ended(start * DAY, end, came * DAY, length_of_all, np.array(known), np.array(missing, np.float64))


def sizes(*rows: tuple[float, float, float | None, float, bool, float]) -> list[float]:
    return [float(one) for one in surprises(ended(*rows))]


def test_a_silence_by_hand() -> None:
    # acme speaks every 2, 2, 4, 6, 6 days, in the median every 4; the last word was 12 days ago.
    rows = [("acme", day) for day in (0, 2, 4, 8, 14, 20)] + [("else", 1), ("brew", 30), ("brew", 31)]
    acme, brew = silences(words(rows[::-1]), {"acme": 40.0, "brew": 80.0}, 32 * DAY)
    assert (acme.customer, stated(acme.silence), acme.silence.n, acme.days, acme.score) == ("acme", 3.0, 5, 12.0, 40.0)
    assert bounds(acme.silence) == pytest.approx((2.0, 6.0))
    assert acme.silence.unit == Unit.RATIO
    assert (brew.silence.too_little_history, brew.silence.n, brew.days) == (True, 1, 1.0)
    assert gone_silent([acme, brew]) == [acme]


def test_of_whom_nothing_was_ever_heard_there_is_too_little_history() -> None:
    [acme] = silences(words([("else", 1)]), {"acme": 40.0}, 32 * DAY)
    assert (acme.customer, acme.silence.too_little_history, acme.silence.n, acme.days) == ("acme", True, 0, None)
    assert gone_silent([acme]) == []


def test_a_silence_counts_beside_an_open_gap_only() -> None:
    rows = [("acme", day) for day in range(0, 60, 10)]
    assert silences(words(rows), {}, 100 * DAY) == []
    assert len(gone_silent(silences(words(rows), {"acme": 25.0}, 70 * DAY))) == 1
    assert gone_silent(silences(words(rows), {"acme": 24.9}, 70 * DAY)) == []
    assert gone_silent(silences(words(rows), {"acme": 25.0}, 69 * DAY)) == []


@given(days, st.integers(365, 800), st.integers(0, 400))
def test_silence_grows_while_nobody_speaks_whatever_the_order(rows: list[tuple[str, int]], now: int, more: int) -> None:
    gaps = dict.fromkeys("abc", 50.0)
    before = {one.customer: one for one in silences(words(rows), gaps, now * DAY)}
    for one in silences(words(rows[::-1]), gaps, (now + more) * DAY):
        held = before[one.customer].silence
        assert (one.silence.value is None) == (held.value is None)
        then = before[one.customer].days
        assert one.days == (None if then is None else pytest.approx(then + more))
        if one.silence.value is not None:
            assert stated(one.silence) >= stated(held) >= 0
            assert bounds(one.silence)[0] >= 0


def test_surprises_by_hand() -> None:
    # Told to come from day 10 to day 12, with H of 4 days: half of it is 2.
    told = {7.9: 0.525, 8.1: 0.0, 10.0: 0.0, 12.0: 0.0, 13.9: 0.0, 15.0: -0.75, 99.0: -1.0}
    assert sizes(*((10.0, 2.0, done, 4.0, False, 0.0) for done in told)) == pytest.approx([*told.values()])


def test_what_never_came_is_the_worst_unless_that_was_said() -> None:
    assert sizes((10.0, 2.0, None, 4.0, False, 0.0), (10.0, 2.0, None, 4.0, True, 0.0)) == [-1.0, 0.0]


def test_what_is_missing_counts_where_it_is_worse_than_the_time() -> None:
    early, in_time, late = 4.0, 11.0, 15.0
    assert sizes((10.0, 2.0, early, 4.0, False, 0.5), (10.0, 2.0, in_time, 4.0, False, 0.6)) == [-0.5, -0.6]
    assert sizes((10.0, 2.0, late, 4.0, False, 0.6), (10.0, 2.0, early, 4.0, False, 0.4)) == [-0.75, 1.0]


def test_whoever_was_told_of_trouble_without_a_date_can_only_be_surprised_by_what_comes_early() -> None:
    some = ended((10.0, 0.0, 500.0, 4.0, False, 0.0), (10.0, 0.0, 5.0, 4.0, False, 0.0))
    assert surprises(some._replace(end=np.full(2, np.inf))).tolist() == [0.0, 1.0]


@given(ends, st.floats(0, 5))
def test_surprises_are_bounded_and_what_comes_later_is_never_a_better_one(
    rows: list[tuple[float, float, float | None, float, bool, float]], more: float
) -> None:
    some = ended(*rows)
    found, later = surprises(some), surprises(some._replace(done=some.done + more * DAY))
    assert np.all((found == 0) | ((np.abs(found) >= 0.5) & (np.abs(found) <= 1)))
    assert np.all(later <= found)
    in_time = some._replace(done=some.begin, missing=np.zeros(len(rows)))
    assert not surprises(in_time).any()
