"""What three groups believe: distances, differences, similarities, and nobody recognised."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from risk_svc.insight.measures.figure import Figure, Unit, share
from risk_svc.insight.measures.perception import FEWEST, Comparison, Perception, Sheets, Verdict, perception, trends
from tests.support.figures import bounds, stated

few = settings(max_examples=30)
KEPT = share(80, 100)
ratings = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 4)), min_size=FEWEST, max_size=40)
Rows = dict[str, list[tuple[int, int]]]


def sheets(rows: Rows, item: str = "does well", at: float = 0.0) -> Sheets:
    """Sheets of each group as (rating, people)."""
    flat = [(group, *answer) for group, answers in rows.items() for answer in answers]
    group, rating, people = zip(*flat, strict=True)
    return Sheets(group, [item] * len(flat), np.array(rating), np.array(people), np.full(len(flat), at))


def joined(one: Sheets, other: Sheets) -> Sheets:
    return Sheets(
        [*one.group, *other.group],
        [*one.item, *other.item],
        np.r_[one.rating, other.rating],
        np.r_[one.people, other.people],
        np.r_[one.at, other.at],
    )


def people(*counts: int) -> list[tuple[int, int]]:
    """Sheets of one person each, by rating from 1 to 5."""
    return [(rating, 1) for rating, many in enumerate(counts, 1) for _ in range(many)]


def only(rows: Rows, seed: int = 1) -> Comparison:
    return perception(sheets(rows), KEPT, seed).comparisons[0]


def test_a_case_by_hand() -> None:
    found = perception(sheets({"leadership": people(0, 0, 0, 10, 30), "customers": people(10, 10, 10, 8, 2)}), KEPT, 1)
    customers, leadership = found.cells
    assert (stated(customers.top), customers.top.n, customers.top.unit) == (0.05, 40, Unit.SHARE)
    assert (stated(leadership.top), stated(leadership.rating)) == (0.75, 4.75)
    assert stated(customers.rating) == pytest.approx(2.55)
    # Wilson for 2 of 40: .0138 to .165
    assert bounds(customers.top) == pytest.approx((0.0138, 0.165), abs=1e-3)
    apart = found.comparisons[0]
    assert (apart.first, apart.second, apart.verdict) == ("customers", "leadership", Verdict.DISPARITY)
    assert stated(apart.top) == pytest.approx(-0.7)
    # Newcombe: .75 has .598 to .858
    low, high = bounds(apart.top)
    assert low == pytest.approx(-0.7 - np.hypot(0.05 - 0.0138, 0.858 - 0.75), abs=2e-3)
    assert high == pytest.approx(-0.7 + np.hypot(0.165 - 0.05, 0.75 - 0.598), abs=2e-3)
    # No customer is above a leader at the same rank: the distance is that of the means, 2.2 of 4.
    assert stated(apart.distance) == pytest.approx(0.55)
    assert found.kept == KEPT


def test_groups_that_believe_alike_are_said_to() -> None:
    alike = people(5, 10, 40, 80, 65)
    found = only({"staff": alike, "leadership": alike})
    assert (found.verdict, stated(found.distance), stated(found.top)) == (Verdict.SIMILARITY, 0.0, 0.0)
    assert only({"staff": people(1, 1, 1, 1, 2), "leadership": people(0, 1, 2, 1, 2)}).verdict is Verdict.UNCLEAR


@pytest.mark.parametrize("few", [1, FEWEST - 1])
def test_cells_of_few_people_are_suppressed_with_their_number(few: int) -> None:
    found = perception(sheets({"staff": people(0, 0, 0, 0, few), "customers": people(5, 5, 5, 5, 5)}), KEPT, 1)
    staff = found.cells[1]
    assert (staff.group, staff.top.too_little_history, staff.rating.too_little_history) == ("staff", True, True)
    assert staff.top.n == staff.rating.n == 0
    apart = found.comparisons[0]
    assert (apart.verdict, apart.top.n, apart.distance.n) == (Verdict.SUPPRESSED, 0, 0)
    assert apart.top.value is apart.distance.value is None


def test_a_sheet_of_a_group_counts_its_people_but_is_one_answer() -> None:
    one = perception(sheets({"customers": [(5, 6), (1, 2)]}), KEPT, 1).cells[0]
    eight = perception(sheets({"customers": people(2, 0, 0, 0, 6)}), KEPT, 1).cells[0]
    assert (stated(one.top), one.top.n) == (stated(eight.top), eight.top.n) == (0.75, 8)
    assert bounds(one.top)[0] < bounds(eight.top)[0]
    assert bounds(one.top)[1] > bounds(eight.top)[1]


def test_change_over_time_compares_a_group_with_itself() -> None:
    before = sheets({"staff": people(20, 10, 5, 3, 2), "leadership": people(0, 0, 0, 0, 2)}, at=1.0)
    now = sheets({"staff": people(2, 3, 5, 10, 20), "customers": people(9, 0, 0, 0, 0)}, at=5.0)
    found = trends(joined(before, now), since=5.0, seed=1)
    assert [(one.first, one.second) for one in found] == [("staff now", "staff before")]
    assert (found[0].verdict, found[0].top.certain_sign) == (Verdict.DISPARITY, 1)
    assert trends(before, since=5.0, seed=1) == []


@few
@given(ratings, ratings, st.integers(0, 2**32))
def test_the_distance_is_wassersteins_and_bounded(
    one: list[tuple[int, int]], other: list[tuple[int, int]], seed: int
) -> None:
    found = only({"a": one, "b": other}, seed)
    values, weights = zip(*(np.array(answers).T for answers in (one, other)), strict=True)
    assert stated(found.distance) == pytest.approx(wasserstein_distance(*values, *weights) / 4)
    assert 0 <= bounds(found.distance)[0] <= bounds(found.distance)[1] <= 1 + 1e-9
    assert -1 - 1e-9 <= bounds(found.top)[0] <= bounds(found.top)[1] <= 1 + 1e-9
    assert found.top.n == sum(many for _, many in [*one, *other])


@few
@given(ratings, ratings, st.integers(0, 2**32))
def test_neither_order_nor_repetition_changes_an_answer(
    one: list[tuple[int, int]], other: list[tuple[int, int]], seed: int
) -> None:
    assert only({"a": one, "b": other}, seed) == only({"b": other[::-1], "a": one[::-1]}, seed)
    swapped = only({"a": other, "b": one}, seed)
    assert stated(swapped.top) == pytest.approx(-stated(only({"a": one, "b": other}, seed).top))


@few
@given(ratings, st.integers(0, 39))
def test_a_better_rating_never_lowers_a_cell(answers: list[tuple[int, int]], which: int) -> None:
    at = which % len(answers)
    better = [*answers[:at], (5, answers[at][1]), *answers[at + 1 :]]
    before, after = (perception(sheets({"a": rows}), KEPT, 1).cells[0] for rows in (answers, better))
    assert stated(after.top) >= stated(before.top) - 1e-12
    assert stated(after.rating) >= stated(before.rating) - 1e-12


def test_bootstrap_intervals_of_a_real_distance_hold_about_as_often_as_they_say() -> None:
    random, inside = np.random.default_rng(2), []
    first, second = np.array([0.05, 0.1, 0.2, 0.35, 0.3]), np.array([0.3, 0.3, 0.2, 0.15, 0.05])
    truth = np.abs(np.cumsum(first - second))[:-1].mean()
    for seed in range(200):
        rows = {name: people(*random.multinomial(60, p).tolist()) for name, p in (("a", first), ("b", second))}
        low, high = bounds(only(rows, seed).distance)
        inside.append(low <= truth <= high)
    print(f"bootstrap intervals of 200 seeds: {np.mean(inside):.3f} hold")
    assert 0.9 <= np.mean(inside) <= 0.99


def test_no_sheets_say_nothing() -> None:
    empty = Sheets([], [], np.array([], np.int64), np.array([], np.int64), np.array([]))
    none = Figure(None, None, None, 0, Unit.SHARE)
    assert perception(empty, none, 1) == Perception([], [], none)
