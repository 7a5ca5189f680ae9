"""The forecasts' own record: scores by hand, bins, and no claim on too little."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_svc.domain.track import ENOUGH, track

triple = st.tuples(st.floats(0, 1), st.floats(0, 1), st.integers(0, 1))


def test_nothing_settled_nothing_claimed() -> None:
    found = track([])
    assert (found.n, found.brier, found.skill, found.reliability) == (0, None, None, ())


def test_brier_and_skill_are_what_their_formulas_say() -> None:
    scored = [(0.8, 0.5, 1), (0.2, 0.5, 0)] * ENOUGH
    found = track(scored)
    assert found.brier == pytest.approx(0.04)
    assert found.base_brier == pytest.approx(0.25)
    assert found.skill == pytest.approx(1 - 0.04 / 0.25)


def test_too_few_give_scores_but_no_skill() -> None:
    found = track([(0.8, 0.5, 1)] * (ENOUGH - 1))
    assert found.brier is not None
    assert found.skill is None


def test_bins_tell_what_was_said_and_what_happened() -> None:
    found = track([(0.72, 0.3, 1), (0.78, 0.3, 0), (1.0, 0.3, 1), (0.0, 0.3, 0)])
    assert [(item.low, item.n) for item in found.reliability] == [(0.0, 1), (0.7, 2), (0.9, 1)]
    assert found.reliability[1].predicted == pytest.approx(0.75)
    assert found.reliability[1].observed == pytest.approx(0.5)


@given(st.lists(triple, min_size=1, max_size=60))
def test_bins_add_up_to_all(scored: list[tuple[float, float, int]]) -> None:
    found = track(scored)
    assert sum(item.n for item in found.reliability) == found.n == len(scored)
    assert found.brier is not None
    assert 0.0 <= found.brier <= 1.0
    for item in found.reliability:
        assert item.low - 1e-9 <= item.predicted <= item.low + 0.1 + 1e-9
