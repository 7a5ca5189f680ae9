"""Signed webhooks: others' packages verify them, they are tried for 27 hours with one id, and 410 ends them."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
import standardwebhooks
import svix
from hypothesis import given
from hypothesis import strategies as st

from candor.clients.public_address import Guard
from candor.errors import OperatorError
from notify_svc.channels import Fate
from notify_svc.channels.webhook.channel import PAUSES, WebhookChannel
from notify_svc.channels.webhook.circuit import FAILURES, FIRST, LONGEST, Circuit
from notify_svc.channels.webhook.settings import WebhookSettings, keys, secret_of
from notify_svc.commands import webhook_secret
from notify_svc.settings import NotifySettings
from tests.support.hooks import AT, DELIVERY, Begun, Hook, letter
from tests.support.stand_in import slow, standing_in, status

KEYS = (bytes(range(32)), bytes(range(32, 64)))


@pytest_asyncio.fixture
async def customer() -> AsyncIterator[Hook]:
    async with standing_in(Hook()) as made:
        assert isinstance(made, Hook)
        yield made


def written(path: Path, *lines: bytes) -> Path:
    path.write_text("".join(f"{base64.b64encode(line).decode()}\n" for line in lines))
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path / "key", *KEYS)


def made(file: Path, **changes: object) -> WebhookChannel:
    secrets = WebhookSettings(webhook_key_file=file).secrets()
    assert secrets is not None
    return WebhookChannel(secrets, Guard(private=True), 2, **changes)  # type: ignore[arg-type]


async def test_what_is_sent_others_packages_verify_with_either_secret(file: Path, customer: Hook) -> None:
    address = f"{customer.base}/hooks"
    begun = Begun()
    found = await made(file).send(letter(address, reply_to="n0"), begun)
    assert (found.fate, found.code, begun.asked) == (Fate.SENT, "200", 1)
    [(body, headers)] = customer.taken
    assert headers["webhook-id"] == DELIVERY
    for key in KEYS:
        secret = secret_of(key, address)
        for package in (standardwebhooks.Webhook, svix.Webhook):
            package(secret).verify(body, headers)
    changed = body.replace(b"late", b"lost")
    for package in (standardwebhooks.Webhook, svix.Webhook):
        with pytest.raises(Exception, match="No matching signature"):
            package(secret_of(KEYS[0], address)).verify(changed, headers)
        with pytest.raises(Exception, match="No matching signature"):
            package(secret_of(KEYS[0], f"{address}/other")).verify(body, headers)


async def test_the_body_is_the_same_in_every_attempt(file: Path, customer: Hook) -> None:
    channel = made(file)
    customer.faults.append(status(500))
    address = f"{customer.base}/hooks"
    assert (await channel.send(letter(address), Begun())).fate is Fate.LATER
    assert (await channel.send(letter(address, attempt=2), Begun())).fate is Fate.SENT
    [_, again] = customer.asked
    assert again[3] == customer.documents[0] == customer.asked[0][3]
    assert again[3]["type"] == "promise.update"
    assert datetime.fromisoformat(again[3]["timestamp"]) == AT
    assert again[3]["data"]["text"].startswith("We are probably")


@pytest.mark.parametrize("number", [302, 400, 404, 409, 429, 500, 503])
async def test_any_other_answer_is_tried_again_with_a_longer_pause_each_time(
    file: Path, customer: Hook, number: int
) -> None:
    waits = []
    for count in range(1, len(PAUSES) + 1):
        customer.faults.append(status(number))
        found = await made(file).send(letter(f"{customer.base}/x", attempt=count), Begun())
        assert (found.fate, found.code) == (Fate.LATER, str(number))
        waits.append(found.wait)
    assert all(pause <= wait <= 1.2 * pause for pause, wait in zip(PAUSES, waits, strict=True))
    assert sum(PAUSES) == 27 * 3_600 + 35 * 60 + 5


async def test_who_asks_for_more_patience_gets_it(file: Path, customer: Hook) -> None:
    customer.faults.append(status(503, Retry_After="900"))
    assert (await made(file).send(letter(f"{customer.base}/x"), Begun())).wait == 900


async def test_after_27_hours_nobody_knows_whether_an_attempt_was_taken(file: Path, customer: Hook) -> None:
    customer.faults.append(status(500))
    found = await made(file).send(letter(f"{customer.base}/x", attempt=len(PAUSES) + 1), Begun())
    assert (found.fate, found.code) == (Fate.UNKNOWN, "500")


async def test_no_answer_in_time_is_tried_again_since_the_receiver_knows_the_id(file: Path, customer: Hook) -> None:
    customer.faults.append(slow(8))
    found = await made(file).send(letter(f"{customer.base}/x"), Begun())
    assert (found.fate, found.step) == (Fate.LATER, "post")


async def test_gone_ends_it(file: Path, customer: Hook) -> None:
    customer.faults.append(status(410))
    assert (await made(file).send(letter(f"{customer.base}/x"), Begun())).fate is Fate.REFUSED_RECIPIENT


async def test_a_private_address_is_never_connected_to(file: Path, customer: Hook) -> None:
    secrets = WebhookSettings(webhook_key_file=file).secrets()
    assert secrets is not None
    channel = WebhookChannel(secrets, Guard(), 2)
    assert channel.normalise(f"{customer.base}/x") is None
    assert channel.normalise(" https://hooks.customer.example/x ") == "https://hooks.customer.example/x"
    found = await channel.send(letter(f"{customer.base}/x"), Begun())
    assert (found.fate, customer.asked) == (Fate.REFUSED_RECIPIENT, [])


async def test_an_address_that_keeps_failing_is_left_alone_and_others_are_not(file: Path, customer: Hook) -> None:
    clock = [0.0]
    channel = made(file, circuit=Circuit(lambda: clock[0]))
    bad, good = letter(f"{customer.base}/bad"), letter(f"{customer.base}/good")
    for _ in range(FAILURES):
        customer.faults.append(status(500))
        await channel.send(bad, Begun())
    begun = Begun()
    found = await channel.send(bad, begun)
    assert (found.fate, found.step, begun.asked) == (Fate.LATER, "circuit", 0)
    assert found.wait >= FIRST
    assert (await channel.send(good, Begun())).fate is Fate.SENT
    clock[0] += FIRST
    assert (await channel.send(bad, Begun())).fate is Fate.SENT
    assert (await channel.send(bad, Begun())).fate is Fate.SENT


@given(st.lists(st.booleans(), max_size=60))
def test_a_circuit_is_open_after_five_failures_in_a_row_and_never_for_more_than_an_hour(ends: list[bool]) -> None:
    clock = [0.0]
    circuit, row = Circuit(lambda: clock[0]), 0
    for failed in ends:
        circuit.note("x", failed=failed)
        row = row + 1 if failed else 0
        wait = circuit.open_for("x")
        assert (wait > 0) == (row >= FAILURES)
        assert wait <= LONGEST
        clock[0] += wait
        assert circuit.open_for("x") == 0


def test_the_key_is_read_again_and_a_wrong_one_is_named(file: Path) -> None:
    assert keys(file.read_bytes()) == KEYS
    for wrong in (b"", b"short\n", base64.b64encode(b"x" * 31)):
        with pytest.raises(ValueError, match="32 bytes, one key a line"):
            keys(wrong)
    file.write_bytes(b"short\n")
    with pytest.raises(ValueError, match="WEBHOOK_KEY_FILE"):
        WebhookSettings(webhook_key_file=file).secrets()


async def test_a_key_file_that_breaks_leaves_the_last_keys_and_is_said(file: Path, customer: Hook) -> None:
    channel = made(file)
    await channel.check()
    written(file, b"short")
    with pytest.raises(ValueError, match="32 bytes"):
        await channel.check()
    assert (await channel.send(letter(f"{customer.base}/x"), Begun())).fate is Fate.SENT


def test_no_production_reaches_private_machines_and_without_a_key_there_is_no_such_channel(file: Path) -> None:
    with pytest.raises(ValueError, match="WEBHOOK_PRIVATE"):
        WebhookSettings(webhook_key_file=file, webhook_private=True, environment="production").guard()
    with pytest.raises(ValueError, match="30 at most"):
        WebhookSettings(webhook_seconds=31)
    assert "webhook" not in NotifySettings().channels()
    assert AT.tzinfo is UTC


@pytest.fixture
def address() -> str:
    return "https://hooks.customer.example/candor"


def test_the_command_prints_the_secrets_of_an_address(
    file: Path, address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WEBHOOK_KEY_FILE", str(file))
    webhook_secret(address)
    assert capsys.readouterr().out.split() == [secret_of(key, address) for key in KEYS]


@pytest.mark.parametrize(
    ("key", "address", "said"),
    [
        ("", "https://hooks.customer.example/x", "WEBHOOK_KEY_FILE is not set"),
        ("/nowhere/key", "https://hooks.customer.example/x", "WEBHOOK_KEY_FILE"),
        ("", "http://127.0.0.1/x", "https"),
    ],
)
def test_the_command_says_what_is_missing(key: str, address: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_KEY_FILE", key)
    with pytest.raises(OperatorError, match=said):
        webhook_secret(address)
