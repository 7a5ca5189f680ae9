"""Distortion from hop to hop: signed, bounded, named where it begins; and what kinds of hops do on the whole."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_svc.insight.measures.distortion import Slot, Statement, drift, imposed, path
from risk_svc.insight.measures.figure import LEAST, Unit
from risk_svc.insight.measures.hop_records import Passed, hop_records, variance_ratio
from tests.support.figures import bounds, stated

TEAMS = ("engineering", "product", "success", "sales")
sets = st.frozensets(st.sampled_from("abcde"), max_size=5)
statements = st.builds(
    Statement,
    source=st.sampled_from(TEAMS),
    target=st.just("customer"),
    date=st.none() | st.floats(-100, 100),
    scope=st.none() | sets,
    quantity=st.none() | st.floats(0, 1e6),
    certainty=st.none() | st.integers(0, 4),
    conditions=st.none() | sets,
)
paths = st.lists(statements, min_size=1, max_size=6)
ENGINEERS = Statement("engineering", "product", 60.0, frozenset("ab"), 100.0, 2, frozenset(["parts arrive"]))


def test_a_case_by_hand() -> None:
    found = path(
        [
            ENGINEERS,
            ENGINEERS._replace(source="product", target="sales", date=51.0),
            Statement("sales", "customer", 45.0, frozenset("abc"), 125.0, 4, frozenset()),
        ]
    )
    product, sales = found.hops
    # 9 of 30 days; then 6/30 days, 1 of 3 items, 25 of 125, 2 of 4 steps, the one condition.
    assert product.distortion == pytest.approx(0.35 * 0.3)
    assert sales.distortion == pytest.approx(0.35 * 0.2 + 0.25 / 3 + 0.15 * 0.2 + 0.15 * 0.5 + 0.10)
    assert found.total == pytest.approx(product.distortion + sales.distortion)
    assert found.net == pytest.approx(found.total)
    assert (sales.source, sales.by, sales.target, sales.days) == ("product", "sales", "customer", -6.0)
    assert found.first_past == sales
    assert all(one.signed > 0 for one in sales.drifts.values())
    assert found.signed[Slot.DATE] == pytest.approx(0.5)
    assert found.n == 2


def test_changes_that_cancel_stay_in_the_sum_and_leave_the_net() -> None:
    there_and_back = [ENGINEERS, ENGINEERS._replace(source="product", date=30.0), ENGINEERS._replace(source="sales")]
    found = path(there_and_back)
    assert found.net == 0
    assert found.total == pytest.approx(0.7)
    assert [hop.drifts[Slot.DATE].signed for hop in found.hops] == [1.0, -1.0]


def test_the_first_hop_past_its_own_threshold_is_named() -> None:
    product = ENGINEERS._replace(source="product", target="sales", date=40.0)
    told = [ENGINEERS, product, ENGINEERS._replace(source="sales", target="customer", date=10.0)]
    first = path(told).first_past
    assert first is not None
    assert first.by == "product"
    other = path(told, thresholds={"product>sales": 0.5}).first_past
    assert other is not None
    assert other.by == "sales"
    assert path(told, thresholds={"product>sales": 0.5, "sales>customer": 0.9}).first_past is None
    # That of another kind of hop by the same speaker is not theirs.
    assert path(told, thresholds={"product>customer": 0.5}).first_past == first


def quantities(*said: tuple[float | None, str | None]) -> list[Statement]:
    return [Statement("a", "b", quantity=quantity, unit=unit) for quantity, unit in said]


@pytest.mark.parametrize(
    ("said", "sizes"),
    [
        ([(2, "weeks"), (10, "days")], [4 / 14]),
        ([(2, "weeks"), (14, "days"), (336, "hours")], [0, 0]),
        ([(3, "dozen"), (36, "pieces"), (36, None)], [0, 0]),
        ([(40, None), (50, None)], [0.2]),
        # What is left out stands with its unit.
        ([(2, "weeks"), (None, None), (7, "days")], [0, 0.5]),
        ([(5, "Licences"), (10, "licence")], [0.5]),
    ],
)
def test_quantities_are_compared_in_one_unit(said: list[tuple[float | None, str | None]], sizes: list[float]) -> None:
    found = path(quantities(*said))
    assert [hop.drifts[Slot.QUANTITY].size for hop in found.hops] == pytest.approx(sizes)
    assert [hop.distortion for hop in found.hops] == pytest.approx(sizes)
    assert found.unlike == ()


def test_where_units_cannot_be_compared_that_is_said_and_nothing_else() -> None:
    told = quantities((3, "dozen"), (40, "kg"), (40, "kg"))
    alone = path(told)
    assert alone.unlike == ("3 dozen", "40 kg")
    assert (alone.total, alone.net, Slot.QUANTITY in alone.signed) == (0, 0, False)
    dated = path([one._replace(date=date) for one, date in zip(told, (60.0, 45.0, 45.0), strict=True)])
    assert dated.hops[0].distortion == pytest.approx(0.5)
    assert dated.hops[0].drifts.keys() == {Slot.DATE}


@given(paths)
def test_one_unit_for_all_makes_no_difference(told: list[Statement]) -> None:
    weeks = path([one._replace(unit="weeks") for one in told])
    days = path([one._replace(unit="d", quantity=one.quantity and 7 * one.quantity) for one in told])
    assert weeks.total == pytest.approx(days.total)
    assert [hop.distortion for hop in weeks.hops] == pytest.approx(
        [hop.distortion for hop in path([one._replace(unit=None) for one in told]).hops]
    )


@pytest.mark.parametrize("slot", [Slot.SCOPE, Slot.CONDITIONS])
def test_what_did_not_change_is_nought_without_a_sign(slot: Slot) -> None:
    said = Statement("sales", "customer", scope=frozenset({"grinder"}), conditions=frozenset({"power"}))
    assert str(drift(slot, said, said).signed) == "0.0"


def test_what_is_left_out_stands_as_it_was_last_said() -> None:
    found = path([ENGINEERS, Statement("product", "sales"), ENGINEERS._replace(source="sales", date=45.0)])
    assert [hop.distortion for hop in found.hops] == [0.0, pytest.approx(0.175)]
    assert found.hops[0].drifts[Slot.DATE].size == 0


def test_only_what_is_spoken_of_weighs() -> None:
    found = path([Statement("product", "sales", date=60.0), Statement("sales", "customer", date=45.0)])
    assert found.total == pytest.approx(0.5)
    assert path([Statement("product", "sales"), Statement("sales", "customer")]).total == 0
    assert path([ENGINEERS]).hops == []


@given(paths)
def test_it_is_bounded_and_the_net_never_exceeds_the_sum(told: list[Statement]) -> None:
    found = path(told)
    assert 0 <= found.net <= found.total + 1e-9
    for hop in found.hops:
        assert 0 <= hop.distortion <= 1
        assert all(abs(one.signed) <= one.size + 1e-12 <= 1 + 1e-9 for one in hop.drifts.values())
    assert found.n == len(told) - 1


@given(paths)
def test_hops_add(told: list[Statement]) -> None:
    """What is passed on unchanged adds nothing, wherever it is."""
    for at in range(len(told)):
        doubled = path([*told[: at + 1], *told[at:]])
        assert doubled.total == pytest.approx(path(told).total)
        assert doubled.net == pytest.approx(path(told).net)


@given(st.sampled_from(Slot), statements, statements)
def test_the_way_back_is_as_far_with_the_other_sign(slot: Slot, one: Statement, other: Statement) -> None:
    there, back = drift(slot, one, other), drift(slot, other, one)
    assert there.size == pytest.approx(back.size)
    assert there.signed == pytest.approx(-back.signed)


@given(st.floats(0, 60), st.floats(0, 60))
def test_a_date_that_moves_further_is_distorted_more(near: float, far: float) -> None:
    less, more = sorted((near, far))
    moved = [path([ENGINEERS, ENGINEERS._replace(date=60.0 - days)]).total for days in (less, more)]
    assert moved[0] <= moved[1]


@pytest.mark.parametrize(
    ("deliverer", "accepted", "is_imposed"),
    [("", None, False), ("sales", None, False), ("crew", None, True), ("crew", 5.0, False), ("crew", 11.0, True)],
)
def test_a_promise_of_anothers_work_without_its_acceptance_is_imposed(
    deliverer: str, accepted: float | None, is_imposed: bool
) -> None:
    assert imposed("sales", deliverer, 10.0, accepted) is is_imposed


def test_records_of_two_kinds_of_hops_by_hand() -> None:
    before = np.tile([10.0, 20.0], 10)
    after = np.tile([5.0, 25.0], 10)
    rows = 20
    passed = Passed(
        ["product>sales"] * rows + ["success>sales"] * 5,
        np.r_[np.tile([0.1, 0.3], 10), np.zeros(5)],
        np.r_[before, np.zeros(5)],
        np.r_[after, np.full(5, math.nan)],
        np.r_[np.ones(5), np.zeros(20)],
    )
    product, success = hop_records(passed)
    assert stated(product.drift) == pytest.approx(0.2)
    # t(19; .975) = 2.093, s = .1·√(20/19)
    assert bounds(product.drift) == pytest.approx((0.2 - 2.093 * 0.1 / 19**0.5, 0.2 + 2.093 * 0.1 / 19**0.5), abs=1e-4)
    assert stated(product.days) == pytest.approx(0)
    # A variance of 100 out of 25; the correlation is 1, so nothing is uncertain about it.
    assert stated(product.variance_ratio) == pytest.approx(4)
    assert bounds(product.variance_ratio) == pytest.approx((4, 4), abs=1e-5)
    assert (stated(product.imposed), product.imposed.unit) == (0.25, Unit.SHARE)
    assert all(one.too_little_history for one in success[1:])
    assert (success.drift.n, success.days.n) == (5, 0)


def test_the_variance_ratio_of_dates_unrelated_to_those_heard() -> None:
    before = np.r_[np.full(11, -1.0), np.full(11, 1.0)]
    after = np.r_[np.tile([-1.0, 1.0], 11)] * 2
    # r = −1/11·... is near 0: K = 1 + 2(1 − r²)·2.086² / 20
    r = float(np.corrcoef(before, after)[0, 1])
    wide = 1 + 2 * (1 - r * r) * 2.086**2 / 20
    low, high = bounds(variance_ratio(before, after))
    assert low == pytest.approx(4 * (wide - math.sqrt(wide**2 - 1)), abs=0.01)
    assert high == pytest.approx(4 * (wide + math.sqrt(wide**2 - 1)), abs=0.01)


def test_intervals_of_the_variance_ratio_hold_about_as_often_as_they_say() -> None:
    random, inside = np.random.default_rng(3), []
    for _ in range(1000):
        before = random.normal(0, 1, 40)
        low, high = bounds(variance_ratio(before, 1.2 * before + random.normal(0, 0.9, 40)))
        inside.append(low <= 1.44 + 0.81 <= high)
    assert 0.93 <= np.mean(inside) <= 0.97


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(-100, 100)), min_size=LEAST, max_size=40))
def test_the_variance_ratio_is_finite_and_the_other_way_round_its_inverse(pairs: list[tuple[float, float]]) -> None:
    before, after = np.array(pairs).T.round(3)
    there, back = variance_ratio(before, after), variance_ratio(after, before)
    if there.value and back.value:
        assert there.value * back.value == pytest.approx(1)
        assert bounds(there)[0] * bounds(back)[1] == pytest.approx(1, rel=1e-4)
