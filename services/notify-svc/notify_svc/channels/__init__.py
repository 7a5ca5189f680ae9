"""Ways to an addressee, one folder each; what a channel is: address, form of letter, attempt, settings, health.

Whatever folder beside this file exports CHANNEL is a channel.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol

from pydantic_settings import BaseSettings, SettingsConfigDict


class Fate(StrEnum):
    """What became of one attempt."""

    SENT = "sent"
    """The provider said that it has taken the message."""
    LATER = "later"
    """Provably unsent, and worth another try with the same id."""
    REFUSED_RECIPIENT = "refused_recipient"
    """Provably unsent: there is no such address, so it is not tried again on this channel."""
    REFUSED = "refused"
    """Provably unsent: the provider will not take this message."""
    ABORTED = "aborted"
    """Provably unsent: our own last check said no."""
    UNKNOWN = "unknown"
    """It may or may not have gone out: sending had begun, and no clear answer came."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """An attempt's fate; `code` is the provider's (empty: none), `step` where it ended, `error` the kind of failure.

    `provider_id` is the provider's name for the message, where it gives one. None of them holds an address.
    """

    fate: Fate
    step: str
    code: str = ""
    error: str = ""
    provider_id: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """Which letter a channel carries: with a subject, with HTML, of at most `longest` characters of text (None: any).

    `templates` names a package whose `templates/` go before those of `compose/`, for a wording of the channel's own.
    """

    subject: bool = True
    html: bool = True
    longest: int | None = None
    templates: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one delivery carries to one `address`; `address` and `name` never show in its repr.

    `delivery_id` stays the same over retries: it is what a provider may deduplicate by. `thread` names the promise's
    conversation, `reply_to` the notice that this one answers to (empty: none), `at` is when it was decided.
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


Begin = Callable[[], Awaitable[bool]]
"""Commits that the part begins after which a message may have gone out; False: nothing may be sent."""


class Channel(Protocol):
    """One way to an addressee.

    `address_kind` is the name of the address that it needs of a contact: channels may share one. `final_seconds`: how
    long `send` takes at most once `begin` has said yes; a claim's lease must be longer.
    """

    @property
    def name(self) -> str:
        """What it is called in tables and the API; the folder's name."""

    @property
    def address_kind(self) -> str:
        """The contact's address that it needs: `email`, `phone` …"""

    @property
    def form(self) -> Form:
        """The letter that it carries."""

    @property
    def final_seconds(self) -> float:
        """Seconds that may pass between `begin` and the end of `send`."""

    def normalise(self, address: str) -> str | None:
        """The address as it is used and compared; None where it is none that could be written to."""

    async def send(self, message: Message, begin: Begin) -> Outcome:
        """One attempt: everything that can be known beforehand, then `begin`, then what cannot be taken back.

        Before `begin` has answered True nothing may leave. Never raises but CancelledError.
        """

    async def check(self) -> None:
        """Raises where the channel does not work; asked often, so it answers from what it knows."""


class ChannelSettings(BaseSettings):
    """Settings of one channel, from the environment by their names in upper case; `environment` is the service's."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    environment: Literal["development", "production"] = "development"

    @property
    def production(self) -> bool:
        return self.environment == "production"


@dataclass(frozen=True, slots=True)
class Registration:
    """What `channels/<name>/` exports as CHANNEL; `build` gives None where the channel is not set up."""

    settings: type[ChannelSettings]
    build: Callable[[Any], Channel | None]
