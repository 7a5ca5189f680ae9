"""What the customer's page shows: never more than a message said, the record holds and an event supports."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candor.contracts import NoticeState, Pause, Standing, Statement
from notify_svc.domain.facts import Announcement, DateGiven, Forecast, Gap, Promise, Reason
from notify_svc.domain.history import NoticeEntry
from notify_svc.page.view import ENDED, State, View, view
from tests.support.clocks import NOON
from tests.unit.notify.facts import DUE, HIGH, LOW, RULES, gap, minutes, promise

NEXT = NOON + timedelta(hours=4)
HALF_AN_HOUR_ON = NOON + minutes(30)


def entry(statement: Statement = Statement.WARNING, **changes: Any) -> NoticeEntry:
    announced = Announcement(statement, NOON, LOW, HIGH, NEXT)
    known = NoticeEntry("n1", 1, statement, NoticeState.SENT, Reason.SLIP_HELD, False, announced)
    return replace(known, **changes)


def unranged(statement: Statement = Statement.WARNING, **changes: Any) -> NoticeEntry:
    return entry(statement, told=Announcement(statement, NOON, next_update_by=NEXT), **changes)


def seen(
    about: Promise | None = None,
    at: Gap | None = None,
    *said: NoticeEntry,
    now: datetime = HALF_AN_HOUR_ON,
    fresh: bool = True,
) -> View:
    return view(about or promise(), at, said, now, RULES, fresh=fresh)


def test_a_range_that_was_said_and_holds_is_shown_with_when_it_was_said() -> None:
    found = seen(None, gap(), entry())
    assert (found.state, found.low, found.high, found.said_at, found.next_by) == (State.RANGE, LOW, HIGH, NOON, NEXT)
    assert not found.missed


LATER = gap(p50=HIGH + minutes(60), p80=HIGH + minutes(120))
NO_RECORD = gap(p50=None, p80=None)


@pytest.mark.parametrize(
    ("at", "now"),
    [(LATER, HALF_AN_HOUR_ON), (NO_RECORD, HALF_AN_HOUR_ON), (gap(), HIGH), (gap(None), HALF_AN_HOUR_ON)],
)
def test_a_range_that_holds_no_more_is_not_shown_and_neither_is_what_nobody_said_yet(at: Gap, now: datetime) -> None:
    found = seen(None, at, entry(), now=now)
    assert (found.state, found.low, found.high, found.said_at) == (State.CHANGED, None, None, None)


def test_a_message_of_unknown_fate_is_not_repeated_as_if_it_was_read() -> None:
    assert seen(None, gap(), entry(state=NoticeState.UNKNOWN)).state is State.NOTHING


@pytest.mark.parametrize(
    ("about", "at", "said", "state"),
    [
        ({}, gap(), [], State.NOTHING),
        ({}, gap(), [unranged()], State.NO_RANGE),
        ({}, gap(0.1), [unranged(Statement.ALL_CLEAR)], State.ON_TRACK),
        ({}, gap(0.6), [unranged(Statement.ALL_CLEAR)], State.CHANGED),
        ({"withdrawn": True}, gap(), [entry()], State.WITHDRAWN),
        ({"disputed": True}, gap(), [entry()], State.DISPUTED),
        ({"ended": Standing.KEPT}, gap(), [entry()], State.KEPT),
        ({"ended": Standing.BROKEN}, gap(), [entry()], State.BROKEN),
        ({}, gap(standing=Standing.KEPT, completed_at=DUE), [entry()], State.KEPT),
        ({}, gap(standing=Standing.BROKEN, completed_at=HIGH), [], State.LATE),
        ({}, gap(standing=Standing.CANCELLED), [unranged(Statement.CANCELLED)], State.CANCELLED),
        ({}, gap(standing=Standing.BROKEN), [unranged(closing=True)], State.BROKEN),
    ],
)
def test_how_it_stands(about: dict[str, Any], at: Gap, said: list[NoticeEntry], state: State) -> None:
    assert seen(promise(**about), at, *said).state is state


AGREED = (DateGiven(NOON + minutes(10), DUE, moved=True),)
"""They agreed to a date after the message of NOON."""


@pytest.mark.parametrize(
    ("said", "at", "dates", "state"),
    [
        (unranged(), gap(None), AGREED, State.NOTHING),
        (unranged(), gap(None), (replace(AGREED[0], moved=False),), State.NO_RANGE),
        (unranged(), gap(None), (replace(AGREED[0], at=NOON - minutes(1)),), State.NO_RANGE),
        (entry(), gap(None), AGREED, State.NOTHING),
        # A range that they were told and that holds says more than the date.
        (entry(), gap(), AGREED, State.RANGE),
        (unranged(Statement.ALL_CLEAR, spoken_for=Reason.DATE_MOVED), gap(None), (), State.NOTHING),
        (unranged(Statement.ALL_CLEAR, spoken_for=Reason.RECOVERED), gap(None), (), State.CHANGED),
    ],
)
def test_a_date_they_agreed_to_is_not_said_to_hold_no_longer(
    said: NoticeEntry, at: Gap, dates: tuple[DateGiven, ...], state: State
) -> None:
    assert seen(promise(dates=dates), at, said).state is state
    late = seen(promise(dates=dates), at, said, now=DUE + minutes(1))
    assert late.state is not State.NOTHING


@pytest.mark.parametrize("standing", [Standing.CANCELLED, Standing.BROKEN])
def test_an_end_that_nobody_told_is_not_learnt_from_the_page(standing: Standing) -> None:
    found = seen(None, gap(standing=standing), entry())
    assert (found.state, found.low) == (State.CHANGED, None)


def test_past_its_time_without_a_message_it_is_said_to_be_overdue() -> None:
    late = DUE + minutes(20)
    assert seen(None, gap(), now=late).state is State.OVERDUE
    assert seen(promise(tolerance=minutes(30)), gap(), now=late).state is State.NOTHING


def test_what_is_not_up_to_date_says_nothing_of_now_but_ends_stay() -> None:
    assert seen(None, gap(), entry(), fresh=False).state is State.STALE
    assert seen(None, None).state is State.STALE
    assert seen(promise(withdrawn=True), gap(), entry(), fresh=False).state is State.WITHDRAWN


def test_a_next_update_that_did_not_come_is_said_so() -> None:
    assert seen(None, gap(), entry(), now=NEXT + minutes(1)).missed
    assert not seen(None, gap(), entry(), now=NEXT).missed
    assert seen(promise(withdrawn=True), gap(), entry(), now=NEXT + minutes(1)).next_by is None


def test_of_a_withdrawal_its_public_reason_is_shown_and_of_nothing_else() -> None:
    reasoned = promise(withdrawn=True, withdrawn_for="you moved")
    assert seen(reasoned, gap()).reason == "you moved"
    assert seen(replace(reasoned, withdrawn=False), gap()).reason == ""


moments = st.integers(-600, 3000).map(lambda amount: NOON + minutes(amount))
forecasts = st.none() | st.builds(
    lambda p, p50, spread: Forecast(p, p50, p50 + minutes(spread), 412, 200, 0.8, 0.8),
    st.floats(0, 1),
    moments,
    st.integers(0, 900),
)
said_entries = st.builds(
    lambda statement, state, closing, low, width: entry(
        statement,
        state=state,
        closing=closing,
        told=Announcement(statement, NOON, low, low + minutes(width) if low else None, NEXT),
    ),
    st.sampled_from(Statement),
    st.sampled_from((NoticeState.SENT, NoticeState.UNKNOWN)),
    st.booleans(),
    st.none() | moments,
    st.integers(5, 600),
)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(Standing),
    forecasts,
    st.lists(said_entries, max_size=3),
    moments,
    st.booleans(),
    st.none() | moments,
)
def test_a_range_is_only_ever_one_that_went_out_lies_ahead_and_holds(
    standing: Standing,
    forecast: Forecast | None,
    said: list[NoticeEntry],
    now: datetime,
    fresh: bool,
    completed: datetime | None,
) -> None:
    at = replace(gap(standing=standing, completed_at=completed), forecast=forecast)
    found = view(promise(), at, said, now, RULES, fresh=fresh)
    if found.low is None:
        assert found.high is None
        return
    assert (found.state, fresh, standing) == (State.RANGE, True, Standing.OPEN)
    assert (found.low, found.high) == (said[0].told.low, said[0].told.high)
    assert said[0].state is NoticeState.SENT and found.high is not None and now < found.high
    assert forecast is not None and forecast.p50 is not None and max(forecast.p50, NOON) <= found.high
    assert not ENDED.intersection({found.state})


PAUSE = Pause(since=NOON - timedelta(hours=2), until=NOON + timedelta(days=9), public_reason="your measurements")


def test_a_wait_for_the_customer_is_shown_while_it_goes_on_and_the_promise_is_open() -> None:
    assert seen(None, gap(pause=PAUSE), entry()).pause == PAUSE
    assert seen(None, gap(pause=PAUSE)).pause == PAUSE
    assert seen(None, gap(pause=PAUSE), now=PAUSE.until).pause is None
    assert seen(None, gap(pause=PAUSE), fresh=False).pause is None
    assert seen(promise(withdrawn=True), gap(pause=PAUSE)).pause is None
    assert seen(promise(ended=Standing.KEPT), gap(pause=PAUSE)).pause is None
    assert seen(None, gap()).pause is None
