"""Postmark's webhooks: proven by basic authentication, as Postmark signs nothing, and what each type of bounce means.

Contract: Postmark, *Bounce webhook*, *Delivery webhook*, *Spam complaint webhook* and *Custom metadata*. Its MessageID
is its own, so mails carry ours as metadata, which its webhooks give back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from candor.web.security.schemes import Basic
from candor.web.security.schemes.scheme import SignedRequest
from notify_svc.channels.email.reports import Said, meant

METADATA: Final = "candor-id"
KEEPS_ID: Final = "X-PM-KeepID: true"
_STATUS: Final = re.compile(r"\b[45]\.\d{1,3}\.\d{1,3}\b")
_NEVER: Final = frozenset({"HardBounce", "BadEmailAddress"})
"""Bounces of the address, whatever status came with them."""
_RETURNED: Final = frozenset(
    {"SoftBounce", "DnsError", "SpamNotification", "Blocked", "SMTPApiError", "DMARCPolicy", "ManuallyDeactivated"}
)
usable: Final = Basic().check
"""Raises ValueError for a secret that is not user:password with a long password."""


def marks(message_id: str) -> tuple[str, ...]:
    """The headers by which Postmark keeps a Message-ID and names it in its webhooks; only it reads the second."""
    return (KEEPS_ID, f"X-PM-Metadata-{METADATA}: {message_id.strip('<>').partition('@')[0]}")


def proves(headers: Mapping[str, str], raw: bytes, secrets: Sequence[str], now: datetime) -> None:
    """Raises Problem 401 for a request without one of the secrets."""
    Basic().verify(SignedRequest("POST", "", headers, raw), secrets, now)


def said(event: Mapping[str, Any]) -> tuple[Said | None, str, str, str]:
    """What an event says, its code, the left side of our Message-ID and the address."""
    given = event.get("Metadata")
    name = _text(given if isinstance(given, dict) else {}, METADATA)
    kind, found = _text(event, "Type"), _STATUS.search(_text(event, "Details"))
    code, address = found.group(0) if found else "", _text(event, "Email")
    match _text(event, "RecordType"):
        case "Delivery":
            return Said.ARRIVED, "", name, _text(event, "Recipient")
        case "SpamComplaint":
            return Said.COMPLAINT, "", name, address
        case "Bounce":
            return _bounced(kind, code), code, name, address
    return None, "", name, address


def _bounced(kind: str, code: str) -> Said | None:
    if kind == "SpamComplaint":
        return Said.COMPLAINT
    if kind == "AutoResponder":
        return Said.AUTO_REPLY
    if kind == "Transient":
        return Said.DELAYED
    if kind in _NEVER:
        return Said.GONE
    return meant("failed", code)[0] if kind in _RETURNED else None


def _text(event: Mapping[str, Any], name: str) -> str:
    value = event.get(name)
    return value if isinstance(value, str) else ""
