"""When a warned customer hears more: the range left, the told time come, the all-clear."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import FactKind, Statement
from notify_svc.domain.episode import after_speaking, decide, observe
from notify_svc.domain.facts import Announcement, Decision, Episode, Gap, Kind, Reason
from tests.support.clocks import NOON
from tests.unit.notify.facts import DUE, HIGH, LOW, RULES, decided, gap, minutes, promise, step, told, warned


@pytest.mark.parametrize("p50", [LOW, LOW + minutes(20), HIGH])
def test_inside_the_told_range_nothing_is_said(p50: object) -> None:
    decision = decided(gap(0.9, p50=p50), NOON + minutes(30), warned())
    assert (decision.kind, decision.reason) == (Kind.WAIT, Reason.NOTHING_NEW)
    assert decision.wake_at == HIGH + minutes(5)


def test_a_p50_beyond_the_told_range_is_said_at_once() -> None:
    decision = decided(gap(0.9, p50=HIGH + minutes(1), p80=HIGH + minutes(60)), NOON + minutes(1), warned())
    assert (decision.statement, decision.reason) == (Statement.UPDATE, Reason.RANGE_LEFT)


def test_a_small_improvement_is_no_news_because_p50_is_the_ranges_own_edge() -> None:
    assert decided(gap(0.8, p50=LOW - minutes(9)), NOON, warned()).kind is Kind.WAIT
    assert decided(gap(0.8, p50=LOW - minutes(11)), NOON, warned()).reason is Reason.RANGE_LEFT


def test_a_forecast_that_the_clock_has_overtaken_is_no_improvement() -> None:
    now = LOW + minutes(6)
    stale = gap(0.99, p50=LOW, p80=LOW + minutes(1))
    said = told(at=now, low=LOW + minutes(10), high=LOW + minutes(15), next_update_by=now + minutes(60))
    assert decided(stale, now, Episode(told=said)).kind is Kind.WAIT


def test_a_range_that_is_lost_or_found_is_news() -> None:
    assert decided(gap(0.9, p50=None, p80=None), NOON, warned()).reason is Reason.RANGE_LEFT
    assert decided(gap(0.9, p80=None), NOON, warned()).reason is Reason.RANGE_LEFT
    assert decided(gap(0.9), NOON, warned(low=None, high=None)).reason is Reason.RANGE_LEFT
    assert decided(gap(0.9, p50=None, p80=None), NOON, warned(low=None, high=None)).kind is Kind.WAIT


def test_before_the_told_time_an_update_is_due_even_if_nothing_changed() -> None:
    by = HIGH + minutes(10)
    still = gap(0.9, p50=LOW + minutes(10))
    assert decided(still, by - minutes(5) - timedelta(seconds=1), warned()).kind is Kind.WAIT
    decision = decided(still, by - minutes(5), warned())
    assert (decision.statement, decision.reason) == (Statement.UPDATE, Reason.UPDATE_DUE)
    assert decision.evidence["due"] == by.isoformat()


def test_with_an_owner_to_be_told_first_it_is_written_so_much_sooner() -> None:
    by, still = HIGH + minutes(10), gap(0.9, p50=LOW + minutes(10))
    owned = promise(owner="anna")
    early = minutes(5) + RULES.owner_wait
    assert decide(warned(), still, owned, by - early - timedelta(seconds=1), RULES).wake_at == by - early
    assert decide(warned(), still, owned, by - early, RULES).reason is Reason.UPDATE_DUE


def test_the_word_for_the_promised_time_is_written_when_it_has_come() -> None:
    said, still = warned(next_update_by=DUE), gap(0.9, p50=LOW + minutes(10))
    waiting = decided(still, DUE - timedelta(seconds=1), said)
    assert (waiting.kind, waiting.wake_at) == (Kind.WAIT, DUE)
    assert decided(still, DUE, said).reason is Reason.UPDATE_DUE


def test_after_the_promised_time_nothing_is_back_on_track_short_of_its_end() -> None:
    assert decided(gap(0.1), DUE, warned()).statement is not Statement.ALL_CLEAR


def test_the_all_clear_comes_at_the_lower_threshold_and_only_after_a_warning() -> None:
    assert decided(gap(0.31), NOON, warned()).statement is not Statement.ALL_CLEAR
    decision = decided(gap(0.3), NOON, warned())
    assert (decision.statement, decision.reason) == (Statement.ALL_CLEAR, Reason.RECOVERED)
    assert decided(gap(0.3), NOON).kind is Kind.NOTHING


def test_no_all_clear_while_a_known_step_is_still_missed() -> None:
    assert decided(gap(0.1, p50=LOW, facts=(step(),)), NOON, warned()).kind is Kind.WAIT
    reached = step(FactKind.MILESTONE_LATE, minutes=50)
    assert decided(gap(0.1, facts=(reached,)), NOON, warned()).statement is Statement.ALL_CLEAR


def test_a_blocked_conversation_still_gets_its_all_clear_and_nothing_else() -> None:
    blocked = Episode(told=told(), blocked=True)
    assert decided(gap(0.9, p50=HIGH + minutes(90)), NOON, blocked).reason is Reason.BLOCKED
    assert decided(gap(0.2), NOON, blocked).statement is Statement.ALL_CLEAR


def test_after_the_all_clear_a_new_slip_is_a_new_episode() -> None:
    episode = warned()
    decision = decided(gap(0.2), NOON, episode)
    episode = after_speaking(episode, decision, told())
    assert (episode.number, episode.told, episode.ended) == (2, None, False)
    again = gap(0.9, as_of=NOON + minutes(60))
    assert decided(again, NOON + minutes(66), episode).statement is Statement.WARNING


def test_an_update_replaces_what_was_told() -> None:
    decision = Decision(Kind.SPEAK, Reason.RANGE_LEFT, Statement.UPDATE)
    newer = Announcement(Statement.UPDATE, NOON, HIGH, HIGH + minutes(30), None)
    episode = after_speaking(warned(), decision, newer)
    assert (episode.number, episode.told) == (1, newer)


changes = st.tuples(st.floats(0, 1), st.integers(-60, 300), st.integers(0, 120))


@given(st.lists(changes, max_size=40))
def test_no_conversation_repeats_itself_or_takes_back_what_was_not_said(steps: list[tuple[float, int, int]]) -> None:
    """Whatever the forecasts do: a warning opens each episode, an all-clear closes it, and no two in a row."""
    episode, now, said = Episode(), NOON, []
    for number, (p_slip, shift, pause) in enumerate(steps, 1):
        now += minutes(pause)
        at: Gap = gap(p_slip, version=number, as_of=now, p50=DUE + minutes(shift), p80=DUE + minutes(shift + 30))
        episode = observe(episode, at, RULES)
        decision = decide(episode, at, promise(), now, RULES)
        if decision.kind is Kind.SPEAK and decision.statement is not None:
            said.append((episode.number, decision.statement))
            low = DUE + minutes(shift)
            news = Announcement(decision.statement, now, low, low + minutes(30), now + timedelta(hours=1))
            episode = after_speaking(episode, decision, news)
    for index, (number, statement) in enumerate(said):
        before = said[index - 1] if index else None
        if statement is Statement.WARNING:
            assert before is None or before == (number - 1, Statement.ALL_CLEAR)
        else:
            assert before is not None
            assert before[0] == number
            assert before[1] in (Statement.WARNING, Statement.UPDATE)


def test_a_risk_of_a_later_date_than_the_one_that_holds_is_no_all_clear() -> None:
    """The promise was moved to an earlier date, and its next gap has not come: P(slip) is that of the later one."""
    at = gap(0.1, held_due=DUE + minutes(60), p50=DUE + minutes(20), p80=DUE + minutes(50))
    assert decided(at, episode=warned()).reason is not Reason.RECOVERED
    assert decided(gap(0.1, p50=DUE - minutes(60), p80=DUE - minutes(9)), episode=warned()).reason is Reason.RECOVERED
