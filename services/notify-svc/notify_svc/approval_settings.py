"""Settings of what waits for a person's word."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from candor.ops.settings import Settings
from candor.web.http.fields import address
from notify_svc.domain.approval import Approving, Patience

WEEK_MINUTES = 7 * 24 * 60
Share = Annotated[float, Field(ge=0, le=1)]


class ApprovalSettings(Settings):
    """Which letters wait for a person, and who is told when they wait too long."""

    approve_labels: Annotated[dict[str, tuple[str, ...]], NoDecode] = {}
    """Labels of promises whose letters wait for a person, with their values (`*`: any), as a JSON object.

    Example: {"tier": ["key"]}
    """
    approve_cases: int = Field(default=0, ge=0, le=1_000_000)
    """Similar promises below which a letter that rests on a forecast waits for a person; 0 never. Example: 40"""
    approve_certainty: Share = 0.0
    """Risk of delay below which a warning that rests on it alone waits for a person; 0 never. Example: 0.8"""
    approve_first: bool = False
    """Whether the first letter in a wording (template, language, LETTERS_FILE) waits for a person. Example: true"""
    approval_wait_minutes: Annotated[float, Field(ge=1, le=WEEK_MINUTES)] = 60
    """Minutes that a letter waits before its promise's owner is told, and as many before APPROVAL_ESCALATION is.

    Example: 60
    """
    approval_escalation: str = ""
    """Address of staff who hear of letters that nobody has decided on; empty: nobody. Example: head@example.com"""

    owner_takes_minutes: Annotated[float, Field(ge=0, le=WEEK_MINUTES)] = 0
    """Minutes that a customer's message waits for its owner to say it themselves, by a link in theirs; 0: it does not.

    Needs PAGE_URL. Example: 15
    """
    owner_tells_minutes: Annotated[float, Field(ge=1, le=WEEK_MINUTES)] = 60
    """Minutes that an owner who tells the customer themselves has to record it; then the message goes. Example: 60"""

    @field_validator("approve_labels", mode="before")
    @classmethod
    def _object(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        with suppress(ValueError):
            if isinstance(found := json.loads(value or "{}"), dict):
                return found
        raise ValueError('must be a JSON object such as {"tier": ["key"]}')

    @field_validator("approval_escalation")
    @classmethod
    def _one_address(cls, value: str) -> str:
        return address(value) if value else ""

    def approving(self) -> Approving:
        """Which letters wait for a person."""
        labels = {name: frozenset(values) for name, values in self.approve_labels.items()}
        return Approving(labels, self.approve_cases, self.approve_certainty, self.approve_first)

    def owner_tells(self) -> timedelta:
        """How long an owner who took a message over has to record what they said."""
        return timedelta(minutes=self.owner_tells_minutes)

    def waiting(self) -> Patience:
        """How long letters wait before somebody is told."""
        return Patience(timedelta(minutes=self.approval_wait_minutes), escalates=bool(self.approval_escalation))
