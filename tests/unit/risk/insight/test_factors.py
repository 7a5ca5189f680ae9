"""What kept promises have in common: matched, corrected for many tries, and tried on later promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk_svc.insight.measures.factors import Judged, checklist, factors
from risk_svc.insight.measures.figure import Unit
from tests.support.figures import bounds, stated

few = settings(max_examples=25)
seeds = st.integers(0, 2**32)


def judged(rows: list[tuple[str, float, bool, bool]]) -> Judged:
    """Rows of type, lead, kept and whether it had the one factor."""
    kind, lead, kept, has = zip(*rows, strict=True)
    at = np.arange(len(rows), dtype=float)
    return Judged(kind, np.array(lead, float), np.array(kept), at, at, ["kitted"], np.array(has)[:, None])


def world(seed: int, n: int = 4000, useless: int = 20, lift: float = 0.2) -> Judged:
    """Of type a .5 are kept, of b .3; one factor adds `lift`, and one that comes with type a adds nothing."""
    random = np.random.default_rng(seed)
    a = random.random(n) < 0.5
    kitted, easy = random.random(n) < 0.4, random.random(n) < np.where(a, 0.8, 0.2)
    kept = random.random(n) < np.where(a, 0.5, 0.3) + lift * kitted
    made = random.uniform(0, 100, n)
    columns = np.c_[kitted, easy, random.random((n, useless)) < 0.3]
    names = ["kitted", "easy", *(f"useless {at}" for at in range(useless))]
    kind = np.where(a, "a", "b").tolist()
    return Judged(kind, random.uniform(1, 30, n).round(), kept, made, made + 5, names, columns)


def test_a_case_by_hand() -> None:
    rows = [("a", 5.0, at < 24, True) for at in range(30)] + [("a", 5.0, at < 16, False) for at in range(40)]
    rows += [("b", 5.0, at < 4, True) for at in range(10)] + [("b", 5.0, at < 12, False) for at in range(60)]
    lift = factors(judged(rows))[0].lift
    # (24·40/70 + 4·60/70) / (16·30/70 + 12·10/70) = 1200/600
    assert stated(lift) == pytest.approx(2.0)
    # Variance of ln: ((40·1200 − 24·16·70) + (16·600 − 4·12·70)) / 70² / (1200·600/70²)
    off = np.exp(1.96 * np.sqrt((40 * 1200 - 24 * 16 * 70 + 16 * 600 - 4 * 12 * 70) / (1200 * 600)))
    assert bounds(lift) == pytest.approx((2 / off, 2 * off))
    assert (lift.n, lift.unit) == (140, Unit.RATIO)
    # χ² = (28 − (30·40 + 10·16)/70)² / ((30·40·40·30 + 10·60·16·54) / (70²·69)) = 73.47 / 5.79; one factor: q = p.
    assert factors(judged(rows))[0].q == pytest.approx(3.7e-4, rel=0.05)


def test_overdue_promises_count_as_not_kept_and_are_said_of_those_that_were_matched() -> None:
    rows = [("a", 5.0, at < 24, True) for at in range(30)] + [("a", 5.0, at < 16, False) for at in range(40)]
    ended = factors(judged(rows))[0].lift
    # Ten more with it that are overdue: 24 of 40 instead of 24 of 30 are kept, beside 16 of 40 without it.
    more = judged([*rows, *[("a", 5.0, False, True)] * 10, ("alone", 5.0, False, True)])
    found = factors(more._replace(open=np.arange(81) >= 70))[0].lift
    assert [stated(ended), stated(found)] == pytest.approx([2.0, 1.5])
    # The one of a type of which all have it has nothing to be compared with.
    assert (found.n, found.open, ended.open) == (80, 10, 0)
    few = judged([("a", 5.0, False, at < 5) for at in range(9)])
    assert factors(few._replace(open=np.arange(9) < 4))[0].lift[3:] == (9, Unit.RATIO, 0.95, 4)


def test_overdue_promises_judge_the_checklist() -> None:
    some = world(5)
    late = ~some.kept & (np.arange(len(some.kept)) % 2 == 0)
    plain, said = checklist(some, since=50.0), checklist(some._replace(open=late), since=50.0)
    assert said.items == plain.items == ["kitted"]
    followed, later = some.factors[:, 0], some.made >= 50.0
    assert said.with_all == plain.with_all._replace(open=int((late & later & followed).sum()))
    assert said.without == plain.without._replace(open=int((late & later & ~followed).sum()))
    assert said.lift == plain.lift._replace(open=int((late & later).sum()))


@few
@given(seeds)
def test_which_are_still_open_changes_no_figure(seed: int) -> None:
    some = world(seed, 300, useless=3)
    late = ~some.kept & (np.random.default_rng(seed).random(300) < 0.4)
    found = factors(some._replace(open=late))
    assert [one._replace(lift=one.lift._replace(open=0)) for one in found] == factors(some)
    assert all(0 <= one.lift.open <= min(one.lift.n, late.sum()) for one in found)


def test_what_only_comes_with_an_easy_type_is_no_factor() -> None:
    found = {one.name: one for one in factors(world(1))}
    assert found["kitted"].holds
    assert not found["easy"].holds
    low, high = bounds(found["easy"].lift)
    assert low < 1 < high


def test_leads_are_compared_within_their_quarter() -> None:
    # Of long promises 8 of 10 are kept and 8 of 10 have the factor, of short ones 2 and 2: within each it adds nothing.
    rows = [("a", 10.0 * many, at % 10 < many, at // 10 < many) for many in (2, 8) for at in range(100)]
    assert stated(factors(judged(rows))[0].lift) == pytest.approx(1.0)
    assert stated(factors(judged([("a", 1.0, *row[2:]) for row in rows]))[0].lift) > 1.5


def test_of_many_useless_factors_hardly_one_holds_and_the_true_one_is_found() -> None:
    found = [factors(world(seed)) for seed in range(20)]
    assert all(one.holds for each in found for one in each if one.name == "kitted")
    wrong = [sum(one.holds and one.name != "kitted" for one in each) for each in found]
    print(f"false factors in 20 seeds: {wrong}")
    assert sum(wrong) <= 5


def test_intervals_of_no_lift_hold_about_as_often_as_they_say() -> None:
    lifts = [one.lift for seed in range(10) for one in factors(world(seed, n=2000)) if one.name.startswith("useless")]
    inside = [bounds(lift)[0] <= 1 <= bounds(lift)[1] for lift in lifts]
    assert 0.9 <= np.mean(inside) <= 0.99


def test_a_checklist_is_judged_by_promises_it_was_not_made_from() -> None:
    found = checklist(world(4, n=8000), since=50.0)
    assert found.items == ["kitted"]
    assert bounds(found.lift)[0] > 1
    assert stated(found.with_all) > stated(found.without)
    assert 3500 < found.with_all.n + found.without.n < 4500


def test_a_factor_that_no_longer_helps_is_found_out() -> None:
    before, after = world(5, n=4000), world(6, n=4000, lift=0.0)
    both = Judged(
        [*before.kind, *after.kind],
        np.r_[before.lead, after.lead],
        np.r_[before.kept, after.kept],
        np.r_[before.made, after.made + 200],
        np.r_[before.settled, after.settled + 200],
        before.names,
        np.r_[before.factors, after.factors],
    )
    found = checklist(both, since=200.0)
    assert found.items == ["kitted"]
    assert bounds(found.lift)[0] < 1 < bounds(found.lift)[1]


def test_too_little_history_makes_no_checklist() -> None:
    found = checklist(world(1, n=30), since=50.0)
    assert found.items == []
    assert found.lift.too_little_history
    assert found.with_all.too_little_history
    some = factors(judged([("a", 1.0, True, True)] * 19 + [("a", 1.0, False, False)] * 30))
    assert (some[0].lift.too_little_history, some[0].q, some[0].holds, some[0].lift.n) == (True, None, False, 49)
    assert factors(world(1, n=0)) == factors(world(2, n=0))


@few
@given(seeds, st.integers(40, 300))
def test_lifts_are_finite_and_order_free(seed: int, n: int) -> None:
    some = world(seed, n, useless=3)
    mixed = np.random.default_rng(seed).permutation(n)
    other = some._replace(
        kind=[some.kind[at] for at in mixed], lead=some.lead[mixed], kept=some.kept[mixed], factors=some.factors[mixed]
    )
    found = {one.name: one for one in factors(other)}
    for one in factors(some):
        assert one.lift.too_little_history == found[one.name].lift.too_little_history
        if not one.lift.too_little_history:
            low, high = bounds(one.lift)
            assert 0 < low <= high < np.inf
            assert stated(one.lift) == pytest.approx(stated(found[one.name].lift))
            assert one.q == pytest.approx(found[one.name].q)


def mirrored(some: Judged, *more: tuple[str, int, bool]) -> Judged:
    """The same promises with more columns: a name, and which column it is or is the opposite of."""
    columns = [some.factors[:, at] ^ opposite for _, at, opposite in more]
    return some._replace(names=[*some.names, *(name for name, *_ in more)], factors=np.c_[some.factors, *columns])


@few
@given(seeds)
def test_what_divides_promises_alike_is_tested_once_and_corrected_for_once(seed: int) -> None:
    some = world(seed, 600, useless=3)
    both = mirrored(some, ("not kitted", 0, True), ("kitted again", 0, False), ("not easy", 1, True))
    once, again = factors(some), factors(both)
    assert len(again) == len(once)
    sides = {"not kitted": "kitted", "not easy": "easy"}
    found = {sides.get(one.name, one.name): one for one in again}
    for one in once:
        other = found[one.name]
        assert other.q == pytest.approx(one.q)
        if not one.lift.too_little_history and other.name != one.name:
            assert stated(other.lift) * stated(one.lift) == pytest.approx(1)
            assert stated(other.lift) > 1


def test_of_two_values_that_one_is_named_with_which_more_are_kept() -> None:
    rows = [("a", 5.0, at < 10, True) for at in range(40)] + [("a", 5.0, at < 30, False) for at in range(40)]
    [south] = factors(mirrored(judged(rows)._replace(names=["north"]), ("south", 0, True)))
    assert (south.name, south.holds) == ("south", True)
    assert stated(south.lift) == pytest.approx(3.0)
    assert checklist(mirrored(judged(rows)._replace(names=["north"]), ("south", 0, True)), 1e9).items == ["south"]
    [alone] = factors(judged(rows)._replace(names=["north"]))
    assert alone.name == "north"
    assert stated(alone.lift) == pytest.approx(1 / 3)


def test_factors_that_all_or_none_have_stand_by_themselves() -> None:
    some = world(2, 100, useless=0)
    table = np.c_[np.ones(100, np.bool_), np.zeros(100, np.bool_), np.ones(100, np.bool_)]
    found = factors(some._replace(names=["x", "y", "z"], factors=table))
    assert [(one.name, one.q) for one in found] == [("x", None), ("y", None), ("z", None)]


@few
@given(seeds)
def test_having_the_factor_or_not_having_it_says_the_same(seed: int) -> None:
    some = world(seed, 500, useless=0)
    lift = factors(some)[0].lift
    without = {one.name: one.lift for one in factors(some._replace(factors=~some.factors))}
    name = factors(some)[0].name
    assert stated(lift) * stated(without[name]) == pytest.approx(1)
