"""Settings of how customers want to be written to: what they tolerate, how early and how often."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_settings import NoDecode

from candor.contracts import Tolerance
from candor.ops.settings import Settings
from notify_svc.domain.facts import Expectation

MOST_TIERS: Final = 50


class TierIn(BaseModel):
    """What customers of a tier expect; the fields are those of a contact."""

    model_config = ConfigDict(extra="forbid")

    tolerance: Tolerance | None = None
    ahead_hours: Annotated[float, Field(ge=1, le=8784)] | None = None
    pace_hours: Annotated[float, Field(ge=1, le=720)] | None = None

    def expectation(self) -> Expectation:
        """As the rules know it."""
        given = (self.ahead_hours, self.pace_hours)
        ahead, pace = (None if hours is None else timedelta(hours=hours) for hours in given)
        return Expectation("", self.tolerance, ahead, pace)


class ExpectationSettings(Settings):
    """How customers want to be written to, by tier; what a contact itself says comes first."""

    tiers: Annotated[dict[str, TierIn], NoDecode] = {}
    """How customers of each tier want to be written to, `*` all others, as a JSON object: `tolerance` (low, usual or
    high), `ahead_hours` and `pace_hours`. A contact's own values come first.

    Example: {"key": {"tolerance": "low"}, "*": {"pace_hours": 24}}
    """

    @field_validator("tiers", mode="before")
    @classmethod
    def _tiers(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        with suppress(ValueError):
            if isinstance(found := json.loads(value or "{}"), dict):
                return found
        raise ValueError('must be a JSON object such as {"key": {"tolerance": "low"}}')

    @field_validator("tiers")
    @classmethod
    def _each_once(cls, value: dict[str, TierIn]) -> dict[str, TierIn]:
        if len({name.casefold() for name in value}) != len(value) or len(value) > MOST_TIERS:
            raise ValueError(f"must name each tier once, and at most {MOST_TIERS}")
        return value

    def by_tier(self) -> dict[str, Expectation]:
        """What customers of each tier expect."""
        return {name: one.expectation() for name, one in self.tiers.items()}
