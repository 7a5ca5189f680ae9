"""Chance and times as people are told them are of one curve, whatever the experts say."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from risk_svc.forecast.intervals import STATED
from risk_svc.forecast.record import LEAST, Record, widened
from risk_svc.forecast.stated import DIGITS, beside_chance, by_deadline

share = st.floats(0, 1)
exact = st.sampled_from([0.0, 0.08, 0.1, 0.2, 0.20004, 0.19996, 0.5, 1.0])
times = st.lists(st.floats(-4.9, 4.9), min_size=3, max_size=3).map(sorted)
scores = st.lists(st.tuples(st.floats(-4, 4), times, share), min_size=LEAST, max_size=60)


@given(times, st.one_of(share, exact), st.one_of(share, st.just(1.0)))
def test_a_level_is_reached_in_time_exactly_where_its_time_is_the_deadline_or_before(
    told: list[float], p_late: float, never: float
) -> None:
    p, gone = np.array([p_late]), np.array([min(never, p_late)])
    found = beside_chance(np.array([told]), p, gone)[0]
    in_time = round(1 - p_late, DIGITS)
    assert (found <= 0).tolist() == [in_time >= level for level in STATED]
    assert (np.diff(found[np.isfinite(found)]) >= 0).all()
    assert np.isinf(found).tolist() == sorted(np.isinf(found).tolist())


def test_eight_in_a_hundred_to_be_late_leaves_no_p90_behind_the_date() -> None:
    found = beside_chance(np.array([[-1.0, -0.2, 2.0]]), np.array([0.08]), np.array([0.08]))
    assert found.tolist() == [[-1.0, -0.2, 0.0]]


@given(scores, times, st.one_of(share, exact))
def test_they_still_agree_once_times_are_moved_to_what_holds(
    seen: list[tuple[float, list[float], float]], told: list[float], p_late: float
) -> None:
    record = Record()
    for came, said, late in seen:
        p = np.array([late])
        record.add("visit", came, beside_chance(np.array([said]), p, np.zeros(1))[0], by_deadline(p)[0])
    p = np.array([p_late])
    stated, by = beside_chance(np.array([told]), p, np.zeros(1)), by_deadline(p)
    found = widened(record, ["visit"], stated, by).told[0]
    if np.isnan(found).any():
        assert np.isnan(found).all()
    else:
        assert (found <= 0).tolist() == by[0].tolist()
        assert (found >= stated[0]).all()
        assert (np.diff(found) >= 0).all()
