"""Signatures of events: a signed record that was changed is refused, a change of keys is not noticed."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from candor.contracts import CARDS, ContractError, Record, encode
from candor.records.origin import SIGNATURE, Origins, Signer, new_keys
from candor.records.packing import pack, unpack
from tests.support.foundation import contact, erased, made


class Pair:
    """The two files of one producer."""

    def __init__(self, folder: Path) -> None:
        self.private, self.public = folder / "signing.key", folder / "public.keys"
        self.rotate()
        self.signer, self.origins = Signer(self.private), Origins(self.public)

    def rotate(self, *, keep: bool = False) -> None:
        before = self.public.read_text() if keep else ""
        private, public = new_keys()
        self.public.write_text(f"{before}\n{public}\n")
        self.private.write_text(private)

    def check(self, record: Record, topic: str = "promises") -> None:
        self.origins.check(topic, record.key, record.headers, record.value)


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


def test_what_erases_and_what_says_where_letters_go_is_signed() -> None:
    signed = {event.__name__ for card in CARDS for event in card.events if event.SIGNED}
    assert signed == {"CustomerErased", "ContactSet", "ContactRemoved"}


def test_events_are_saved_with_their_signature(pair: Pair) -> None:
    rows = pack([erased("c1"), contact("c1"), made("p1")], 1, pair.signer)
    found = {row.topic: unpack(row.records) for row in rows}
    pair.check(found["promises"][0])
    pair.check(found["contacts"][0], "contacts")
    assert SIGNATURE not in dict(found["promises"][1].headers)


CHANGES = {
    "key": lambda one: Record(b"c2", one.value, one.headers),
    "value": lambda one: Record(one.key, one.value.replace(b"c1", b"c2"), one.headers),
    "subject": lambda one: _with(one, "ce_subject", b"c2"),
    "version": lambda one: _with(one, "ce_version", b"9"),
    "another header of ours": lambda one: Record(one.key, one.value, [*one.headers, ("ce_historical", b"true")]),
    "no signature": lambda one: _with(one, SIGNATURE, b""),
    "half a signature": lambda one: _with(one, SIGNATURE, dict(one.headers)[SIGNATURE][:32]),
}


def _with(record: Record, name: str, value: bytes) -> Record:
    return Record(record.key, record.value, [(known, value if known == name else had) for known, had in record.headers])


@pytest.mark.parametrize("change", CHANGES)
def test_a_signed_record_that_was_changed_is_forged(pair: Pair, change: str) -> None:
    signed = pair.signer.sign("promises", encode(erased("c1")))
    pair.check(signed)
    with pytest.raises(ContractError, match="forged"):
        pair.check(CHANGES[change](signed))


def test_a_signature_counts_for_its_topic_alone(pair: Pair) -> None:
    with pytest.raises(ContractError, match="forged"):
        pair.check(pair.signer.sign("promises", encode(erased("c1"))), "contacts")


@given(noise=st.binary(max_size=80))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_pass_for_a_signature(pair: Pair, noise: bytes) -> None:
    signed = pair.signer.sign("promises", encode(erased("c1")))
    with pytest.raises(ContractError, match="forged"):
        pair.check(_with(signed, SIGNATURE, noise))


def test_a_key_is_changed_without_a_restart_and_the_old_one_goes_when_it_is_taken_away(pair: Pair) -> None:
    old = pair.signer.sign("promises", encode(erased("c1")))
    pair.rotate(keep=True)
    new = pair.signer.sign("promises", encode(erased("c1")))
    assert dict(old.headers)[SIGNATURE] != dict(new.headers)[SIGNATURE]
    pair.check(new)
    pair.check(old)
    pair.rotate()
    pair.check(pair.signer.sign("promises", encode(erased("c1"))))
    with pytest.raises(ContractError, match="forged"):
        pair.check(old)


@pytest.mark.parametrize("content", ["", "not base64!", base64.b64encode(b"short").decode(), "é"])
def test_a_wrong_file_is_said_in_one_line_that_names_the_setting(tmp_path: Path, content: str) -> None:
    (tmp_path / "k").write_text(content)
    with pytest.raises(ValueError, match=r"EVENT_SIGNING_KEY_FILE .* 32 bytes as base64"):
        Signer(tmp_path / "k")
    with pytest.raises(ValueError, match=r"EVENT_PUBLIC_KEYS_FILE .* 32 bytes as base64"):
        Origins(tmp_path / "k")
    with pytest.raises(ValueError, match=r"EVENT_PUBLIC_KEYS_FILE .*No such file"):
        Origins(tmp_path / "missing")


def test_half_a_file_of_keys_stops_nothing(pair: Pair) -> None:
    pair.public.write_text("not yet")
    pair.private.write_text("")
    pair.check(pair.signer.sign("promises", encode(erased("c1"))))
    with pytest.raises(ContractError, match="forged"):
        pair.check(encode(erased("c1")))
