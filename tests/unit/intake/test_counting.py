"""What a sender of many events is told: how many were taken, and how many of those something else must follow."""

from __future__ import annotations

import msgspec
import pytest

from candor.intake.event import Event
from candor.intake.once import Acceptance
from candor.intake.source import Incoming, Outcome, counted, summary
from candor.store.receipts import Answer
from candor.web.http.problems import Problem
from tests.support.clocks import NOON

ITEM = Incoming("e1", Event("promise.revised", NOON, {}), b"")


def taken(state: str, *, replayed: bool = False) -> Outcome:
    body = msgspec.json.encode({"state": state, "promise_id": "p1"})
    return Outcome(ITEM, Acceptance(Answer(202, body), replayed))


def test_what_was_taken_and_needs_nothing_is_counted_once() -> None:
    assert summary([taken("accepted"), taken("accepted")]) == {"accepted": 2, "replayed": 0, "rejected": []}


@pytest.mark.parametrize(("state", "word"), [("waiting", "waiting"), ("draft", "drafts")])
def test_what_something_must_follow_is_counted_among_what_was_taken(state: str, word: str) -> None:
    found = summary([taken("accepted"), taken(state), taken(state, replayed=True)])
    assert found == {"accepted": 2, "replayed": 1, "rejected": [], word: 2}


def test_refusals_are_listed_and_what_was_answered_otherwise_is_only_counted() -> None:
    refused = Outcome(ITEM, Problem("not_found", "there is no such promise"))
    bare = Outcome(ITEM, Acceptance(Answer(201, b'{"promise_id":"p1"}'), False))
    found = summary([refused, bare])
    assert (found["accepted"], found["rejected"][0]["index"]) == (1, 0)
    assert msgspec.json.decode(counted([bare]).body) == {"accepted": 1, "replayed": 0, "rejected": []}
