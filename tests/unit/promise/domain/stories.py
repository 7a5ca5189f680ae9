"""Statements about one promise for tests of their order, and what their arrival in some order comes to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import NamedTuple

from hypothesis import strategies as st

from candor.contracts import Message
from candor.intake import Origin
from promise_svc import events
from promise_svc.domain import (
    Change,
    Promise,
    Revise,
    Settle,
    State,
    Statement,
    Withdraw,
    arrive,
    fold,
    make,
    statement,
)
from tests.support.clocks import NOON
from tests.unit.promise.domain.builders import HOUR, to_make

MINUTE = timedelta(minutes=1)


class Said(NamedTuple):
    """A statement of another system, said `minute` minutes after noon."""

    minute: int
    command: Statement


def revised(minute: int, hours: float, *, agreed: bool = True, reason: str = "away") -> Said:
    return Said(
        minute,
        Revise(
            promise_id="p1",
            due=NOON + hours * HOUR,
            asked_by_customer=False,
            agreed=agreed,
            reason=reason,
            reported=True,
        ),
    )


def withdrawn(minute: int) -> Said:
    return Said(minute, Withdraw("p1", "called off", reported=True))


def settled(minute: int, verdict: State, hours: float | None = None) -> Said:
    done = None if hours is None else NOON + hours * HOUR
    return Said(minute, Settle("p1", verdict, done, None, reported=True))


@dataclass
class Told:
    """A promise to which statements arrive one by one, with its history and what is sent of it."""

    promise: Promise = field(default_factory=lambda: make(to_make(tolerance_s=0)))
    history: list[Change] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.messages.append(events.made(self.promise, Origin("made", "crm", NOON)))

    def hear(self, said: Iterable[Said]) -> Told:
        for one in said:
            at = NOON + one.minute * MINUTE
            found = arrive(self.promise, self.history, statement(self.promise, one.command, at))
            self.promise = found.promise
            self.history += found.changes
            self.messages += events.told(found, Origin(f"e{len(self.history)}", "crm", at))
        return self

    def story(self) -> list[Change]:
        """The history in order, without the order of arrival."""
        return [replace(one, version=0) for one in fold(self.promise, self.history)[1]]


MINUTES = st.integers(1, 6)
HOURS = st.sampled_from([1, 2, 20, 24, 25, 30])
SAID = st.one_of(
    st.builds(revised, MINUTES, HOURS, agreed=st.booleans(), reason=st.sampled_from(["away", "late part"])),
    st.builds(withdrawn, MINUTES),
    st.builds(
        settled,
        st.integers(3, 8),
        st.sampled_from([State.KEPT, State.BROKEN, State.DISPUTED]),
        st.sampled_from([None, 0.01, 0.05]),
    ),
)
STORIES = st.lists(SAID, min_size=1, max_size=5, unique=True)
