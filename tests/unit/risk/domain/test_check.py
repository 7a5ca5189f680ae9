"""Before saying yes: what a share kept is called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import MIN_CASES
from risk_svc.domain.check import Verdict, advice, verdict


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (0.0, Verdict.OVER_PROMISE),
        (0.499, Verdict.OVER_PROMISE),
        (0.5, Verdict.TIGHT),
        (0.799, Verdict.TIGHT),
        (0.8, Verdict.SOUND),
        (0.97, Verdict.SOUND),
        (0.971, Verdict.SANDBAG),
        (1.0, Verdict.SANDBAG),
    ],
)
def test_the_share_kept_names_the_date(kept: float, said: Verdict) -> None:
    assert verdict(kept, MIN_CASES) is said


@given(st.floats(0, 1), st.integers(0, MIN_CASES - 1))
def test_with_too_few_like_promises_nothing_is_called_anything(kept: float, n: int) -> None:
    assert verdict(kept, n) is Verdict.UNKNOWN
    said = advice(Verdict.UNKNOWN, kept, n, 1 / n if n else None)
    known = "1 similar promise is" if n == 1 else f"{n} similar promises are"
    assert said.startswith(f"Too little history: {known} known, 1 of {n} slipped" if n else "No history yet")
    assert "%" not in said
    assert "slipped" not in advice(Verdict.UNKNOWN, kept, n, None)


@given(st.floats(0, 1))
def test_every_verdict_is_put_in_a_sentence_with_its_share_and_n(kept: float) -> None:
    said = advice(verdict(kept, 420), kept, 420, 0.2)
    assert f"{kept:.0%} of 420" in said
    assert said.endswith(".")
