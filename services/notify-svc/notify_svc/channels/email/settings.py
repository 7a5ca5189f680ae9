"""Settings of the e-mail channel."""

from __future__ import annotations

import re
import socket
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from candor.ops.loopback import LOOPBACK
from candor.ops.secret_files import SecretFile, credential
from candor.ops.setting_types import EMPTY_IS_NONE, Host, OptionalFile, Seconds
from candor.web.http.fields import address
from candor.web.http.text import one_line
from notify_svc.channels import ChannelSettings
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
