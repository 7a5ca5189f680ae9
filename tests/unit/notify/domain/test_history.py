"""An episode read from its notices: what has not gone out and will not was never told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import NoticeState, Statement
from notify_svc.domain.facts import Episode, Reason
from notify_svc.domain.history import NEEDS_A_PERSON, TOLD, NoticeEntry, episode_of
from tests.support.clocks import NOON
from tests.unit.notify.facts import told

REASONS = {
    Statement.WARNING: Reason.SLIP_HELD,
    Statement.UPDATE: Reason.RANGE_LEFT,
    Statement.CANCELLED: Reason.CANCELLED,
    Statement.ALL_CLEAR: Reason.RECOVERED,
}


def entry(
    statement: Statement = Statement.WARNING,
    state: NoticeState = NoticeState.SENT,
    episode: int = 1,
    reason: Reason | None = None,
    *,
    closing: bool = False,
) -> NoticeEntry:
    return NoticeEntry("n", episode, statement, state, reason or REASONS[statement], closing, told(statement=statement))


@pytest.mark.parametrize("state", sorted(TOLD))
def test_what_went_out_or_may_have_counts_as_told(state: NoticeState) -> None:
    episode = episode_of([entry(state=state)], NOON)
    assert (episode.told, episode.blocked, episode.slip_since) == (told(), False, NOON)


@pytest.mark.parametrize("state", [NoticeState.FAILED, NoticeState.HELD])
def test_what_needs_a_person_blocks_and_was_not_told(state: NoticeState) -> None:
    episode = episode_of([entry(state=state)], None)
    assert (episode.told, episode.blocked) == (None, True)


def test_suppressed_is_as_if_it_had_never_been() -> None:
    assert episode_of([entry(state=NoticeState.SUPPRESSED)], None) == Episode()


def test_a_failed_update_leaves_what_the_warning_told() -> None:
    episode = episode_of([entry(), entry(Statement.UPDATE, NoticeState.FAILED)], None)
    assert (episode.told, episode.blocked) == (told(), True)


def test_a_later_success_unblocks() -> None:
    assert not episode_of([entry(state=NoticeState.FAILED), entry()], None).blocked


def test_an_all_clear_that_failed_leaves_the_episode_open() -> None:
    open_again = episode_of([entry(), entry(Statement.ALL_CLEAR, NoticeState.SUPPRESSED)], None)
    assert (open_again.number, open_again.told) == (1, told())
    closed = episode_of([entry(), entry(Statement.ALL_CLEAR)], None)
    assert (closed.number, closed.told, closed.ended) == (2, None, False)


def test_the_last_word_ends_it() -> None:
    kept = entry(Statement.ALL_CLEAR, reason=Reason.KEPT, closing=True)
    assert episode_of([entry(), kept], None).ended
    late = entry(Statement.UPDATE, reason=Reason.DONE_OUTSIDE_RANGE, closing=True)
    assert episode_of([entry(), late], None).ended


def test_the_second_episode_keeps_its_number() -> None:
    episode = episode_of([entry(), entry(Statement.ALL_CLEAR), entry(episode=2)], None)
    assert (episode.number, episode.told) == (2, told())


@given(st.lists(st.tuples(st.sampled_from(Statement), st.sampled_from(NoticeState)), max_size=12))
def test_only_told_notices_count(kinds: list[tuple[Statement, NoticeState]]) -> None:
    entries = [entry(statement, state) for statement, state in kinds]
    episode = episode_of(entries, None)
    assert episode.told == episode_of([item for item in entries if item.state in TOLD], None).told
    if not any(item.state in NEEDS_A_PERSON for item in entries):
        assert not episode.blocked
