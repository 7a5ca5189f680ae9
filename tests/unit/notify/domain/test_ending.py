"""What is said when a promise has ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from candor.contracts import Standing, Statement
from notify_svc.domain.facts import Decision, Episode, Kind, Reason
from tests.support.clocks import NOON
from tests.unit.notify.facts import DUE, HIGH, LOW, decided, gap, minutes, spoken, told, warned


def said(decision: Decision) -> tuple[Statement | None, Reason, bool]:
    return decision.statement, decision.reason, decision.closing


def test_kept_after_a_warning_is_an_all_clear_and_the_last_word() -> None:
    decision = decided(gap(0.0, Standing.KEPT, completed_at=DUE), DUE, warned())
    assert said(decision) == (Statement.ALL_CLEAR, Reason.KEPT, True)
    after = spoken(decision, warned())
    assert after.ended
    assert decided(gap(0.9), DUE + minutes(60), after).reason is Reason.ENDED


@pytest.mark.parametrize("standing", [Standing.KEPT, Standing.BROKEN])
def test_whoever_was_not_warned_is_not_told_of_the_end(standing: Standing) -> None:
    decision = decided(gap(1.0, standing, completed_at=DUE), DUE)
    assert (decision.kind, decision.reason, decision.ends) == (Kind.NOTHING, Reason.NEVER_WARNED, True)


@pytest.mark.parametrize("at", [LOW - minutes(5), LOW, HIGH])
def test_late_but_within_the_told_range_needs_no_word(at: object) -> None:
    decision = decided(gap(1.0, Standing.BROKEN, completed_at=at), HIGH, warned())
    assert (decision.kind, decision.reason, decision.ends) == (Kind.NOTHING, Reason.DONE_AS_TOLD, True)


@pytest.mark.parametrize("at", [LOW - minutes(6), HIGH + minutes(1)])
def test_late_and_outside_of_it_gets_one_closing_update(at: object) -> None:
    ended = gap(1.0, Standing.BROKEN, completed_at=at)
    decision = decided(ended, HIGH + minutes(2), warned())
    assert said(decision) == (Statement.UPDATE, Reason.DONE_OUTSIDE_RANGE, True)
    assert decided(ended, HIGH + minutes(3), spoken(decision, warned())).reason is Reason.ENDED


def test_late_after_a_warning_without_a_range_is_told() -> None:
    episode = warned(low=None, high=None)
    assert decided(gap(1.0, Standing.BROKEN, completed_at=HIGH), HIGH, episode).reason is Reason.DONE_OUTSIDE_RANGE


@pytest.mark.parametrize(("episode", "statement"), [(Episode(), Statement.WARNING), (warned(), Statement.UPDATE)])
def test_broken_and_never_done_is_said_once_warned_or_not(episode: Episode, statement: Statement) -> None:
    broken = gap(1.0, Standing.BROKEN)
    decision = decided(broken, DUE, episode)
    assert said(decision) == (statement, Reason.NOT_KEPT, True)
    assert decided(broken, DUE, spoken(decision, episode)).kind is Kind.NOTHING


@pytest.mark.parametrize("episode", [Episode(), warned()])
def test_cancelled_is_said_once(episode: Episode) -> None:
    cancelled = gap(1.0, Standing.CANCELLED)
    decision = decided(cancelled, NOON, episode)
    assert said(decision) == (Statement.CANCELLED, Reason.CANCELLED, False)
    after = spoken(decision, episode, statement=Statement.CANCELLED, low=None, high=None, next_update_by=None)
    assert decided(cancelled, NOON + minutes(600), after).reason is Reason.NOTHING_NEW


def test_what_was_cancelled_and_happens_after_all_is_told_so() -> None:
    after = warned(statement=Statement.CANCELLED, low=None, high=None, next_update_by=None)
    assert decided(gap(0.1), NOON, after).statement is Statement.ALL_CLEAR
    assert decided(gap(0.9), NOON, after).reason is Reason.RANGE_LEFT
    assert decided(gap(0.0, Standing.KEPT), NOON, after).reason is Reason.KEPT


def test_after_a_withdrawal_there_is_nothing_to_say() -> None:
    decision = decided(gap(1.0, Standing.WITHDRAWN), NOON, warned())
    assert (decision.kind, decision.reason, decision.ends) == (Kind.NOTHING, Reason.WITHDRAWN, True)


def test_a_failed_message_is_not_followed_by_a_closing_one_that_would_fail_as_well() -> None:
    blocked = replace(Episode(told=told()), blocked=True)
    late = gap(1.0, Standing.BROKEN, completed_at=HIGH + minutes(30))
    assert decided(late, HIGH, blocked).reason is Reason.BLOCKED
    assert decided(gap(1.0, Standing.BROKEN), HIGH, blocked).reason is Reason.BLOCKED
    assert decided(gap(1.0, Standing.CANCELLED), HIGH, blocked).reason is Reason.BLOCKED
