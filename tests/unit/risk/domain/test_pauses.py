"""The pause clock: what was waited for the customer is no time of ours, however it is heard, and has an end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import permutations

import msgspec
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from candor.calendar import Calendar, parse_business_hours
from candor.contracts import FactKind, Message, MilestoneStatus, Standing
from risk_svc.domain import frozen_forecasts, pauses
from risk_svc.domain.components.silence import silence
from risk_svc.domain.facts import digest, facts
from risk_svc.domain.fold import FoldOutcome, fold
from risk_svc.domain.gap import GapDefinition
from risk_svc.domain.pause_mark import Mark
from risk_svc.domain.pauses import Wait
from risk_svc.domain.scoring import event_of, pause_of, score_open, score_settled
from risk_svc.domain.standings import standing
from risk_svc.domain.state import PromiseState, StepState, StepStatus, from_bytes, to_bytes
from risk_svc.forecasting.live import TICK, view_of
from risk_svc.forecasting.snapshots import view_as_known
from risk_svc.insight.picture import PROMISE, kept, promise_row
from risk_svc.store.expiry import without_words
from tests.support.risk import ARRIVES_S, DEPARTS, DEPARTS_S, DUE, DUE_S, MADE, MADE_S, M, Story, prediction

PAUSED, RESUMED = MilestoneStatus.PAUSED, MilestoneStatus.RESUMED
HOUR = timedelta(hours=1)
LIMIT = timedelta(days=30)
W = GapDefinition()


def state_of(*messages: Message) -> PromiseState:
    state = PromiseState(promise_id="p1", customer_id="c1")
    for item in messages:
        assert fold(state, item.envelope, item.data) is FoldOutcome.APPLIED
    return state


def paused(story: Story, at: datetime, until: datetime | None = None, public_reason: str | None = None) -> Message:
    end = until or at + LIMIT
    return story.milestone("departed", status=PAUSED, at=at, planned=end, public_reason=public_reason)


def resumed(story: Story, at: datetime, planned: datetime | None = None) -> Message:
    return story.milestone("departed", status=RESUMED, at=at, planned=planned)


def waiting(*times: tuple[datetime, datetime], public_reason: str | None = None) -> PromiseState:
    """A promise that waited for its customer in these times."""
    story = Story()
    told = [story.made()]
    for since, until in times:
        told += [paused(story, since, public_reason=public_reason), resumed(story, until)]
    return state_of(*told)


def step(*marks: Mark, status: int = 0, at: float | None = None) -> PromiseState:
    """A promise of one step without a name."""
    made = PromiseState(promise_id="p1", customer_id="c1", steps=[StepState(name="", status=status, at=at)])
    for mark in marks:
        pauses.marked(made, mark)
    return made


@pytest.mark.parametrize(
    ("marks", "found"),
    [
        ([], []),
        ([Mark(10, 99), Mark(20, 0)], [(10, 20)]),
        # Unpaired: it ends by itself.
        ([Mark(10, 99)], [(10, 99)]),
        ([Mark(10, 30), Mark(40, 0)], [(10, 30)]),
        # Nobody had paused it.
        ([Mark(20, 0)], []),
        # Said again while it waits: it waits on, to the later end.
        ([Mark(10, 30), Mark(20, 60), Mark(70, 0)], [(10, 60)]),
        ([Mark(10, 99), Mark(15, 99), Mark(20, 0), Mark(25, 0)], [(10, 20)]),
        ([Mark(10, 20), Mark(30, 40)], [(10, 20), (30, 40)]),
        # Both at one moment: for nobody.
        ([Mark(10, 99), Mark(10, 0)], []),
        ([Mark(10, 5)], []),
    ],
)
def test_when_a_step_waited(marks: list[Mark], found: list[tuple[float, float]]) -> None:
    for order in permutations(marks):
        assert [(one.since, one.until) for one in pauses.waits(step(*order))] == found


def test_a_step_that_is_over_waits_for_nobody_any_more() -> None:
    marks = [Mark(10, 99), Mark(50, 99)]
    assert pauses.waits(step(*marks, status=StepStatus.REACHED, at=30.0)) == [Wait(10, 30)]
    assert pauses.waits(step(*marks, status=StepStatus.STARTED, at=30.0)) == [Wait(10, 99)]


def test_of_several_steps_the_promise_waits_while_one_of_them_does() -> None:
    found = pauses.waits(step(Mark(10, 30, "a"), Mark(20, 50, "b"), Mark(70, 80, "c"), Mark(25, 0, "a")))
    assert [(one.since, one.until) for one in found] == [(10, 50), (70, 80)]
    assert pauses.overlap(found, 25, 75) == 30.0
    known = step(Mark(10, 30, "a", known=20.0), Mark(25, 0, "a", known=40.0))
    assert [pauses.waits(known, by) for by in (10, 30, 50)] == [[], [Wait(10, 30)], [Wait(10, 25)]]


@st.composite
def told(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    """Reports by minute: paused until a later one, or resumed (0), of one of two steps."""
    minute = st.integers(0, 30)
    one = st.tuples(minute, st.sampled_from([0, 5, 10, 40]), st.integers(0, 1))
    return draw(st.lists(one, max_size=8))


def minutes_waited(reports: Sequence[tuple[int, int, int]], of: int) -> set[int]:
    """Minute by minute, as a person with a list would count."""
    found, until = set[int](), 0
    said = sorted({(at, lasts == 0, lasts) for at, lasts, which in reports if which == of})
    for minute in range(80):
        for at, ends, lasts in said:
            if at == minute:
                until = minute if ends else max(until, at + lasts)
        if minute < until:
            found.add(minute)
    return found


@given(told(), st.randoms(use_true_random=False))
def test_late_twice_and_reversed_deliveries_end_in_the_same_state(reports: list[tuple[int, int, int]], rng) -> None:  # type: ignore[no-untyped-def]
    expected = minutes_waited(reports, 0) | minutes_waited(reports, 1)
    ends = []
    for shuffled in (reports, reports[::-1], rng.sample([*reports, *reports], 2 * len(reports))):
        note(str(shuffled))
        story = Story()
        messages = [story.made(milestones=[])]
        for at, lasts, which in shuffled:
            when, status = DEPARTS + at * M, PAUSED if lasts else RESUMED
            until = when + lasts * M if lasts else None
            messages.append(story.milestone(f"s{which}", status=status, at=when, planned=until))
        state = state_of(*messages)
        found = pauses.waits(state)
        counted = {
            minute
            for wait in found
            for minute in range(round((wait.since - DEPARTS_S) / 60), round((wait.until - DEPARTS_S) / 60))
        }
        assert counted == expected
        ends.append([(mark.at, mark.until, mark.step) for mark in state.pauses])
    assert ends[0] == ends[1] == ends[2]


def test_what_was_waited_does_not_count_when_a_promise_is_judged() -> None:
    story = Story()
    known = [story.made(), paused(story, DEPARTS), resumed(story, DEPARTS + HOUR)]
    in_time = state_of(*known, story.milestone("arrived", at=DUE + 59 * M))
    assert (standing(in_time), standing(state_of(*known))) == (Standing.KEPT, Standing.OPEN)
    story = Story()
    known = [story.made(), paused(story, DEPARTS), resumed(story, DEPARTS + HOUR)]
    late = state_of(*known, story.milestone("arrived", at=DUE + 61 * M))
    assert standing(late) is Standing.BROKEN
    score_settled(late, Standing.BROKEN, DUE_S + 4000, W)
    assert late.view.shares[0][3].startswith("completed 1 min late")


def test_a_wait_after_the_end_makes_nothing_in_time() -> None:
    story = Story()
    late = state_of(
        *(story.made(), story.milestone("arrived", at=DUE + 30 * M)),
        *(paused(story, DUE + 40 * M), resumed(story, DUE + 120 * M)),
    )
    assert standing(late) is Standing.BROKEN


def test_while_it_waits_a_promise_grows_no_later_and_then_its_clock_runs_again() -> None:
    story = Story()
    state = state_of(story.made(), paused(story, DUE - HOUR, DUE + 2 * HOUR, public_reason="your measurements"))
    seen = []
    for at in (DUE_S - 600, DUE_S + 600, DUE_S + 3600):
        score_open(state, [], prediction(q50=at + 60, lateness=0.3), at, W, math.inf)
        seen.append((state.view.score, state.view.shares[0][3]))
        event = event_of(state, Standing.OPEN, facts(state, [], at))
        assert event.pause is not None
        assert (event.pause.since, event.pause.public_reason) == (DUE - HOUR, "your measurements")
    assert len({words for _, words in seen}) == 1
    assert pauses.deadline(state, DUE_S + 3600) == DUE_S + 2 * 3600
    # Its limit is one of the times at which it is looked at again.
    assert state.view.review <= DUE_S + 2 * 3600
    at = DUE_S + 5 * 3600
    score_open(state, [], prediction(lateness=0.3), at, W, math.inf)
    assert state.view.shares[0][3].endswith("2.0 h overdue")
    assert event_of(state, Standing.OPEN, []).pause is None


def test_a_step_is_no_more_overdue_for_what_was_waited() -> None:
    story = Story()
    state = state_of(story.made(), paused(story, DEPARTS - HOUR), resumed(story, DEPARTS + HOUR))
    at = (DEPARTS + 90 * M).timestamp()
    assert facts(state, [], at) == []
    found = facts(state, [], at + 3600)
    assert [(one.kind, one.minutes) for one in found] == [(FactKind.MILESTONE_OVERDUE, 30.0)]
    story = Story()
    late = state_of(
        *(story.made(), paused(story, DEPARTS - HOUR), resumed(story, DEPARTS + HOUR)),
        story.milestone("departed", at=DEPARTS + 150 * M),
    )
    assert [(one.kind, one.minutes) for one in facts(late, [], ARRIVES_S)] == [(FactKind.MILESTONE_LATE, 30.0)]


def test_a_plan_that_was_made_after_the_wait_is_kept_to() -> None:
    story = Story()
    state = state_of(
        *(story.made(milestones=[]), paused(story, MADE + HOUR), resumed(story, MADE + 5 * HOUR, DEPARTS)),
        story.milestone("departed", 60),
    )
    assert [one.minutes for one in facts(state, [], ARRIVES_S)] == [60.0]


def test_silence_counts_no_hour_in_which_the_clock_stood() -> None:
    stood = [Wait(3600.0, 3 * 3600.0), Wait(10 * 3600.0, 99 * 3600.0)]
    assert silence(0.0, 4 * 3600.0, 8.0) == 0.5
    assert silence(0.0, 4 * 3600.0, 8.0, stood=stood) == 0.25
    assert silence(2 * 3600.0, 4 * 3600.0, 8.0, stood=stood) == 0.125
    assert silence(0.0, 11 * 3600.0, 8.0, stood=stood) == silence(0.0, 50 * 3600.0, 8.0, stood=stood) == 1.0
    # Of working hours alone: the first Monday, 9 to 17 o'clock.
    office = Calendar(parse_business_hours("mon-fri 09:00-17:00"))
    monday = 4 * 86400.0
    night = [Wait(monday, monday + 10 * 3600)]
    assert silence(monday, monday + 11 * 3600, 8.0, office, night) == 0.125


def test_the_event_is_sent_anew_when_a_pause_begins_changes_or_ends() -> None:
    story = Story()
    state = state_of(story.made(), paused(story, DEPARTS))
    plain = digest([], DUE_S)
    assert digest([], DUE_S, 0, None) == plain
    state.view.at = DEPARTS_S
    pause = pause_of(state, Standing.OPEN)
    assert pause is not None
    found = digest([], DUE_S, 0, pause)
    assert found != plain
    assert digest([], DUE_S, 0, msgspec.structs.replace(pause, public_reason="another")) != found
    assert pause_of(state, Standing.KEPT) is None
    state.view.at = (DEPARTS + LIMIT).timestamp()
    assert pause_of(state, Standing.OPEN) is None


def test_the_forecast_sees_the_later_deadline_from_when_it_was_known() -> None:
    story = Story()
    known = [story.made(), paused(story, DEPARTS), story.milestone("departed", status=RESUMED, at=DEPARTS + HOUR)]
    state = state_of(*known)
    deadlines = [view_of(state, at.timestamp()).deadline - TICK - DUE_S for at in (DEPARTS, DEPARTS + 30 * M, DUE)]
    assert [round(late) for late in deadlines] == [0, 1800, 3600]
    # What is learnt is the same whether it was heard at once, or after what came later.
    late = Story()
    said = [late.made(), late.milestone("departed", status=RESUMED, at=DEPARTS + HOUR)]
    said.append(paused(late, DEPARTS))
    heard = view_as_known(state_of(*said), DEPARTS_S)
    assert [(one.at, round(one.view.deadline - DUE_S)) for one in heard] == [(DEPARTS_S, 0), (DEPARTS_S + 3600, 3600)]


def test_a_frozen_forecast_is_scored_by_the_promises_own_clock() -> None:
    story = Story()
    state = state_of(story.made())
    state.view.p_slip = 0.2
    frozen_forecasts.freeze(state, MADE_S, 0.3)
    for item in (paused(story, DEPARTS), resumed(story, DEPARTS + HOUR)):
        fold(state, item.envelope, item.data)
    frozen_forecasts.freeze(state, DUE_S - 0.25 * (DUE_S - MADE_S), 0.3)
    done = story.milestone("arrived", at=DUE + 30 * M)
    fold(state, done.envelope, done.data)
    assert standing(state) is Standing.KEPT
    assert len(state.view.frozen) == 2
    assert {one.outcome for one in frozen_forecasts.scored(state, 0, DUE_S + 9000)} == {0}


def test_figures_over_many_promises_count_no_wait_as_ours() -> None:
    place = [name for name, _ in PROMISE].index("tolerance_s")
    assert promise_row(waiting((DEPARTS, DEPARTS + HOUR)))[place] == 3600
    assert promise_row(state_of(Story().made(tolerance_s=60)))[place] == 60


def test_a_promise_that_never_waited_is_stored_as_before_and_old_rows_are_read() -> None:
    state = state_of(Story().made(), Story().milestone("departed", 5))
    assert from_bytes(to_bytes(state)) == state
    raw = msgspec.msgpack.decode(to_bytes(state))
    assert PromiseState.__struct_fields__[-2:] == ("pauses", "backed_due")
    assert [from_bytes(msgspec.msgpack.encode(raw[:-less])) for less in (1, 2)] == [state, state]


def test_words_of_a_pause_are_cut_and_end_with_the_others_while_its_times_stay() -> None:
    state = waiting((DEPARTS, DEPARTS + HOUR), public_reason="x" * 900)
    [wait] = pauses.waits(state)
    assert len(wait.public_reason) == 300
    for bare in (without_words(state), kept(state)):
        assert pauses.waits(bare) == [wait._replace(public_reason="")]
        assert b"xxx" not in to_bytes(bare)
