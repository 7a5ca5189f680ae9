"""What is at stake with accounts: caps, weights and leeway follow from it, and currencies are never added unsaid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_svc.insight import sheets
from risk_svc.insight.sheets import Money, Open
from risk_svc.insight.stakes import DAY, Stake, Stakes, apart
from tests.support.insight_rows import still
from tests.unit.risk.insight.test_sheets import EUR

NOW = 1_000 * DAY
REPAIRS = np.arange(1.0, 21.0)


def stakes(**by: Stake) -> Stakes:
    return Stakes(by, NOW, REPAIRS)


def sheet(promises: list[Open], known: Stakes, money: Money = EUR) -> tuple[list[sheets.Row], list[sheets.Row]]:
    return sheets.accounts(promises, sheets.rolled_up(promises, "customer", money), money, known)[:2]


def test_a_slip_costs_more_as_the_renewal_nears_and_never_more_than_the_exposure() -> None:
    # P(slip) · loss share · value = .5 · .2 · 100; at the renewal twice that, and after it or without one once.
    for days, expected in ((0.0, 20.0), (90.0, 15.0), (-1.0, 10.0), (None, 10.0)):
        renews = None if days is None else NOW + days * DAY
        [row], _ = sheet([still()], stakes(c1=Stake(renews)))
        assert row.body["expected_loss"] == pytest.approx(expected)
    [row], _ = sheet([still()], stakes(c1=Stake(exposure=4.0, currency="EUR")))
    assert row.body["expected_loss"] == pytest.approx(2.0)
    assert row.body["shortfall"]["value"] <= 4.0


def test_an_exposure_in_a_currency_without_a_rate_caps_nothing() -> None:
    [row], _ = sheet([still()], stakes(c1=Stake(exposure=4.0, currency="CHF")))
    assert row.body["expected_loss"] == pytest.approx(10.0)
    assert (row.body["exposure"], row.body["exposure_currency"]) == (4.0, "CHF")


def test_leeway_is_what_past_repairs_leave_before_the_renewal() -> None:
    [row], _ = sheet([still()], stakes(c1=Stake(NOW + 30 * DAY)))
    # The median of 1 to 20 days is 10.5; 8 of 10 lie between 2.9 and 18.1.
    assert row.body["leeway_days"] == {"value": 19.5, "low": 11.9, "high": 27.1, "n": 20}
    assert (row.body["renews_on"], row.body["renewal_in_days"]) == ("1972-10-27", 30.0)
    few = Stakes({"c1": Stake(NOW + 30 * DAY)}, NOW, REPAIRS[:5])
    assert sheet([still()], few)[0][0].body["leeway_days"] == {"value": None, "low": None, "high": None, "n": 5}
    over = sheet([still()], stakes(c1=Stake(NOW - DAY)))[0][0].body
    assert (over["leeway_days"]["value"], over["renewal_in_days"]) == (None, -1.0)


def test_without_rates_each_currency_is_counted_apart() -> None:
    promises = [still(), still("p2"), still("p3", currency="USD", value=50.0), still("p4", currency=None)]
    money = sheets.money_of(promises, {}, 0.2)
    [row], [total, dollars] = sheet(promises, stakes(), money)
    assert (total.body["currency"], total.body["expected_loss"], total.body["no_rate"]) == ("EUR", 30.0, 1)
    assert (dollars.name, dollars.body["currency"], dollars.body["expected_loss"]) == ("USD", "USD", 5.0)
    assert (dollars.body["promises"], dollars.rank < total.rank) == (1, True)
    assert [(one["currency"], one["expected_loss"]) for one in row.body["apart"]] == [("USD", 5.0)]


def test_with_a_rate_table_all_are_converted_and_none_is_apart() -> None:
    promises = [still(), still("p3", currency="USD", value=50.0)]
    [row], [total] = sheet(promises, stakes(), sheets.money_of(promises, {"EUR": 1.0, "USD": 0.5}, 0.2))
    assert (total.body["expected_loss"], row.body["apart"], total.body["no_rate"]) == (12.5, [], 0)


@given(st.lists(st.sampled_from(["EUR", "USD", "CHF", None, ""]), max_size=30))
def test_a_currency_is_apart_exactly_if_it_has_no_rate_and_is_not_the_figures_own(currencies: list[str | None]) -> None:
    found = apart(currencies, "EUR", {"EUR": 1.0, "CHF": 0.9})
    assert found == (["USD"] if "USD" in currencies else [])


@given(st.lists(st.floats(1, 1e4), min_size=1, max_size=8), st.floats(0, 1e4))
def test_accounts_never_lose_more_than_their_exposure(values: list[float], exposure: float) -> None:
    promises = [still(f"p{number}", value=value) for number, value in enumerate(values)]
    [row], _ = sheet(promises, stakes(c1=Stake(NOW, exposure, "EUR")))
    assert row.body["expected_loss"] <= exposure + 1e-3
    assert (row.body["shortfall"]["value"] or 0.0) <= exposure * (1 + 1e-5) + 1e-3
