"""How many events a second one sender may send about one customer, so that the others keep their time."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

from candor.intake.once import Acceptance, Submission
from candor.web.http.problems import Problem
from candor.web.http.rates import Rates

NEVER_REFUSED: Final = frozenset({"customer.erased"})
"""Kinds of commands that are a customer's right, however much is sent about them."""
UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class _Names(msgspec.Struct):
    customer_id: str = ""
    promise_id: str = ""


class _Event(msgspec.Struct):
    type: str = ""
    data: _Names = msgspec.field(default_factory=_Names)


Seen = TypeVar("Seen", _Names, _Event)
_names: Final = msgspec.json.Decoder(_Names)
_event: Final = msgspec.json.Decoder(_Event)


class CustomerRates:
    """Counts events by sender and customer, or by promise where the event does not name its customer.

    A request is looked at as a whole: of a customer who has used up their share nothing is taken, of any other all. So
    the order within a request is kept, and a repeated one gets on. What was taken is charged afterwards, what had been
    taken before is free.
    """

    def __init__(self, rates: Rates) -> None:
        self._rates = rates

    def begin(self, caller: str) -> Request:
        """Look at a request of this sender."""
        return Request(self._rates, caller)

    def at_first_sight(self, caller: str, raw: bytes) -> Problem | None:
        """Why the body of a route for one command is refused, by the names in it, before it is checked any further.

        None also for a body that cannot be read, which is for others to say.
        """
        named = self._read(_names, raw)
        return None if named is None else self.about(caller, subject_of(named))

    def event_at_first_sight(self, caller: str, raw: bytes) -> Problem | None:
        """The same for the body of a single neutral event."""
        event = self._read(_event, raw)
        return None if event is None or event.type in NEVER_REFUSED else self.about(caller, subject_of(event.data))

    def _read(self, decoder: msgspec.json.Decoder[Seen], raw: bytes) -> Seen | None:
        try:
            return decoder.decode(raw) if self._rates.per_second else None
        except UNREADABLE:
            return None

    def about(self, caller: str, subject: str) -> Problem | None:
        """Why what is about this customer, or this promise, is refused."""
        return self._rates.spent(_whose(caller, subject)) if subject else None


class Request:
    """One request: who of its customers is refused, and what is charged to the others."""

    def __init__(self, rates: Rates, caller: str) -> None:
        self._rates = rates
        self._caller = caller
        self._answers: dict[str, Problem | None] = {}
        self._promises: dict[str, Problem] = {}

    def refusal(self, submission: Submission[Any, Any]) -> Problem | None:
        """Return why the command is refused: its customer's share is used up, or its promise was refused before."""
        whose = self._whose(submission)
        if not whose or not self._rates.per_second:
            return None
        promise = getattr(submission.command, "promise_id", None)
        if promise in self._promises:
            return self._promises[promise]
        if whose not in self._answers:
            self._answers[whose] = self._rates.spent(whose)
        refused = self._answers[whose]
        if refused is not None and promise:
            self._promises[promise] = refused
        return refused

    def charge(self, submission: Submission[Any, Any], taken: Acceptance) -> None:
        """Charge a command that was taken."""
        if not taken.replayed and (whose := self._whose(submission)):
            self._rates.charge(whose)

    def _whose(self, submission: Submission[Any, Any]) -> str:
        # By sender: nobody can have another sender's events about a customer refused.
        if submission.origin.historical or submission.kind in NEVER_REFUSED:
            return ""
        subject = subject_of(submission.command)
        return _whose(self._caller, subject) if subject else ""


def _whose(caller: str, subject: str) -> str:
    return f"{caller}\0{subject}"


def subject_of(command: Any) -> str:
    """The customer whom a command is about, or else its promise, or else that promise's name in another system."""
    subject = getattr(command, "customer_id", None) or getattr(command, "promise_id", None)
    return subject or getattr(command, "reference", None) or ""
