"""Values that nobody stated take the median of their type, else of their group, else 1."""

from __future__ import annotations

import math
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_svc.insight.measures.values import filled

rows = st.lists(
    st.tuples(st.sampled_from("xyz"), st.sampled_from("ab"), st.floats(0, 1e6) | st.just(math.nan)), max_size=40
)


@given(rows)
def test_each_takes_the_first_median_that_is_known(found: list[tuple[str, str, float]]) -> None:
    kind, group, value = zip(*found, strict=True) if found else ((), (), ())
    given = np.array(value, float)
    said = filled(given, kind, group)
    for at, (own_kind, own_group, own) in enumerate(found):
        of_kind = [other for name, _, other in found if name == own_kind and not math.isnan(other)]
        of_group = [other for _, name, other in found if name == own_group and not math.isnan(other)]
        expected = own if not math.isnan(own) else median(of_kind or of_group or [1.0])
        assert said[at] == pytest.approx(expected)
    assert np.array_equal(given, np.array(value, float), equal_nan=True)
