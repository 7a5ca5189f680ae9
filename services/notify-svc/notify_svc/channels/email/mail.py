"""One message as bytes: deterministic, so that a retry is the same mail."""

from __future__ import annotations

import hashlib
import quopri
from dataclasses import dataclass, field
from datetime import datetime

from notify_svc.channels.email import headers
from notify_svc.channels.email.headers import UnsafeHeader


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail to one recipient; `recipient` and `name` are excluded from its repr.

    `marks` are headers for the provider that carries it.
    """

    message_id: str
    thread: tuple[str, ...]
    date: datetime
    sender: str
    sender_name: str
    reply_to: str
    recipient: str = field(repr=False)
    name: str | None = field(repr=False)
    subject: str
    text: str
    html: str
    leave: str = field(default="", repr=False)
    marks: tuple[str, ...] = ()

    def render(self) -> bytes:
        """The mail (RFC 5322, MIME) with CRLF line ends. Raises UnsafeHeader; omits an unsafe display name."""
        boundary = hashlib.sha256(self.message_id.encode()).hexdigest()[:32]
        lines = [
            headers.identifiers("Message-ID", (self.message_id,)),
            headers.date("Date", self.date),
            headers.mailbox("From", self.sender_name, self.sender),
            self._to(),
            headers.mailbox("Reply-To", None, self.reply_to),
            headers.text("Subject", self.subject),
            headers.identifiers("In-Reply-To", self.thread[-1:]),
            headers.identifiers("References", self.thread),
            "Auto-Submitted: auto-generated",
            "X-Auto-Response-Suppress: All",
            *self._leaving(),
            *self.marks,
            "MIME-Version: 1.0",
            f'Content-Type: multipart/alternative; boundary="{boundary}"',
            "",
            *_part(boundary, "plain", self.text),
            *_part(boundary, "html", self.html),
            f"--{boundary}--",
            "",
        ]
        return "\r\n".join(lines).encode("ascii")

    def _leaving(self) -> list[str]:
        """How a mail program takes its user off with one click (RFC 8058)."""
        if not self.leave:
            return []
        return [headers.link("List-Unsubscribe", self.leave), "List-Unsubscribe-Post: List-Unsubscribe=One-Click"]

    def _to(self) -> str:
        try:
            return headers.mailbox("To", self.name, self.recipient)
        except UnsafeHeader:
            return headers.mailbox("To", None, self.recipient)


def _part(boundary: str, kind: str, content: str) -> tuple[str, ...]:
    encoded = quopri.encodestring(content.encode()).decode("ascii").replace("\r\n", "\n").replace("\n", "\r\n")
    return (
        f"--{boundary}",
        f'Content-Type: text/{kind}; charset="utf-8"',
        "Content-Transfer-Encoding: quoted-printable",
        "",
        encoded,
    )
