"""The SMTP side: accepts everything, answers 250 once the message is on disk, and can fail on purpose."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from candor.local.mailbox.store import Mailbox

LARGEST_MESSAGE = 5 * 1024 * 1024


class Fault(StrEnum):
    """Faults for the next messages, for tests of a sender."""

    NONE = "none"
    DROP_IN_DATA = "drop_in_data"
    """The connection ends while the content is sent; the message is not accepted."""
    DROP_BEFORE_REPLY = "drop_before_reply"
    """The message is accepted, but the connection ends before the 250, so the sender cannot know."""
    REFUSE_FOR_NOW = "refuse_for_now"
    """451 after the content."""
    REFUSE = "refuse"
    """550 at the recipient."""


@dataclass
class Faults:
    """The fault of the next `left` messages; later ones get none."""

    kind: Fault = Fault.NONE
    left: int = 0

    def take(self, kind: Fault) -> bool:
        """Whether the fault `kind` applies now; uses one up."""
        if self.kind is not kind or self.left <= 0:
            return False
        self.left -= 1
        if self.left == 0:
            self.kind = Fault.NONE
        return True


class Handler:
    """The aiosmtpd callbacks for a recipient and for a whole message."""

    def __init__(self, mailbox: Mailbox, faults: Faults) -> None:
        self._mailbox = mailbox
        self.faults = faults

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.faults.take(Fault.REFUSE):
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.faults.take(Fault.REFUSE_FOR_NOW):
            return "451 4.3.0 Try again later"
        content = envelope.content
        raw = content if isinstance(content, bytes) else (content or "").encode()
        try:
            await self._mailbox.append(envelope.mail_from or "", envelope.rcpt_tos, raw)
        except OSError:
            return "452 4.3.1 Insufficient system storage"
        if self.faults.take(Fault.DROP_BEFORE_REPLY):
            hang_up(server)
        return f"250 2.0.0 OK: message {len(self._mailbox)}"


class Server(SMTP):
    """One connection."""

    def __init__(self, handler: Handler) -> None:
        super().__init__(handler, data_size_limit=LARGEST_MESSAGE, enable_SMTPUTF8=True, hostname="mailbox.localhost")
        self._faults = handler.faults

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> Any:  # noqa: N802
        if not self._faults.take(Fault.DROP_IN_DATA):
            return await super().smtp_DATA(arg)
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        await self._reader.readline()
        hang_up(self)
        return None


def hang_up(server: SMTP) -> None:
    """Ends a connection without a reply, as a crash or a broken network does."""
    transport = server.transport
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()


async def listen(mailbox: Mailbox, faults: Faults, host: str, port: int) -> asyncio.Server:
    """Starts accepting messages; port 0 takes any free one."""
    handler = Handler(mailbox, faults)
    return await asyncio.get_running_loop().create_server(lambda: Server(handler), host, port)
