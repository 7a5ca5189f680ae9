"""Sealed contacts: opened here and nowhere else, and never shown."""

from __future__ import annotations

import base64
from pathlib import Path

import msgspec
import pytest
from nacl.public import PrivateKey

from candor.contracts.sealed import seal
from notify_svc.compose.contact import BadContact, Opener, zone_of
from tests.support.notify import REACH

KEY = PrivateKey(bytes(range(32)))
OPENER = Opener.of(base64.b64encode(bytes(KEY)))


def sealed(raw: bytes) -> str:
    return seal(KEY.public_key, raw)


def of(**changes: object) -> str:
    return sealed(msgspec.json.encode({"email": "pat@customer.example", "name": "Pat", "consent": True, **changes}))


def test_what_was_sealed_is_opened() -> None:
    contact = OPENER.open(of(zone="Europe/Vienna", language="de"))
    assert (contact.email, contact.name, contact.zone, contact.consent) == (
        "pat@customer.example",
        "Pat",
        "Europe/Vienna",
        True,
    )


def test_without_a_word_on_consent_there_is_none() -> None:
    assert not OPENER.open(sealed(b'{"email":"pat@customer.example"}')).consent


@pytest.mark.parametrize(
    "box",
    [
        "",
        "no base64!",
        base64.b64encode(b"x" * 80).decode(),
        sealed(b"not json"),
    ],
    ids=range(4),
)
def test_what_cannot_be_used_is_named_without_showing_it(box: str) -> None:
    with pytest.raises(BadContact) as caught:
        OPENER.open(box)
    assert "example" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "email", ["", "pat@customer.example\r\nBcc: x@evil.example", "a@b.example, c@d.example", "nobody", "a..b@c.example"]
)
def test_an_address_that_no_channel_takes_is_no_way_to_anybody(email: str) -> None:
    route, recipient = REACH.look(of(email=email))
    assert route is None
    assert (recipient.known, recipient.consent) == (True, None)


def test_a_route_does_not_show_the_address() -> None:
    route, _ = REACH.look(of())
    assert route is not None
    assert route.address == "pat@customer.example"
    assert "pat" not in repr(route)


def test_another_key_opens_nothing() -> None:
    other = Opener.of(base64.b64encode(bytes(PrivateKey(bytes(range(1, 33))))))
    with pytest.raises(BadContact):
        other.open(of())


def test_a_contact_does_not_show_itself() -> None:
    assert "pat" not in repr(OPENER.open(of())).lower()


def test_the_recipients_hash_is_keyed_and_ignores_case() -> None:
    one, same = OPENER.open(of()), OPENER.open(of(email="PAT@customer.example"))
    other_key = Opener.of(base64.b64encode(bytes(PrivateKey(bytes(range(1, 33))))))
    assert OPENER.recipient(one.email) == OPENER.recipient(same.email)
    assert OPENER.recipient(one.email) != other_key.recipient(one.email)
    assert "pat" not in OPENER.recipient(one.email)


def test_a_missing_or_wrong_key_stops_the_start_and_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="CONTACT_PRIVATE_KEY_FILE"):
        Opener.from_file(None)
    with pytest.raises(ValueError, match="CONTACT_PRIVATE_KEY_FILE"):
        Opener.from_file(tmp_path / "missing")
    with pytest.raises(ValueError, match="32 bytes"):
        Opener.of(b"c2hvcnQ=")


def test_a_zone_that_does_not_exist_gives_way_to_the_next() -> None:
    assert zone_of("Mars/Base", None, "Europe/Vienna").key == "Europe/Vienna"
    assert zone_of("../etc/passwd").key == "UTC"


def test_a_rotation_makes_no_contact_unreadable(tmp_path: Path) -> None:
    path, new = tmp_path / "keys", PrivateKey(bytes(range(1, 33)))
    path.write_bytes(base64.b64encode(bytes(KEY)))
    opener = Opener.from_file(path)
    earlier, recipient = of(), opener.recipient("pat@customer.example")
    path.write_bytes(base64.b64encode(bytes(new)) + b"\n" + base64.b64encode(bytes(KEY)) + b"\n")
    later = seal(new.public_key, msgspec.json.encode({"email": "kim@customer.example"}))
    # Sealed with a key that came after the file was last looked at.
    assert opener.open(later).email == "kim@customer.example"
    assert opener.open(earlier).email == "pat@customer.example"
    assert opener.recipient("pat@customer.example") == recipient
    path.write_bytes(base64.b64encode(bytes(new)))
    assert opener.file is not None
    opener.file.look()
    with pytest.raises(BadContact, match="unknown_key"):
        opener.open(earlier)


def test_half_a_key_file_leaves_contacts_readable(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_bytes(base64.b64encode(bytes(KEY)))
    opener = Opener.from_file(path)
    path.write_text("half")
    assert opener.file is not None
    opener.file.look()
    assert opener.open(of()).email == "pat@customer.example"
    assert "CONTACT_PRIVATE_KEY_FILE" in opener.file.problem
