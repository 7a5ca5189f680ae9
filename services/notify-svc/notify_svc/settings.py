"""What notify-svc needs to know at start."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from candor.ops.settings import Settings, read_secret
from notify_svc.channels.email.headers import UnsafeHeader, mailbox
from notify_svc.channels.email.smtp import Server
from notify_svc.compose.letter import Wording
from notify_svc.delivery.postman import Identity, Patience
from notify_svc.domain.facts import Rules

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_RULES, _WORDING = Rules(), Wording()
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(gt=0)]


class NotifySettings(Settings):
    """Settings of notify-svc; CONTACT_PRIVATE_KEY_FILE is needed as well.

    The rules' defaults are assumed (definitions.md, "When to speak"); *_minutes are business time, *_seconds system
    time; `hold_minutes` are working minutes of BUSINESS_HOURS. `claim_seconds` must exceed `smtp_data_seconds`: a claim
    may not run out while its message is being taken.
    """

    service: str = "notify-svc"
    port: int = 8105

    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(default=8026, ge=1, le=65_535)
    smtp_tls: Literal["none", "starttls", "tls"] = "none"
    smtp_username: str | None = None
    smtp_password_file: Path | None = None
    smtp_seconds: Seconds = 20
    smtp_data_seconds: Seconds = 60
    claim_seconds: Seconds = 90
    concurrency: int = Field(default=8, ge=1, le=64)
    attempts: int = Field(default=12, ge=1, le=100)
    freshest_seconds: Seconds = 60

    mail_sender: str = "promises@candor.example"
    mail_sender_name: str = "Candor"
    mail_reply_to: str = ""
    mail_action: str = _WORDING.action
    mail_options: tuple[str, ...] = _WORDING.options

    warn_at: Share = _RULES.warn_at
    clear_at: Share = _RULES.clear_at
    hold_minutes: Seconds = _RULES.hold / timedelta(minutes=1)
    overdue_minutes: Seconds = _RULES.overdue / timedelta(minutes=1)
    range_slack: Share = _RULES.slack
    update_share: Share = _RULES.update_share
    update_min_minutes: Seconds = _RULES.update_min / timedelta(minutes=1)
    update_max_minutes: Seconds = _RULES.update_max / timedelta(minutes=1)
    update_early_minutes: Annotated[float, Field(ge=0)] = _RULES.update_early / timedelta(minutes=1)
    daily_cap: int = Field(default=_RULES.daily_cap, ge=1)
    least_cases: int = Field(default=_RULES.least_cases, ge=0)
    owner_wait_minutes: Annotated[float, Field(ge=0)] = _RULES.owner_wait / timedelta(minutes=1)
    owner_daily_cap: int = Field(default=_RULES.owner_daily_cap, ge=1)

    @field_validator("smtp_username", "smtp_password_file", mode="before")
    @classmethod
    def _blank_is_absent(cls, value: object) -> object:
        return None if value == "" else value

    @model_validator(mode="after")
    def _mail(self) -> Self:
        if self.claim_seconds <= self.smtp_data_seconds:
            raise ValueError("CLAIM_SECONDS must be longer than SMTP_DATA_SECONDS")
        if self.clear_at >= self.warn_at:
            raise ValueError("CLEAR_AT must be below WARN_AT, or messages would take each other back")
        if self.owner_wait_minutes + self.update_early_minutes >= self.update_min_minutes:
            raise ValueError(
                "OWNER_WAIT_MINUTES and UPDATE_EARLY_MINUTES together must be below UPDATE_MIN_MINUTES, "
                "or messages would be stale by then"
            )
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

    def rules(self) -> Rules:
        """When to speak."""
        return Rules(
            self.warn_at,
            self.clear_at,
            timedelta(minutes=self.hold_minutes),
            timedelta(minutes=self.overdue_minutes),
            self.range_slack,
            self.update_share,
            timedelta(minutes=self.update_min_minutes),
            timedelta(minutes=self.update_max_minutes),
            self.daily_cap,
            self.least_cases,
            timedelta(minutes=self.owner_wait_minutes),
            self.owner_daily_cap,
            self.calendar,
            timedelta(minutes=self.update_early_minutes),
        )

    def wording(self) -> Wording:
        """What letters say of this deployment."""
        return Wording(self.mail_action, self.mail_options)

    def identity(self) -> Identity:
        """Who letters come from."""
        domain = self.mail_sender.rpartition("@")[2]
        return Identity(self.mail_sender, self.mail_sender_name, self.mail_reply_to or self.mail_sender, domain)

    def patience(self) -> Patience:
        """How long sending waits, and how often it tries."""
        return Patience(self.claim_seconds, self.freshest_seconds, self.attempts)

    def server(self) -> Server:
        """The mail server. Raises ValueError where the password file cannot serve."""
        password = read_secret(self.smtp_password_file) if self.smtp_password_file else None
        return Server(
            self.smtp_host,
            self.smtp_port,
            self.smtp_tls,
            self.smtp_username,
            password,
            self.smtp_seconds,
            self.smtp_data_seconds,
        )
