"""A label's value in words: the digits that were sent, so that rules that name them hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts.promise import EXACT, Label, label_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        ("Key account", "Key account"),
        (7.0, "7"),
        (-7.0, "-7"),
        (1_234_567.0, "1234567"),
        (0.25, "0.25"),
        (0.1234567, "0.1234567"),
        (1e300, "1e+300"),
    ],
)
def test_a_value_is_told_as_it_was_sent(value: Label, text: str) -> None:
    assert label_text(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_two_numbers_are_told_alike(value: float) -> None:
    assert float(label_text(value)) == value


@given(st.integers(min_value=1 - int(EXACT), max_value=int(EXACT) - 1))
def test_a_whole_number_is_told_without_a_point(value: int) -> None:
    assert label_text(float(value)) == str(value)
