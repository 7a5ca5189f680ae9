"""Channels, one folder each, and their interface: address, form of letter, attempt, settings, health.

Every folder beside this file that exports CHANNEL is a channel.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol

from pydantic_settings import BaseSettings, SettingsConfigDict


class Fate(StrEnum):
    """The outcome of one attempt."""

    SENT = "sent"
    """The provider accepted the message."""
    LATER = "later"
    """Provably unsent; worth retrying with the same id."""
    REFUSED_RECIPIENT = "refused_recipient"
    """Provably unsent: the address does not exist, so it is not tried again on this channel."""
    REFUSED = "refused"
    """Provably unsent: the provider rejected this message."""
    ABORTED = "aborted"
    """Provably unsent: our own last check forbade it."""
    UNKNOWN = "unknown"
    """It may or may not have been sent: sending had begun, and no clear answer came."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """An attempt's fate; `code` is the provider's (empty: none), `step` where it ended, `error` the kind of failure.

    `provider_id` is the provider's id for the message, if it gives one; `wait`: the seconds until it is worth trying
    again (0: as with every channel). None of these fields contains an address.
    """

    fate: Fate
    step: str
    code: str = ""
    error: str = ""
    provider_id: str = ""
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Form:
    """The letter a channel carries: with a subject, with HTML, at most `longest` characters of text (None: any).

    `replies`: an answer to a message reaches a person; else nobody is asked to reply to it.
    `joint`: one may tell of several promises; only where what is tried again was not taken before.
    `templates` names a package whose `templates/` override those of `compose/`, for wording specific to the channel.
    """

    subject: bool = True
    html: bool = True
    longest: int | None = None
    templates: str | None = None
    joint: bool = False
    replies: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one delivery carries to one `address`; `address` and `name` are excluded from its repr.

    `delivery_id` stays the same across retries, so that a provider can deduplicate by it. `thread` names the promise's
    conversation, `reply_to` the notice that this one follows (empty: none); `at` is when it was decided. `attempt`
    counts from 1. `leave` is where the addressee says that they want no messages, by GET or one POST (empty: nowhere).
    """

    delivery_id: str
    notice_id: str
    thread: str
    reply_to: str
    at: datetime
    address: str = field(repr=False)
    name: str | None = field(repr=False)
    subject: str
    text: str
    html: str
    attempt: int = 1
    leave: str = field(default="", repr=False)


Begin = Callable[[], Awaitable[bool]]
"""Commits that the irrevocable part of sending begins; if it returns False, nothing may be sent."""


class Channel(Protocol):
    """One way to reach an addressee.

    `address_kind` names the contact's address that it uses; channels may share one. `final_seconds`: the longest that
    `send` takes once `begin` has returned True; a claim's lease must be longer.
    """

    @property
    def name(self) -> str:
        """Its name in tables and the API; equal to the folder's name."""

    @property
    def address_kind(self) -> str:
        """The kind of contact address it uses: `email`, `phone` …"""

    @property
    def form(self) -> Form:
        """The form of the letters it carries."""

    @property
    def final_seconds(self) -> float:
        """Seconds that may pass between `begin` and the end of `send`."""

    def normalise(self, address: str) -> str | None:
        """The address in the form used and compared; None if it cannot be written to."""

    async def send(self, message: Message, begin: Begin) -> Outcome:
        """One attempt: every check that can be made beforehand, then `begin`, then the irrevocable part.

        Nothing may be sent before `begin` has returned True. Raises nothing but CancelledError.
        """

    async def check(self) -> None:
        """Raises if the channel does not work; called often, so it answers from what it already knows."""


class ChannelSettings(BaseSettings):
    """Settings of one channel, read from the environment in upper case; `environment` is the service's."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, use_attribute_docstrings=True, allow_inf_nan=False
    )

    environment: Literal["development", "production"] = "development"
    """`production` refuses placeholders and open links. Example: production"""

    @property
    def production(self) -> bool:
        return self.environment == "production"


@dataclass(frozen=True, slots=True)
class Registration:
    """What `channels/<name>/` exports as CHANNEL; `build` returns None if the channel is not set up."""

    settings: type[ChannelSettings]
    build: Callable[[Any], Channel | None]
