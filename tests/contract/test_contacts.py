"""What promise-svc seals of a contact is what notify-svc opens, across releases that know more or less of it."""

from __future__ import annotations

import base64
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.public import PrivateKey

from candor.contracts import Purpose, Tolerance
from candor.contracts.sealed import seal
from notify_svc.compose.contact import Contact, Opener
from notify_svc.domain.facts import Expectation
from promise_svc.api.requests import ContactIn, PersonIn, StaffContactIn
from promise_svc.service.sealing import Sealer

KEY = PrivateKey(bytes(range(32)))
OPENER = Opener.of(base64.b64encode(bytes(KEY)))
SEALER = Sealer.of(base64.b64encode(bytes(KEY.public_key)))
BEFORE = b'{"email":"anna@example.com","name":"Anna","language":"de","zone":"Europe/Vienna","consent":true}'
"""A golden contact of before there were purposes, as it lies sealed in topics and tables."""
GOLDEN = (
    b'{"addresses":{"phone":"+15005550009"},"email":"anna@example.com","quiet":"21:00-07:00","channels":["phone"],'
    b'"name":"Anna","language":"de","zone":"Europe/Vienna","consent":true,"purposes":["warnings"],'
    b'"tier":"key","tolerance":"low","ahead_hours":72,"pace_hours":24}'
)
"""A golden contact with all that it can say."""


class Older(msgspec.Struct, kw_only=True):
    """A contact as the release before purposes reads it."""

    email: str = ""
    consent: bool = False


def opened(raw: bytes) -> Contact:
    return OPENER.open(seal(KEY.public_key, raw))


def test_a_contact_of_before_allows_what_its_consent_says() -> None:
    assert opened(BEFORE).wanted() == set(Purpose)
    assert opened(BEFORE).consent
    assert not opened(BEFORE.replace(b"true", b"false")).consent


def test_a_whole_contact_is_read_as_it_was_meant() -> None:
    contact = opened(GOLDEN)
    assert contact.wanted() == {Purpose.WARNINGS}
    assert contact.expectation() == Expectation("key", Tolerance.LOW, timedelta(hours=72), timedelta(hours=24))
    assert opened(BEFORE).expectation() == Expectation()
    assert (contact.address("phone"), contact.channels, contact.quiet) == ("+15005550009", ("phone",), "21:00-07:00")


def test_promise_svc_writes_the_golden_contact() -> None:
    body = ContactIn.model_validate_json(GOLDEN)
    assert OPENER.open(SEALER.seal(body)) == opened(GOLDEN)
    assert OPENER.open(SEALER.seal(ContactIn.model_validate_json(BEFORE))) == opened(BEFORE)


def test_the_release_before_reads_a_contact_with_purposes() -> None:
    older = msgspec.json.decode(GOLDEN, type=Older)
    assert (older.email, older.consent) == ("anna@example.com", True)


@pytest.mark.parametrize("body", [ContactIn, StaffContactIn])
@given(chosen=st.none() | st.lists(st.sampled_from(Purpose), min_size=1, unique=True))
def test_purposes_come_through_as_they_were_given(body: type[PersonIn], chosen: list[Purpose] | None) -> None:
    given_ = body(email="anna@example.com", purposes=chosen)
    assert OPENER.open(SEALER.seal(given_)).wanted() == set(Purpose if chosen is None else chosen)


@given(st.lists(st.text(max_size=20)))
def test_a_purpose_that_only_a_later_release_knows_is_none_of_ours(names: list[str]) -> None:
    raw = msgspec.json.encode({"email": "anna@example.com", "consent": True, "purposes": names})
    assert opened(raw).wanted() == {one for one in Purpose if one.value in names}


@given(st.text(max_size=20))
def test_a_tolerance_that_only_a_later_release_knows_says_nothing(name: str) -> None:
    raw = msgspec.json.encode({"email": "anna@example.com", "tolerance": name, "pace_hours": 1})
    assert opened(raw).expectation().tolerance == (name if name in set(Tolerance) else None)
    assert opened(raw).expectation().pace == timedelta(hours=1)
