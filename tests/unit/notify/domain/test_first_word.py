"""When a customer is warned (definitions.md, "When to speak")."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.calendar import Calendar, parse_business_hours
from candor.contracts import FactKind, Statement
from notify_svc.domain.episode import decide, observe
from notify_svc.domain.facts import Announcement, Episode, Forecast, Kind, Reason, Rules
from notify_svc.domain.support import supported
from tests.support.clocks import NOON
from tests.unit.notify.facts import DUE, RULES, decided, gap, minutes, promise, step


def test_a_warning_needs_five_minutes_at_the_threshold() -> None:
    early = decided(gap(0.7), NOON + minutes(4.99))
    assert (early.kind, early.reason) == (Kind.WAIT, Reason.SLIP_TOO_SHORT)
    assert early.wake_at == NOON + minutes(5)
    due = decided(gap(0.7), NOON + minutes(5))
    assert (due.kind, due.statement, due.reason) == (Kind.SPEAK, Statement.WARNING, Reason.SLIP_HELD)
    assert due.evidence == {"p_slip": "0.700", "gap": "gap-1", "since": NOON.isoformat()}


def test_below_the_threshold_nobody_is_warned_however_long_it_lasts() -> None:
    decision = decided(gap(0.699), NOON + timedelta(days=3))
    assert (decision.kind, decision.reason) == (Kind.NOTHING, Reason.NOT_SLIPPING)


def test_a_dip_below_the_threshold_starts_the_five_minutes_again() -> None:
    episode = observe(Episode(), gap(0.9), RULES)
    episode = observe(episode, gap(0.6, as_of=NOON + minutes(3)), RULES)
    assert episode.slip_since is None
    again = gap(0.9, as_of=NOON + minutes(4))
    episode = observe(episode, again, RULES)
    assert decide(episode, again, promise(), NOON + minutes(8), RULES).kind is Kind.WAIT
    assert decide(episode, again, promise(), NOON + minutes(9), RULES).kind is Kind.SPEAK


def test_more_gaps_above_the_threshold_do_not_postpone_the_warning() -> None:
    episode = observe(Episode(), gap(0.75), RULES)
    later = gap(0.95, as_of=NOON + minutes(4))
    assert observe(episode, later, RULES).slip_since == NOON


def test_a_missed_step_that_the_customer_knows_of_is_told_at_once() -> None:
    decision = decided(gap(0.1, facts=(step(),)))
    assert (decision.statement, decision.reason) == (Statement.WARNING, Reason.MILESTONE_MISSED)
    assert decision.evidence["milestone"] == "departed"
    assert decision.evidence["event"] == "ev-m"


@pytest.mark.parametrize("kind", [FactKind.MILESTONE_MISSED, FactKind.MILESTONE_OVERDUE])
def test_a_missed_step_that_the_customer_never_heard_of_is_not(kind: FactKind) -> None:
    assert decided(gap(0.1, facts=(step(kind, told=False, minutes=60),))).kind is Kind.NOTHING


@pytest.mark.parametrize("kind", [FactKind.MILESTONE_LATE, FactKind.MILESTONE_CANCELLED, FactKind.INCIDENT_OPEN])
def test_other_facts_alone_warn_nobody(kind: FactKind) -> None:
    assert decided(gap(0.1, facts=(step(kind, minutes=60),))).kind is Kind.NOTHING


def test_an_overdue_step_counts_as_missed_after_half_an_hour() -> None:
    overdue = gap(0.1, facts=(step(FactKind.MILESTONE_OVERDUE, event_id="", minutes=12),))
    early = decided(overdue, NOON + minutes(17.9))
    assert (early.kind, early.wake_at) == (Kind.NOTHING, NOON + minutes(18))
    late = decided(overdue, NOON + minutes(18))
    assert late.reason is Reason.MILESTONE_MISSED
    assert late.evidence["event"] == "clock"


def test_nothing_is_decided_without_a_promise_or_a_gap() -> None:
    assert decide(Episode(), gap(), None, NOON, RULES).reason is Reason.NO_PROMISE
    assert decide(Episode(), None, promise(), NOON, RULES).reason is Reason.NO_GAP


def test_a_gap_taken_against_another_date_waits_for_the_next_one() -> None:
    later = replace(promise(), held_due=DUE + timedelta(days=1))
    decision = decide(Episode(slip_since=NOON), gap(), later, NOON + minutes(9), RULES)
    assert (decision.kind, decision.reason) == (Kind.WAIT, Reason.DATES_DIFFER)


def test_unless_completion_is_expected_after_the_new_date_as_well() -> None:
    a_little_later = replace(promise(), held_due=DUE + minutes(20), tolerance=minutes(10))
    decision = decide(Episode(slip_since=NOON), gap(), a_little_later, NOON + minutes(9), RULES)
    assert decision.kind is Kind.SPEAK


def test_no_estimate_after_a_new_date_is_not_lateness() -> None:
    later = replace(promise(), held_due=DUE + timedelta(days=1))
    told = Announcement(Statement.WARNING, NOON, NOON + minutes(60), NOON + minutes(90), NOON + minutes(120))
    none = replace(gap(facts=(step(),)), forecast=None)
    past = replace(gap(), forecast=supported(Forecast(1.0, DUE, DUE, RULES.min_cases - 1), DUE, DUE, RULES.min_cases))
    assert past.forecast is not None
    for found in (none, past):
        for episode in (Episode(slip_since=NOON), Episode(told=told)):
            decision = decide(episode, found, later, DUE + minutes(9), RULES)
            assert (decision.kind, decision.reason) == (Kind.WAIT, Reason.DATES_DIFFER)


def test_that_half_of_such_promises_are_never_completed_is_lateness_by_any_date() -> None:
    later = replace(promise(), held_due=DUE + timedelta(days=1))
    never = replace(gap(), forecast=Forecast(0.9, None, None, RULES.min_cases))
    assert decide(Episode(slip_since=NOON), never, later, NOON + minutes(9), RULES).kind is Kind.SPEAK


def test_history_warns_nobody() -> None:
    decision = decided(gap(historical=True), NOON + timedelta(days=1))
    assert (decision.kind, decision.reason) == (Kind.NOTHING, Reason.HISTORICAL)


def test_a_failed_first_word_is_not_tried_again_by_itself() -> None:
    episode = Episode(slip_since=NOON, blocked=True)
    assert decide(episode, gap(), promise(), NOON + minutes(9), RULES).reason is Reason.BLOCKED


WORKDAYS = Calendar(parse_business_hours("mon-fri 08:00-17:00"))


def test_the_hold_is_working_time_on_the_clock_of_the_promises_zone() -> None:
    # A Friday, three minutes before five in New York: two of the five minutes are Monday's.
    friday = datetime(2013, 3, 8, 21, 57, tzinfo=UTC)
    monday = datetime(2013, 3, 11, 12, 2, tzinfo=UTC)
    rules = Rules(calendar=WORKDAYS)
    later = DUE + timedelta(days=7)
    at, known = gap(as_of=friday, held_due=later), promise(held_due=later)
    early = decided(at, monday - minutes(0.1), rules=rules, about=known)
    assert (early.reason, early.wake_at) == (Reason.SLIP_TOO_SHORT, monday)
    assert decided(at, monday, rules=rules, about=known).reason is Reason.SLIP_HELD


def test_a_missed_step_waits_for_no_opening_hour() -> None:
    saturday = datetime(2013, 3, 9, 12, tzinfo=UTC)
    at = gap(0.1, facts=(step(),), as_of=saturday)
    assert decided(at, saturday, rules=Rules(calendar=WORKDAYS)).reason is Reason.MILESTONE_MISSED


@given(
    p_slip=st.floats(0, 1),
    threshold=st.floats(0.05, 1),
    hold=st.integers(0, 600),
    waited=st.integers(0, 1200),
)
def test_a_warning_goes_out_exactly_when_both_conditions_hold(
    p_slip: float, threshold: float, hold: int, waited: int
) -> None:
    rules = Rules(warn_at=threshold, hold=minutes(hold))
    decision = decided(gap(p_slip), NOON + minutes(waited), rules=rules)
    assert (decision.kind is Kind.SPEAK) == (p_slip >= threshold and waited >= hold)
