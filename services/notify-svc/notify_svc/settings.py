"""Settings of notify-svc."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from candor.contracts import PROCESSES, known_processes
from candor.ops.edge_settings import OwnHost, public_address
from candor.ops.secret_files import SecretFile
from candor.ops.setting_types import Names, OptionalFile, Port, Seconds, ServiceName
from candor.ops.settings import strong_secrets
from candor.web.http.fields import address
from candor.web.http.text import one_line
from notify_svc.approval_settings import ApprovalSettings
from notify_svc.channels import Channel
from notify_svc.channels.registry import build_channels
from notify_svc.compose.house import Houses
from notify_svc.delivery.mass import Limit
from notify_svc.delivery.postman import Patience
from notify_svc.domain.chase import Chase
from notify_svc.domain.facts import Rules
from notify_svc.domain.quiet import NONE, quiet_hours
from notify_svc.expectation_settings import ExpectationSettings
from notify_svc.page import PATH

_RULES, _LIMIT = Rules(), Limit()
Words = Annotated[str, AfterValidator(one_line)]
Share = Annotated[float, Field(ge=0, le=1)]
MOST_RECIPIENTS = 500
MOVED = {"MAIL_ACTION", "MAIL_OPTIONS"}
"""Variables of earlier releases, whose words are in LETTERS_FILE."""
YEAR_MINUTES = 366 * 24 * 60
Minutes = Annotated[float, Field(ge=0.001, le=YEAR_MINUTES)]
MinutesOrNone = Annotated[float, Field(ge=0, le=YEAR_MINUTES)]


class NotifySettings(ApprovalSettings, ExpectationSettings):
    """Settings of notify-svc; CONTACT_PRIVATE_KEY_FILE is required as well.

    The rules' defaults are assumed (definitions.md, "When to speak"); *_minutes are business time, *_seconds system
    time; `hold_minutes` are working minutes of BUSINESS_HOURS. `claim_seconds` must exceed the longest time a channel
    takes to send (SMTP_DATA_SECONDS) because a claim must not expire while its message is being accepted. Each channel
    has settings of its own, in its folder.
    """

    model_config = SettingsConfigDict(extra="allow")

    service: ServiceName = "notify-svc"
    """Name of the service, which chooses its database and its consumer group. Example: notify-svc"""
    port: Port = 8105
    """TCP port that the process listens on; 0 takes any free one. Example: 8080"""

    claim_seconds: Seconds = 90
    """Seconds for which one process alone may send a message; longer than any channel takes to send. Example: 90"""
    concurrency: int = Field(default=8, ge=1, le=64)
    """Messages that are sent at once. Example: 8"""
    attempts: int = Field(default=12, ge=1, le=100)
    """Attempts after which a message that cannot be sent has failed. Example: 12"""
    freshest_seconds: Seconds = 60
    """Age in seconds of a promise's facts above which nothing about it is decided or sent: it waits. Example: 60"""
    expected_processes: Annotated[Names, AfterValidator(known_processes)] = tuple(PROCESSES)
    """Processes that this deployment has, separated by commas: facts are fresh if these have handled all they got.

    Example: promise-svc,delivery-svc,risk-svc worker,risk-svc learner,risk-svc insight,notify-svc
    """

    mass_share: Share = _LIMIT.share
    """Share of customers with open promises: letters to more within an hour wait for a person; 1 never. Example: 0.5"""
    mass_least: int = Field(default=_LIMIT.least, ge=0, le=10_000_000)
    """Customers to whom letters within an hour are no mass, whatever their share. Example: 500"""

    letters_file: OptionalFile = None
    """YAML file of what the company says in letters: who writes, what it does about delays, what it offers. Read again:
    within a second of a change.

    Example: /run/candor/letters/letters.yaml
    """

    brief_recipients: Annotated[dict[str, tuple[str, ...]], NoDecode] = {}
    """Who gets the weekly brief by mail: addresses of staff by department, `*` for the brief of all, as a JSON object;
    empty: nobody. Never a customer's.

    Example: {"*": ["boss@example.com"], "sales": ["sales-head@example.com"]}
    """
    board_url: str = ""
    """What stands before /board outside, for the links in the weekly brief. Example: https://candor.example.com"""

    page_url: str = ""
    """Where customers reach the page that each message links to: a host of its own, on which this process serves
    nothing else. Empty: messages have no link. Example: https://promises.example.com
    """
    page_secret_file: OptionalFile = None
    """File of secrets, one a line, of 32 characters or more: the first signs links to the customer's page.

    Read again: within seconds of a change. Example: /run/candor/page/page.key
    """
    page_company: Words = "Your promise"
    """What stands above the customer's page: who promised. Example: Example Airlines
    """

    questions_days: int = Field(default=90, ge=0, le=3660)
    """Days in which a customer is asked the four questions on the customer's page at most once; 0: never. Example: 180
    """

    chase_days: float = Field(default=3, ge=0, le=366)
    """Days before the promised time from which on a customer is asked once, by a letter, for what is still open about
    their need; 0: never. Example: 5
    """
    chase_owner_hours: float = Field(default=24, ge=0, le=8784)
    """Hours after that letter at which the promise's owner hears that no answer came. Example: 12"""

    warn_at: Share = _RULES.warn_at
    """Risk of delay from which a customer is warned. Example: 0.7"""
    clear_at: Share = _RULES.clear_at
    """Risk of delay below which a warning is taken back; below WARN_AT. Example: 0.3"""
    hold_minutes: Minutes = _RULES.hold / timedelta(minutes=1)
    """Working minutes for which a risk must last before it is told. Example: 5"""
    overdue_minutes: Minutes = _RULES.overdue / timedelta(minutes=1)
    """Minutes past its planned time after which an unreported step counts as missed. Example: 30"""
    range_slack: Share = _RULES.slack
    """Share of the told range by which P50 must improve to be news. Example: 0.25"""
    update_share: Share = _RULES.update_share
    """Share of the time to P80 after which the next update is promised. Example: 1"""
    update_min_minutes: Minutes = _RULES.update_min / timedelta(minutes=1)
    """Least minutes until the next update. Example: 60"""
    update_max_minutes: Minutes = _RULES.update_max / timedelta(minutes=1)
    """Most minutes until the next update; at least UPDATE_MIN_MINUTES. Example: 2880"""
    update_early_minutes: MinutesOrNone = _RULES.update_early / timedelta(minutes=1)
    """Minutes before a promised update at which it is written. Example: 5"""
    daily_cap: int = Field(default=_RULES.daily_cap, ge=1, le=1_000_000)
    """Messages that a customer gets at most in 24 business hours. Example: 10"""
    joint_most: int = Field(default=10, ge=1, le=50)
    """Promises of one customer that one mail tells of at most; 1: each has a mail of its own. Example: 10"""
    joint_seconds: float = Field(default=5, ge=0, le=3600)
    """Seconds of business time that a message waits for others to the same customer, so that one mail tells of all that
    an incident hits; an announced update does not wait. Example: 30
    """
    quiet_hours: str = NONE
    """Hours, on each customer's clock, in which they are left in peace: what is due then is decided anew when they end.
    A contact may have others. Example: 21:00-07:00
    """
    min_cases: int = Field(default=_RULES.min_cases, ge=0, le=1_000_000)
    """Similar promises that a forecast must rest on before it is told. Example: 20"""
    owner_wait_minutes: MinutesOrNone = _RULES.owner_wait / timedelta(minutes=1)
    """Minutes by which the promise's owner is told before the customer. Example: 10"""
    owner_daily_cap: int = Field(default=_RULES.owner_daily_cap, ge=1, le=1_000_000)
    """Messages that an owner gets at most in 24 business hours. Example: 100"""

    @field_validator("quiet_hours")
    @classmethod
    def _hours(cls, value: str) -> str:
        quiet_hours(value)
        return value

    @field_validator("brief_recipients", mode="before")
    @classmethod
    def _recipients(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        with suppress(ValueError):
            if isinstance(found := json.loads(value or "{}"), dict):
                return found
        raise ValueError('must be a JSON object such as {"*": ["boss@example.com"]}')

    @field_validator("brief_recipients")
    @classmethod
    def _addresses(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if sum(map(len, value.values())) > MOST_RECIPIENTS:
            raise ValueError(f"must have at most {MOST_RECIPIENTS} addresses")
        return {name: tuple(address(one) for one in addresses) for name, addresses in value.items()}

    @field_validator("board_url")
    @classmethod
    def _of_the_board(cls, value: str) -> str:
        return public_address(value)

    @model_validator(mode="after")
    def _nothing_is_ignored(self) -> Self:
        if gone := sorted(MOVED & os.environ.keys()):
            raise ValueError(f"{gone[0]} is set, and is read no more: say it in LETTERS_FILE, and leave this out")
        return self

    @model_validator(mode="after")
    def _links_lead_somewhere(self) -> Self:
        if self.production and self.board_url.startswith("http://"):
            raise ValueError("BOARD_URL must start with https:// in production")
        if self.brief_recipients and not self.board_url:
            raise ValueError("BRIEF_RECIPIENTS needs BOARD_URL beside it: each sentence of a brief links to the board")
        return self

    @field_validator("page_url")
    @classmethod
    def _of_the_page(cls, value: str) -> str:
        address = public_address(value)
        if urlsplit(address).path:
            raise ValueError("must be a host of its own, such as https://promises.example.com, without a path")
        return address

    @model_validator(mode="after")
    def _page_apart(self) -> Self:
        if not self.page_url:
            if self.owner_takes_minutes:
                raise ValueError("OWNER_TAKES_MINUTES needs PAGE_URL: owners take messages over by a link")
            return self
        if self.page_secret_file is None:
            raise ValueError("PAGE_URL needs PAGE_SECRET_FILE beside it: links are signed with it")
        if self.production and self.page_url.startswith("http://"):
            raise ValueError("PAGE_URL must start with https:// in production")
        host = urlsplit(self.page_url).hostname or ""
        if host in {urlsplit(one).hostname for one in (self.public_url, self.board_url)}:
            raise ValueError("PAGE_URL must have a host of its own: browsers keep cookies of staff by host")
        return self

    @model_validator(mode="after")
    def _no_message_takes_another_back(self) -> Self:
        if self.clear_at >= self.warn_at:
            raise ValueError("CLEAR_AT must be below WARN_AT, or warnings and all-clears would alternate")
        if self.owner_wait_minutes + self.owner_takes_minutes + self.update_early_minutes >= self.update_min_minutes:
            raise ValueError(
                "OWNER_WAIT_MINUTES, OWNER_TAKES_MINUTES and UPDATE_EARLY_MINUTES together must be below "
                "UPDATE_MIN_MINUTES, or messages would be stale by then"
            )
        if self.update_max_minutes < self.update_min_minutes:
            raise ValueError("UPDATE_MAX_MINUTES must be at least UPDATE_MIN_MINUTES")
        return self

    def rules(self) -> Rules:
        """When to speak."""
        return Rules(
            warn_at=self.warn_at,
            tiers=self.by_tier(),
            clear_at=self.clear_at,
            hold=timedelta(minutes=self.hold_minutes),
            overdue=timedelta(minutes=self.overdue_minutes),
            slack=self.range_slack,
            update_share=self.update_share,
            update_min=timedelta(minutes=self.update_min_minutes),
            update_max=timedelta(minutes=self.update_max_minutes),
            daily_cap=self.daily_cap,
            min_cases=self.min_cases,
            owner_wait=timedelta(minutes=self.owner_wait_minutes),
            owner_takes=timedelta(minutes=self.owner_takes_minutes),
            owner_daily_cap=self.owner_daily_cap,
            calendar=self.calendar,
            quiet=quiet_hours(self.quiet_hours),
            joint_most=self.joint_most,
            joint_wait=timedelta(seconds=self.joint_seconds),
            update_early=timedelta(minutes=self.update_early_minutes),
        )

    def houses(self) -> Houses:
        """What the company has set for its letters. Raises ValueError, with line and field, for a wrong file."""
        return Houses(self.letters_file)

    @property
    def own_host(self) -> OwnHost:
        """The host of the customer's page."""
        return OwnHost(urlsplit(self.page_url).netloc, PATH)

    def page_secrets(self) -> SecretFile[Sequence[str]] | None:
        """The secrets of links to the page; None without a page. Raises ValueError for short ones and placeholders."""
        if not self.page_url or self.page_secret_file is None:
            return None
        return SecretFile(self.page_secret_file, strong_secrets, name="PAGE_SECRET_FILE")

    def mass(self) -> Limit:
        """From which letters to customers on wait for a person."""
        return Limit(self.mass_share, self.mass_least)

    def chase(self) -> Chase:
        """When customers are asked for what is open about their need."""
        return Chase(timedelta(days=self.chase_days), timedelta(hours=self.chase_owner_hours))

    def patience(self) -> Patience:
        """Time limits of sending, and the number of attempts."""
        return Patience(self.claim_seconds, self.freshest_seconds, self.attempts)

    def channels(self, extra: Iterable[Channel] = ()) -> dict[str, Channel]:
        """Every channel that is set up, and `extra` ones. Raises ValueError, naming the setting, for a wrong value.

        Channels read their settings from the environment; values passed to these settings by name override it.
        """
        return build_channels(self.environment, self.model_extra or {}, self.claim_seconds, extra)
