"""Neutral events of other systems as commands: who says them, what a draft is, and what is no draft."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from nacl.public import PrivateKey

from candor.intake import Event, Origin
from candor.web.http.problems import Problem
from promise_svc.api import presenters
from promise_svc.api.neutral_events import MADE, REVISED, SETTLED, WITHDRAWN, Reader
from promise_svc.api.requests import DraftIn, RevisionIn, VerdictIn, WithdrawalIn, whole
from promise_svc.domain import Make, Revise, SetContact, Settle, Withdraw
from promise_svc.domain.draft import Draft, outline
from promise_svc.domain.promise import Outline
from promise_svc.domain.waiting import Waiting
from promise_svc.service.sealing import Sealer
from tests.support.clocks import NOON

WHOLE: dict[str, Any] = {
    "promise_id": "PR-1",
    "customer_id": "c1",
    "kind": "install",
    "what": "Espresso machine installed",
    "due": "2013-03-09T12:00:00Z",
}


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(Sealer.of(base64.b64encode(bytes(PrivateKey.generate().public_key))))


def command(reader: Reader, kind: str, data: Mapping[str, Any]) -> Any:
    event = Event(kind, NOON, dict(data))
    return reader.statement(event, Origin("e1", "crm", NOON), ()).command


def without(*names: str, **others: Any) -> dict[str, Any]:
    return {name: value for name, value in WHOLE.items() if name not in names} | others


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        (REVISED, {"due": WHOLE["due"], "asked_by": "customer", "reason": "away"}, Revise),
        (WITHDRAWN, {"reason": "called off"}, Withdraw),
        (SETTLED, {"verdict": "kept"}, Settle),
    ],
)
def test_what_another_system_says_is_reported(reader: Reader, kind: str, data: dict[str, Any], expected: Any) -> None:
    found = command(reader, kind, {"promise_id": "PR-1", **data})
    assert isinstance(found, expected)
    assert found.reported


def test_what_our_own_users_say_is_not() -> None:
    revision = RevisionIn.model_validate({"due": WHOLE["due"], "asked_by": "customer", "reason": "away"})
    commands = (
        revision.command("p1"),
        WithdrawalIn(reason="called off").command("p1"),
        VerdictIn(verdict="kept").command("p1"),
        DraftIn(kind="install").outline("p1"),
    )
    assert [one.reported for one in commands] == [False] * 4


def test_a_contact_of_another_system_is_reported(reader: Reader) -> None:
    found = command(reader, "contact.set", {"customer_id": "c1", "email": "anna@example.com"})
    assert isinstance(found, SetContact)
    assert found.reported


@pytest.mark.parametrize("missing", ["customer_id", "kind", "what", "due"])
@pytest.mark.parametrize("empty", [False, True])
def test_a_promise_that_misses_something_is_an_outline(reader: Reader, missing: str, empty: bool) -> None:
    data = without(missing, value=120.0) | ({missing: None} if empty else {})
    found = command(reader, MADE, data)
    assert isinstance(found, Outline)
    assert (found.promise_id, found.reported) == ("PR-1", True)
    assert found.fields.keys() == {"customer_id", "kind", "what", "due", "value"} - {missing}
    assert found.customer_id == ("" if missing == "customer_id" else "c1")


def test_fields_of_an_outline_are_written_in_one_form(reader: Reader) -> None:
    data = without("kind", due="2013-03-09T14:00:00+02:00", what="  Espresso\r\nmachine ")
    found = command(reader, MADE, data)
    assert isinstance(found, Outline)
    assert found.fields["due"] == "2013-03-09T12:00:00Z"
    assert found.fields["what"] == "Espresso\nmachine"


def test_nothing_is_missing_of_a_whole_promise_and_it_can_still_meet_a_draft(reader: Reader) -> None:
    found = command(reader, MADE, {**WHOLE, "value": None})
    assert isinstance(found, Make)
    assert found.outline is not None
    assert dict(found.outline.fields) == without("promise_id")
    nameless = command(reader, MADE, without("promise_id"))
    assert isinstance(nameless, Make)
    assert nameless.outline is None


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        (without("promise_id", "due"), "/data/due"),
        (without("due", value=-1), "/data/value"),
        (without("due", colour="red"), "/data/colour"),
        (without("due", promise_id="a b"), "/data/promise_id"),
        (without("due", made_at="2013-03-08T12:06:00Z"), "/data/made_at"),
        ({}, "/data/customer_id"),
    ],
)
def test_what_is_wrong_is_refused_however_little_there_is(reader: Reader, data: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Problem) as refused:
        command(reader, MADE, data)
    assert refused.value.errors[0].pointer == pointer


def test_a_draft_is_read_as_the_promise_that_it_becomes(reader: Reader) -> None:
    later = NOON + timedelta(hours=1)
    first = command(reader, MADE, without("due", value=120.0, labels={"region": "north"}))
    second = command(reader, MADE, {"promise_id": "PR-1", "due": WHOLE["due"]})
    draft = outline(None, first, "crm", NOON, historical=False)
    assert draft.missing == ("due",)
    draft = outline(draft, second, "crm", later, historical=False)
    made = second.read(draft.document, draft.complete_at)
    assert (made.promise_id, made.customer_id, made.made_at) == ("PR-1", "c1", later)
    assert (made.due, made.terms.value, made.terms.labels) == (NOON + timedelta(days=1), 120.0, {"region": "north"})


@pytest.mark.parametrize(("said", "found"), [(None, None), ("customer", True), ("company", False)])
def test_a_withdrawal_may_say_whose_wish_it_was(reader: Reader, said: str | None, found: bool | None) -> None:
    data = {"promise_id": "PR-1", "reason": "called off"} | ({"asked_by": said} if said else {})
    withdrawal = command(reader, WITHDRAWN, data)
    assert isinstance(withdrawal, Withdraw)
    assert withdrawal.asked_by_customer is found


def test_a_draft_that_says_when_it_was_made_was_made_then() -> None:
    fields = without("promise_id", made_at="2013-03-01T08:00:00Z")
    assert whole("PR-1", fields, NOON).made_at == NOON - timedelta(days=7, hours=4)


def test_answers_say_that_something_waits_or_is_missing() -> None:
    waits = Waiting("w1", Withdraw("PR-1", "called off", reported=True), "crm", "e1", NOON, False, "")
    answer = presenters.accepted(waits)
    assert (answer.status, answer.body) == (202, b'{"state":"waiting","promise_id":"PR-1","waiting_id":"w1"}')
    draft = Draft(promise_id="PR-1", source="crm", fields={}, historical=False)
    answer = presenters.accepted(draft)
    expected = b'{"state":"draft","promise_id":"PR-1","missing":["customer_id","kind","what","due"]}'
    assert (answer.status, answer.body) == (202, expected)
    shown = presenters.whole(200)(draft)
    assert shown.body.startswith(b'{"promise_id":"PR-1","state":"draft","missing":')
