"""The event that says what a promise is once a late statement is in its place."""

from __future__ import annotations

from datetime import timedelta

import pytest

from candor.contracts import (
    MOVES,
    AskedBy,
    Message,
    PromiseRestated,
    PromiseRevised,
    PromiseSettled,
    PromiseState,
    Verdict,
)
from promise_svc.domain import State
from tests.support.clocks import NOON
from tests.unit.promise.domain.builders import DUE, HOUR
from tests.unit.promise.domain.stories import MINUTE, Said, Told, revised, settled, withdrawn


def last(*said: Said) -> Message:
    return Told().hear(said).messages[-1]


def restated(*said: Said) -> PromiseRestated:
    data = last(*said).data
    assert isinstance(data, PromiseRestated)
    return data


def test_what_is_newest_is_said_as_it_is() -> None:
    assert isinstance(last(revised(1, 30)).data, PromiseRevised)
    assert isinstance(last(revised(1, 30), settled(2, State.KEPT)).data, PromiseSettled)


def test_a_late_date_names_what_stood_before_and_after_it() -> None:
    data = restated(revised(3, 40), revised(1, 30, agreed=False))
    assert (data.state, data.latest_due, data.held_due) == (PromiseState.MADE, NOON + 40 * HOUR, NOON + 40 * HOUR)
    assert data.revisions == 2
    assert [(move.at, move.before) for move in data.moves] == [(NOON + MINUTE, DUE), (NOON + 3 * MINUTE, DUE)]
    assert data.revision is not None
    assert (data.revision.before, data.revision.due) == (DUE, NOON + 30 * HOUR)
    assert (data.revision.asked_by, data.revision.agreed, data.revision.reason) == (AskedBy.COMPANY, False, "away")


def test_each_date_names_the_one_that_was_held_until_then() -> None:
    data = restated(revised(1, 30), revised(3, 40), revised(2, 35))
    assert [move.before for move in data.moves] == [DUE, NOON + 30 * HOUR, NOON + 35 * HOUR]
    assert data.revision is not None
    assert (data.revision.before, data.revision.due) == (NOON + 30 * HOUR, NOON + 35 * HOUR)


@pytest.mark.parametrize("late", [settled(2, State.KEPT), withdrawn(2)])
def test_what_is_no_date_names_none(late: Said) -> None:
    assert restated(settled(3, State.BROKEN), late).revision is None


def test_a_date_after_the_end_is_no_revision_and_counts_as_none() -> None:
    data = restated(withdrawn(1), revised(2, 30))
    assert (data.state, data.revision, data.revisions, data.moves) == (PromiseState.WITHDRAWN, None, 0, [])
    assert data.ended_at == NOON + MINUTE


def test_an_end_says_when_and_what_was_done() -> None:
    data = restated(settled(2000, State.BROKEN, 24.5), revised(1, 30))
    assert (data.state, data.ended_at) == (PromiseState.KEPT, NOON + 2000 * MINUTE)
    assert data.completed_at == NOON + 24.5 * HOUR


def test_of_several_verdicts_the_newest_says_when() -> None:
    data = restated(settled(5, State.KEPT), settled(3, State.BROKEN))
    assert (data.state, data.ended_at) == (PromiseState.KEPT, NOON + 5 * MINUTE)


def test_only_the_newest_dates_are_named_and_all_are_counted() -> None:
    many = [revised(minute, 20 + minute) for minute in range(2, MOVES + 6)]
    data = restated(*many, revised(1, 30))
    assert (data.revisions, len(data.moves)) == (MOVES + 5, MOVES)
    assert data.moves[-1].at == NOON + (MOVES + 5) * MINUTE


def test_a_verdict_in_its_turn_is_sent_as_it_is_judged() -> None:
    data = last(revised(60, 30), settled(2000, State.BROKEN, 24.5)).data
    assert isinstance(data, PromiseSettled)
    assert (data.verdict, data.completed_at) == (Verdict.KEPT, NOON + 24.5 * HOUR)


def test_the_envelope_is_that_of_the_statement() -> None:
    message = last(revised(3, 40), revised(1, 30))
    assert (message.envelope.id, message.envelope.source, message.envelope.version) == ("e2", "promise-svc/crm", 3)
    assert message.envelope.time == NOON + timedelta(minutes=1)
    assert message.envelope.key == "c1"
