"""Settings of the e-mail channel."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from candor.ops.settings import read_credential
from notify_svc.channels import ChannelSettings
from notify_svc.channels.email.headers import UnsafeHeader, mailbox
from notify_svc.channels.email.smtp import Sender, Server

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_full_name = re.compile(r"(?=.{1,253}$)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z][A-Za-z0-9-]+")
Seconds = Annotated[float, Field(gt=0)]


class EmailSettings(ChannelSettings):
    """The mail server and the sender of letters. Times are in seconds of system time.

    `smtp_ehlo_name`: how we introduce ourselves; by default this machine's full name, or else the sender's domain.
    """

    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(default=8026, ge=1, le=65_535)
    smtp_tls: Literal["none", "starttls", "tls"] = "none"
    smtp_username: str | None = None
    smtp_password_file: Path | None = None
    smtp_ehlo_name: str = ""
    smtp_seconds: Seconds = 20
    smtp_data_seconds: Seconds = 60

    mail_sender: str = "promises@candor.example"
    mail_sender_name: str = "Candor"
    mail_reply_to: str = ""

    @field_validator("smtp_username", "smtp_password_file", mode="before")
    @classmethod
    def _blank_is_absent(cls, value: object) -> object:
        return None if value == "" else value

    @model_validator(mode="after")
    def _mail(self) -> Self:
        try:
            mailbox("From", self.mail_sender_name, self.mail_sender)
            mailbox("Reply-To", None, self.mail_reply_to or self.mail_sender)
        except UnsafeHeader as error:
            raise ValueError(f"{error} cannot be made from MAIL_SENDER, MAIL_SENDER_NAME or MAIL_REPLY_TO") from None
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
        password = read_credential(self.smtp_password_file) if self.smtp_password_file else None
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
