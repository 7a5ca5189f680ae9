"""What a mail server or a mail program answers to a message: reports of delivery, automatic replies, people's replies.

Contract: RFC 3464 (reports), RFC 3463 (status codes), RFC 3834 (automatic replies).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from enum import StrEnum
from typing import Final

from notify_svc.channels.email.addresses import ADDRESS

REFERENCES: Final = 64
"""Message-IDs of one mail that are looked at, the newest first."""
PARTS: Final = 32
"""Parts of one mail, and recipients of one report, that are looked at."""
_ID: Final = re.compile(r"<([A-Za-z0-9.-]{1,80})@([A-Za-z0-9.-]{1,253})>")
_STATUS: Final = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
_PERMANENT, _MAILBOX_FULL, _MAILBOX_OFF = "5", ("2", "2"), ("2", "1")
_AUTOMATIC: Final = {"x-autoreply": (), "x-autorespond": (), "precedence": ("bulk", "junk", "auto_reply")}
"""Marks of automatic replies from before RFC 3834: a header, and values of it that count (none: any)."""


class Said(StrEnum):
    """What a mail says of a message of ours."""

    GONE = "gone"
    """It did not arrive, and never will at this address."""
    RETURNED = "returned"
    """It did not arrive, for another reason than the address."""
    FULL = "mailbox_full"
    DELAYED = "delayed"
    ARRIVED = "arrived"
    AUTO_REPLY = "auto_reply"
    REPLY = "reply"
    COMPLAINT = "complaint"
    """Its reader calls it unwanted; only providers say so."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a mail says of messages with these `ids`, the left sides of Message-IDs of ours; `code` as in RFC 3463.

    `addresses` are those that a report of delivery names; empty for a reply. None of its text is kept.
    """

    said: Said
    ids: tuple[str, ...]
    code: str = ""
    addresses: tuple[str, ...] = ()


def read(raw: bytes, domain: str) -> Report | None:
    """What a mail says of messages with Message-IDs of `domain`; None if it names none. Raises ValueError and the like
    for what is no mail.
    """
    mail = BytesParser(policy=compat32).parsebytes(raw)
    if _is_report(mail):
        return _of_delivery(mail, domain)
    ids = ours(" ".join(str(mail.get(name, "")) for name in ("References", "In-Reply-To")), domain)
    if not ids:
        return None
    return Report(Said.AUTO_REPLY if _automatic(mail) else Said.REPLY, ids)


def _is_report(mail: Message) -> bool:
    kind = str(mail.get_param("report-type", "")).lower()
    return mail.get_content_type() == "multipart/report" and kind == "delivery-status"


def _automatic(mail: Message) -> bool:
    marked = str(mail.get("Auto-Submitted", "no")).split(";")[0].strip().lower()
    if marked != "no":
        return True
    return any(
        name in mail and (not values or str(mail[name]).strip().lower() in values)
        for name, values in _AUTOMATIC.items()
    )


def _of_delivery(mail: Message, domain: str) -> Report | None:
    recipients: list[Message] = []
    ids: tuple[str, ...] = ()
    for part in _parts(mail):
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            recipients += [one for one in _parts(part) if "Action" in one]
        elif kind == "message/rfc822":
            ids = ours(" ".join(str(one.get("Message-ID", "")) for one in _parts(part)), domain)
        elif kind == "text/rfc822-headers":
            headers = BytesParser(policy=compat32).parsebytes(str(part.get_payload()).encode(errors="replace"))
            ids = ours(str(headers.get("Message-ID", "")), domain)
    if not ids or not recipients:
        return None
    # We write to one recipient a mail, so a report has one that counts.
    first = recipients[0]
    said, code = meant(str(first["Action"]), str(first.get("Status", "")))
    named = (_address(first, name) for name in ("Original-Recipient", "Final-Recipient"))
    return Report(said, ids, code, tuple(found for found in named if found))


def _parts(mail: Message) -> list[Message]:
    found = mail.get_payload()
    return [part for part in found if isinstance(part, Message)][:PARTS] if isinstance(found, list) else []


def meant(action: str, status: str) -> tuple[Said, str]:
    """What an action and a status of RFC 3464 say of a mail, and the status; "" for one that is none."""
    found = _STATUS.match(status)
    kind, subject, detail = found.groups() if found else ("", "", "")
    code = f"{kind}.{subject}.{detail}" if found else ""
    action = action.strip().lower()
    if action in ("delivered", "relayed", "expanded"):
        return Said.ARRIVED, code
    if (subject, detail) == _MAILBOX_FULL:
        return Said.FULL, code
    if action != "failed":
        return Said.DELAYED, code
    gone = kind == _PERMANENT and (subject == "1" or (subject, detail) == _MAILBOX_OFF)
    return Said.GONE if gone else Said.RETURNED, code


def _address(recipient: Message, name: str) -> str:
    """The address of `rfc822; pat@example.com`; empty if there is none."""
    found = str(recipient.get(name, "")).partition(";")[2].strip().strip("<>")
    return found if ADDRESS.fullmatch(found) else ""


def ours(text: str, domain: str) -> tuple[str, ...]:
    """The left sides of Message-IDs of `domain`, the newest last."""
    found = [left for left, right in _ID.findall(text[-16_384:]) if right.lower() == domain.lower()]
    return tuple(dict.fromkeys(found[-REFERENCES:]))
