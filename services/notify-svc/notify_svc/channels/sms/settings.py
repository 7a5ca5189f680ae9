"""Settings of the channel for text messages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated, Final

from pydantic import Field, field_validator

from candor.clients.calling import check_base
from candor.ops.secret_files import SecretFile, credential
from candor.ops.setting_types import EMPTY_IS_NONE, OptionalFile, Seconds
from notify_svc.channels import ChannelSettings

SENDER: Final = re.compile(r"\+[1-9][0-9]{6,14}|MG[0-9a-f]{32}|[0-9]{3,8}")
SID: Final = re.compile(r"AC[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Account:
    """An account of Twilio; `callback`: where it reports what became of a message (empty: nowhere)."""

    base: str
    sid: str
    token: SecretFile[str] = field(repr=False)
    sender: str
    seconds: float
    callback: str = ""


class SmsSettings(ChannelSettings):
    """The account that text messages go through; without one there is no such channel."""

    twilio_account_sid: Annotated[str | None, EMPTY_IS_NONE] = None
    """Id of the account at Twilio; without it no text message is sent. Example: AC00000000000000000000000000000418"""
    twilio_token_file: OptionalFile = None
    """File of one line, the account's auth token. Read again: for the next message.

    Example: /run/candor/twilio/token
    """
    twilio_from: str = ""
    """Number, short code or messaging service that text messages come from. Example: +15005550006"""
    twilio_base: str = "https://api.twilio.com"
    """Address of Twilio's API. Example: https://api.dublin.ie1.twilio.com"""
    twilio_callback: str = ""
    """Where Twilio reports what became of a message: `/v1/callbacks/sms` as the outside sees it; empty: nowhere.

    Example: https://candor.example.com/v1/callbacks/sms
    """
    twilio_seconds: Seconds = 20
    """Seconds that Twilio may take to accept a message. Example: 20"""
    sms_segments: int = Field(default=6, ge=1, le=10)
    """Segments that a text message may have; a longer one goes by the contact's next channel. Example: 6"""

    @field_validator("twilio_account_sid")
    @classmethod
    def _sid(cls, value: str | None) -> str | None:
        if value is not None and not SID.fullmatch(value):
            raise ValueError("must be AC and 32 hexadecimal digits")
        return value

    @field_validator("twilio_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        if value and not SENDER.fullmatch(value):
            raise ValueError("must be a number with +, a short code or a messaging service (MG…)")
        return value

    @field_validator("twilio_base", "twilio_callback")
    @classmethod
    def _base(cls, value: str) -> str:
        if value:
            check_base(value)
        return value.rstrip("/")

    def account(self) -> Account | None:
        """The account; None without one. Raises ValueError if something of it is missing or its file cannot be used."""
        sid, path = self.twilio_account_sid, self.twilio_token_file
        if sid is None:
            return None
        if path is None or not self.twilio_from:
            raise ValueError("TWILIO_TOKEN_FILE and TWILIO_FROM are needed beside TWILIO_ACCOUNT_SID")
        token = SecretFile(path, credential, name="TWILIO_TOKEN_FILE")
        return Account(self.twilio_base, sid, token, self.twilio_from, self.twilio_seconds, self.twilio_callback)
