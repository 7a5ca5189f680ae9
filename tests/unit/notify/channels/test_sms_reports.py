"""Reports of text messages: a signature that Twilio made is taken, and of one that it did not make none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_svc.channels.sms.reports import FAILED, GONE, gone_by, signature

TOKEN = "twilio-auth-token-20418"
URL = "https://hooks.example.com/notify/twilio/status"
FORM = {
    "MessageSid": "SM0000000000000000000000000020418a",
    "SmsSid": "SM0000000000000000000000000020418a",
    "AccountSid": "AC00000000000000000000000000000418",
    "MessageStatus": "undelivered",
    "SmsStatus": "undelivered",
    "To": "+15005550009",
    "From": "+15005550006",
    "ApiVersion": "2010-04-01",
    "ErrorCode": "30003",
}
SIGNED = "51DLEqGbTJFL4t+qEAvoPYTCNmA="
"""By another implementation of what Twilio documents."""


def test_the_signature_is_the_one_that_twilio_documents() -> None:
    assert signature(TOKEN, URL, FORM.items()) == SIGNED
    assert signature(TOKEN, URL, reversed(FORM.items())) == SIGNED


@given(st.sampled_from(sorted(FORM)), st.text())
def test_any_other_field_address_or_token_has_another(name: str, value: str) -> None:
    changed = {**FORM, name: value}
    assert (signature(TOKEN, URL, changed.items()) == SIGNED) == (changed == FORM)
    assert signature(f"{TOKEN}{value}x", URL, FORM.items()) != SIGNED
    assert signature(TOKEN, f"{URL}/{value}", FORM.items()) != SIGNED


@pytest.mark.parametrize(("code", "gone"), [("30005", True), ("21610", True), ("30003", False), ("", False)])
def test_a_number_that_may_come_back_is_tried_again(code: str, gone: bool) -> None:
    assert gone_by(code) is gone
    assert not FAILED & {"queued", "sent", "delivered", "read"}
    assert all(len(one) == 5 for one in GONE)
