"""What `candor doctor` asks for notify-svc besides what every process needs: the mail server."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator

from aiosmtplib.errors import SMTPAuthenticationError, SMTPConnectError, SMTPException, SMTPHeloError
from pydantic import ValidationError

from candor.ops.finding import Finding
from candor.ops.loading import mistakes
from candor.ops.settings import Settings
from notify_svc.channels.email.settings import EmailSettings
from notify_svc.channels.email.smtp import Server


async def examine(_settings: Settings) -> AsyncIterator[Finding]:
    """Findings about the mail server; nothing is sent."""
    try:
        server = EmailSettings().server()
    except ValidationError as error:
        yield Finding("mail settings", False, "; ".join(mistakes(error, EmailSettings)), "correct the setting")
        return
    except ValueError as error:
        yield Finding("mail settings", False, str(error), "correct SMTP_PASSWORD_FILE")
        return
    yield await reached(server)


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
