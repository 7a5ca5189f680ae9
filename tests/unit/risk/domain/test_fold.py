"""Folding: once and in order within a stream, in any order across streams."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import (
    Message,
    MilestoneReported,
    MilestoneStatus,
    NoticeState,
    PlannedMilestone,
    PromiseMade,
    Standing,
    Statement,
    Verdict,
)
from risk_svc.domain.fold import FoldOutcome, fold
from risk_svc.domain.standings import standing
from risk_svc.domain.state import PromiseState, StepStatus, completed_at, folded
from tests.support.risk import ARRIVES, DEPARTS, DUE, DUE_S, MADE, M, Story, again, erased


def folding(*messages: Message) -> PromiseState:
    state = PromiseState(promise_id="p1", customer_id="c1")
    for item in messages:
        assert fold(state, item.envelope, item.data) is FoldOutcome.APPLIED
    return state


def ledger(story: Story) -> list[Message]:
    return [story.made(), story.revised(DUE + timedelta(hours=1)), story.settled(Verdict.DISPUTED)]


def steps(story: Story) -> list[Message]:
    return [
        story.milestone("gate", 0, at=DEPARTS - 30 * M),
        story.milestone("departed", 10, status=MilestoneStatus.REDATED, planned=DEPARTS + 40 * M),
        story.milestone("departed", 45, reason="crew"),
        story.milestone("arrived", 50),
    ]


def notices(story: Story) -> list[Message]:
    return [story.notice(state=NoticeState.PENDING, version=1), story.notice(version=4)]


@given(st.permutations([0, 0, 0, 1, 1, 1, 1, 2, 2]))
def test_any_interleaving_of_streams_gives_the_same_state(order: list[int]) -> None:
    story = Story()
    streams = [ledger(story), steps(story), notices(story)]
    expected = folded(folding(*(item for stream in streams for item in stream)))
    taken = [0, 0, 0]
    mixed = []
    for stream in order:
        mixed.append(streams[stream][taken[stream]])
        taken[stream] += 1
    assert folded(folding(*mixed)) == expected


@given(st.lists(st.integers(0, 8), min_size=1, max_size=40))
def test_events_again_change_nothing(repeats: list[int]) -> None:
    story = Story()
    messages = [*ledger(story), *steps(story), *notices(story)]
    state = folding(*messages)
    before = folded(state)
    for index in repeats:
        item = messages[index]
        assert fold(state, item.envelope, item.data) is FoldOutcome.OLD
    assert folded(state) == before


@pytest.mark.parametrize("missing", [0, 1])
def test_an_event_without_its_predecessor_is_a_gap_and_changes_nothing(missing: int) -> None:
    messages = ledger(Story())
    state = folding(*messages[:missing])
    before = folded(state)
    late = messages[missing + 1]
    assert fold(state, late.envelope, late.data) is FoldOutcome.VERSION_GAP
    assert folded(state) == before


def test_a_gap_in_milestones_is_told_apart_from_the_ledgers_versions() -> None:
    story = Story()
    state = folding(story.made(), story.milestone("departed"))
    jump = again(story.milestone("arrived"), 3)
    assert fold(state, jump.envelope, jump.data) is FoldOutcome.VERSION_GAP


def test_a_milestone_before_its_promise_makes_a_placeholder() -> None:
    story = Story()
    state = folding(story.milestone("departed", 5))
    assert state.placeholder
    item = story.made()
    fold(state, item.envelope, item.data)
    assert state.promise_version == 1
    assert [step.name for step in state.steps] == ["departed", "arrived"]
    assert state.steps[0].planned == DEPARTS.timestamp()
    assert state.steps[0].at == (DEPARTS + 5 * M).timestamp()


def test_unplanned_steps_stand_before_the_planned_ones() -> None:
    story = Story()
    state = folding(story.made(), story.milestone("boarded", at=DEPARTS - 20 * M), story.milestone("departed"))
    assert [(step.name, step.extra) for step in state.steps] == [
        ("boarded", True),
        ("departed", False),
        ("arrived", False),
    ]


def test_a_revision_moves_the_held_date_only_where_it_says_so() -> None:
    story = Story()
    later = DUE + timedelta(hours=2)
    state = folding(story.made(), story.revised(later, held=False))
    assert (state.latest_due, state.held_due, state.first_due) == (later.timestamp(), DUE_S, DUE_S)
    item = story.revised(later)
    fold(state, item.envelope, item.data)
    assert (state.held_due, state.first_due, state.revisions) == (later.timestamp(), DUE_S, 2)


def test_a_new_plan_does_not_overwrite_the_first() -> None:
    story = Story()
    state = folding(
        story.made(), story.milestone("departed", status=MilestoneStatus.REDATED, at=MADE, planned=DEPARTS + 60 * M)
    )
    step = state.steps[0]
    assert step.planned == DEPARTS.timestamp()
    assert (step.expected, step.expected_at) == ((DEPARTS + 60 * M).timestamp(), MADE.timestamp())
    assert step.status == StepStatus.PENDING


def test_started_does_not_undo_reached_and_a_correction_counts() -> None:
    story = Story()
    state = folding(
        story.made(),
        story.milestone("departed", 5),
        story.milestone("departed", status=MilestoneStatus.STARTED),
    )
    assert state.steps[0].status == StepStatus.REACHED
    item = story.milestone("departed", 25)
    fold(state, item.envelope, item.data)
    assert state.steps[0].at == (DEPARTS + 25 * M).timestamp()


S = MilestoneStatus


@given(st.permutations([(S.STARTED, -50), (S.MISSED, -20), (S.REACHED, -10), (S.REDATED, -60)]))
def test_reports_in_any_order_leave_a_step_where_the_newest_word_puts_it(words: list[tuple[S, int]]) -> None:
    story = Story()
    told = [story.milestone("departed", status=word, at=DEPARTS + at * M, planned=DEPARTS) for word, at in words]
    step = folding(story.made(), *told).steps[0]
    assert (step.status, step.at) == (StepStatus.REACHED, (DEPARTS - 10 * M).timestamp())
    assert step.expected_at == (DEPARTS - 10 * M).timestamp()


@given(st.permutations([(S.REACHED, -40), (S.CANCELLED, -5), (S.MISSED, -20)]))
def test_the_last_of_several_ends_stands(words: list[tuple[S, int]]) -> None:
    story = Story()
    told = [story.milestone("departed", status=word, at=DEPARTS + at * M) for word, at in words]
    assert folding(story.made(), *told).steps[0].status == StepStatus.CANCELLED


def test_an_older_plan_that_comes_late_does_not_undo_a_newer_one() -> None:
    story = Story()
    plans = [
        story.milestone("departed", status=S.REDATED, at=MADE + at * M, planned=DEPARTS + late * M)
        for at, late in ((50, 90), (20, 30))
    ]
    step = folding(story.made(), *plans).steps[0]
    assert (step.expected, step.expected_at) == ((DEPARTS + 90 * M).timestamp(), (MADE + 50 * M).timestamp())


@pytest.mark.parametrize(
    ("word", "status", "at"),
    [
        (S.STARTED, StepStatus.STARTED, 30.0),
        (S.PLANNED, StepStatus.PENDING, None),
        (S.REDATED, StepStatus.PENDING, None),
    ],
)
def test_a_correction_opens_a_finished_promise_again(word: S, status: StepStatus, at: float | None) -> None:
    # delivery-svc passes a later word that a finished step is open only if it calls itself a correction.
    story = Story()
    reached, corrected = story.milestone("arrived", 5), story.milestone("arrived", 30, status=word)
    state = folding(story.made(), reached)
    assert standing(state) is Standing.KEPT
    fold(state, corrected.envelope, corrected.data)
    assert standing(state) is Standing.OPEN
    step = state.steps[1]
    assert (step.status, step.at) == (status, None if at is None else (ARRIVES + at * M).timestamp())
    # What was said before the correction, and comes late, is no news; what is said after it is.
    late = story.milestone("arrived", 10)
    fold(state, late.envelope, late.data)
    assert standing(state) is Standing.OPEN
    done = story.milestone("arrived", 40)
    fold(state, done.envelope, done.data)
    assert standing(state) is Standing.BROKEN


def test_what_comes_late_opens_nothing() -> None:
    story = Story()
    done, older = story.milestone("arrived", 5), story.milestone("arrived", -20, status=S.STARTED)
    assert standing(folding(story.made(), done, older)) is Standing.KEPT


def test_only_the_newest_state_of_a_notice_counts_and_few_are_kept() -> None:
    story = Story()
    state = folding(story.made(), story.notice(version=5))
    assert state.notices[0].reason == "p_slip"
    older = story.notice(state=NoticeState.PENDING, version=2)
    assert fold(state, older.envelope, older.data) is FoldOutcome.OLD
    for number in range(20):
        item = story.notice(Statement.UPDATE, notice_id=f"m{number}", at=DEPARTS + number * M)
        fold(state, item.envelope, item.data)
    assert [told.notice_id for told in state.notices] == [f"m{number}" for number in range(12, 20)]


def test_an_event_about_no_promise_is_refused() -> None:
    item = again(erased(), 1)
    with pytest.raises(TypeError, match="CustomerErased"):
        fold(PromiseState(promise_id="c1", customer_id="c1"), item.envelope, item.data)


@pytest.mark.parametrize(
    ("late", "expected"),
    [(0, Standing.KEPT), (15, Standing.KEPT), (15.02, Standing.BROKEN), (90, Standing.BROKEN)],
)
def test_kept_means_completed_at_or_before_the_deadline(late: float, expected: Standing) -> None:
    story = Story()
    assert standing(folding(story.made(), story.milestone("arrived", late))) is expected


def test_tolerance_and_an_agreed_date_belong_to_the_deadline() -> None:
    story = Story()
    state = folding(story.made(tolerance_s=600), story.milestone("arrived", 20))
    assert standing(state) is Standing.KEPT
    assert standing(folding(*_revised_later(Story()))) is Standing.KEPT


def _revised_later(story: Story) -> list[Message]:
    return [story.made(), story.milestone("arrived", 100), story.revised(DUE + timedelta(hours=3))]


@pytest.mark.parametrize(
    ("status", "expected"), [(MilestoneStatus.CANCELLED, Standing.CANCELLED), (MilestoneStatus.MISSED, Standing.BROKEN)]
)
def test_a_final_step_may_end_it_undone(status: MilestoneStatus, expected: Standing) -> None:
    story = Story()
    state = folding(story.made(), story.milestone("departed", status=status, final=True))
    assert standing(state) is expected
    assert completed_at(state) is None


def test_a_step_that_is_not_final_ends_nothing() -> None:
    story = Story()
    state = folding(story.made(), story.milestone("departed", status=MilestoneStatus.CANCELLED))
    assert standing(state) is Standing.OPEN


def test_the_last_planned_step_is_final_whoever_reports_it() -> None:
    story = Story()
    plan = [PlannedMilestone("handed over", DEPARTS), PlannedMilestone("delivered", ARRIVES)]
    state = folding(story.made(milestones=plan), story.milestone("delivered", at=ARRIVES))
    assert standing(state) is Standing.KEPT


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [(Verdict.KEPT, Standing.KEPT), (Verdict.BROKEN, Standing.BROKEN), (Verdict.DISPUTED, Standing.BROKEN)],
)
def test_a_verdict_overrules_what_milestones_suggest(verdict: Verdict, expected: Standing) -> None:
    story = Story()
    state = folding(story.made(), story.milestone("arrived", 90), story.settled(verdict, ARRIVES))
    assert standing(state) is expected
    assert completed_at(state) == ARRIVES.timestamp()


def test_withdrawn_counts_neither_way() -> None:
    story = Story()
    assert standing(folding(story.made(), story.withdrawn())) is Standing.WITHDRAWN


def test_long_text_of_senders_is_cut() -> None:
    story = Story()
    made = story.made(what="x" * 4000)
    assert isinstance(made.data, PromiseMade)
    state = folding(made, story.milestone("departed", 9, reason="y" * 4000, public_reason="z" * 300))
    assert len(state.what) == len(state.steps[0].reason) == 120
    assert state.steps[0].public_reason == "z" * 300


def test_the_last_who_reported_its_steps_are_kept_and_rows_of_before_name_nobody() -> None:
    story = Story()
    state = folding(story.made(), story.milestone("departed", 10, status=MilestoneStatus.REDATED, planned=DUE))
    assert state.reporters == ["field"]
    for number in (1, 2, 3, 1, 4):
        report = story.milestone("departed", number)
        assert isinstance(report.data, MilestoneReported)
        data = msgspec.structs.replace(report.data, source=f"van-{number}")
        assert fold(state, report.envelope, data) is FoldOutcome.APPLIED
    assert state.reporters == ["van-2", "van-3", "van-1", "van-4"]
    row = msgspec.to_builtins(state)[: PromiseState.__struct_fields__.index("reporters")]
    assert msgspec.convert(row, PromiseState).reporters == []
