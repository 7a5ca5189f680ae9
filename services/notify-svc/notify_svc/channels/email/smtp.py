"""One SMTP message, and what is known of its fate: before DATA a failure proves it unsent, after it maybe not."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

import aiosmtplib
from aiosmtplib.errors import SMTPException, SMTPResponseException

from notify_svc.channels.email.headers import UnsafeHeader
from notify_svc.channels.email.mail import Mail

_ENHANCED: Final = re.compile(r"5\.(\d{1,3})\.\d{1,3}\b")


class Fate(StrEnum):
    """What became of one attempt."""

    SENT = "sent"
    """The server said 250 after the final dot."""
    LATER = "later"
    """Provably unsent, and worth another try with the same id."""
    REFUSED_RECIPIENT = "refused_recipient"
    """Provably unsent: there is no such mailbox, so the address is not tried again."""
    REFUSED = "refused"
    """Provably unsent: the server will not take this message."""
    ABORTED = "aborted"
    """Provably unsent: our own last check said no."""
    UNKNOWN = "unknown"
    """It may or may not have gone out: DATA had begun, and no clear answer came."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """An attempt's fate; `code` is the SMTP reply's (0: none), `step` where it ended, `error` the kind of failure."""

    fate: Fate
    step: str
    code: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    """The mail server; times in seconds. `data_seconds` must be shorter than a claim's lease."""

    host: str
    port: int
    tls: Literal["none", "starttls", "tls"] = "none"
    username: str | None = None
    password: str | None = None
    seconds: float = 20
    data_seconds: float = 60
    local_hostname: str = "localhost"


class EmailChannel:
    """Sends single mails, each over a connection of its own."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def send(self, mail: Mail, sender: str, before_data: Callable[[], Awaitable[bool]]) -> Outcome:
        """Connect, MAIL, RCPT; then `before_data` must commit that DATA begins, or nothing is sent; then DATA.

        Never raises but CancelledError; then the step that `before_data` committed tells what is known.
        """
        try:
            content = mail.render()
        except UnsafeHeader as error:
            return Outcome(Fate.REFUSED, "compose", error=f"unsafe {error}")
        client = self._client()
        step = "connect"
        try:
            async with asyncio.timeout(3 * self._server.seconds):
                await client.connect()
                step = "mail"
                await client.mail(sender)
                step = "rcpt"
                await client.rcpt(mail.recipient)
            step = "final"
            agreed = await before_data()
        except Exception as error:
            client.close()
            return _unsent(error, step)
        if not agreed:
            client.close()
            return Outcome(Fate.ABORTED, step)
        return await self._data(client, content)

    async def _data(self, client: aiosmtplib.SMTP, content: bytes) -> Outcome:
        try:
            async with asyncio.timeout(self._server.data_seconds):
                response = await client.data(content)
        except SMTPResponseException as error:
            client.close()
            return _answered(error.code)
        except Exception as error:
            client.close()
            return Outcome(Fate.UNKNOWN, "data", error=type(error).__name__)
        await _goodbye(client)
        return Outcome(Fate.SENT, "data", response.code)

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.tls == "tls",
            start_tls=server.tls == "starttls",
            timeout=server.seconds,
            local_hostname=server.local_hostname,
        )


def _unsent(error: Exception, step: str) -> Outcome:
    code, said = (error.code, error.message) if isinstance(error, SMTPResponseException) else (0, "")
    name = type(error).__name__
    # Refused before MAIL, it is our own access that is wrong and not this message: worth another try.
    if not 500 <= code < 600 or step == "connect":
        return Outcome(Fate.LATER, step, code, name)
    gone = step == "rcpt" and _no_mailbox(code, said)
    return Outcome(Fate.REFUSED_RECIPIENT if gone else Fate.REFUSED, step, code, name)


def _no_mailbox(code: int, said: str) -> bool:
    """Whether a refusal is about the mailbox (RFC 3463: 5.1.x; RFC 5321 without one), and not about us (5.7.x)."""
    found = _ENHANCED.match(said)
    return found[1] == "1" if found else code in (550, 551, 553)


def _answered(code: int) -> Outcome:
    """A reply in place of 354 or of the final 250: the server has said that it did not take the message."""
    if 400 <= code < 500:
        return Outcome(Fate.LATER, "data", code)
    if 500 <= code < 600:
        return Outcome(Fate.REFUSED, "data", code)
    return Outcome(Fate.UNKNOWN, "data", code)


async def _goodbye(client: aiosmtplib.SMTP) -> None:
    # The mail is out: whatever happens while hanging up changes nothing about that.
    try:
        async with asyncio.timeout(2):
            await client.quit()
    except (SMTPException, OSError, TimeoutError):
        client.close()
