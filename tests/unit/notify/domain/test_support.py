"""Nobody is warned of a slip that no experience supports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Envelope, Forecast, GapScored, Standing
from notify_svc.domain import facts
from notify_svc.domain.episode import decide, observe
from notify_svc.domain.facts import Episode, Kind, Rules
from notify_svc.domain.support import supported
from notify_svc.translate import gap_scored

DUE = datetime(2013, 3, 8, 20, tzinfo=UTC)
EARLIER = DUE - timedelta(hours=3)
LATE = DUE + timedelta(hours=1)
RULES = Rules()


def gap(p_slip: float, n: int, as_of: datetime) -> facts.Gap:
    data = GapScored(
        promise_id="p1",
        customer_id="c1",
        standing=Standing.OPEN,
        score=60.0,
        as_of=as_of,
        held_due=DUE,
        forecast=Forecast(p_slip, LATE, LATE, LATE, "all promises", n),
    )
    envelope = Envelope(id="g1", source="/risk-svc", type=data.TYPE, time=as_of, subject="p1", key="c1", version=1)
    return gap_scored(envelope, data, RULES.min_cases)


def said(found: facts.Gap, at: datetime) -> facts.Decision:
    promise = facts.Promise(
        promise_id="p1",
        customer_id="c1",
        event_id="e1",
        what="an install",
        held_due=DUE,
        tolerance=timedelta(0),
        zone="UTC",
        deliverer=None,
        accepted=True,
        historical=False,
    )
    return decide(observe(Episode(), found, RULES), found, promise, at, RULES)


@pytest.mark.parametrize("n", [0, 1, 19])
def test_a_forecast_from_too_few_like_promises_warns_nobody(n: int) -> None:
    found = gap(0.72, n, EARLIER)
    assert found.forecast is None
    assert said(found, EARLIER + timedelta(hours=1)).kind is not Kind.SPEAK


def test_from_twenty_on_it_warns() -> None:
    found = gap(0.72, 20, EARLIER)
    assert said(found, EARLIER + timedelta(hours=1)).kind is Kind.SPEAK


def test_a_date_that_has_passed_needs_no_experience_but_gives_no_range() -> None:
    found = gap(1.0, 0, DUE + timedelta(minutes=1))
    assert found.forecast == facts.Forecast(1.0, None, None, 0)
    assert said(found, DUE + timedelta(hours=1)).kind is Kind.SPEAK


def test_before_the_date_even_certainty_needs_experience() -> None:
    assert gap(1.0, 3, EARLIER).forecast is None


@given(st.floats(0, 1), st.integers(0, 100), st.integers(0, 100))
def test_no_range_is_ever_told_on_too_little(p_slip: float, n: int, least: int) -> None:
    forecast = facts.Forecast(p_slip, LATE, LATE, n)
    found = supported(forecast, EARLIER, DUE, least)
    assert found == (forecast if n >= least else None)


def test_no_forecast_stays_none() -> None:
    assert supported(None, DUE, DUE, 20) is None
