"""Text messages by Twilio: the form it documents, segments as networks count them, and what its answers mean."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import JSONResponse

from notify_svc.channels import Channel, Fate
from notify_svc.channels.sms.segments import BASIC, EXTENDED, plain, segments
from notify_svc.channels.sms.settings import SmsSettings
from notify_svc.settings import NotifySettings
from tests.support.hooks import DELIVERY, Begun, Hook, letter
from tests.support.stand_in import slow, standing_in, status

SID = "AC00000000000000000000000000000418"
MESSAGE = "SM0000000000000000000000000020418a"


@pytest_asyncio.fixture
async def twilio() -> AsyncIterator[Hook]:
    made = Hook(said=lambda: JSONResponse({"sid": MESSAGE, "status": "queued", "error_code": None}, 201))
    async with standing_in(made):
        yield made


@pytest.fixture
def channel(twilio: Hook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Channel:
    (tmp_path / "token").write_text("twilio-auth-token-20418\n")
    said = {
        "TWILIO_ACCOUNT_SID": SID,
        "TWILIO_TOKEN_FILE": str(tmp_path / "token"),
        "TWILIO_FROM": "+15005550006",
        "TWILIO_BASE": twilio.base,
        "TWILIO_CALLBACK": "https://hooks.example.com/v1/callbacks/sms/",
        "TWILIO_SECONDS": "2",
        "SMS_SEGMENTS": "2",
    }
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    return NotifySettings().channels()["sms"]


async def test_a_message_is_the_form_that_twilio_documents(channel: Channel, twilio: Hook) -> None:
    found = await channel.send(letter("+15005550009", text="Late – now Friday.\n", subject=""), Begun())
    assert (found.fate, found.code, found.provider_id) == (Fate.SENT, "201", MESSAGE)
    assert twilio.forms == [
        {
            "To": "+15005550009",
            "From": "+15005550006",
            "Body": "Late - now Friday.",
            "StatusCallback": f"https://hooks.example.com/v1/callbacks/sms/{DELIVERY}",
        }
    ]
    [(_, headers)] = twilio.taken
    assert (
        base64.b64decode(headers["authorization"].removeprefix("Basic ")) == f"{SID}:twilio-auth-token-20418".encode()
    )
    assert twilio.asked[0][1] == f"/2010-04-01/Accounts/{SID}/Messages.json"
    await channel.check()


@pytest.mark.parametrize(
    ("number", "code", "fate"),
    [
        (400, 21211, Fate.REFUSED_RECIPIENT),
        (400, 21610, Fate.REFUSED_RECIPIENT),
        (400, 21614, Fate.REFUSED_RECIPIENT),
        (400, 21617, Fate.REFUSED),
        (429, 20429, Fate.LATER),
        (500, 20500, Fate.UNKNOWN),
    ],
)
async def test_what_each_refusal_means(channel: Channel, twilio: Hook, number: int, code: int, fate: Fate) -> None:
    twilio.faults.append(lambda: JSONResponse({"code": code, "message": "no", "status": number}, number))
    found = await channel.send(letter("+15005550009"), Begun())
    assert (found.fate, found.code, found.provider_id) == (fate, str(code), "")


@pytest.mark.parametrize("number", [401, 403])
async def test_a_token_that_is_not_accepted_is_our_fault_and_said(channel: Channel, twilio: Hook, number: int) -> None:
    twilio.faults.append(status(number))
    assert (await channel.send(letter("+15005550009"), Begun())).fate is Fate.LATER
    with pytest.raises(PermissionError, match="does not accept our token"):
        await channel.check()
    assert (await channel.send(letter("+15005550009"), Begun())).fate is Fate.SENT
    await channel.check()


async def test_no_answer_in_time_leaves_it_unknown(channel: Channel, twilio: Hook) -> None:
    twilio.faults.append(slow(8))
    assert (await channel.send(letter("+15005550009"), Begun())).fate is Fate.UNKNOWN


async def test_a_text_of_too_many_segments_is_refused_before_it_costs_anything(channel: Channel, twilio: Hook) -> None:
    begun = Begun()
    found = await channel.send(letter("+15005550009", text="x" * 307), begun)
    assert (found.fate, found.step, begun.asked, twilio.asked) == (Fate.REFUSED, "compose", 0, [])
    assert (await channel.send(letter("+15005550009", text="x" * 306), begun)).fate is Fate.SENT


@pytest.mark.parametrize(
    ("address", "number"),
    [
        ("+1 (500) 555-0009", "+15005550009"),
        ("0049 30 901820", "+4930901820"),
        ("+4930/901820", "+4930901820"),
        ("030 901820", None),
        ("5550009", None),
        ("+0301234567", None),
        ("+1234567890123456", None),
        ("pat@customer.example", None),
        ("", None),
    ],
)
def test_a_number_is_read_with_its_countrys_code(channel: Channel, address: str, number: str | None) -> None:
    assert channel.normalise(address) == number


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        # The 153rd septet would part a sign of two.
        ("€" * 153, 3),
        ("こ" * 70, 1),
        ("こ" * 71, 2),
        ("x" * 69 + "🚚", 2),
        ("😀" * 35, 1),
        ("😀" * 66, 2),
        ("😀" * 67, 3),
    ],
)
def test_segments_are_counted_as_networks_do(text: str, count: int) -> None:
    assert segments(text) == count


@given(st.text(max_size=400), st.text(max_size=100))
def test_more_text_never_has_fewer_segments(text: str, more: str) -> None:
    assert 1 <= segments(text) <= segments(text + more)


@given(st.text(alphabet="".join(sorted(BASIC | EXTENDED)) + "‘’“”„–—…\xa0\u202f"))
def test_signs_of_typography_alone_make_no_message_dearer(text: str) -> None:
    assert all(sign in BASIC or sign in EXTENDED for sign in plain(text))
    assert segments(plain(text)) <= max(segments(text), -(-3 * len(text) // 153))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"twilio_account_sid": "AC1"}, "AC and 32"),
        ({"twilio_from": "us"}, "short code"),
        ({"twilio_from": ""}, "TWILIO_FROM"),
        ({"twilio_token_file": None}, "TWILIO_TOKEN_FILE"),
        ({"twilio_base": "http://api.twilio.com"}, "https://"),
        ({"twilio_callback": "http://hooks.example.com/x"}, "https://"),
    ],
)
def test_a_wrong_account_is_named(changes: dict[str, str], said: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("twilio-auth-token-20418\n")
    right: dict[str, Any] = {
        "twilio_account_sid": SID,
        "twilio_from": "+15005550006",
        "twilio_token_file": tmp_path / "token",
    }
    with pytest.raises(ValueError, match=said):
        SmsSettings(**{**right, **changes}).account()


def test_without_an_account_there_is_no_such_channel() -> None:
    assert SmsSettings().account() is None
    assert "sms" not in NotifySettings().channels()
