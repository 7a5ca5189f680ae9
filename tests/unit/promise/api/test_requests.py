"""Bodies of promises: what is refused, at which field."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from candor.web.http.body import parse
from candor.web.http.problems import Problem
from promise_svc.api.requests import ContactIn, PromiseIn, RevisionIn, StaffContactIn, VerdictIn
from promise_svc.domain import State
from tests.support.clocks import NOON

PROMISE: dict[str, Any] = {
    "customer_id": "c1",
    "kind": "flight",
    "what": "UA 1",
    "due": "2013-03-09T12:00:00Z",
    "made_at": "2013-03-08T12:00:00Z",
}
CONTACT = {"email": "anna@example.com"}
ERASE = object()

BAD_PROMISES = [
    ("customer_id", ERASE, "/customer_id"),
    ("customer_id", "a b", "/customer_id"),
    ("customer_id", "a" * 129, "/customer_id"),
    ("customer_id", "a,b", "/customer_id"),
    ("promise_id", "", "/promise_id"),
    ("what", "nul\0", "/what"),
    ("what", "", "/what"),
    ("what", "x" * 4097, "/what"),
    ("what", "\u00e9" * 2049, "/what"),
    ("what", "right\u202eto left", "/what"),
    ("due", "2013-03-09T12:00:00", "/due"),
    ("due", "2013-03-09", "/due"),
    ("due", "1363000000", "/due"),
    ("due", 1363000000, "/due"),
    ("due", "0001-01-01T00:00:00Z", "/due"),
    ("due", "9999-12-31T23:59:59Z", "/due"),
    ("tolerance_s", True, "/tolerance_s"),
    ("tolerance_s", "60", "/tolerance_s"),
    ("tolerance_s", -1, "/tolerance_s"),
    ("tolerance_s", 1.5, "/tolerance_s"),
    ("value", -0.01, "/value"),
    ("value", "12", "/value"),
    ("value", True, "/value"),
    ("currency", "XXQ", "/currency"),
    ("currency", "eur", "/currency"),
    ("zone", "Mars/Olympus", "/zone"),
    ("zone", "../etc/passwd", "/zone"),
    ("accepted", 1, "/accepted"),
    ("owner", "anna@example.com", "/owner"),
    ("department", "Field\u202eteam", "/department"),
    ("department", "two\x1blines", "/department"),
    ("labels", {"a b": 1}, "/labels/a b"),
    ("labels", {"a": None}, "/labels/a"),
    ("labels", {f"l{number}": 1 for number in range(33)}, "/labels"),
    ("milestones", [{"name": str(number)} for number in range(101)], "/milestones"),
    ("milestones", [{"name": "a"}, {"name": "a"}], "/milestones"),
    ("milestones", [{"name": "a", "told": "yes"}], "/milestones/0/told"),
    ("depends_on", [{"kind": "site"}], "/depends_on/0/id"),
    ("references", [{"system": "s", "id": "x", "more": 1}], "/references/0/more"),
    ("scope", [{"item": "a"}, {"item": "a"}], "/scope"),
    ("scope", [{"item": str(number)} for number in range(51)], "/scope"),
    ("scope", [{"item": ""}], "/scope/0/item"),
    ("scope", [{"item": "x" * 201}], "/scope/0/item"),
    ("scope", [{"item": "a", "weight": 0}], "/scope/0/weight"),
    ("scope", [{"item": "a", "weight": -1}], "/scope/0/weight"),
    ("scope", [{"item": "a", "weight": 1e7}], "/scope/0/weight"),
    ("scope", [{"item": "a", "weight": "2"}], "/scope/0/weight"),
    ("scope", [{"item": "a", "supported": "no"}], "/scope/0/supported"),
    ("scope", [{"item": "a", "delivered": 1}], "/scope/0/delivered"),
    ("state", "kept", "/state"),
    ("held_due", "2013-03-09T12:00:00Z", "/held_due"),
]


def with_field(body: dict[str, Any], name: str, value: Any) -> bytes:
    changed = {**body, name: value}
    if value is ERASE:
        del changed[name]
    return msgspec.json.encode(changed)


@pytest.mark.parametrize(("name", "value", "pointer"), BAD_PROMISES)
def test_a_bad_field_of_a_promise_is_named(name: str, value: Any, pointer: str) -> None:
    with pytest.raises(Problem) as problem:
        parse(PromiseIn, with_field(PROMISE, name, value))
    many = isinstance(value, list | dict) and len(value) > 20
    assert problem.value.code == ("limit_reached" if many else "invalid_field")
    assert pointer in [error.pointer for error in problem.value.errors]


@pytest.mark.parametrize(
    "email",
    [
        "anna",
        "anna@",
        "@example.com",
        "anna@example",
        "a\r\nBcc: b@example.com",
        "anna@example.com,b@example.com",
        "anna @example.com",
        "=?utf-8?q?a=0a?=@example.com",
        "Anna <anna@example.com>",
        "a" * 65 + "@example.com",
        "anna@" + "e" * 250 + ".com",
    ],
)
def test_only_one_plain_address_is_a_contact(email: str) -> None:
    with pytest.raises(Problem) as problem:
        parse(ContactIn, with_field(CONTACT, "email", email))
    assert [error.pointer for error in problem.value.errors] == ["/email"]
    assert email not in str(problem.value.body())


@pytest.mark.parametrize(
    ("name", "value"), [("language", "german"), ("zone", "Nowhere"), ("consent", "yes"), ("name", "a\x1bb"), ("x", 1)]
)
def test_a_bad_field_of_a_contact_is_named(name: str, value: Any) -> None:
    with pytest.raises(Problem) as problem:
        parse(ContactIn, with_field(CONTACT, name, value))
    assert [error.pointer for error in problem.value.errors] == [f"/{name}"]


REACHED = {
    "addresses": {"phone": "+1 (500) 555-0009", "webhook": "https://hooks.customer.example/x"},
    "channels": ["webhook", "phone", "email"],
}


def test_a_contact_may_be_reached_by_anything_that_has_an_address() -> None:
    both = parse(ContactIn, msgspec.json.encode({**CONTACT, **REACHED}))
    assert (both.email, both.addresses["phone"], both.channels[0]) == (
        "anna@example.com",
        "+1 (500) 555-0009",
        "webhook",
    )
    assert parse(ContactIn, msgspec.json.encode(REACHED)).email is None


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({}, "/email"),
        ({"addresses": {}}, "/email"),
        ({"addresses": {"Phone": "+15005550009"}}, "/addresses/Phone"),
        ({"addresses": {"phone": ""}}, "/addresses/phone"),
        ({"addresses": {"webhook": "https://x\r\ny"}}, "/addresses/webhook"),
        ({"addresses": {"phone": "+1" * 1025}}, "/addresses/phone"),
        ({"addresses": {f"kind{n}": "abc" for n in range(9)}}, "/addresses"),
        ({**CONTACT, "channels": ["phone", "phone"]}, "/channels"),
        ({**CONTACT, "channels": ["Phone"]}, "/channels/0"),
        ({**CONTACT, "purposes": []}, "/purposes"),
        ({**CONTACT, "purposes": ["updates", "updates"]}, "/purposes"),
        ({**CONTACT, "purposes": ["surveys"]}, "/purposes/0"),
        ({**CONTACT, "purposes": "updates"}, "/purposes"),
        ({**CONTACT, "tolerance": "endless"}, "/tolerance"),
        ({**CONTACT, "tier": ""}, "/tier"),
        ({**CONTACT, "ahead_hours": 0}, "/ahead_hours"),
        ({**CONTACT, "pace_hours": 721}, "/pace_hours"),
        ({**CONTACT, "channels": [f"c{n}" for n in range(9)]}, "/channels"),
    ],
)
def test_an_address_that_is_none_is_named_and_not_repeated(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Problem) as problem:
        parse(ContactIn, msgspec.json.encode(changes))
    assert [error.pointer for error in problem.value.errors] == [pointer]
    assert "https://x" not in str(problem.value.body())


def test_a_contact_without_language_and_zone_takes_the_companys_and_the_promises() -> None:
    contact = parse(ContactIn, msgspec.json.encode({"email": "anna@example.com"}))
    assert (contact.language, contact.zone, contact.consent) == (None, None, True)


def test_a_contact_names_the_purposes_that_they_may_be_written_to_for_or_none_of_them() -> None:
    assert parse(ContactIn, with_field(CONTACT, "purposes", ["updates", "warnings"])).purposes == [
        "updates",
        "warnings",
    ]
    assert parse(ContactIn, msgspec.json.encode(CONTACT)).purposes is None


@pytest.mark.parametrize(
    ("field", "value"), [("tier", "key"), ("tolerance", "low"), ("ahead_hours", 72.0), ("pace_hours", 24.0)]
)
def test_customers_say_how_they_want_to_be_written_to_and_staff_do_not(field: str, value: object) -> None:
    assert getattr(parse(ContactIn, with_field(CONTACT, field, value)), field) == value
    assert getattr(parse(ContactIn, msgspec.json.encode(CONTACT)), field) is None
    with pytest.raises(Problem):
        parse(StaffContactIn, with_field(CONTACT, field, value))


def test_only_staff_are_reached_beside_a_reply() -> None:
    staff = parse(StaffContactIn, with_field(CONTACT, "reach", "+1 212 555 0100"))
    assert staff.reach == "+1 212 555 0100"
    with pytest.raises(Problem):
        parse(ContactIn, with_field(CONTACT, "reach", "+1 212 555 0100"))
    with pytest.raises(Problem) as problem:
        parse(StaffContactIn, with_field(CONTACT, "reach", "a\x1bb"))
    assert [error.pointer for error in problem.value.errors] == ["/reach"]


def test_what_is_missing_has_its_default() -> None:
    command = parse(PromiseIn, msgspec.json.encode({k: v for k, v in PROMISE.items() if k != "made_at"})).command(NOON)
    assert (command.made_at, command.tolerance_s, command.terms.zone, command.terms.accepted) == (NOON, 0, "UTC", True)
    assert len(command.promise_id) == 32


def test_everything_said_reaches_the_command() -> None:
    body = PROMISE | {
        "promise_id": "p-1",
        "labels": {"carrier": "UA", "hour": 7, "night": False},
        "milestones": [{"name": "departed", "told": True, "planned": "2013-03-09T10:00:00+01:00"}],
        "depends_on": [{"kind": "site", "id": "EWR"}],
        "references": [{"system": "ops", "id": "UA 1/2013"}],
        "value": 12,
        "currency": "EUR",
        "deliverer": "crew-7",
        "accepted": False,
        "scope": [{"item": "seat", "weight": 3}, {"item": "meal", "supported": False}],
    }
    command = parse(PromiseIn, msgspec.json.encode(body)).command(NOON)
    assert command.terms.labels == {"carrier": "UA", "hour": 7.0, "night": False}
    assert command.terms.milestones[0].planned == NOON.replace(day=9, hour=9)
    assert command.terms.depends_on == (("site", "EWR"),)
    assert command.terms.references == (("ops", "UA 1/2013"),)
    assert command.terms.scope == (("seat", 3.0, True), ("meal", 1.0, False))
    assert (command.terms.value, command.terms.accepted) == (12.0, False)


def test_revisions_and_verdicts_become_commands() -> None:
    revision = parse(RevisionIn, b'{"due":"2013-03-09T12:00:00Z","asked_by":"customer","reason":"holiday"}')
    command = revision.command("p1", 4)
    assert (command.asked_by_customer, command.agreed, command.expected_version) == (True, False, 4)
    verdict = parse(VerdictIn, b'{"verdict":"broken"}').command("p1")
    assert (verdict.verdict, verdict.completed_at, verdict.settled_at) == (State.BROKEN, None, None)


@pytest.mark.parametrize("body", [b'{"verdict":"withdrawn"}', b'{"verdict":"made"}', b"{}"])
def test_only_the_three_verdicts_are_verdicts(body: bytes) -> None:
    with pytest.raises(Problem):
        parse(VerdictIn, body)
