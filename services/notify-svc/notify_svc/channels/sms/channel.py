"""Sends text messages by Twilio, which deduplicates nothing: what got no clear answer is held."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from candor.clients.posting import Posting, Reply
from notify_svc.channels import Begin, Fate, Form, Message, Outcome
from notify_svc.channels.posting import attempt, usual
from notify_svc.channels.sms.reports import signature
from notify_svc.channels.sms.segments import plain, segments
from notify_svc.channels.sms.settings import Account

LONGEST: Final = 1_600
"""Signs that Twilio takes."""
NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}")
NOBODY: Final = frozenset({21211, 21214, 21217, 21407, 21421, 21601, 21610, 21612, 21614})
"""Error codes of a number that is none, cannot get messages, or has said STOP (21610)."""


class SmsChannel:
    """Sends to the address of kind `phone` of a contact."""

    name = "sms"
    address_kind = "phone"
    form = Form(subject=False, html=False, longest=LONGEST, replies=False)

    def __init__(self, account: Account, most: int) -> None:
        self._account = account
        self._most = most
        self._posting = Posting(seconds=account.seconds)
        self.final_seconds = account.seconds + 1
        self._denied = ""

    def normalise(self, address: str) -> str | None:
        """The number in E.164, if it begins with its country's code."""
        digits = re.sub(r"[\s().\-/]", "", address)
        digits = f"+{digits[2:]}" if digits.startswith("00") else digits
        return digits if NUMBER.fullmatch(digits) else None

    async def send(self, message: Message, begin: Begin) -> Outcome:
        """One attempt; a text of more segments than are allowed is refused before."""
        text = plain(message.text.strip())
        if segments(text) > self._most:
            return Outcome(Fate.REFUSED, "compose", error="TooManySegments")
        account = self._account
        by = "MessagingServiceSid" if account.sender.startswith("MG") else "From"
        fields = {"To": message.address, by: account.sender, "Body": text}
        if account.callback:
            fields["StatusCallback"] = f"{account.callback}/{message.delivery_id}"
        proof = base64.b64encode(f"{account.sid}:{account.token.get()}".encode()).decode()
        said = {"content-type": "application/x-www-form-urlencoded", "authorization": f"Basic {proof}"}
        url = f"{account.base}/2010-04-01/Accounts/{account.sid}/Messages.json"
        return await attempt(self._posting, url, urlencode(fields).encode(), said, begin, self._judged)

    def proves(self, delivery_id: str, fields: Iterable[tuple[str, str]], said: str) -> bool:
        """Whether a report of a delivery is Twilio's: signed with our token for the address that we gave it."""
        account = self._account
        found = signature(account.token.get(), f"{account.callback}/{delivery_id}", fields)
        return bool(account.callback) and hmac.compare_digest(found.encode(), said.encode("utf-8", "replace"))

    async def check(self) -> None:
        """Raises PermissionError if Twilio did not accept our token in the last attempt.

        Raises ValueError while the token's file cannot be read; what was in it before is used.
        """
        token = self._account.token
        if not token.look() and token.problem:
            raise ValueError(token.problem)
        if self._denied:
            raise PermissionError(f"Twilio: {self._denied}")

    def _judged(self, reply: Reply) -> Outcome:
        denied = reply.status in (401, 403)
        self._denied = f"status {reply.status}: it does not accept our token" if denied else ""
        said = _object(reply.body)
        code = said.get("code") if isinstance(said.get("code"), int) else None
        if denied:
            # Our own access, not this message: worth retrying.
            return Outcome(Fate.LATER, "post", str(code or reply.status))
        if code in NOBODY:
            return Outcome(Fate.REFUSED_RECIPIENT, "post", str(code))
        found = usual(reply, gone=frozenset())
        sid = said.get("sid")
        name = sid if found.fate is Fate.SENT and isinstance(sid, str) else ""
        return Outcome(found.fate, found.step, str(code or found.code), found.error, name[:64], found.wait)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}
