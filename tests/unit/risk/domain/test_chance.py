"""A chance in words is never more certain than the number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_svc.domain.chance import chance_words


@pytest.mark.parametrize(
    ("chance", "words"),
    [
        (0.0, "0%"),
        (0.0001, "under 1%"),
        (0.0049, "under 1%"),
        (0.005, "under 1%"),
        (0.0051, "1%"),
        (0.5, "50%"),
        (0.83, "83%"),
        (0.994, "99%"),
        (0.996, "over 99%"),
        (0.99999, "over 99%"),
        (1.0, "100%"),
    ],
)
def test_a_chance_in_words(chance: float, words: str) -> None:
    assert chance_words(chance) == words


@given(st.floats(min_value=0.0, max_value=1.0, exclude_min=True, exclude_max=True))
def test_nothing_uncertain_is_called_certain(chance: float) -> None:
    assert chance_words(chance) not in ("0%", "100%")
