"""An option that is taken and carries a date is a date that the customer agreed to, in whatever order it is said."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from promise_svc.domain import (
    MACHINES,
    Change,
    Enter,
    Entry,
    Kind,
    Matter,
    Promise,
    Refusal,
    RefusalReason,
    State,
    agreed_date,
    arrive,
    enter,
    refuse_past,
    revise,
    statement,
)
from promise_svc.domain.promise import ChangeKind
from tests.support.clocks import NOON
from tests.unit.promise.domain.builders import DUE, HOUR, promise

MINUTE = timedelta(minutes=1)
LATER, MUCH_LATER = DUE + 24 * HOUR, DUE + 48 * HOUR
OPTIONS: list[dict[str, Any]] = [
    {"name": "credit", "kind": "goodwill"},
    {"name": "later", "kind": "revised_terms", "due": LATER.isoformat()},
    {"name": "much later", "kind": "revised_terms", "due": MUCH_LATER.isoformat()},
]
MADE = Entry(1, "made", NOON, {"options": OPTIONS}, {})
ACTIONS: dict[str, dict[str, Any]] = {"taken": {"taken": "later"}, "declined": {}, "withdrawn": {}}


def offer(state: str = "offered", **content: Any) -> Matter:
    return Matter(
        kind=Kind.OFFER,
        matter_id="o1",
        state=state,
        at=NOON,
        content={"options": OPTIONS, **content},
        words={},
        customer_id="c1",
        promise_id="p1",
        since=NOON + MINUTE,
    )


def said(action: str, minute: int, **content: Any) -> Enter:
    return Enter(kind=Kind.OFFER, matter_id="o1", action=action, at=NOON + minute * MINUTE, content=content, waits=True)


def test_the_date_that_is_held_moves_as_one_that_was_agreed() -> None:
    found = agreed_date(promise(), offer(), offer("taken", taken="later"), reported=False)
    assert found is not None
    assert (found.due, found.agreed, found.asked_by_customer) == (LATER, True, False)
    moved, change = revise(promise(), found, NOON + MINUTE)
    assert (moved.held_due, moved.latest_due, moved.first_due, moved.version) == (LATER, LATER, DUE, 2)
    assert (change.kind, change.agreed, change.held_due) == (ChangeKind.REVISED, True, LATER)
    assert change.reason == "the customer took an option of offer o1"


@pytest.mark.parametrize("state", sorted(MACHINES[Kind.OFFER].states))
def test_no_other_state_of_an_offer_moves_a_date(state: str) -> None:
    found = agreed_date(promise(), offer(), offer(state, taken="later"), reported=False)
    assert (found is not None) == (state == "taken")


@pytest.mark.parametrize(
    ("before", "after", "known"),
    [
        (offer(), offer("taken", taken="credit"), promise()),
        (offer("taken", taken="later"), offer("taken", taken="later"), promise()),
        (offer(), offer("taken", taken="later"), promise(state=State.BROKEN)),
        (offer(), offer("taken", taken="later"), promise(held_due=LATER, latest_due=LATER)),
        (offer(), offer("taken", taken="later"), promise(made_at=MUCH_LATER)),
    ],
    ids=["no date", "taken before", "has ended", "held already", "before it was made"],
)
def test_where_no_date_comes_of_it_the_promise_stays(before: Matter, after: Matter, known: Promise) -> None:
    assert agreed_date(known, before, after, reported=False) is None


def test_a_date_that_was_told_and_not_agreed_is_held_once_it_is_taken() -> None:
    told = promise(latest_due=LATER)
    assert agreed_date(told, offer(), offer("taken", taken="later"), reported=False) is not None


def test_an_option_that_could_move_nothing_is_refused_when_it_is_offered() -> None:
    refuse_past(promise(), offer())
    with pytest.raises(Refusal) as refused:
        refuse_past(promise(made_at=LATER + MINUTE), offer())
    assert (refused.value.why, refused.value.pointer) == (RefusalReason.DUE_BEFORE_MADE, "/options/1/due")


class Heard:
    """A promise and its offer, to which entries of other systems arrive one by one."""

    def __init__(self) -> None:
        self.promise = promise()
        self.offer = enter(None, [], Enter(kind=Kind.OFFER, matter_id="o1", action="made", at=NOON, promise_id="p1",
                                           customer_id="c1", content={"options": OPTIONS}))[0]  # fmt: skip
        self.entries = [MADE]
        self.history: list[Change] = []

    def hear(self, entered: Enter) -> None:
        before = self.offer
        self.offer, entry = enter(before, self.entries, entered)
        self.entries.append(entry)
        command = agreed_date(self.promise, before, self.offer, reported=True)
        if command is not None:
            at = self.offer.since or entered.at
            found = arrive(self.promise, self.history, statement(self.promise, command, at, told=self.history))
            self.promise = found.promise
            self.history = [*found.story] if found.story is not None else [*self.history, *found.changes]


@pytest.mark.parametrize("order", [*permutations(("taken", "declined", "withdrawn"))], ids=" ".join)
def test_every_order_of_arrival_of_what_follows_a_taking_moves_the_date(order: tuple[str, ...]) -> None:
    minutes = {"taken": 1, "declined": 2, "withdrawn": 3}
    heard = Heard()
    for action in order:
        heard.hear(said(action, minutes[action], **ACTIONS[action]))
    assert (heard.offer.state, heard.promise.held_due) == ("taken", LATER)
    assert [one.said_at for one in heard.history] == [NOON + MINUTE]


@given(st.lists(st.tuples(st.sampled_from(sorted(ACTIONS)), st.integers(1, 9)), max_size=5))
def test_the_date_is_held_exactly_if_the_option_was_ever_known_to_be_taken(story: list[tuple[str, int]]) -> None:
    note(f"arrived as {story}")
    heard, taken = Heard(), False
    for action, minute in story:
        heard.hear(said(action, minute, **ACTIONS[action]))
        taken |= heard.offer.state == "taken"
    assert heard.promise.held_due == (LATER if taken else DUE)
    assert heard.promise.first_due == DUE


def test_a_verdict_that_knew_the_earlier_date_is_judged_by_the_one_that_was_taken_before_it() -> None:
    heard = Heard()
    ended = promise(state=State.BROKEN, completed_at=DUE + HOUR, version=2, newest_at=DUE + 2 * HOUR)
    verdict = Change(
        promise_id="p1", version=2, kind=ChangeKind.SETTLED, at=DUE + 2 * HOUR, said_at=DUE + 2 * HOUR,
        verdict=State.BROKEN, completed_at=DUE + HOUR,
    )  # fmt: skip
    heard.promise, heard.history = ended, [verdict]
    heard.hear(said("taken", 5, taken="later"))
    assert (heard.promise.state, heard.promise.held_due) == (State.KEPT, LATER)
