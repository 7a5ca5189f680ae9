"""Settings of the e-mail channel."""

from __future__ import annotations

import re
import socket
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from candor.ops.loopback import LOOPBACK
from candor.ops.secret_files import SecretFile, credential
from candor.ops.setting_types import EMPTY_IS_NONE, Host, OptionalFile, Seconds
from candor.ops.trust import authorities
from candor.web.http.fields import address
from candor.web.http.text import one_line
from notify_svc.channels import ChannelSettings
from notify_svc.channels.email.events import Events, Provider, keys_of
from notify_svc.channels.email.imap import Inbox
from notify_svc.channels.email.smtp import Sender, Server

_full_name = re.compile(r"(?=.{1,253}$)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z][A-Za-z0-9-]+")


class EmailSettings(ChannelSettings):
    """The mail server and the sender of letters. Times are in seconds of system time.

    `smtp_ehlo_name`: how we introduce ourselves; by default this machine's full name, or else the sender's domain.
    """

    smtp_host: Host = "127.0.0.1"
    """The mail server. Example: smtp.example.com"""
    smtp_port: int = Field(default=8026, ge=1, le=65_535)
    """Its port: 587 for `starttls`, 465 for `tls`. Example: 465"""
    smtp_tls: Literal["none", "starttls", "tls"] = "none"
    """How the link to the mail server is encrypted; `none` in production only on loopback. Example: tls"""
    smtp_username: Annotated[str | None, EMPTY_IS_NONE] = None
    """The user of the mail server; empty if it asks for none. Example: candor"""
    smtp_password_file: OptionalFile = None
    """File of one line, the password of SMTP_USERNAME. Read again: for the next message.

    Example: /run/candor/smtp/password
    """
    smtp_ehlo_name: str = ""
    """How we introduce ourselves; by default this machine's full name, or else the sender's domain.

    Example: mail.example.com
    """
    smtp_seconds: Seconds = 20
    """Seconds that each step of an exchange with the mail server may take. Example: 20"""
    smtp_data_seconds: Seconds = 60
    """Seconds that the mail server may take to accept a message. Example: 60"""

    imap_host: Annotated[Host | None, EMPTY_IS_NONE] = None
    """The server of the mailbox that bounces come back to, always over TLS; empty: nobody reads it.

    Example: imap.example.com
    """
    imap_port: int = Field(default=993, ge=1, le=65_535)
    """Its port. Example: 993"""
    imap_username: str = ""
    """Its user: the mailbox of MAIL_SENDER, which bounces and automatic replies go to. Example: promises@example.com"""
    imap_password_file: OptionalFile = None
    """File of one line, the password of IMAP_USERNAME. Read again: for the next round.

    Example: /run/candor/imap/password
    """
    imap_folder: str = Field(default="INBOX", min_length=1, max_length=200, pattern=r"^[ -~]+$")
    """The folder that is read, and never changed. Example: INBOX"""
    imap_ca_file: OptionalFile = None
    """File of the authority that signed the server's certificate, if it is one of your own.

    Example: /run/candor/imap/ca.pem
    """

    mail_events: Annotated[Provider | None, EMPTY_IS_NONE] = None
    """Whose webhook, at /v1/callbacks/mail, says what became of mails: standard, mailgun, sendgrid or postmark; empty:
    nobody's.

    Example: sendgrid
    """
    mail_events_file: OptionalFile = None
    """File of what proves that webhook, one a line: secrets `whsec_…` (standard), Mailgun's webhook signing key,
    SendGrid's verification key, or `user:password` (postmark). Read again: for the next request.

    Example: /run/candor/mail-events/keys
    """

    mail_sender: str = "promises@candor.example"
    """Address that messages come from; one ending in `.example` is refused in production.

    Example: promises@example.com
    """
    mail_sender_name: str = "Candor"
    """Name that messages come from. Example: Example"""
    mail_reply_to: str = ""
    """Address that answers go to; by default MAIL_SENDER. Example: service@example.com"""

    @field_validator("mail_sender", "mail_reply_to")
    @classmethod
    def _in_ascii(cls, value: str) -> str:
        return address(value) if value else value

    @field_validator("mail_sender_name")
    @classmethod
    def _one_line(cls, value: str) -> str:
        return one_line(value)

    @model_validator(mode="after")
    def _mail(self) -> Self:
        if self.production and self.mail_sender.endswith(".example"):
            raise ValueError("MAIL_SENDER is a placeholder")
        if self.production and self.smtp_tls == "none" and self.smtp_host not in LOOPBACK:
            raise ValueError("SMTP_TLS must be starttls or tls: messages would cross the network in the clear")
        return self

    def sender(self) -> Sender:
        """The sender of letters."""
        domain = self.mail_sender.rpartition("@")[2]
        return Sender(self.mail_sender, self.mail_sender_name, self.mail_reply_to or self.mail_sender, domain)

    def inbox(self) -> Inbox | None:
        """The mailbox of bounces; None if none is read. Raises ValueError if a setting of it is missing or unusable."""
        if self.imap_host is None:
            return None
        if not self.imap_username or self.imap_password_file is None:
            raise ValueError("IMAP_HOST needs IMAP_USERNAME and IMAP_PASSWORD_FILE beside it")
        try:
            password = SecretFile(self.imap_password_file, credential, name="IMAP_PASSWORD_FILE")
        except ValueError as error:
            raise ValueError(f"{error}, for example /run/candor/imap/password") from None
        context = authorities()
        if self.imap_ca_file is not None:
            try:
                context.load_verify_locations(self.imap_ca_file)
            except OSError as error:
                raise ValueError(f"IMAP_CA_FILE {self.imap_ca_file}: {error.strerror or 'no certificate'}") from None
        domain = self.sender().domain
        return Inbox(self.imap_host, self.imap_port, self.imap_username, password, self.imap_folder, domain, context)

    def events(self) -> Events | None:
        """The webhook of a provider; None without one. Raises ValueError if its file is missing or unusable."""
        provider, path = self.mail_events, self.mail_events_file
        if provider is None:
            return None
        if path is None:
            raise ValueError("MAIL_EVENTS needs MAIL_EVENTS_FILE beside it: nothing would be believed without it")
        keys = SecretFile(path, keys_of(provider), name="MAIL_EVENTS_FILE")
        return Events(provider, keys, self.sender().domain)

    def server(self) -> Server:
        """The mail server. Raises ValueError if the password file is unusable."""
        try:
            path = self.smtp_password_file
            password = SecretFile(path, credential, name="SMTP_PASSWORD_FILE") if path else None
        except ValueError as error:
            raise ValueError(f"{error}, for example /run/candor/smtp/password") from None
        return Server(
            self.smtp_host,
            self.smtp_port,
            self.smtp_tls,
            self.smtp_username,
            password,
            self.smtp_seconds,
            self.smtp_data_seconds,
            self.smtp_ehlo_name or own_name(self.sender().domain),
        )


def own_name(domain: str) -> str:
    """This machine's full name, or `domain` if it has none: relays refuse "localhost" and bare names."""
    name = socket.getfqdn()
    return name if _full_name.fullmatch(name) and not name.startswith("localhost.") else domain
