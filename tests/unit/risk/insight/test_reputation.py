"""Standing with forgetting, and the spread of a claim that is not met."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from risk_svc.insight.measures.figure import Unit
from risk_svc.insight.measures.reputation import Outcomes, Spread, Told, joined, ranked, records, spread, standings
from tests.support.figures import bounds, stated

outcomes = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 1), st.floats(0, 2000)), min_size=1, max_size=40)
claims = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.integers(1, 50), st.floats(0.01, 1), st.floats(0.1, 3), st.floats(0, 20)),
    min_size=1,
    max_size=40,
)


def outcome(rows: list[tuple[str, int, float]]) -> Outcomes:
    maker, kept, age = zip(*rows, strict=True)
    return Outcomes(maker, np.array(kept, float), np.array(age, float))


def told(rows: list[tuple[str, int, float, float, float]]) -> Told:
    account, recipients, unmet, weight, age = zip(*rows, strict=True)
    return Told(account, np.array(recipients), np.array(unmet), np.array(weight), np.array(age))


def test_a_standing_by_hand() -> None:
    rows = [("new", 1, 0.0)] * 3 + [("old", 1, 180.0)] * 6 + [("old", 0, 0.0)]
    old, new = (
        standings(outcome(rows))[::-1] if standings(outcome(rows))[0].maker == "new" else standings(outcome(rows))
    )
    # Kept 3 of 3: 4/5. Six half as old again count 3, with one broken today: 4/6.
    assert (new.maker, stated(new.share), new.share.n) == ("new", 0.8, 3)
    assert (old.maker, old.share.n) == ("old", 7)
    assert stated(old.share) == pytest.approx(4 / 6)
    # Beta(4, 1): the 5 % bound is .05^(1/4)
    assert bounds(new.share)[0] == pytest.approx(0.05**0.25)
    assert bounds(old.share) == pytest.approx((beta.ppf(0.05, 4, 2), beta.ppf(0.95, 4, 2)))
    assert (new.share.unit, new.share.level) == (Unit.SHARE, 0.9)


def test_a_long_good_record_stands_above_one_lucky_promise() -> None:
    found = standings(outcome([("lucky", 1, 0.0), *[("tried", 1, 1.0)] * 90, *[("tried", 0, 1.0)] * 10]))
    assert [one.maker for one in found] == ["tried", "lucky"]


@given(outcomes, st.floats(1, 1000))
def test_standings_are_bounded_ranked_and_order_free(rows: list[tuple[str, int, float]], half_life: float) -> None:
    found = standings(outcome(rows), half_life)
    lows = [bounds(one.share)[0] for one in found]
    assert lows == sorted(lows, reverse=True)
    assert all(0 < stated(one.share) < 1 for one in found)
    assert sum(one.share.n for one in found) == len(rows)
    for one, other in zip(found, standings(outcome(rows[::-1]), half_life), strict=True):
        assert stated(one.share) == pytest.approx(stated(other.share))


@given(outcomes)
def test_a_kept_promise_never_lowers_a_standing_and_a_broken_one_never_raises_it(
    rows: list[tuple[str, int, float]],
) -> None:
    def of_a(more: list[tuple[str, int, float]]) -> tuple[float, float]:
        share = next(one.share for one in standings(outcome(more)) if one.maker == "a")
        return stated(share), bounds(share)[0]

    rows = [("a", 1, 5.0), *rows]
    (middle, low), better, worse = of_a(rows), of_a([*rows, ("a", 1, 0.0)]), of_a([*rows, ("a", 0, 0.0)])
    assert better[0] > middle > worse[0]
    assert better[1] > low > worse[1]


@given(outcomes, st.integers(0, 40))
def test_records_add_up_whatever_the_pages(rows: list[tuple[str, int, float]], cut: int) -> None:
    pages = [records(outcome(some)) for some in (rows[:cut], rows[cut:]) if some]
    for one, whole in zip(ranked(joined(pages)), standings(outcome(rows)), strict=True):
        assert stated(one.share) == pytest.approx(stated(whole.share))
        assert bounds(one.share) == pytest.approx(bounds(whole.share))
    assert ranked({}) == []


@given(outcomes)
def test_what_is_long_ago_is_forgotten(rows: list[tuple[str, int, float]]) -> None:
    for one in standings(outcome([(maker, kept, age + 1e5) for maker, kept, age in rows])):
        assert stated(one.share) == pytest.approx(0.5, abs=1e-6)


def test_a_spread_by_hand() -> None:
    rows = [("a", 10, 0.5, 2.0, 1.0), ("a", 5, 0.5, 4.0, 30.0), ("b", 10, 0.5, 2.0, 8.0)]
    found = spread(told(rows))
    # x: 10 + 10 and 10; (30)² / (400 + 100)
    assert (stated(found.reach), found.reach.n) == (30.0, 2)
    assert stated(found.effective) == pytest.approx(1.8)
    assert found.growth.too_little_history
    assert found.growth.n == 2


def test_prospects_are_each_one_of_their_own() -> None:
    rows = [("acme", 10, 1.0, 1.0, 1.0), ("k7", 90, 1.0, 1.0, 1.0)]
    noisy, wide = spread(told(rows)), spread(told(rows)._replace(apart=np.array([False, True])))
    # 100² / (10² + 90²), and 100² / (10² + 90·1²)
    assert (stated(noisy.effective), noisy.reach.n) == pytest.approx((1.2195, 2), abs=1e-4)
    assert (stated(wide.effective), wide.reach.n) == pytest.approx((52.6316, 91), abs=1e-4)
    assert stated(wide.reach) == stated(noisy.reach) == 100.0


def weeks(now: int, before: int) -> Spread:
    accounts = [(f"n{at}", 1, 0.5, 1.0, 3.0) for at in range(now)]
    return spread(told([*accounts, *((f"b{at}", 1, 0.5, 1.0, 10.0) for at in range(before))]))


def test_growth_by_hand() -> None:
    growth = weeks(40, 20).growth
    off = np.exp(1.96 * (1 / 40 + 1 / 20) ** 0.5)
    assert (stated(growth), growth.n, growth.unit) == (2.0, 60, Unit.RATIO)
    assert bounds(growth) == pytest.approx((2 / off, 2 * off))
    assert bounds(growth)[0] > 1
    assert weeks(40, 4).growth.too_little_history
    assert bounds(weeks(10, 8).growth)[0] < 1


@given(claims)
def test_the_effective_number_lies_between_one_account_and_all(
    rows: list[tuple[str, int, float, float, float]],
) -> None:
    found = spread(told(rows))
    assert 1 - 1e-9 <= stated(found.effective) <= found.reach.n * (1 + 1e-9)
    assert found.reach.n == len({row[0] for row in rows})
    assert stated(spread(told(rows[::-1])).reach) == pytest.approx(stated(found.reach))


@given(claims, claims)
def test_reach_adds_and_grows_with_the_chance_of_not_being_met(
    some: list[tuple[str, int, float, float, float]], more: list[tuple[str, int, float, float, float]]
) -> None:
    reach = [stated(spread(told(rows)).reach) for rows in (some, more, [*some, *more])]
    assert reach[0] + reach[1] == pytest.approx(reach[2])
    certain = told(some)._replace(unmet=np.ones(len(some)))
    assert stated(spread(certain).reach) >= reach[0]


def test_a_claim_that_is_met_reaches_nobody() -> None:
    found = spread(told([("a", 10, 0.0, 1.0, 1.0)]))
    assert stated(found.reach) == 0
    assert found.effective.too_little_history
