"""Signed webhooks by Standard Webhooks 1.0: HMAC-SHA256 over the raw bytes, with several live secrets."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from candor.web.http.problems import Problem

TOLERANCE_S: Final = 300
MAX_SIGNATURES: Final = 16
_timestamp: Final = re.compile(r"[0-9]{1,12}")


def secret_bytes(secret: str) -> bytes:
    """Return the key of a secret `whsec_<base64 of 24 to 64 bytes>`. Raises ValueError, without the secret in it."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("a webhook secret must be whsec_ and base64") from None
    if not 24 <= len(key) <= 64:
        raise ValueError("a webhook secret must have 24 to 64 bytes")
    return key


def sign(secret: str, webhook_id: str, timestamp: datetime | int, raw: bytes) -> str:
    """Return the `webhook-signature` of a body; `timestamp` in whole seconds or an aware time."""
    seconds = timestamp if isinstance(timestamp, int) else int(timestamp.timestamp())
    return "v1," + _text(_digest(secret_bytes(secret), webhook_id, str(seconds), raw)).decode()


def signed_headers(secret: str, webhook_id: str, timestamp: datetime, raw: bytes) -> dict[str, str]:
    """Return the three headers that a sender adds."""
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(timestamp.timestamp())),
        "webhook-signature": sign(secret, webhook_id, timestamp, raw),
    }


def verify(headers: Mapping[str, str], raw: bytes, secrets: Sequence[str], now: datetime) -> str:
    """Return the webhook's id, in the sender's own alphabet, if a signature is valid under one of the live secrets.

    `now` is system time. Raises Problem 401: `stale` for a valid signature more than five minutes away from `now`, or
    whose time is no number of seconds, `bad_signature` for everything else, so that the answer reveals nothing about
    what is wrong.
    """
    webhook_id = header_text(headers.get("webhook-id", ""))
    timestamp = headers.get("webhook-timestamp", "")
    if not webhook_id:
        raise bad_signature()
    offered = _offered(headers.get("webhook-signature", ""))
    true = False
    for secret in secrets:
        wanted = _text(_digest(secret_bytes(secret), webhook_id, timestamp, raw))
        for signature in offered:
            true |= hmac.compare_digest(wanted, signature)
    if not true:
        raise bad_signature()
    if not _timestamp.fullmatch(timestamp):
        raise Problem("stale", "webhook-timestamp must be whole seconds since 1970")
    if abs(now.astimezone(UTC).timestamp() - int(timestamp)) > TOLERANCE_S:
        raise Problem("stale", f"the timestamp must lie within {TOLERANCE_S} s of our clock")
    return webhook_id


def header_text(value: str) -> str:
    """Return a header's value as its sender wrote it: servers read its bytes as Latin-1, most senders write UTF-8."""
    try:
        return value if value.isascii() else value.encode("latin-1").decode()
    except UnicodeError:
        return value


def bad_signature() -> Problem:
    """Return the same answer for every webhook that is not proven genuine."""
    return Problem("bad_signature", "none of the signatures is valid for this request")


def _digest(key: bytes, webhook_id: str, timestamp: str, raw: bytes) -> bytes:
    return hmac.digest(
        key,
        b"%s.%s.%s" % (webhook_id.encode("utf-8", "replace"), timestamp.encode("utf-8", "replace"), raw),
        hashlib.sha256,
    )


def _text(digest: bytes) -> bytes:
    return base64.b64encode(digest)


def _offered(header: str) -> list[bytes]:
    # Compared as text: several base64 texts decode to the same bytes, and only one of them was sent by the signer.
    parts = (part.partition(",") for part in header.split(" ")[:MAX_SIGNATURES])
    return [text.encode("utf-8", "replace") for version, _, text in parts if version == "v1"]
