"""Turns neutral events from any source into statements for the ledger."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from candor.intake import Event, Origin, Submission
from candor.intake.mapped import Shapes
from candor.store.receipts import Receipt
from candor.web.http.body import convert
from candor.web.http.fields import Id, not_ahead
from candor.web.http.problems import Problem
from promise_svc.api import presenters
from promise_svc.api.matter_kinds import EVENTS, told
from promise_svc.api.requests import ContactIn, DraftIn, PromiseIn, RevisionIn, VerdictIn, WithdrawalIn, whole
from promise_svc.domain import Make, SetContact
from promise_svc.domain.draft import REQUIRED
from promise_svc.domain.promise import Outline
from promise_svc.service.sealing import Sealer
from promise_svc.service.use_cases import Command, Statement
from promise_svc.settings import HOPS

MADE: Final = "promise.made"
REVISED: Final = "promise.revised"
WITHDRAWN: Final = "promise.withdrawn"
SETTLED: Final = "promise.settled"
CONTACT: Final = "contact.set"
ERASED: Final = "customer.erased"


class Outlined(DraftIn):
    """Fields of a promise that names itself."""

    promise_id: Id


class Making(PromiseIn):
    """A promise by webhook; `if_new`: of one that there is already nothing is said, as its sender tells states."""

    if_new: bool = False


class Part(Outlined):
    """A part of a promise by webhook; `if_new` as in Making."""

    if_new: bool = False


class Revision(RevisionIn):
    """A revision that names its promise; `if_moved`: its sender tells the date there is, moved or not."""

    promise_id: Id
    if_moved: bool = False


class Withdrawal(WithdrawalIn):
    """A withdrawal that names its promise."""

    promise_id: Id


class Settlement(VerdictIn):
    """A verdict that names its promise."""

    promise_id: Id


class Contact(ContactIn):
    """A contact that names its customer."""

    customer_id: Id


SHAPES: Final[Shapes] = MappingProxyType(
    {
        MADE: Making,
        REVISED: Revision,
        WITHDRAWN: Withdrawal,
        SETTLED: Settlement,
        CONTACT: Contact,
        **{name: body for name, (_kind, _action, body) in EVENTS.items()},
    }
)
"""What comes by webhook, and the body of each."""
DRAFTS: Final[Shapes] = MappingProxyType({MADE: Part})
"""What may come in parts, and the body of one."""
KNOWN: Final = tuple(SHAPES)


class Reader:
    """Turns events into statements; seals contacts on the way. `hops` are those of statements, in their order."""

    def __init__(self, sealer: Sealer, hops: tuple[str, ...] = HOPS) -> None:
        self.sealer = sealer
        self.hops = hops

    def statement(self, event: Event, origin: Origin, receipts: tuple[Receipt, ...]) -> Statement:
        """The statement for an event of a known type. Raises Problem `invalid_field` with pointers below `/data`."""
        return Submission(event.type, self._command(event), origin, presenters.accepted, receipts)

    def _command(self, event: Event) -> Command:
        if event.type in EVENTS:
            kind, action, body = EVENTS[event.type]
            return told(kind, action, convert(body, event.data, "/data"), event.time, self.hops)
        match event.type:
            case "promise.made":
                return _promise(event)
            case "promise.revised":
                revision = convert(Revision, event.data, "/data")
                return replace(revision.command(revision.promise_id, reported=True), if_moved=revision.if_moved)
            case "promise.withdrawn":
                withdrawal = convert(Withdrawal, event.data, "/data")
                return withdrawal.command(withdrawal.promise_id, reported=True)
            case "promise.settled":
                settlement = convert(Settlement, event.data, "/data")
                if settlement.settled_at is not None:
                    not_ahead(settlement.settled_at, event.time, "/data/settled_at")
                return settlement.command(settlement.promise_id, reported=True)
            case _:
                contact = convert(Contact, event.data, "/data")
                return SetContact(contact.customer_id, self.sealer.seal(contact), reported=True)


def _promise(event: Event) -> Make | Outline:
    """A promise, or the draft of one that names itself and misses something."""
    data, if_new = _parted(event.data)
    named = isinstance(data, dict) and data.get("promise_id") is not None
    if named and any(data.get(name) is None for name in REQUIRED):
        # What a sender leaves empty is not said.
        said = {name: value for name, value in data.items() if value is not None}
        part = convert(Outlined, said, "/data")
        if part.made_at is not None:
            not_ahead(part.made_at, event.time, "/data/made_at")
        return replace(part.outline(part.promise_id, reported=True), if_new=if_new)
    promise = convert(PromiseIn, data, "/data")
    if promise.made_at is not None:
        not_ahead(promise.made_at, event.time, "/data/made_at")
    command = replace(promise.command(event.time), if_new=if_new)
    if promise.promise_id is None:
        return command
    fields = {name: value for name, value in data.items() if name != "promise_id" and value is not None}
    name = command.promise_id
    outline = Outline(promise_id=name, fields=fields, read=partial(whole, name), if_new=if_new)
    return replace(command, outline=outline)


def _parted(data: Any) -> tuple[Any, bool]:
    """The fields of a promise, and apart from them whether it is only of interest if it is new."""
    if not isinstance(data, dict) or "if_new" not in data:
        return data, False
    if not isinstance(data["if_new"], bool):
        raise Problem.invalid_field("/data/if_new", "must be true or false")
    return {name: value for name, value in data.items() if name != "if_new"}, data["if_new"]
