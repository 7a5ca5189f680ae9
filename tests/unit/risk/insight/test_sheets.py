"""Figures by sheet: pages of promises add up, and each group is what its promises are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_svc.insight import on_time, sheets
from risk_svc.insight.sheets import Ended, Money
from risk_svc.insight.stakes import Stake, Stakes
from tests.support.insight_rows import DAY, still

EUR = Money("EUR", {"EUR": 1.0, "": 1.0}, 0.2)
TIMES = (datetime(2013, 3, 31, 23, 59, tzinfo=UTC).timestamp(), datetime(2013, 4, 1, tzinfo=UTC).timestamp())
times = st.none() | st.floats(0, 1e6)
ended = st.builds(
    Ended,
    customer_id=st.sampled_from(["c1", "c2", "c3"]),
    department=st.sampled_from([None, "sales", "crew"]),
    owner=st.sampled_from([None, "kim"]),
    deliverer=st.sampled_from([None, "crew-7", "crew-8"]),
    made=st.just(-1.0),
    kind=st.sampled_from(["install", "repair"]),
    requested=times,
    first=st.floats(0, 1e6),
    latest=st.floats(0, 1e6),
    tolerance=st.floats(0, 1e4),
    done=times,
    missing=st.none() | st.floats(0, 1),
    ours=st.integers(0, 3),
    agreed=st.integers(0, 3),
    planned=st.just([100.0, 200.0]),
    reached=st.lists(times, min_size=2, max_size=2),
)


@given(st.lists(ended, max_size=30), st.integers(0, 30))
def test_pages_add_up_to_the_whole(promises: list[Ended], cut: int) -> None:
    for by in on_time.GROUPS:
        pages = [on_time.counted(some, by) for some in (promises[:cut], promises[cut:]) if some]
        assert on_time.added(pages) == (on_time.counted(promises, by) if promises else {})


def test_of_an_open_promise_those_steps_count_that_have_come_due() -> None:
    one = Ended(
        "c1", "sales", None, None, "x", 0.0, None, 300.0, 300.0, 0.0, None, None, 1, 0, [10.0, 20.0, 90.0],
        [10.0, None, None], ended=50.0, held=300.0, open=True,
    )  # fmt: skip
    [row] = on_time.punctual(on_time.counted([one], "team"), "team")
    assert (row.body["plan_complete"]["n"], row.body["plan_complete"]["open"]) == (2, 1)
    assert (row.body["promises"], row.body["open"]) == (0, 0)
    assert on_time.punctual(on_time.counted([one._replace(planned=[], reached=[])], "team"), "team") == []
    assert (one.overdue, one._replace(ended=301.0).overdue) == (False, True)


def test_months_are_those_of_the_first_date_newest_first() -> None:
    of_a_month = {
        at: Ended("c1", None, None, None, "x", 0.0, None, at, at, 0.0, at, None, 0, 0, [], []) for at in TIMES
    }
    rows = on_time.punctual(on_time.counted([*of_a_month.values()], "month"), "month")
    assert sorted(((row.rank, row.name) for row in rows), reverse=True) == [
        (201304.0, "2013-04"),
        (201303.0, "2013-03"),
    ]


def test_the_currency_is_the_one_with_rate_one_or_the_most_usual() -> None:
    promises = [still(currency="USD"), still(currency="EUR"), still(currency="EUR"), still(currency=None)]
    assert sheets.money_of(promises, {}, 0.2).currency == "EUR"
    assert sheets.money_of(promises, {"CHF": 1.0, "EUR": 0.9}, 0.2).currency == "CHF"
    assert sheets.money_of([], {}, 0.2).currency == ""


def test_a_promise_counts_for_each_of_its_labels() -> None:
    rows = sheets.rolled_up([still(labels={"region": "north", "floor": 3}), still("p2", score=10.0)], "label", EUR)
    assert {row.name: row.body["promises"] for row in rows} == {"floor=3": 1, "region=north": 2}


def test_windows_before_renewals_sum_to_all_with_their_accounts_and_other_currencies_apart() -> None:
    now = 1e9
    stakes = Stakes({"c1": Stake(now + 20 * DAY), "c2": Stake(now + 70 * DAY), "c3": Stake(now - DAY)}, now)
    promises = [
        still("p1"), still("p2"), still("p3", customer_id="c2"), still("p4", customer_id="c3"),
        still("p5", customer_id="c4"), still("p6", customer_id="c4", p_slip=None),
        still("p7", customer_id="c2", currency="USD"),
    ]  # fmt: skip
    stood = sheets.accounts(promises, sheets.rolled_up(promises, "customer", EUR), EUR, stakes)
    found = [(one.name, one.body["window"], one.body["accounts"], one.body["forecasts"]) for one in stood.renewals]
    assert found == [
        ("EUR 30 days", "30 days", 1, 2),
        ("EUR 90 days", "90 days", 1, 1),
        ("EUR no renewal", "no renewal", 2, 2),
        ("USD 90 days", "90 days", 1, 1),
    ]
    euros = sum(one.body["expected_loss"] for one in stood.renewals[:3])
    assert euros == pytest.approx(stood.totals[0].body["expected_loss"])
    # By rank, as they are listed, what is counted apart comes last: the picture draws the first currency.
    assert [one.rank for one in stood.renewals] == [0.0, -1.0, -2.0, -3.0]


def test_without_promises_every_sheet_is_empty() -> None:
    assert sheets.rolled_up([], "customer", EUR) == []
    rows, [total], *_ = sheets.accounts([], [], EUR)
    assert (rows, total.body["promises"], total.body["expected_loss"]) == ([], 0, None)


def test_an_account_says_its_gaps_and_what_was_told_last_of_any_promise() -> None:
    promises = [
        still(score=1.0, last_told="warning", last_told_at=200.0),
        still("p2", score=0.9, last_told="update", last_told_at=300.0),
        still("p3"),
        still("p4", customer_id="c2"),
    ]
    rows, *_ = sheets.accounts(promises, sheets.rolled_up(promises, "customer", EUR), EUR)
    found = {row.name: row.body for row in rows}
    assert (found["c1"]["open_gaps"], found["c1"]["promises"]) == (2, 3)
    told = {name: found["c1"][name] for name in sheets.NOTHING_TOLD}
    assert told == {"last_told": "update", "last_told_at": "1970-01-01T00:05:00+00:00", "last_told_of": "p2"}
    assert {name: found["c2"][name] for name in sheets.NOTHING_TOLD} == sheets.NOTHING_TOLD


def test_what_shares_a_deliverer_slips_together() -> None:
    alone = [still(f"p{n}", deliverer=None, customer_id=f"c{n}") for n in range(200)]
    shared = [one._replace(deliverer="crew-7") for one in alone]
    tails = [sheets.at_risk(some, EUR)[0].total for some in (alone, shared)]
    assert tails[0].expected.value == tails[1].expected.value
    assert (tails[1].quantile.value or 0) > (tails[0].quantile.value or 0)


def test_a_promise_without_a_value_or_forecast_is_counted_and_adds_nothing() -> None:
    promises = [still(), still("p2", value=None), still("p3", p_slip=None)]
    rows, [total], *_ = sheets.accounts(promises, sheets.rolled_up(promises, "customer", EUR), EUR)
    assert (total.body["no_value"], total.body["no_forecast"], total.body["forecasts"]) == (1, 1, 1)
    assert (rows[0].rank, rows[0].body["expected_loss"]) == (10.0, 10.0)


def test_departments_share_the_expected_loss_and_the_rarest_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    promises = [still(), still("p2", department="ops"), still("p3", department=None), still("p4", department="ops")]
    stood = sheets.accounts(promises, sheets.rolled_up(promises, "customer", EUR), EUR)
    each = stood.totals[0].body["expected_loss"] / 4
    found = {name: (risk.expected.value, risk.expected.n) for name, risk in stood.departments.items()}
    assert found == {"ops": (2 * each, 2), "sales": (each, 1), "": (each, 1)}
    monkeypatch.setattr(sheets, "MOST_DEPARTMENTS", 1)
    few = sheets.accounts(promises, sheets.rolled_up(promises, "customer", EUR), EUR)
    assert {name: risk.expected.value for name, risk in few.departments.items()} == {"ops": 2 * each}
    assert few.totals == stood.totals
