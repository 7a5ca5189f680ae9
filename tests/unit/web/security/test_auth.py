"""API keys and roles, without HTTP; the routes' side is in tests/component/web."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.ops.metrics import REGISTRY
from candor.web.security.auth import Principal, Role, measured_keys, new_key, parse_keys, read_keys, recognise


def keys_file(*entries: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"keys": entries})


def entry(key: str, role: str = "viewer", **more: Any) -> dict[str, Any]:
    return {"name": f"{role}-key", "sha256": hashlib.sha256(key.encode()).hexdigest(), "role": role} | more


def test_roles_are_a_ladder() -> None:
    assert Role.VIEWER < Role.OPERATOR < Role.APPROVER < Role.ADMIN
    assert [Role.of(name) for name in ("viewer", "operator", "approver", "admin")] == list(Role)


def test_a_key_is_known_by_its_hash() -> None:
    keys = parse_keys(keys_file(entry("one", "viewer"), entry("two", "admin", scopes=["risk-svc"])))
    assert recognise(keys, "two") == Principal("admin-key", Role.ADMIN, ("risk-svc",))
    assert recognise(keys, "one") == Principal("viewer-key", Role.VIEWER)


def test_a_new_key_is_random_and_fits_its_hash() -> None:
    (one, digest), (two, _) = new_key(), new_key()
    assert one != two
    assert len(one) >= 43
    keys = parse_keys(keys_file({"name": "n", "sha256": digest, "role": "operator"}))
    assert recognise(keys, one) == Principal("n", Role.OPERATOR)


@given(st.text(max_size=60))
def test_any_other_key_is_nobodys(presented: str) -> None:
    keys = parse_keys(keys_file(entry("one-long-enough-key-that-nobody-guesses")))
    assert recognise(keys, presented) is None


def test_the_hash_itself_is_no_key() -> None:
    keys = parse_keys(keys_file(entry("one")))
    assert recognise(keys, hashlib.sha256(b"one").hexdigest()) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"keys": 1}',
        b'{"keys": [{"name": "a"}]}',
        keys_file(entry("a", "owner")),
        keys_file(entry("a") | {"sha256": "abc"}),
        keys_file(entry("a", expires="soon")),
        keys_file(entry("a", expires="2027-01-01T00:00:00")),
        keys_file(entry("a") | {"sha256": "ab"}),
        keys_file(entry("a") | {"sha256": "zz" * 32}),
        keys_file(entry("a") | {"sha256": "ab " * 32}),
        keys_file(entry("a", expire="2027-01-01T00:00:00Z")),
        keys_file(entry("a", scope=["risk-svc"])),
        keys_file(entry("a", scopes=["risks-svc"])),
        keys_file(entry("a", scopes=[""])),
        keys_file(entry("a", "viewer"), entry("a", "admin")),
        keys_file(entry("a", name="")),
        keys_file(entry("a", name="a\x1b[2J")),
        keys_file(entry("a", name="a\nb")),
        keys_file(entry("a", name=" a")),
        keys_file(entry("a", name="x" * 201)),
        keys_file(entry("a", name="session:abc")),
        keys_file(entry("a", name="cli:root")),
        b'{"keys": [], "keyz": []}',
        b'{"keys": [], "keys": []}',
        keys_file(entry("a", "viewer")).replace(b'"role"', b'"role":"admin","role"'),
    ],
)
def test_a_wrong_file_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_keys(raw)


@pytest.mark.parametrize(
    "wrong",
    [{"role": "owner"}, {"sha256": "abc"}, {"scopes": ["risks-svc"]}, {"expire": "2027-01-01T00:00:00Z"}, {"name": ""}],
)
def test_a_wrong_entry_opens_nothing_and_shuts_out_nobody_else(wrong: dict[str, Any]) -> None:
    keys = read_keys(keys_file(entry("one"), entry("two") | wrong, entry("three")))
    assert recognise(keys, "two") is None
    assert recognise(keys, "one") is not None
    assert recognise(keys, "three") is not None
    assert len(keys.wrong) == 1
    assert keys.mistakes().startswith("key ")


def test_a_hash_of_two_keys_opens_neither() -> None:
    keys = read_keys(keys_file(entry("a", "viewer"), entry("a", "admin"), entry("b")))
    assert recognise(keys, "a") is None
    assert recognise(keys, "b") is not None
    assert "have the same sha256" in keys.mistakes()


def test_a_refused_file_does_not_give_away_what_was_pasted_into_it() -> None:
    key, _ = new_key()
    for wrong in ({"sha256": key}, {"role": key}, {"expires": key}):
        with pytest.raises(ValueError, match=r".+") as caught:
            parse_keys(keys_file(entry("a") | wrong))
        assert key not in str(caught.value)


def test_the_service_that_reads_it_may_be_named() -> None:
    raw = keys_file(entry("one", scopes=["sample-svc"]))
    assert recognise(parse_keys(raw, "sample-svc"), "one") is not None


def test_an_empty_file_lets_nobody_in() -> None:
    assert recognise(parse_keys(b'{"keys": []}'), "") is None


def test_a_key_may_have_an_end() -> None:
    keys = parse_keys(keys_file(entry("one", expires="2027-01-01T00:00:00Z")))
    assert recognise(keys, "one") == Principal("viewer-key", Role.VIEWER, (), datetime(2027, 1, 1, tzinfo=UTC))


def test_of_the_keys_that_expire_the_page_says_when() -> None:
    def shown(name: str) -> float | None:
        return REGISTRY.get_sample_value("candor_api_key_expires_timestamp_seconds", {"key": name})

    end = datetime(2027, 1, 1, tzinfo=UTC)
    measured_keys(keys_file(entry("one", expires=end), entry("two", "admin")))
    assert (shown("viewer-key"), shown("admin-key")) == (end.timestamp(), None)
    measured_keys(keys_file(entry("two", "admin")))
    assert shown("viewer-key") is None
