"""Roll-ups: the value-weighted quadratic mean, and the worst promise beside it."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_svc.domain.gap import roll_up
from risk_svc.insight.measures.figure import Unit
from risk_svc.insight.measures.rollup import Gaps, roll_ups
from tests.support.figures import stated

Row = tuple[str, str, str, float, float]
rows = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from("xy"),
        st.sampled_from(["p1", "p2", "p3", "p4"]),
        st.floats(0, 100),
        st.floats(0.01, 1e6) | st.just(math.nan),
    ),
    max_size=40,
)


def gaps(found: list[Row]) -> Gaps:
    group, kind, promise, score, value = zip(*found, strict=True) if found else ((),) * 5
    return Gaps(group, kind, promise, np.array(score, float), np.array(value, float))


def test_a_case_by_hand() -> None:
    # a: √((100·30² + 300·50²) / 400) = √2100; the value of b's second promise is the median of type x, 200.
    found = roll_ups(
        gaps(
            [
                ("a", "x", "a1", 30.0, 100.0),
                ("a", "x", "a2", 50.0, 300.0),
                ("b", "y", "b1", 80.0, 600.0),
                ("b", "x", "b2", 0.0, math.nan),
            ]
        )
    )
    assert [one.group for one in found] == ["b", "a"]
    assert found[1].score.value == pytest.approx(math.sqrt(2100))
    assert (found[1].worst, found[1].worst_score, found[1].value, found[1].assumed) == ("a2", 50.0, 400.0, 0)
    assert found[0].score.value == pytest.approx(math.sqrt(600 * 6400 / 800))
    assert (found[0].score.n, found[0].score.unit, found[0].assumed, found[0].value) == (2, Unit.SCORE, 1, 800.0)


def test_an_unknown_value_takes_its_types_median_else_its_groups_else_one() -> None:
    nan = math.nan
    found = roll_ups(gaps([("a", "x", "1", 10, nan), ("a", "y", "2", 20, 4.0), ("a", "y", "3", 20, 2.0)]))
    assert found[0].score.value == pytest.approx(math.sqrt((3 * 100 + 6 * 400) / 9))
    assert roll_ups(gaps([("a", "x", "1", 10, nan), ("b", "y", "2", 20, 4.0)]))[1].value == 1.0


@given(rows)
def test_it_lies_between_mean_and_worst_and_no_promise_is_lost(found: list[Row]) -> None:
    said = roll_ups(gaps(found))
    assert sum(one.score.n for one in said) == len(found)
    for one in said:
        own = [row for row in found if row[0] == one.group]
        assert min(row[3] for row in own) - 1e-6 <= stated(one.score) <= one.worst_score + 1e-6
        assert one.worst_score == max(row[3] for row in own)
        assert one.worst == min(row[2] for row in own if row[3] == one.worst_score)


@given(rows)
def test_it_is_the_customers_gap_where_all_values_are_known(found: list[Row]) -> None:
    known = [row for row in found if not math.isnan(row[4])]
    for one in roll_ups(gaps(known)):
        own = [(row[3], row[4]) for row in known if row[0] == one.group]
        assert one.score.value == pytest.approx(roll_up(own), abs=1e-9)


@given(rows, st.randoms())
def test_the_order_of_promises_is_immaterial(found: list[Row], random: Random) -> None:
    mixed = found.copy()
    random.shuffle(mixed)
    before = {one.group: one for one in roll_ups(gaps(found))}
    for one in roll_ups(gaps(mixed)):
        other = before.pop(one.group)
        assert (one.worst, one.worst_score, one.assumed) == (other.worst, other.worst_score, other.assumed)
        assert stated(one.score) == pytest.approx(stated(other.score))
    assert before == {}


@given(rows, st.floats(0, 100))
def test_a_worse_promise_never_makes_a_group_better(found: list[Row], more: float) -> None:
    if not found:
        return
    worse = [*found[:-1], (*found[-1][:3], max(found[-1][3], more), found[-1][4])]
    before = {one.group: stated(one.score) for one in roll_ups(gaps(found))}
    for one in roll_ups(gaps(worse)):
        assert stated(one.score) >= before[one.group] - 1e-9


def test_promises_of_no_value_are_not_without_a_gap() -> None:
    found = roll_ups(gaps([("a", "x", "1", 30.0, 0.0), ("a", "x", "2", 40.0, -3.0)]))
    assert found[0].score.value == pytest.approx(1250**0.5)
    assert roll_ups(gaps([])) == []
