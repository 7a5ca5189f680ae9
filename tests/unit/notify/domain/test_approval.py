"""What waits for a person's word, by each rule alone and by all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Statement
from notify_svc.domain.approval import NONE_WAITS, Approving, Awaits, Case, awaits
from notify_svc.domain.facts import Announcement, Forecast, Reason
from tests.support.clocks import NOON
from tests.unit.notify.facts import gap, promise

RANGED = Announcement(Statement.WARNING, NOON, NOON + timedelta(hours=1), NOON + timedelta(hours=2))
KEY = Approving(labels={"tier": frozenset({"key", "gold"})})


def case(
    *,
    labels: tuple[tuple[str, str], ...] = (),
    n: int = 100,
    p_slip: float = 0.9,
    spoken_for: Reason = Reason.SLIP_HELD,
    told: Announcement = RANGED,
    approved: bool = True,
) -> Case:
    forecast = Forecast(p_slip, NOON, NOON + timedelta(hours=1), n=n)
    return Case(replace(promise(), labels=labels), replace(gap(), forecast=forecast), spoken_for, told, approved)


def test_by_default_nothing_waits() -> None:
    assert awaits(case(labels=(("tier", "key"),), n=0, p_slip=0.7, approved=False), NONE_WAITS) == ()


@pytest.mark.parametrize(
    ("labels", "waits"),
    [
        ((), False),
        ((("tier", "key"),), True),
        ((("tier", "Gold"),), True),
        ((("tier", "small"),), False),
        ((("segment", "key"),), False),
        ((("segment", "x"), ("tier", "gold")), True),
    ],
)
def test_a_key_account_is_known_by_its_label(labels: tuple[tuple[str, str], ...], *, waits: bool) -> None:
    assert awaits(case(labels=labels), KEY) == ((Awaits.KEY_ACCOUNT,) if waits else ())


def test_any_value_of_a_label_may_make_a_key_account() -> None:
    assert awaits(case(labels=(("tier", "whatever"),)), Approving(labels={"tier": frozenset({"*"})}))


def test_a_forecast_from_few_cases_is_read_first_where_the_letter_rests_on_it() -> None:
    rules = Approving(cases=40)
    assert awaits(case(n=39), rules) == (Awaits.LOW_CERTAINTY,)
    assert awaits(case(n=40), rules) == ()
    moved = replace(RANGED, low=None, high=None)
    assert awaits(case(n=3, spoken_for=Reason.DATE_MOVED, told=moved), rules) == ()
    assert awaits(case(n=3, spoken_for=Reason.DATE_MOVED), rules) == (Awaits.LOW_CERTAINTY,)


def test_a_risk_that_is_not_high_is_read_first_where_nothing_else_is_told() -> None:
    rules = Approving(certainty=0.8)
    assert awaits(case(p_slip=0.79), rules) == (Awaits.LOW_CERTAINTY,)
    assert awaits(case(p_slip=0.8), rules) == ()
    assert awaits(case(p_slip=0.2, spoken_for=Reason.MILESTONE_MISSED), rules) == ()


def test_without_a_forecast_nothing_is_uncertain() -> None:
    one = case()
    assert awaits(one._replace(gap=replace(one.gap, forecast=None)), Approving(cases=40, certainty=0.9)) == ()


def test_a_wording_that_nobody_approved_is_read_first() -> None:
    assert awaits(case(approved=False), Approving(first=True)) == (Awaits.NEW_WORDING,)
    assert awaits(case(approved=True), Approving(first=True)) == ()


@given(st.booleans(), st.integers(0, 80), st.booleans())
def test_every_reason_is_kept(key: bool, n: int, approved: bool) -> None:
    rules = replace(KEY, cases=40, first=True)
    found = awaits(case(labels=(("tier", "key"),) if key else (), n=n, approved=approved), rules)
    assert set(found) == {
        reason
        for reason, applies in (
            (Awaits.KEY_ACCOUNT, key),
            (Awaits.LOW_CERTAINTY, n < 40),
            (Awaits.NEW_WORDING, not approved),
        )
        if applies
    }
