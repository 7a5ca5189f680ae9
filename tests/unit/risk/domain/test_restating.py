"""A promise that is restated: what was said late or after the end is in its place, and all else stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from candor.contracts import Message, Move, PromiseRestated, PromiseTerms, Standing, Verdict, message
from candor.contracts import PromiseState as Ledger
from risk_svc.domain.fold import FoldOutcome, fold
from risk_svc.domain.standings import standing
from risk_svc.domain.state import DUES_LIMIT, PromiseState, completed_at, folded
from tests.support.risk import DUE, DUE_S, MADE, M, Story

HOUR = timedelta(hours=1)


@dataclass
class Fed:
    """A promise as folded from what is fed to it."""

    story: Story
    state: PromiseState

    def hear(self, *messages: Message) -> Fed:
        for one in messages:
            assert fold(self.state, one.envelope, one.data) is FoldOutcome.APPLIED
        return self


@pytest.fixture
def fed() -> Fed:
    story = Story()
    return Fed(story, PromiseState(promise_id="p1", customer_id="c1")).hear(story.made())


def restated(version: int, state: Ledger = Ledger.MADE, **fields: Any) -> Message:
    values: dict[str, Any] = {"latest_due": DUE, "held_due": DUE} | fields
    data = PromiseRestated(promise_id="p1", customer_id="c1", state=state, **values)
    return message(f"late-{version}", "promise-svc/crm", MADE + HOUR, "c1", version, data)


def test_dates_and_moves_are_as_they_are_said(fed: Fed) -> None:
    moves = [Move(MADE + M, DUE), Move(MADE + 3 * M, DUE + HOUR)]
    fed.hear(restated(2, latest_due=DUE + 3 * HOUR, held_due=DUE + 2 * HOUR, revisions=2, moves=moves))
    state = fed.state
    assert (state.latest_due, state.held_due) == (DUE_S + 3 * 3600, DUE_S + 2 * 3600)
    assert state.dues == [((MADE + M).timestamp(), DUE_S), ((MADE + 3 * M).timestamp(), DUE_S + 3600)]
    assert (state.revisions, state.promise_version, state.first_due) == (2, 2, DUE_S)
    assert standing(state) is Standing.OPEN


@pytest.mark.parametrize(
    ("ledger", "expected"),
    [
        (Ledger.KEPT, Standing.KEPT),
        (Ledger.BROKEN, Standing.BROKEN),
        (Ledger.DISPUTED, Standing.BROKEN),
        (Ledger.WITHDRAWN, Standing.WITHDRAWN),
    ],
)
def test_an_end_is_the_one_that_is_said(fed: Fed, ledger: Ledger, expected: Standing) -> None:
    done, ended = DUE - HOUR, DUE + HOUR
    fed.hear(restated(2, ledger, ended_at=ended, completed_at=None if ledger is Ledger.WITHDRAWN else done))
    assert standing(fed.state) is expected
    if ledger is Ledger.WITHDRAWN:
        assert (fed.state.withdrawn_at, fed.state.verdict, fed.state.verdict_at) == (ended.timestamp(), "", None)
    else:
        assert (fed.state.verdict, fed.state.verdict_at) == (ledger.value, ended.timestamp())
        assert (completed_at(fed.state), fed.state.withdrawn_at) == (done.timestamp(), None)


def test_a_verdict_that_was_said_before_the_withdrawal_takes_its_place(fed: Fed) -> None:
    fed.hear(fed.story.withdrawn(), restated(3, Ledger.KEPT, ended_at=DUE))
    assert (standing(fed.state), fed.state.withdrawn) == (Standing.KEPT, False)


def test_a_withdrawal_that_was_said_before_the_verdict_takes_its_place(fed: Fed) -> None:
    fed.hear(fed.story.settled(Verdict.KEPT, DUE - HOUR), restated(3, Ledger.WITHDRAWN, ended_at=DUE))
    assert (standing(fed.state), fed.state.verdict, completed_at(fed.state)) == (Standing.WITHDRAWN, "", None)


def test_steps_and_deliverer_are_no_part_of_it(fed: Fed) -> None:
    fed.hear(fed.story.assigned("crew-7", accepted=False), fed.story.milestone("departed", 5))
    steps = [step.name for step in fed.state.steps]
    fed.hear(restated(3, Ledger.BROKEN, ended_at=DUE))
    assert (fed.state.deliverer, fed.state.accepted) == ("crew-7", False)
    assert [step.name for step in fed.state.steps] == steps


def test_for_when_it_was_accepted_stays_unless_another_delivers(fed: Fed) -> None:
    fed.hear(fed.story.assigned("crew-7", accepted=True, due=DUE + HOUR))
    fed.hear(restated(3, terms=PromiseTerms(deliverer="crew-7")))
    assert fed.state.backed_due == (DUE + HOUR).timestamp()
    fed.hear(restated(4, terms=PromiseTerms(deliverer="crew-8")))
    assert fed.state.backed_due is None


def test_it_is_folded_once_and_in_its_turn(fed: Fed) -> None:
    early = restated(3, Ledger.KEPT, ended_at=DUE)
    assert fold(fed.state, early.envelope, early.data) is FoldOutcome.VERSION_GAP
    late = restated(2, revisions=1, moves=[Move(MADE, DUE)])
    fed.hear(late)
    before = folded(fed.state)
    assert fold(fed.state, late.envelope, late.data) is FoldOutcome.OLD
    assert folded(fed.state) == before


def test_no_more_moves_are_kept_than_of_revisions_in_their_turn(fed: Fed) -> None:
    moves = [Move(MADE + number * M, DUE) for number in range(DUES_LIMIT + 4)]
    fed.hear(restated(2, revisions=40, moves=moves))
    assert len(fed.state.dues) == DUES_LIMIT
    assert fed.state.dues[-1][0] == moves[-1].at.timestamp()


def test_restated_and_revised_in_their_turn_are_the_same() -> None:
    story = Story()
    first = PromiseState(promise_id="p1", customer_id="c1")
    other = PromiseState(promise_id="p1", customer_id="c1")
    Fed(story, first).hear(story.made(), story.revised(DUE + HOUR))
    move = Move(story.start, DUE)
    made = Story().made()
    Fed(story, other).hear(made, restated(2, latest_due=DUE + HOUR, held_due=DUE + HOUR, revisions=1, moves=[move]))
    assert folded(first) == folded(other)
