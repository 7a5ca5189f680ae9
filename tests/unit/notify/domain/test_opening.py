"""The first sentence is the news, and bad news is as bad as it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from candor.contracts import Standing, Statement
from notify_svc.domain.facts import Reason
from notify_svc.domain.opening import OpeningFacts, opening_of
from tests.support.clocks import NOON
from tests.unit.notify.facts import DUE, HIGH, LOW, gap, minutes, promise, step, told


def lead(
    statement: Statement, reason: Reason, low: datetime | None = LOW, high: datetime | None = HIGH, **changes: Any
) -> str:
    values = {"now": NOON, "promise": promise(), "gap": gap(), "earlier": told(), **changes}
    return opening_of(statement, reason, OpeningFacts(low=low, high=high, **values))


@pytest.mark.parametrize("statement", [Statement.WARNING, Statement.UPDATE])
def test_a_broken_promise_is_called_that_whatever_was_said_before(statement: Statement) -> None:
    assert lead(statement, Reason.NOT_KEPT) == "not_kept"


def test_an_end_is_an_end() -> None:
    assert lead(Statement.ALL_CLEAR, Reason.KEPT) == "done"
    assert lead(Statement.UPDATE, Reason.DONE_OUTSIDE_RANGE) == "done"
    assert lead(Statement.ALL_CLEAR, Reason.RECOVERED) == "back"
    assert lead(Statement.CANCELLED, Reason.CANCELLED) == "cancelled"


@pytest.mark.parametrize(
    ("p_slip", "now", "expected"),
    [
        (0.9, NOON, "slip"),
        (0.51, NOON, "slip"),
        (0.5, NOON, "may"),
        (0.49, NOON, "may"),
        (None, NOON, "may"),
        (1.0, DUE, "slip"),
        (1.0, DUE + minutes(1), "late"),
        (0.1, DUE + minutes(1), "late"),
    ],
)
def test_a_warning_says_probably_only_before_the_date(p_slip: float | None, now: datetime, expected: str) -> None:
    assert lead(Statement.WARNING, Reason.SLIP_HELD, gap=gap(p_slip), now=now, earlier=None) == expected


@pytest.mark.parametrize(
    ("low", "high", "reason", "expected"),
    [
        (LOW + minutes(60), HIGH + minutes(60), Reason.RANGE_LEFT, "later"),
        (LOW - minutes(60), HIGH - minutes(60), Reason.RANGE_LEFT, "earlier"),
        (LOW, HIGH, Reason.UPDATE_DUE, "same"),
        (LOW, HIGH + minutes(5), Reason.UPDATE_DUE, "open"),
        (LOW - minutes(20), HIGH + minutes(60), Reason.RANGE_LEFT, "open"),
        (LOW, HIGH, Reason.RANGE_LEFT, "open"),
        (LOW + minutes(5), HIGH - minutes(30), Reason.UPDATE_DUE, "open"),
        (None, None, Reason.RANGE_LEFT, "open"),
    ],
)
def test_an_update_compares_with_what_was_told(
    low: datetime | None, high: datetime | None, reason: Reason, expected: str
) -> None:
    assert lead(Statement.UPDATE, reason, low, high) == expected


@pytest.mark.parametrize("low", [DUE - minutes(30), DUE])
def test_it_is_not_probably_late_where_half_of_such_are_done_by_the_date(low: datetime) -> None:
    assert lead(Statement.WARNING, Reason.SLIP_HELD, low=low, earlier=None) == "may"
    assert lead(Statement.WARNING, Reason.MILESTONE_MISSED, low=low, earlier=None) == "step"


def test_kept_within_the_tolerance_is_not_called_on_time() -> None:
    kept = gap(0.0, Standing.KEPT, completed_at=DUE + minutes(10))
    assert lead(Statement.ALL_CLEAR, Reason.KEPT, gap=kept, promise=promise(tolerance=minutes(15))) == "done_after"


def test_with_a_fact_since_there_is_something_new_to_tell() -> None:
    assert lead(Statement.UPDATE, Reason.UPDATE_DUE, gap=gap(facts=(step(at=NOON + minutes(1)),))) == "open"
    assert lead(Statement.UPDATE, Reason.UPDATE_DUE, gap=gap(facts=(step(at=NOON),))) == "same"


def test_without_an_earlier_range_an_update_compares_nothing() -> None:
    assert lead(Statement.UPDATE, Reason.RANGE_LEFT, earlier=told(low=None, high=None)) == "open"
    assert lead(Statement.UPDATE, Reason.RANGE_LEFT, earlier=None) == "open"
