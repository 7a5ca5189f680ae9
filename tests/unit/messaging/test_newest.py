"""Of events that each say a whole state the newest is kept, in whatever order they come."""

from __future__ import annotations

from itertools import permutations

from candor.contracts import Message
from candor.contracts.matters import OfferState
from candor.messaging.newest import newest
from tests.support.matters import offer


def said(name: str, version: int) -> Message:
    return offer(name, OfferState.OFFERED, version)


def test_it_is_the_newest_of_each_in_any_order() -> None:
    messages = [said("o1", 1), said("o1", 3), said("o2", 2), said("o1", 2)]
    for shuffled in permutations(messages):
        found = {one.envelope.subject: one.envelope.version for one in newest(shuffled)}
        assert found == {"o1": 3, "o2": 2}


def test_of_two_that_are_equal_it_is_the_first_and_the_key_may_be_another() -> None:
    first, second = said("o1", 2), said("o2", 2)
    assert newest([first, second], lambda one: one.envelope.type) == [first]
    assert newest([]) == []
