"""What must be true of everything in the client's ledger, computed by the services' own pure code, event by event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import msgspec
from nacl.encoding import Base64Encoder
from nacl.public import PrivateKey

from candor.contracts import Message
from candor.intake import Event, Origin
from delivery_svc import events as delivery_events
from delivery_svc.api.neutral_events import statement as delivery_statement
from delivery_svc.domain import Incident, Report, Sighting, see
from promise_svc import domain
from promise_svc import events as promise_events
from promise_svc.api.neutral_events import Reader
from promise_svc.domain import Make, Promise, Revise, SetContact, Settle, Withdraw
from promise_svc.service.sealing import Sealer
from promise_svc.service.stories import Stories
from risk_svc.domain.fold import FoldOutcome, fold
from risk_svc.domain.state import PromiseState, View
from tests.faults.rig.ledger import AcceptedEvent


class Dates(NamedTuple):
    """A promise as promise-svc must hold it; dates in ISO text."""

    version: int
    state: str
    first: str
    latest: str
    held: str
    completed: str


@dataclass
class Expected:
    """Everything by id: promises and their facts, contacts, each promise's milestones, incidents, events a service."""

    promises: dict[str, Dates] = field(default_factory=dict)
    folded: dict[str, dict[str, Any]] = field(default_factory=dict)
    contacts: dict[str, int] = field(default_factory=dict)
    milestones: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    sightings: list[str] = field(default_factory=list)
    incidents: dict[str, int] = field(default_factory=dict)
    events: dict[str, list[str]] = field(default_factory=lambda: {"promise": [], "delivery": []})


def expect(ledger: Iterable[AcceptedEvent]) -> Expected:
    """The oracle's fold. Raises AssertionError where the ledger contradicts the domain: the rig is wrong then."""
    oracle = _Oracle()
    later: list[tuple[AcceptedEvent, Any, Origin]] = []
    for accepted in ledger:
        event = Event(accepted.type, accepted.time, accepted.data)
        origin = Origin(accepted.id, "client", accepted.time, accepted.historical)
        if accepted.type in ("milestone.reported", "incident.reported"):
            # The two services have no order between them; a milestone's effect does not depend on it.
            later.append((accepted, delivery_statement(event, origin, ()).command, origin))
            oracle.found.events["delivery"].append(accepted.id)
        else:
            oracle.ledger(_reader.statement(event, origin, ()).command, origin)
            oracle.found.events["promise"].append(accepted.id)
    for accepted, command, origin in later:
        oracle.delivery(accepted, command, origin)
    return oracle.concluded()


def facts(state: PromiseState) -> dict[str, Any]:
    """The folded facts in comparable form: no view, no notices, no names of senders, steps by name."""
    bare = msgspec.structs.replace(state, view=View(), notices=[], steps=[])
    left_out = ("view", "notices", "steps", "reporters")
    named = {name: getattr(bare, name) for name in bare.__struct_fields__ if name not in left_out}
    return named | {"steps": sorted(msgspec.to_builtins(step) for step in state.steps)}


class _Oracle:
    def __init__(self) -> None:
        self.found = Expected()
        self._promises: dict[str, Promise] = {}
        self._stories = Stories()
        self._states: dict[str, PromiseState] = {}
        self._incidents: dict[str, Incident] = {}

    def ledger(self, command: Any, origin: Origin) -> None:
        match command:
            case Make():
                promise = domain.make(command, historical=origin.historical)
                self._stories.begin(promise.promise_id)
                self._states[promise.promise_id] = PromiseState(
                    promise_id=promise.promise_id, customer_id=promise.customer_id
                )
                message = promise_events.made(promise, origin)
            case Revise() | Withdraw() | Settle():
                said = self._stories.arrive(self._promises[command.promise_id], command, origin.time)
                promise = said.promise
                assert said.changes, f"{command.promise_id}: said twice"
                self._stories.add(said.changes[0])
                [message] = promise_events.told(said, origin)
            case SetContact():
                contacts = self.found.contacts
                contacts[command.customer_id] = contacts.get(command.customer_id, 0) + 1
                return
            case _:
                raise AssertionError(f"the oracle knows no {command}")
        self._promises[promise.promise_id] = promise
        self._fold(promise.promise_id, message)

    def delivery(self, accepted: AcceptedEvent, command: Any, origin: Origin) -> None:
        if isinstance(command, Sighting):
            name = command.incident_id
            self._incidents[name] = see(self._incidents.get(name), command)
            self.found.sightings.append(accepted.id)
            return
        assert isinstance(command, Report) and command.promise_id is not None
        trail = self.found.milestones[command.promise_id]
        trail.append(accepted.id)
        customer = self._states[command.promise_id].customer_id
        self._fold(
            command.promise_id,
            delivery_events.milestone(command.promise_id, customer, len(trail), command, origin),
        )

    def concluded(self) -> Expected:
        found = self.found
        found.promises = {name: dates(promise) for name, promise in self._promises.items()}
        found.folded = {name: facts(state) for name, state in self._states.items()}
        found.incidents = {name: incident.version for name, incident in self._incidents.items()}
        return found

    def _fold(self, name: str, message: Message) -> None:
        outcome = fold(self._states[name], message.envelope, message.data)
        assert outcome is FoldOutcome.APPLIED, f"{name}: {outcome}"


def dates(promise: Any) -> Dates:
    """Of a domain promise, or of a row with the same names."""
    completed = promise.completed_at.isoformat() if promise.completed_at else ""
    due = (promise.first_due.isoformat(), promise.latest_due.isoformat(), promise.held_due.isoformat())
    return Dates(promise.version, str(promise.state), *due, completed)


_reader: Final = Reader(Sealer.of(PrivateKey.generate().public_key.encode(Base64Encoder)))
