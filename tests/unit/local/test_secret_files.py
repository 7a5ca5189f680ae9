"""The secrets of a local stack are made once, are private, and are what the services accept."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from nacl.public import PrivateKey, PublicKey, SealedBox

import delivery_svc.api.neutral_events
import promise_svc.api.neutral_events
from candor.errors import InputError
from candor.installation.folder import Folder
from candor.local.secret_files import SecretPaths, add_key, ensure_secrets, write_private
from candor.ops.settings import read_secret
from candor.web.security.auth import Role, parse_keys, recognise
from candor.web.security.signatures import secret_bytes
from candor.web.security.webhooks import parse_secrets


def made(root: Path) -> SecretPaths:
    return ensure_secrets(Folder.at(root))


def test_they_are_made_once_and_readable_by_their_owner_only(tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in made(tmp_path).folder.iterdir()}
    assert len(before) == 11
    assert {path.name: path.read_bytes() for path in made(tmp_path).folder.iterdir()} == before
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "secrets").iterdir()} == {0o600}
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0


def test_a_key_is_known_by_its_hash_and_is_in_no_file(tmp_path: Path) -> None:
    paths = made(tmp_path)
    key = add_key(paths, "ada", Role.OPERATOR, ("promise-svc",))
    assert key not in paths.api_keys.read_text()
    principal = recognise(parse_keys(paths.api_keys.read_bytes()), key)
    assert principal is not None
    assert (principal.name, principal.role, principal.scopes) == ("ada", Role.OPERATOR, ("promise-svc",))


def test_the_board_has_a_key_of_an_operator_for_the_services_that_it_asks(tmp_path: Path) -> None:
    paths = made(tmp_path)
    principal = recognise(parse_keys(paths.api_keys.read_bytes()), paths.services_key.read_text().strip())
    assert principal is not None
    assert (principal.name, principal.role, principal.scopes) == (
        "board",
        Role.OPERATOR,
        ("promise-svc", "delivery-svc", "notify-svc"),
    )
    holders = {
        name
        for name in ("promise-svc", "delivery-svc", "notify-svc", "risk-svc")
        if "SERVICES_KEY_FILE" in paths.environment(name)
    }
    assert holders == {"risk-svc"}


def test_a_boards_key_of_before_there_was_an_inbox_is_renewed_and_no_other(tmp_path: Path) -> None:
    paths = made(tmp_path)
    whole = paths.services_key.read_text()
    assert made(tmp_path).services_key.read_text() == whole
    write_private(paths.services_key, add_key(paths, "board", Role.OPERATOR, ("promise-svc", "delivery-svc")))
    renewed = made(tmp_path).services_key.read_text().strip()
    principal = recognise(parse_keys(paths.api_keys.read_bytes()), renewed)
    assert principal is not None and "notify-svc" in principal.scopes


@pytest.mark.parametrize(("name", "scopes"), [("cli:ada", ()), ("a\nb", ()), ("ada", ("promises-svc",))])
def test_no_key_is_made_that_would_make_the_file_unreadable(tmp_path: Path, name: str, scopes: tuple[str, ...]) -> None:
    paths = made(tmp_path)
    before = paths.api_keys.read_bytes()
    with pytest.raises(InputError, match="no key was made"):
        add_key(paths, name, Role.VIEWER, scopes)
    assert paths.api_keys.read_bytes() == before


def test_the_same_name_again_replaces_the_key(tmp_path: Path) -> None:
    paths = made(tmp_path)
    first, other, second = (add_key(paths, name, Role.VIEWER) for name in ("ada", "bob", "ada"))
    keys = parse_keys(paths.api_keys.read_bytes())
    assert [recognise(keys, key) is not None for key in (first, other, second)] == [False, True, True]


def test_what_the_public_key_seals_the_private_key_opens(tmp_path: Path) -> None:
    paths = made(tmp_path)
    sealed = SealedBox(PublicKey(base64.b64decode(paths.contact_public.read_text()))).encrypt(b"ada@example.com")
    assert SealedBox(PrivateKey(base64.b64decode(paths.contact_private.read_text()))).decrypt(sealed)


def test_webhook_session_and_link_secrets_are_ones_that_the_services_take(tmp_path: Path) -> None:
    paths = made(tmp_path)
    sources = json.loads(paths.webhooks.read_text())["sources"]
    assert set(sources) == {"crm", "field", "replay"}
    assert all(len(secret_bytes(secret)) == 32 for source in sources.values() for secret in source["secrets"])
    assert len(read_secret(paths.session)) == len(read_secret(paths.answers)) == 64
    assert read_secret(paths.session) != read_secret(paths.answers)


def test_a_field_systems_secret_may_only_report_and_all_names_are_ones_of_the_services(tmp_path: Path) -> None:
    raw = made(tmp_path).webhooks.read_bytes()
    promise = parse_secrets(raw, service="promise-svc", known=promise_svc.api.neutral_events.KNOWN)
    delivery = parse_secrets(raw, service="delivery-svc", known=delivery_svc.api.neutral_events.KNOWN)
    assert {name for name, sender in promise.items() if sender.events} == {"crm", "replay"}
    assert {name for name, sender in delivery.items() if sender.events} == {"field", "replay"}
    assert promise["replay"].events == set(promise_svc.api.neutral_events.KNOWN)
    assert delivery["replay"].events == set(delivery_svc.api.neutral_events.KNOWN)


def test_only_notify_svc_hears_of_the_private_key(tmp_path: Path) -> None:
    paths = made(tmp_path)
    assert "CONTACT_PRIVATE_KEY_FILE" in paths.environment("notify-svc")
    assert "CONTACT_PRIVATE_KEY_FILE" not in paths.environment("risk-svc")
    assert "CONTACT_PUBLIC_KEY_FILE" in paths.environment("promise-svc")
    assert "ANSWER_SECRET_FILE" in paths.environment("promise-svc")
    assert "ANSWER_SECRET_FILE" not in paths.environment("risk-svc")
    assert "PAGE_SECRET_FILE" in paths.environment("notify-svc")
    assert "PAGE_SECRET_FILE" not in paths.environment("promise-svc")
    served = ("promise-svc", "delivery-svc", "risk-svc", "notify-svc")
    assert [name for name in served if "REQUEST_KEY_FILE" in paths.environment(name)] == [*served[:2]]
