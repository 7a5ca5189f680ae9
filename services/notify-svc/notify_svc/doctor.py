"""What `candor doctor` asks for notify-svc besides what every process needs: its mail server and mailbox."""

from __future__ import annotations

import asyncio
import imaplib
import ssl
from collections.abc import AsyncIterator

from aiosmtplib.errors import SMTPAuthenticationError, SMTPConnectError, SMTPException, SMTPHeloError
from pydantic import ValidationError

from candor.ops.finding import Finding
from candor.ops.loading import mistakes
from candor.ops.settings import Settings
from notify_svc.channels.email.imap import Inbox
from notify_svc.channels.email.settings import EmailSettings
from notify_svc.channels.email.smtp import Server


async def examine(_settings: Settings) -> AsyncIterator[Finding]:
    """Findings about the mail server and the mailbox of bounces; nothing is sent or changed."""
    try:
        settings = EmailSettings()
        server, inbox = settings.server(), settings.inbox()
    except ValidationError as error:
        yield Finding("mail settings", False, "; ".join(mistakes(error, EmailSettings)), "correct the setting")
        return
    except ValueError as error:
        yield Finding("mail settings", False, str(error), "correct what it names")
        return
    yield await reached(server)
    if inbox is not None:
        yield await opened(inbox)


async def opened(inbox: Inbox) -> Finding:
    """Whether the mailbox that bounces come back to can be read."""
    try:
        await asyncio.to_thread(inbox.check)
    except ssl.SSLCertVerificationError as error:
        mend = "name the server in IMAP_HOST as in its certificate, or the authority that signed it in IMAP_CA_FILE"
        return Finding("mailbox TLS", False, f"the certificate is not believed: {error.verify_message}", mend)
    except imaplib.IMAP4.error as error:
        mend = "check IMAP_USERNAME, IMAP_PASSWORD_FILE and IMAP_FOLDER"
        return Finding("mailbox", False, f"{inbox.name}: {_plain(error)}", mend)
    except OSError as error:
        return Finding("mailbox", False, f"{inbox.name}: {error}", "check IMAP_HOST and IMAP_PORT")
    return Finding("mailbox", True, f"{inbox.name} can be read")


def _plain(error: imaplib.IMAP4.error) -> str:
    said = error.args[0] if error.args else ""
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)


async def reached(server: Server) -> Finding:
    """Whether the mail server takes our greeting, our TLS and our password."""
    where = f"{server.host}:{server.port}"
    client = server.client(min(server.seconds, 10.0))
    try:
        await client.connect()
        await client.ehlo()
    except SMTPAuthenticationError as error:
        mend = "check SMTP_USERNAME and SMTP_PASSWORD_FILE"
        return Finding("mail sign-in", False, f"{where} refuses {server.username}: {error.message}", mend)
    except SMTPHeloError as error:
        mend = "set SMTP_EHLO_NAME to a full name that the relay accepts"
        return Finding("mail greeting", False, f"{where} refuses EHLO {server.local_hostname}: {error.message}", mend)
    except (SMTPConnectError, OSError) as error:
        doubt = error if isinstance(error, ssl.SSLCertVerificationError) else error.__cause__
        if isinstance(doubt, ssl.SSLCertVerificationError):
            mend = "name the relay in SMTP_HOST as in its certificate, or install the authority that signed it"
            return Finding(
                "mail TLS", False, f"the certificate of {where} is not believed: {doubt.verify_message}", mend
            )
        return Finding("mail server", False, f"{where}: {error}", "check SMTP_HOST, SMTP_PORT and SMTP_TLS")
    except SMTPException as error:
        mend = f"SMTP_TLS is {server.tls}: check what the relay offers on this port"
        return Finding("mail server", False, f"{where}: {error.message}", mend)
    finally:
        client.close()
    how = f"as {server.username}" if server.username else "without a password"
    return Finding("mail server", True, f"{where}, TLS: {server.tls}, {how}, EHLO {server.local_hostname}")
