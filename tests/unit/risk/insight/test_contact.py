"""Customers gone silent over an open gap, and surprises of both signs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_svc.insight.measures.contact import Ended, Surprise, Words, gone_silent, silences, surprises
from risk_svc.insight.measures.figure import Unit
from tests.support.figures import bounds, stated

DAY = 86400.0
days = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 365)), min_size=1, max_size=60)
ends = st.lists(st.tuples(st.floats(-30, 30), st.floats(0.1, 30), st.booleans()), min_size=1, max_size=30)


def words(rows: list[tuple[str, int]]) -> Words:
    customer, day = zip(*rows, strict=True)
    return Words(customer, np.array(day) * DAY)


def ended(rows: list[tuple[float, float, bool]]) -> Ended:
    """Rows of days early, days of scale, and whether it was announced."""
    early, scale, told = (np.array(column) for column in zip(*rows, strict=True))
    names = [f"p{at:02}" for at in range(len(rows))]
    return Ended(names, ["acme"] * len(rows), early * DAY, np.zeros(len(rows)), scale * DAY, told.astype(bool))


def test_a_silence_by_hand() -> None:
    # acme speaks every 2, 2, 4, 6, 6 days, in the median every 4; the last word was 12 days ago.
    rows = [("acme", day) for day in (0, 2, 4, 8, 14, 20)] + [("else", 1), ("brew", 30), ("brew", 31)]
    acme, brew = silences(words(rows[::-1]), {"acme": 40.0, "brew": 80.0}, 32 * DAY)
    assert (acme.customer, stated(acme.silence), acme.silence.n, acme.days, acme.score) == ("acme", 3.0, 5, 12.0, 40.0)
    assert bounds(acme.silence) == pytest.approx((2.0, 6.0))
    assert acme.silence.unit == Unit.RATIO
    assert (brew.silence.too_little_history, brew.silence.n, brew.days) == (True, 1, 1.0)
    assert gone_silent([acme, brew]) == [acme]


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
        assert one.days == pytest.approx(before[one.customer].days + more)
        if one.silence.value is not None:
            assert stated(one.silence) >= stated(held) >= 0
            assert bounds(one.silence)[0] >= 0


def test_surprises_by_hand() -> None:
    found = surprises(ended([(-5.0, 10.0, False), (3.0, 10.0, False), (-20.0, 10.0, True), (0.5, 10.0, False)]))
    assert found[0] == Surprise("p00", "acme", -0.5, -5.0)
    assert [(one.promise, one.days) for one in found[1:]] == [("p01", 3.0)]
    assert found[1].size == pytest.approx(0.3)


@given(ends)
def test_surprises_are_bounded_unannounced_and_ranked(rows: list[tuple[float, float, bool]]) -> None:
    found = surprises(ended(rows))
    sizes = [abs(one.size) for one in found]
    assert sizes == sorted(sizes, reverse=True)
    assert all(0.1 <= size <= 1 for size in sizes)
    for one in found:
        early, _, told = rows[int(one.promise[1:])]
        assert not told
        assert one.days == pytest.approx(early)
        assert (one.size > 0) == (early > 0)
    surprising = [early for early, scale, told in rows if not told and abs(early) >= 0.1 * scale * (1 + 1e-9)]
    assert len(found) >= len(surprising)
