"""Value at risk: computed by hand where it can be, bounded, additive, with a heavier tail where shocks are shared."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk_svc.insight.measures.figure import Unit
from risk_svc.insight.measures.shocks import ALONE, Shocks
from risk_svc.insight.measures.tail import tails
from risk_svc.insight.measures.value_at_risk import AtRisk, leeway, renewal_weight, value_at_risk, windows
from tests.support.figures import bounds, stated
from tests.support.portfolios import portfolio, random_portfolio

EUR = {"EUR": 1.0}
RATES = {"EUR": 1.0, "USD": 0.9, "GBP": 1.15}
few = settings(max_examples=15)
seeds = st.integers(0, 2**32)


def test_a_case_by_hand() -> None:
    some = portfolio([0.2, 0.1, 0.5, 0.3], [1000.0, 400.0, 200.0, math.nan], [1, 1, 2, 2])
    some = some._replace(currency=["EUR", "USD", "EUR", "EUR"], renewal=np.array([0.0, 90.0, math.nan, math.nan]))
    found = value_at_risk(some, {"EUR": 1.0, "USD": 0.9}, {}, 100, seed=1)
    # .2·1000·min(1, .5·2) + .1·400·.9·.5·1.5 = 227; .5·200·.5 = 50
    assert stated(found.accounts[1].expected) == pytest.approx(227.0)
    assert stated(found.accounts[2].expected) == pytest.approx(50.0)
    assert stated(found.total.expected) == pytest.approx(277.0)
    assert {name: stated(one.expected) for name, one in found.renewals.items()} == pytest.approx(
        {"30 days": 200.0, "90 days": 27.0, "no renewal": 50.0}
    )
    assert (found.no_forecast, found.no_value, found.no_rate) == (0, 1, 0)
    assert (found.total.expected.n, found.total.expected.unit) == (3, Unit.MONEY)


def test_windows_begin_where_the_one_before_ends() -> None:
    days = np.array([0.0, 30.0, 30.1, 60.0, 60.1, 90.0, 90.1, 4000.0, -0.1, math.nan])
    assert windows(days) == [
        *["30 days"] * 2, *["60 days"] * 2, *["90 days"] * 2, *["later"] * 2, *["no renewal"] * 2,
    ]  # fmt: skip


def test_an_account_loses_no_more_than_its_exposure() -> None:
    some = portfolio([0.5, 0.5, 1.0], [1000.0, 1000.0, 300.0], [1, 1, 2])._replace(claim=np.array([7, ALONE, 7]))
    found = value_at_risk(some, EUR, {1: 400.0}, 4000, seed=1)
    # Whether one of the two slips, in three quarters of all cases, or both: 400.
    assert stated(found.accounts[1].expected) == pytest.approx(300.0, rel=0.02)
    assert stated(found.accounts[1].quantile) == pytest.approx(400.0)
    assert stated(found.total.expected) == pytest.approx(stated(found.accounts[1].expected) + 150)
    assert stated(found.total.shortfall) == pytest.approx(550.0)
    assert found.claims == {}


@pytest.mark.parametrize(
    ("p", "cap", "loss"),
    # One promise: all or nothing. Ten of 100 each, capped at 150: 100·P(one) + 150·P(more), binomial.
    [([0.04], 10.0, 0.4), ([0.1] * 10, 150.0, 78.32), ([1.0] * 3, 50.0, 50.0), ([0.3] * 4, 400.0, 120.0)],
)
def test_what_an_account_may_lose_is_capped_case_by_case(p: list[float], cap: float, loss: float) -> None:
    found = value_at_risk(portfolio(p, [200.0] * len(p), [1] * len(p)), EUR, {1: cap}, 4000, seed=1)
    assert stated(found.accounts[1].expected) == pytest.approx(loss, rel=0.01)


def test_a_claim_costs_what_every_account_that_was_told_it_may_lose() -> None:
    # Lost if they slip: 500 and 200 of account 1, capped at 600; 150 of account 2; 50 of account 3.
    some = portfolio([1.0, 1.0, 0.5, 0.2], [1000.0, 400.0, 300.0, 100.0], [1, 1, 2, 3])
    some = some._replace(claim=np.array([0, 0, 0, 1]))
    told = {0: [1, 2, 2, 9], 1: [3, 2], 2: [9]}
    found = value_at_risk(some, EUR, {1: 600.0}, 4000, seed=1, told=told)
    # 600 + .5·150; .5·150 + .2·50; account 9 has no open promise.
    assert [stated(found.claims[claim].expected) for claim in told] == pytest.approx([675.0, 85.0, 0.0])
    assert [found.claims[claim].expected.n for claim in told] == [3, 2, 0]
    # In half of the draws account 2 loses 150, and then it is all that the accounts of the first claim can lose.
    assert stated(found.claims[0].quantile) == stated(found.claims[0].shortfall) == pytest.approx(750.0)
    # Account 3 slips in a fifth of them: in more than a twentieth both do, where each is for itself in a tenth.
    assert stated(found.claims[1].quantile) == pytest.approx(200.0)
    assert stated(found.claims[2].shortfall) == 0


def test_promises_that_lean_on_one_claim_fall_with_it() -> None:
    n, told = 400, {0: range(400)}
    apart = portfolio([0.05] * n, [2.0] * n, range(n))
    joint = apart._replace(claim=np.zeros(n, np.int64))
    own, shared = (value_at_risk(some, EUR, {}, 4000, 1, told).claims[0] for some in (apart, joint))
    assert stated(own.expected) == stated(shared.expected) == pytest.approx(20.0)
    # Binomial: 27. Vasicek with ρ .2: 400·Φ((Φ⁻¹(.05) + √.2·Φ⁻¹(.95)) / √.8) = 61.7.
    assert stated(own.quantile) == pytest.approx(27.0, abs=1)
    assert stated(shared.quantile) == pytest.approx(61.7, abs=6)


def test_what_is_without_forecast_value_or_rate_is_left_out_and_counted() -> None:
    some = portfolio([math.nan, 0.5, 0.5, 0.5], [10.0, math.nan, 10.0, 10.0])
    found = value_at_risk(some._replace(currency=["EUR", "EUR", "XAU", "EUR"]), EUR, {}, 100, seed=1)
    assert (found.no_forecast, found.no_value, found.no_rate) == (1, 1, 1)
    assert stated(found.total.expected) == pytest.approx(2.5)


def test_of_no_promises_nothing_is_at_risk() -> None:
    found = value_at_risk(portfolio([], []), EUR, {}, 100, seed=1)
    assert stated(found.total.expected) == stated(found.total.quantile) == found.total.expected.n == 0
    assert not (found.accounts or found.claims or found.renewals)


@pytest.mark.parametrize(("p", "quantile"), [(0.01, 0.0), (0.1, 50.0), (0.0, 0.0), (1.0, 50.0)])
def test_the_quantile_of_one_promise_is_all_or_nothing(p: float, quantile: float) -> None:
    found = value_at_risk(portfolio([p], [100.0]), EUR, {}, 4000, seed=1)
    assert stated(found.total.quantile) == quantile
    assert stated(found.total.shortfall) == pytest.approx(50 * min(1.0, p / 0.05), rel=0.3)


def simulated(shared: bool, seed: int) -> tuple[float, AtRisk]:
    """The mean loss and the tail of 200 promises of 1 each, with and without a crew and an incident in common."""
    n, draws = 200, 20_000
    some = portfolio([0.05] * n, [2.0] * n)
    groups = np.zeros((n, 2), np.int64) if shared else np.full((n, 2), ALONE)
    mean = Shocks(some.p_slip, groups, np.array([0.3, 0.1]), draws, seed).slips(0, n).sum(axis=0).mean()
    found = value_at_risk(some._replace(incident=groups[:, 0], crew=groups[:, 1]), EUR, {}, draws, seed)
    return float(mean), found.total


def test_shared_shocks_leave_the_expected_loss_and_raise_the_tail() -> None:
    (mean, own), (joint_mean, joint) = simulated(False, 3), simulated(True, 3)
    assert mean == pytest.approx(10, abs=0.1)
    assert joint_mean == pytest.approx(10, abs=0.5)
    assert stated(own.expected) == stated(joint.expected) == pytest.approx(10)
    # Independent: binomial, 95 % quantile 15. Vasicek: 200·Φ((Φ⁻¹(.05) + √.4·Φ⁻¹(.95)) / √.6) = 43.5,
    # and a little more, as 200 promises are not without number.
    assert stated(own.quantile) == 15
    assert 43 <= stated(joint.quantile) <= 47
    assert stated(joint.shortfall) > 1.5 * stated(own.shortfall)


@few
@given(seeds, st.integers(100, 300))
def test_every_promise_slips_as_often_as_it_says_whatever_it_shares(seed: int, n: int) -> None:
    some = random_portfolio(n, seed)
    groups = np.stack([some.incident, some.crew, some.carrier, some.claim], axis=1)
    draws = 4000
    often = Shocks(some.p_slip, groups, np.array([0.3, 0.1, 0.1, 0.2]), draws, seed).slips(0, n).mean(axis=1)
    assert np.all(np.abs(often - some.p_slip) < 5.5 * np.sqrt(some.p_slip * (1 - some.p_slip) / draws) + 2 / draws)


@few
@given(seeds, st.integers(1, 1500), st.floats(0, 20_000))
def test_parts_sum_to_the_total_and_nothing_is_above_what_could_be_lost(seed: int, n: int, cap: float) -> None:
    some = random_portfolio(n, seed)
    exposure = dict.fromkeys(range(0, n, 2), cap)
    told = {claim: range(claim, n // 20 + 1, 3) for claim in range(3)}
    found = value_at_risk(some, RATES, exposure, 100, seed, told)
    for parts in (found.accounts.values(), found.renewals.values(), found.departments.values()):
        assert math.fsum(stated(one.expected) for one in parts) == pytest.approx(stated(found.total.expected))
        assert sum(one.expected.n for one in parts) == found.total.expected.n == n
    # Each account was told one of the three.
    of_claims = math.fsum(stated(one.expected) for one in found.claims.values())
    assert of_claims == pytest.approx(stated(found.total.expected))
    for account, one in found.accounts.items():
        most = min(exposure.get(account, math.inf), float((some.value * 1.15)[some.account == account].sum()))
        for figure in one:
            assert 0 <= stated(figure) <= most * (1 + 1e-5)
    for one in (found.total, *found.accounts.values(), *found.claims.values()):
        assert stated(one.shortfall) >= stated(one.quantile) - 1e-6
        assert bounds(one.quantile)[1] <= bounds(one.shortfall)[1] * 10 + 1


@few
@given(seeds, st.floats(0, 1), st.floats(1, 3))
def test_more_risk_and_more_value_cost_more_and_the_order_is_immaterial(seed: int, p: float, more: float) -> None:
    some = random_portfolio(200, seed)
    before = stated(value_at_risk(some, RATES, {}, 100, seed).total.expected)
    riskier = some._replace(p_slip=np.maximum(some.p_slip, p), value=some.value * more)
    assert stated(value_at_risk(riskier, RATES, {}, 100, seed).total.expected) >= before - 1e-6
    back = some._replace(**{name: getattr(some, name)[::-1] for name in some._fields})
    assert stated(value_at_risk(back, RATES, {}, 100, seed).total.expected) == pytest.approx(before)


def test_the_same_seed_gives_the_same_answer() -> None:
    some = random_portfolio(1000, 5)
    assert value_at_risk(some, RATES, {}, 200, 1) == value_at_risk(some, RATES, {}, 200, 1)
    assert value_at_risk(some, RATES, {}, 200, 1) != value_at_risk(some, RATES, {}, 200, 2)


@given(st.floats(0, 1000), st.floats(0, 1000))
def test_a_slip_costs_more_the_nearer_the_renewal(days: float, other: float) -> None:
    near, far = renewal_weight(np.array(sorted((days, other))))
    assert 1 <= far <= near <= 2
    assert renewal_weight(np.array([0.0, 90.0, -1.0, math.nan])).tolist() == [2.0, 1.5, 1.0, 1.0]


def test_the_tail_of_a_hundred_known_losses() -> None:
    tail = tails(np.arange(1.0, 101.0)[None, ::-1])[0]
    assert (tail.quantile, tail.low, tail.high) == (95.0, 90.0, 100.0)
    assert tail.shortfall == pytest.approx(97.5)
    # Variance of 95 … 100: 35/12; (35/12 + .95·2.5²) / 6 = 1.4757
    assert tail.most - tail.shortfall == pytest.approx(1.96 * math.sqrt(1.4757), abs=1e-3)


def test_leeway_is_days_to_renewal_less_the_usual_repair() -> None:
    found = leeway(30.0, np.arange(0.0, 21.0))
    assert (found.value, found.low, found.high, found.n, found.unit) == (20.0, 12.0, 28.0, 21, Unit.DAYS)
    assert leeway(30.0, np.ones(19)).too_little_history
    assert leeway(math.nan, np.ones(30)).too_little_history


def test_draws_and_loads_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="draws must be 100 or more"):
        value_at_risk(portfolio([0.5], [1.0]), EUR, {}, 99, seed=1)
    with pytest.raises(ValueError, match="loads must be 0 or more"):
        Shocks(np.array([0.5]), np.zeros((1, 2), np.int64), np.array([0.6, 0.4]), 100, 1)
