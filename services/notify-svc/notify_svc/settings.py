"""Settings of notify-svc."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from candor.ops.settings import Settings
from notify_svc.channels import Channel
from notify_svc.channels.registry import build_channels
from notify_svc.compose.letter import Wording
from notify_svc.delivery.postman import Patience
from notify_svc.domain.facts import Rules

_RULES, _WORDING = Rules(), Wording()
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(gt=0)]


class NotifySettings(Settings):
    """Settings of notify-svc; CONTACT_PRIVATE_KEY_FILE is required as well.

    The rules' defaults are assumed (definitions.md, "When to speak"); *_minutes are business time, *_seconds system
    time; `hold_minutes` are working minutes of BUSINESS_HOURS. `claim_seconds` must exceed the longest time a channel
    takes to send (SMTP_DATA_SECONDS) because a claim must not expire while its message is being accepted. Each channel
    has settings of its own, in its folder.
    """

    model_config = SettingsConfigDict(extra="allow")

    service: str = "notify-svc"
    port: int = 8105

    claim_seconds: Seconds = 90
    concurrency: int = Field(default=8, ge=1, le=64)
    attempts: int = Field(default=12, ge=1, le=100)
    freshest_seconds: Seconds = 60

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
    min_cases: int = Field(default=_RULES.min_cases, ge=0)
    owner_wait_minutes: Annotated[float, Field(ge=0)] = _RULES.owner_wait / timedelta(minutes=1)
    owner_daily_cap: int = Field(default=_RULES.owner_daily_cap, ge=1)

    @model_validator(mode="after")
    def _no_message_takes_another_back(self) -> Self:
        if self.clear_at >= self.warn_at:
            raise ValueError("CLEAR_AT must be below WARN_AT, or warnings and all-clears would alternate")
        if self.owner_wait_minutes + self.update_early_minutes >= self.update_min_minutes:
            raise ValueError(
                "OWNER_WAIT_MINUTES and UPDATE_EARLY_MINUTES together must be below UPDATE_MIN_MINUTES, "
                "or messages would be stale by then"
            )
        return self

    def rules(self) -> Rules:
        """When to speak."""
        return Rules(
            warn_at=self.warn_at,
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
            owner_daily_cap=self.owner_daily_cap,
            calendar=self.calendar,
            update_early=timedelta(minutes=self.update_early_minutes),
        )

    def wording(self) -> Wording:
        """How letters describe this deployment."""
        return Wording(self.mail_action, self.mail_options)

    def patience(self) -> Patience:
        """Time limits of sending, and the number of attempts."""
        return Patience(self.claim_seconds, self.freshest_seconds, self.attempts)

    def channels(self, extra: Iterable[Channel] = ()) -> dict[str, Channel]:
        """Every channel that is set up, and `extra` ones. Raises ValueError, naming the setting, for a wrong value.

        Channels read their settings from the environment; values passed to these settings by name override it.
        """
        return build_channels(self.environment, self.model_extra or {}, self.claim_seconds, extra)
