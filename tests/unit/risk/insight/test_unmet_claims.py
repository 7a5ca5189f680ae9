"""Claims that are not met: who was told them, how far they spread, and what those accounts may lose together."""

from __future__ import annotations

import pytest

from risk_svc.insight import sheets, unmet_claims
from risk_svc.insight.sheets import Money
from risk_svc.insight.told import Accounts
from risk_svc.insight.unmet_claims import Unmet
from tests.support.insight_rows import DAY, still

EUR = Money("EUR", {"EUR": 1.0, "": 1.0}, 0.5)
NOW = 100 * DAY


def told(
    number: int, capability: str = "telemetry", customer: str | None = "c1", left: int = 1, age: float = 1
) -> Unmet:
    return Unmet(f"k{number}", capability, customer, left, NOW - age * DAY)


def test_accounts_are_those_that_were_told_and_prospects_are_none() -> None:
    some = [told(1), told(2, customer="c2"), told(3, "export", "c2"), told(4, customer=None), told(5)]
    found = unmet_claims.accounts_of(some)
    assert found.by_capability == {"telemetry": {"c1", "c2"}, "export": {"c2"}}
    # An account that was told several leans on the one that most were told.
    assert found.shared() == {"c1": "telemetry", "c2": "telemetry"}
    assert [*unmet_claims.accounts_of(some, 1).by_capability] == ["telemetry"]


def test_a_claim_costs_the_sum_over_every_account_that_was_told_it() -> None:
    promises = [
        still("p1", customer_id="c1", p_slip=1.0, value=100.0),
        still("p2", customer_id="c1", p_slip=0.5, value=40.0),
        still("p3", customer_id="c2", p_slip=1.0, value=60.0),
        still("p4", customer_id="c3", p_slip=1.0, value=900.0),
    ]
    both = Accounts({"telemetry": frozenset({"c1", "c2", "gone"}), "export": frozenset({"c2"})})
    risks = sheets.accounts(promises, sheets.rolled_up(promises, "customer", EUR), EUR, told=both).claims
    # A slip loses half: 50 + .5·20 of c1 and 30 of c2.
    assert {name: risk.expected.value for name, risk in risks.items()} == {"telemetry": 90.0, "export": 30.0}
    assert (risks["telemetry"].expected.n, risks["export"].quantile.value) == (3, 30.0)
    assert risks["telemetry"].quantile.value == pytest.approx(100.0)


def test_promises_that_lean_on_one_claim_slip_together() -> None:
    promises = [still(f"p{at}", customer_id=f"c{at}", deliverer=None, p_slip=0.05, value=2.0) for at in range(400)]
    everybody = frozenset(one.customer_id for one in promises)
    joint = sheets.at_risk(promises, EUR, told=Accounts({"telemetry": everybody}))[0]
    single = {f"k{at}": frozenset({f"c{at}"}) for at in range(400)}
    alone = sheets.at_risk(promises, EUR, told=Accounts(single))[0]
    assert joint.total.expected.value == alone.total.expected.value
    assert (joint.total.quantile.value or 0) > 1.5 * (alone.total.quantile.value or 0)
    assert joint.claims[0] == joint.total._replace(expected=joint.claims[0].expected)


def test_a_capabilitys_row_by_hand() -> None:
    near = [told(at, customer=f"c{at}", left=2) for at in range(10)]
    far = [told(20 + at, customer=f"d{at}", left=2, age=8) for at in range(5)]
    rows = unmet_claims.spread_rows([*near, *far, told(99, customer=None, left=30)], {}, "EUR", NOW)
    [body] = [row.body for row in rows]
    assert (body["claims"], body["accounts"], body["prospects"], body["reach"]) == (16, 15, 30, 60.0)
    # 60² / (15·2² + 30·1²); this week (20 + 30) by (10), each as certain as its accounts in effect.
    assert body["effective"] == 40.0
    assert (body["growth"]["value"], body["growth"]["n"]) == (5.0, 45)
    assert (body["expected_loss"], body["forecasts"], body["currency"]) == (None, 0, "EUR")


def test_where_no_promise_of_those_told_can_be_counted_the_loss_is_unknown_and_not_nought() -> None:
    promises = [still("p1", customer_id="c1", currency="USD"), still("p2", customer_id="c2")]
    both = Accounts({"telemetry": frozenset({"c1"}), "export": frozenset({"c2"})})
    risks = sheets.accounts(promises, sheets.rolled_up(promises, "customer", EUR), EUR, told=both).claims
    rows = unmet_claims.spread_rows([told(1), told(2, "export", "c2")], risks, "EUR", NOW)
    losses = {row.name: row.body["expected_loss"] for row in rows}
    assert losses["telemetry"] is None
    assert losses["export"] == risks["export"].expected.value != 0


def test_one_noisy_account_is_told_apart_from_the_market() -> None:
    noisy = [told(1, left=100)]
    wide = [told(at, "export", f"c{at}") for at in range(60)]
    rows = unmet_claims.spread_rows([*noisy, *wide], {}, None, NOW)
    assert {row.name: (row.rank, row.body["effective"]) for row in rows} == {
        "telemetry": (100.0, 1.0),
        "export": (60.0, 60.0),
    }
    assert all(row.customer_id is None for row in rows)
