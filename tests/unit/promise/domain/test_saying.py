"""From events in to statements, and from decisions to events out."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest
from nacl.public import PrivateKey, SealedBox

from candor.contracts import AskedBy, ContactRemoved, CustomerErased, PromiseRevised, decode, encode
from candor.contracts.sealed import parted
from candor.intake import Event, Origin
from candor.web.http.problems import Problem
from promise_svc import events
from promise_svc.api.neutral_events import KNOWN, Reader
from promise_svc.api.requests import ContactIn
from promise_svc.domain import Customer, SetContact, Settle, Withdraw, erase, make, revise, settle, withdraw
from promise_svc.service.sealing import Sealer
from tests.support.clocks import NOON
from tests.unit.promise.domain.builders import HOUR, promise, to_make, to_revise, to_settle

PRIVATE = PrivateKey.generate()
SEALER = Sealer.of(base64.b64encode(bytes(PRIVATE.public_key)))
ORIGIN = Origin("evt-1", "crm eu", NOON, True, "00-" + "1" * 32 + "-" + "2" * 16 + "-01")


def opened(sealed: str) -> Any:
    return msgspec.json.decode(SealedBox(PRIVATE).decrypt(parted(sealed)[1]))


def test_a_contact_is_readable_with_the_private_key_alone() -> None:
    contact = ContactIn(email="anna@example.com", name="Anna", language="de", zone="Europe/Berlin")
    sealed = SEALER.seal(contact)
    assert "anna" not in sealed
    assert opened(sealed) == {
        "email": "anna@example.com",
        "name": "Anna",
        "language": "de",
        "zone": "Europe/Berlin",
        "consent": True,
    }
    assert SEALER.seal(contact) != sealed


@pytest.mark.parametrize("key", [b"", b"short", base64.b64encode(b"x" * 31), "\u00e9".encode()])
def test_only_a_public_key_seals(key: bytes) -> None:
    with pytest.raises(ValueError, match="base64 of 32 bytes"):
        Sealer.of(key)


def test_a_missing_key_file_is_named() -> None:
    with pytest.raises(ValueError, match="CONTACT_PUBLIC_KEY_FILE"):
        Sealer.from_file(None)


EVENTS: dict[str, dict[str, Any]] = {
    "promise.made": {"customer_id": "c1", "kind": "k", "what": "w", "due": "2013-03-09T12:00:00Z"},
    "promise.revised": {
        "promise_id": "p1",
        "due": "2013-03-09T12:00:00Z",
        "asked_by": "company",
        "agreed": True,
        "reason": "r",
    },
    "promise.withdrawn": {"promise_id": "p1", "reason": "r"},
    "promise.settled": {"promise_id": "p1", "verdict": "kept", "settled_at": "2013-03-08T11:00:00Z"},
    "contact.set": {"customer_id": "c1", "email": "anna@example.com"},
    "handoff.requested": {"promise_id": "p1", "deliverer": "crew-7", "department": "sales"},
    "handoff.accepted": {"handoff_id": "h1"},
    "handoff.declined": {"handoff_id": "h1", "reason": "r"},
    "handoff.countered": {"handoff_id": "h1", "scope": [], "reason": "r"},
    "handoff.agreed": {"handoff_id": "h1"},
    "handoff.rejected": {"handoff_id": "h1", "reason": "r"},
    "handoff.withdrawn": {"handoff_id": "h1", "reason": "r"},
    "capability.set": {"capability_id": "k1", "statuses": [{"status": "beta"}]},
    "claim.made": {"capability_id": "k1", "said": "beta", "channel": "web", "department": "sales"},
    "claim.corrected": {"claim_id": "cl1"},
    "statement.made": {"promise_id": "p1", "said_by": "product", "said_to": "sales"},
    "challenge.opened": {"about": "promise", "about_id": "p1", "reason": "r"},
    "challenge.answered": {"challenge_id": "ch1", "reason": "r"},
    "challenge.settled": {"challenge_id": "ch1", "outcome": "upheld", "reason": "r"},
    "offer.made": {"promise_id": "p1", "options": [{"name": "a", "kind": "other"}]},
    "offer.taken": {"offer_id": "o1", "taken": "a"},
    "offer.declined": {"offer_id": "o1", "reason": "r"},
    "offer.withdrawn": {"offer_id": "o1", "reason": "r"},
    "clarification.asked": {"promise_id": "p1", "question": "Which door?"},
    "clarification.answered": {"clarification_id": "cl1", "words": "the one at the back"},
    "clarification.withdrawn": {"clarification_id": "cl1", "reason": "r"},
    "wish.noted": {"promise_id": "p1", "words": "on a Saturday", "look_again_on": "2031-09-01"},
    "wish.changed": {"wish_id": "w1", "workaround": "before you open"},
    "wish.met": {"wish_id": "w1"},
    "wish.declined": {"wish_id": "w1", "reason": "r"},
    "account.set": {"customer_id": "c1", "renews_on": "2013-06-30"},
    "sheet.answered": {"side": "staff", "well": 4},
    "plan.opened": {
        "promise_id": "p1",
        "driver": "lateness",
        "action": "add-crew",
        "department": "operations",
        "due": "2013-03-09T12:00:00Z",
    },
    "plan.changed": {"plan_id": "pl1", "due": "2013-03-10T12:00:00Z"},
    "plan.done": {"plan_id": "pl1"},
    "plan.dropped": {"plan_id": "pl1", "reason": "r"},
    "review.published": {"source": "s1", "source_id": "r1", "at": "2013-03-08T11:00:00Z", "rating": 4},
    "review.tagged": {"review_id": "s1:r1", "tags": [], "person": "ada", "reason": "r"},
    "review.removed": {"review_id": "s1:r1", "reason": "r"},
    "lead_time.stated": {
        "competitor": "Brew & Co",
        "kind": "install",
        "typical": 10,
        "source": "a price list",
        "at": "2013-03-08T11:00:00Z",
    },
    "lead_time.withdrawn": {"lead_time_id": "lt1", "reason": "r"},
}


@pytest.mark.parametrize("kind", KNOWN)
def test_every_known_event_becomes_a_statement(kind: str) -> None:
    statement = Reader(SEALER).statement(Event(kind, NOON, EVENTS[kind]), ORIGIN, ())
    assert statement.kind == kind
    assert statement.origin is ORIGIN
    named = getattr(statement.command, "promise_id", None) or getattr(statement.command, "customer_id", None)
    assert named or getattr(statement.command, "matter_id", None)
    if isinstance(statement.command, SetContact):
        assert opened(statement.command.sealed)["email"] == "anna@example.com"


@pytest.mark.parametrize("kind", KNOWN)
def test_pointers_of_an_event_begin_at_its_data(kind: str) -> None:
    with pytest.raises(Problem) as problem:
        Reader(SEALER).statement(Event(kind, NOON, EVENTS[kind] | {"admin": True}), ORIGIN, ())
    assert [error.pointer for error in problem.value.errors] == ["/data/admin"]


@pytest.mark.parametrize(
    ("kind", "field"),
    [("promise.made", "made_at"), ("promise.settled", "settled_at"), ("claim.made", "at"), ("account.set", "at")],
)
def test_nothing_was_said_before_it_happened(kind: str, field: str) -> None:
    data = EVENTS[kind] | {field: "2013-03-08T12:06:00Z"}
    with pytest.raises(Problem) as problem:
        Reader(SEALER).statement(Event(kind, NOON, data), ORIGIN, ())
    assert problem.value.errors[0].pointer == f"/data/{field}"


def test_an_event_out_carries_its_origin() -> None:
    made = make(to_make(), historical=True)
    message = events.made(made, ORIGIN)
    envelope = message.envelope
    assert (envelope.id, envelope.source, envelope.time) == ("evt-1", "promise-svc/crm%20eu", NOON)
    assert (envelope.subject, envelope.key, envelope.version, envelope.historical) == ("p1", "c1", 1, True)
    assert envelope.traceparent == ORIGIN.traceparent


def test_every_event_out_survives_the_wire() -> None:
    revised, revision = revise(promise(), to_revise(agreed=True), NOON)
    settled, verdict = settle(promise(), to_settle(hours=None), NOON)
    withdrawn, withdrawal = withdraw(promise(), Withdraw("p1", "no"), NOON)
    contact = Customer("c1", "sealed", 1, NOON)
    messages = [
        events.made(promise(), ORIGIN),
        events.changed(revised, revision, ORIGIN),
        events.changed(settled, verdict, ORIGIN),
        events.changed(withdrawn, withdrawal, ORIGIN),
        events.contact(contact, ORIGIN),
        *events.erased(erase(contact, NOON), ORIGIN),
    ]
    for message in messages:
        record = encode(message)
        assert decode(message.data.TOPIC, record.headers, record.value) == message


def test_a_revision_says_who_asked_and_where_the_dates_stand() -> None:
    revised, change = revise(promise(), to_revise(30, asked=True), NOON)
    data = events.changed(revised, change, ORIGIN).data
    assert isinstance(data, PromiseRevised)
    assert (data.asked_by, data.agreed, data.held_due) == (AskedBy.CUSTOMER, False, NOON + 30 * HOUR)


def test_a_settlement_at_its_own_time() -> None:
    command = Settle("p1", to_settle().verdict, NOON, NOON + HOUR)
    settled, change = settle(promise(), command, NOON + 2 * HOUR)
    assert msgspec.to_builtins(events.changed(settled, change, ORIGIN).data)["settled_at"] == "2013-03-08T13:00:00Z"


def test_an_erasure_is_told_on_both_topics_with_versions_of_their_own() -> None:
    gone, removed = events.erased(Customer("c1", None, 5, None, NOON, 2), ORIGIN)
    assert isinstance(gone.data, CustomerErased)
    assert isinstance(removed.data, ContactRemoved)
    assert (gone.envelope.version, removed.envelope.version) == (2, 5)
