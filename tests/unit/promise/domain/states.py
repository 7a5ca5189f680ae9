"""A system that tells states of a promise, as CRMs do, beside others who say what they mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from candor.contracts import Message
from candor.intake import Origin
from promise_svc import events
from promise_svc.domain import Change, Promise, Revise, arrive, fold, make, precede, restates, statement
from tests.support.clocks import NOON
from tests.unit.promise.domain.builders import HOUR, to_make
from tests.unit.promise.domain.stories import MINUTE, Said


class Seen(NamedTuple):
    """The promise as its system had it `minute` minutes after noon: to be done `hours` after noon."""

    minute: int
    hours: float


@dataclass
class States:
    """The promise to which states and statements arrive; `made_at` None: it was made when the oldest state was told."""

    entered: bool = True
    promise: Promise | None = None
    history: list[Change] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    waiting: list[Said] = field(default_factory=list)

    def hear(self, said: Iterable[Seen | Said]) -> States:
        for one in said:
            self._state(one) if isinstance(one, Seen) else self._said(one)
        return self

    @property
    def found(self) -> Promise:
        assert self.promise is not None
        return self.promise

    def story(self) -> list[Change]:
        """The history in order, without the order of arrival."""
        return [replace(one, version=0) for one in fold(self.found, self.history)[1]]

    def _state(self, seen: Seen) -> None:
        at, due = NOON + seen.minute * MINUTE, NOON + seen.hours * HOUR
        command = to_make(tolerance_s=0, due=due, if_new=True, made_at=NOON if self.entered else at)
        if self.promise is None:
            self.promise = make(command, first_at=at)
            self.messages.append(events.made(self.promise, Origin(f"s{seen.minute}", "crm", at)))
            waited, self.waiting = self.waiting, []
            self.hear(waited)
        elif (found := precede(self.promise, self.history, command, at)) is not None:
            self.promise = found.promise
            self.history += found.changes
            self.messages += events.told(found, Origin(f"s{seen.minute}", "crm", at), begun=True)
        moved = Revise(
            promise_id="p1", due=due, asked_by_customer=False, agreed=False, reason="crm", reported=True, if_moved=True
        )
        self._said(Said(seen.minute, moved))

    def _said(self, one: Said) -> None:
        if self.promise is None:
            self.waiting.append(one)
            return
        at = NOON + one.minute * MINUTE
        if isinstance(one.command, Revise) and (stands := restates(self.promise, one.command, at)) is not None:
            self.promise = stands
            return
        found = arrive(self.promise, self.history, statement(self.promise, one.command, at))
        self.promise = found.promise
        self.history += found.changes
        self.messages += events.told(found, Origin(f"e{len(self.messages)}", "crm", at))


def plain(promise: Promise) -> Promise:
    """The promise without what counts arrivals."""
    return replace(promise, version=0, newest_at=None, latest_at=NOON, held_at=NOON, states=())
