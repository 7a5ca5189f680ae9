"""Months of reviews: shares with what they are of, and nothing stated from too few."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from risk_svc.insight.measures.figure import LEAST, share
from risk_svc.insight.review_months import month_of
from risk_svc.web.api.market_responses import MonthOut
from risk_svc.web.api.routes.market import as_month


def test_a_month_of_which_nothing_is_known_states_nothing() -> None:
    found = month_of("2026-03", {})
    assert (found.reviews, found.failure.n, found.failure.value, found.warned.n) == (0, 0, None, 0)
    assert MonthOut.model_validate(as_month(found)).not_told == 0


def test_who_is_not_tagged_counts_in_no_share() -> None:
    counts = {"reviews": 60, "untagged": 20, "by_machine": 35, "failures": 10, "not_told": 7, "late": 30, "warned": 24}
    found = month_of("2026-03", counts)
    assert found.failure == share(10, 40)
    assert found.warned == share(24, 30)
    assert (found.by_machine, found.tags["not_told"], found.tags["unreachable"]) == (35, 7, 0)


@given(st.integers(0, 100), st.integers(0, 100), st.data())
def test_a_share_needs_twenty(reviews: int, late: int, data: st.DataObject) -> None:
    untagged, failures = data.draw(st.integers(0, reviews)), 0
    counts = {"reviews": reviews, "untagged": untagged, "failures": failures, "late": late, "warned": late}
    found = month_of("2026-03", counts)
    assert (found.failure.value is None) is (reviews - untagged < LEAST)
    assert (found.warned.value is None) is (late < LEAST)
