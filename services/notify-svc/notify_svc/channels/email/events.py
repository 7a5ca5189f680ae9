"""What a mail provider's webhook says of messages: proven, then read as the reports of a mailbox are.

Contracts: Standard Webhooks 1.0; Mailgun, *Securing webhooks* and *Event structure*; Twilio SendGrid, *Event webhook
security features* and *Event webhook reference*; Postmark in postmark.py.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from candor.ops.secret_files import SecretFile, lines
from candor.web.http.problems import Problem
from candor.web.security.schemes import HmacSignature, SignedRequest
from candor.web.security.signatures import bad_signature, secret_bytes, verify
from notify_svc.channels.email import postmark
from notify_svc.channels.email.addresses import ADDRESS
from notify_svc.channels.email.reports import Report, Said, meant, ours

MOST: Final = 1000
"""Events of one request."""
OLDEST_SECONDS: Final = 86_400
"""How old a signature may be: providers try again for hours, and what comes twice changes nothing."""
LONGEST_CODE: Final = 16
Document = Mapping[str, Any]


class Provider(StrEnum):
    """Whose webhook it is."""

    STANDARD = "standard"
    MAILGUN = "mailgun"
    SENDGRID = "sendgrid"
    POSTMARK = "postmark"


class Heard(NamedTuple):
    """One event: what it says of a message of ours, None if of none, and what it is known by."""

    report: Report | None
    name: str


@dataclass(frozen=True, slots=True)
class Events:
    """The webhook of a provider; `keys` are proofs of now, `domain` is that of our Message-IDs."""

    provider: Provider
    keys: SecretFile[Sequence[str]] = field(repr=False)
    domain: str

    def read(self, headers: Mapping[str, str], raw: bytes, now: datetime) -> list[Heard]:
        """The events of a request that came at system time `now`.

        Raises Problem 401 for one that is not proven, and 400 for one that is no such request.
        """
        preset = _PRESETS[self.provider]
        preset.proves(headers, raw, self.keys.get(), now)
        try:
            events = [one for one in preset.events(msgspec.json.decode(raw)) if isinstance(one, dict)]
        except (msgspec.MsgspecError, AttributeError, TypeError, KeyError):
            raise Problem("bad_request", "this is no report of mails") from None
        if len(events) > MOST:
            raise Problem("bad_request", f"at most {MOST} events are taken at once")
        return [Heard(self._report(preset.said(one)), self._name(one)) for one in events]

    def _report(self, said: tuple[Said | None, str, str, str]) -> Report | None:
        what, code, message, address = said
        named = message.strip("<>")
        ids = ours(f"<{named}>" if "@" in named else f"<{named}@{self.domain}>", self.domain)
        if what is None or not ids or not ADDRESS.fullmatch(address):
            return None
        return Report(what, ids, code[:LONGEST_CODE], (address,))

    def _name(self, event: Document) -> str:
        raw = msgspec.json.encode(event, order="sorted")
        return hashlib.blake2b(raw, digest_size=16, key=self.provider.encode()).hexdigest()


def keys_of(provider: Provider) -> Callable[[bytes], Sequence[str]]:
    """What reads a file of keys, one a line; it raises ValueError for one that proves nothing."""

    def read(raw: bytes) -> Sequence[str]:
        found = lines(raw)
        for one in found:
            _PRESETS[provider].usable(one)
        return found

    return read


class _Preset(NamedTuple):
    """`usable` raises ValueError for a key that is none; `said` is what, its code, the Message-ID and the address."""

    usable: Callable[[str], object]
    proves: Callable[[Mapping[str, str], bytes, Sequence[str], datetime], object]
    events: Callable[[Any], Iterator[Any] | list[Any]]
    said: Callable[[Document], tuple[Said | None, str, str, str]]


def _text(event: Any, *path: str) -> str:
    for name in path:
        event = event.get(name) if isinstance(event, dict) else None
    return event if isinstance(event, str) else ""


def _in_time(timestamp: str, now: datetime) -> bool:
    return timestamp.isdecimal() and abs(now.timestamp() - int(timestamp[:12])) <= OLDEST_SECONDS


_STANDARD: Final = {
    "gone": Said.GONE,
    "returned": Said.RETURNED,
    "mailbox_full": Said.FULL,
    "delayed": Said.DELAYED,
    "arrived": Said.ARRIVED,
    "complaint": Said.COMPLAINT,
}


def _said_standard(event: Document) -> tuple[Said | None, str, str, str]:
    said = _STANDARD.get(_text(event, "event"))
    return said, _text(event, "code"), _text(event, "message_id"), _text(event, "address")


def _strong(key: str) -> None:
    if len(key) < 32 or not key.isascii():
        raise ValueError("Mailgun's webhook signing key has 32 characters or more")


_MAILGUN: Final = HmacSignature(
    header="signature",
    signed="{timestamp}{id}{body}",
    timestamp_header="timestamp",
    id_header="token",
    tolerance_s=OLDEST_SECONDS,
)
"""What Mailgun signs stands in the body, beside what it says: no more than this is proven."""


def _mailgun(_headers: Mapping[str, str], raw: bytes, keys: Sequence[str], now: datetime) -> None:
    try:
        said = msgspec.json.decode(raw)["signature"]
        signed = {name: str(said[name]) for name in ("signature", "timestamp", "token")}
        _MAILGUN.verify(SignedRequest("POST", "", signed, b""), keys, now)
    except (msgspec.MsgspecError, AttributeError, TypeError, KeyError, UnicodeError, Problem):
        raise bad_signature() from None


_NEVER: Final = frozenset({"bounce", "suppress-bounce"})
"""Why Mailgun says that an address cannot be written to."""


def _said_mailgun(event: Document) -> tuple[Said | None, str, str, str]:
    code = _text(event, "delivery-status", "enhanced-code")
    about = code, _text(event, "message", "headers", "message-id"), _text(event, "recipient")
    match _text(event, "event"), _text(event, "severity"):
        case "failed", "permanent":
            said, _ = meant("failed", code)
            return Said.GONE if said is Said.RETURNED and _text(event, "reason") in _NEVER else said, *about
        case "failed", "temporary":
            return Said.DELAYED, *about
        case "delivered", _:
            return Said.ARRIVED, *about
        case "complained", _:
            return Said.COMPLAINT, *about
    return None, *about


def _public(key: str) -> ec.EllipticCurvePublicKey:
    try:
        found = load_der_public_key(base64.b64decode(key, validate=True))
    except ValueError:
        raise ValueError("SendGrid's verification key is the base64 of a public key") from None
    if not isinstance(found, ec.EllipticCurvePublicKey):
        raise ValueError("SendGrid's verification key is one of an elliptic curve")  # noqa: TRY004 - a wrong value
    return found


def _sendgrid(headers: Mapping[str, str], raw: bytes, keys: Sequence[str], now: datetime) -> None:
    timestamp = headers.get("x-twilio-email-event-webhook-timestamp", "")
    try:
        offered = base64.b64decode(headers.get("x-twilio-email-event-webhook-signature", ""), validate=True)
    except ValueError:
        raise bad_signature() from None
    if not timestamp.isascii() or not any(_signed(_public(key), offered, timestamp.encode() + raw) for key in keys):
        raise bad_signature()
    if not _in_time(timestamp, now):
        raise bad_signature()


def _signed(key: ec.EllipticCurvePublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _said_sendgrid(event: Document) -> tuple[Said | None, str, str, str]:
    code = _text(event, "status")
    about = code, _text(event, "smtp-id"), _text(event, "email")
    match _text(event, "event"):
        case "bounce":
            said, _ = meant("failed", code)
            # A block is one of this message; a bounce is one of the address, whatever status came with it.
            blocked = _text(event, "type") == "blocked"
            return said if blocked or said is not Said.RETURNED else Said.GONE, *about
        case "dropped":
            return Said.RETURNED, *about
        case "deferred":
            return Said.DELAYED, *about
        case "delivered":
            return Said.ARRIVED, *about
        case "spamreport":
            return Said.COMPLAINT, *about
    return None, *about


_PRESETS: Final = {
    Provider.STANDARD: _Preset(secret_bytes, verify, lambda body: body["events"], _said_standard),
    Provider.MAILGUN: _Preset(_strong, _mailgun, lambda body: [body["event-data"]], _said_mailgun),
    Provider.POSTMARK: _Preset(postmark.usable, postmark.proves, lambda body: [body], postmark.said),
    Provider.SENDGRID: _Preset(_public, _sendgrid, lambda body: body if isinstance(body, list) else [], _said_sendgrid),
}
