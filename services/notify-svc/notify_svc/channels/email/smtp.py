"""Sends one SMTP message and reports its fate: a failure before DATA proves it unsent; a later one may not."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Final, Literal

import aiosmtplib
from aiosmtplib.errors import SMTPException, SMTPResponseException

from candor.ops.secret_files import SecretFile
from notify_svc.channels import Begin, Fate, Form, Message, Outcome
from notify_svc.channels.email import postmark
from notify_svc.channels.email.addresses import ADDRESS
from notify_svc.channels.email.events import Events, Provider
from notify_svc.channels.email.headers import UnsafeHeader
from notify_svc.channels.email.imap import Inbox
from notify_svc.channels.email.mail import Mail
from notify_svc.domain.identity import message_id

_ENHANCED: Final = re.compile(r"5\.(\d{1,3})\.\d{1,3}\b")


@dataclass(frozen=True, slots=True)
class Server:
    """The mail server; times in seconds. `data_seconds` must be shorter than a claim's lease."""

    host: str
    port: int
    tls: Literal["none", "starttls", "tls"] = "none"
    username: str | None = None
    password: SecretFile[str] | None = None
    seconds: float = 20
    data_seconds: float = 60
    local_hostname: str = "localhost"

    def client(self, seconds: float) -> aiosmtplib.SMTP:
        """A client that is not connected yet; each of its steps may take `seconds`."""
        return aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.username,
            password=self.password.get() if self.password else None,
            use_tls=self.tls == "tls",
            start_tls=self.tls == "starttls",
            timeout=seconds,
            local_hostname=self.local_hostname,
        )


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender of the mails; `domain` is the right side of Message-IDs."""

    address: str
    name: str
    reply_to: str
    domain: str


class EmailChannel:
    """Sends single mails, each over a connection of its own; bounces come back to `inbox`, if it is read.

    `events`: the webhook by which a provider says what became of them, if it has one.
    """

    name = "email"
    address_kind = "email"
    form = Form(joint=True)

    def __init__(
        self, server: Server, sender: Sender, inbox: Inbox | None = None, events: Events | None = None
    ) -> None:
        self.inbox = inbox
        self.events = events
        self._server = server
        self._sender = sender
        self._unreachable = ""

    @property
    def final_seconds(self) -> float:
        """Seconds that DATA may take."""
        return self._server.data_seconds

    def normalise(self, address: str) -> str | None:
        """The address, if it is exactly one and SMTP accepts it unchanged."""
        return address if ADDRESS.fullmatch(address) and ".." not in address else None

    async def check(self) -> None:
        """Raises ConnectionError if the last attempt could not reach the mail server or was denied access.

        Raises ValueError while the password's file cannot be read; what was in it before is used.
        """
        if self._server.password is not None and not self._server.password.look() and self._server.password.problem:
            raise ValueError(self._server.password.problem)
        if self._unreachable:
            raise ConnectionError(f"the mail server: {self._unreachable}")

    async def send(self, message: Message, begin: Begin) -> Outcome:
        """Connect, MAIL, RCPT; then `begin` must commit that DATA begins, or nothing is sent; then DATA.

        Raises nothing but CancelledError; in that case the step committed by `begin` shows what is known.
        """
        mail = self._mail(message)
        try:
            content = mail.render()
        except UnsafeHeader as error:
            return Outcome(Fate.REFUSED, "compose", error=f"unsafe {error}")
        client = self._server.client(self._server.seconds)
        step = "connect"
        try:
            async with asyncio.timeout(3 * self._server.seconds):
                await client.connect()
                self._unreachable = ""
                step = "mail"
                await client.mail(self._sender.address)
                step = "rcpt"
                await client.rcpt(mail.recipient)
            step = "final"
            agreed = await begin()
        except Exception as error:
            client.close()
            if step == "connect":
                self._unreachable = type(error).__name__
            return _unsent(error, step)
        if not agreed:
            client.close()
            return Outcome(Fate.ABORTED, step)
        return await self._data(client, content)

    def _mail(self, message: Message) -> Mail:
        domain = self._sender.domain
        root = message_id(f"{message.thread}.promise", domain)
        earlier = (message_id(message.reply_to, domain),) if message.reply_to else ()
        # Identified by the notice, as before deliveries existed, so that a retry of any age is the same mail.
        name = message_id(message.notice_id, domain)
        by_postmark = self.events is not None and self.events.provider is Provider.POSTMARK
        return Mail(
            message_id=name,
            thread=(root, *earlier),
            date=message.at,
            sender=self._sender.address,
            sender_name=self._sender.name,
            reply_to=self._sender.reply_to,
            recipient=message.address,
            name=message.name,
            subject=message.subject,
            text=message.text,
            html=message.html,
            leave=message.leave,
            marks=postmark.marks(name) if by_postmark else (),
        )

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
        return Outcome(Fate.SENT, "data", str(response.code))


def _unsent(error: Exception, step: str) -> Outcome:
    code, said = (error.code, error.message) if isinstance(error, SMTPResponseException) else (0, "")
    name = type(error).__name__
    # A refusal before MAIL concerns our own access and not this message, so it is worth retrying.
    if not 500 <= code < 600 or step == "connect":
        return Outcome(Fate.LATER, step, _text(code), name)
    gone = step == "rcpt" and _no_mailbox(code, said)
    return Outcome(Fate.REFUSED_RECIPIENT if gone else Fate.REFUSED, step, _text(code), name)


def _no_mailbox(code: int, said: str) -> bool:
    """Whether a refusal concerns the mailbox (RFC 3463: 5.1.x; RFC 5321 without such a code), not us (5.7.x)."""
    found = _ENHANCED.match(said)
    return found[1] == "1" if found else code in (550, 551, 553)


def _answered(code: int) -> Outcome:
    """The outcome of a reply other than 354 or the final 250: the server did not accept the message."""
    if 400 <= code < 500:
        return Outcome(Fate.LATER, "data", _text(code))
    if 500 <= code < 600:
        return Outcome(Fate.REFUSED, "data", _text(code))
    return Outcome(Fate.UNKNOWN, "data", _text(code))


def _text(code: int) -> str:
    return str(code) if code else ""


async def _goodbye(client: aiosmtplib.SMTP) -> None:
    # The mail has been sent: an error while disconnecting does not change that.
    try:
        async with asyncio.timeout(2):
            await client.quit()
    except (SMTPException, OSError, TimeoutError):
        client.close()
