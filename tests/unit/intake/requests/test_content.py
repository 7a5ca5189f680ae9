"""What is kept of a request: all that its body needs to be understood, and nothing that proves its sender."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.intake.requests.content import LONGEST_HEADER, MOST_HEADERS, Content, Vault, content_of, telling
from candor.intake.source import Items, Outcome, Reply
from candor.web.security.schemes import Bearer, HmacSignature, Scheme, StandardWebhooks
from candor.web.security.webhooks import Webhook
from delivery_svc.settings import DeliverySettings

KEY, OTHER = secrets.token_hex(32), secrets.token_hex(32)
CONTENTS = st.builds(
    Content,
    st.text(max_size=40),
    st.just("application/json"),
    st.dictionaries(st.text(max_size=20), st.text(max_size=40), max_size=5),
    st.binary(max_size=2_000),
)


class Gates:
    """A source whose senders prove themselves by headers of their own names."""

    name = "gates"
    media_types: Sequence[str] = ("application/json",)
    schemes: Sequence[Scheme] = (HmacSignature(header="X-Gate-Proof"), Bearer("x-gate-pass"), StandardWebhooks())

    def read(self, webhook: Webhook, known: Collection[str], now: datetime) -> Items:
        raise NotImplementedError

    def answer(self, webhook: Webhook, outcomes: Sequence[Outcome]) -> Reply:
        raise NotImplementedError


@given(CONTENTS)
def test_a_content_comes_back_as_it_was(content: Content) -> None:
    assert Vault(KEY).open(Vault(KEY).seal(content)) == content


@given(CONTENTS)
def test_nobody_reads_it_without_the_secret_and_nothing_of_it_shows(content: Content) -> None:
    sealed = Vault(KEY).seal(content)
    assert Vault(OTHER).open(sealed) is None
    assert len(content.body) < 12 or content.body not in sealed


@given(CONTENTS, st.data())
def test_a_byte_that_was_changed_opens_nothing(content: Content, data: st.DataObject) -> None:
    sealed = bytearray(Vault(KEY).seal(content))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    assert Vault(KEY).open(bytes(sealed)) is None


def test_a_second_secret_still_opens_what_it_sealed_when_it_was_the_first(tmp_path: Path) -> None:
    file = tmp_path / "requests.key"
    file.write_text(OTHER)
    content = Content("", "application/json", {}, b"{}")
    before = Vault.of(DeliverySettings(request_key_file=file)).seal(content)
    file.write_text(f"{KEY}\n{OTHER}\n")
    vault = Vault.of(DeliverySettings(request_key_file=file))
    assert vault.open(before) == content
    assert Vault(KEY).open(vault.seal(content)) == content
    assert Vault(OTHER).open(vault.seal(content)) is None


def test_json_is_packed_before_it_is_sealed() -> None:
    body = b'{"stops": [' + b'{"job": "PR-1", "what": "there"},' * 100 + b"{}]}"
    assert len(Vault(KEY).seal(Content("", "application/json", {}, body))) < len(body) / 4


def test_headers_that_tell_are_kept_and_those_that_prove_are_not() -> None:
    kept = {
        "x-request-id": "r-1",
        "x-gate-time": "17",
        "ce-id": "evt",
        "ce-type": "candor.milestone.reported.v1",
        "webhook-id": "msg_1",
        "webhook-timestamp": "1700000000",
        "hub-event": "push",
    }
    secret = {
        "authorization": "Basic abc",
        "X-Gate-Proof": "abc",
        "x-gate-pass": "abc",
        "webhook-signature": "v1,abc",
        "x-api-key": "abc",
        "x-hub-signature-256": "abc",
        "x-vendor-hmac-sha256": "abc",
        "x-vendor-token": "abc",
        "cookie": "abc",
        "x-forwarded-for": "10.0.0.1",
        "x-real-ip": "10.0.0.1",
        "x-client-cert": "abc",
        "host": "candor.example",
        "accept": "*/*",
    }
    webhook = Webhook("gate", "id-1", b"{}", "application/json", {**secret, **kept}, "gates")
    assert content_of(webhook, Gates()) == Content("id-1", "application/json", kept, b"{}")


def test_few_headers_of_some_length_are_kept() -> None:
    given_headers = {f"x-n-{number}": "v" for number in range(MOST_HEADERS + 5)} | {"x-a": "v" * LONGEST_HEADER}
    assert len(telling(given_headers, Gates())) == MOST_HEADERS
    assert telling({"x-long": "v" * (LONGEST_HEADER + 1), "X-Short": "v"}, Gates()) == {"x-short": "v"}


def test_without_a_file_a_development_process_has_a_secret_of_its_own() -> None:
    vault = Vault.of(DeliverySettings())
    content = Content("", "application/json", {}, b"{}")
    assert vault.open(vault.seal(content)) == content
    assert vault.file is None


def test_an_unsuitable_secret_ends_the_start_in_a_line(tmp_path: Path) -> None:
    file = tmp_path / "requests.key"
    for text in ("short", "changeme" * 8, ""):
        file.write_text(text)
        with pytest.raises(ValueError, match="REQUEST_KEY_FILE"):
            DeliverySettings(request_key_file=file).request_secrets()


def test_production_does_not_start_without_the_file(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text('{"keys": []}')
    settings = DeliverySettings(
        environment="production", trusted_hosts=("candor.example",), api_keys_file=keys, insecure_links=("kafka",)
    )
    with pytest.raises(ValueError, match="REQUEST_KEY_FILE is missing: what senders sent could not be kept sealed"):
        settings.request_secrets()
