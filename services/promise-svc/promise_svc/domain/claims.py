"""A claim beside the register of capabilities as it stood when the claim was made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from candor.contracts.matters import Check, Claimed, Level
from promise_svc.domain.matter import Entry

LEVELS: Final = (Level.NONE, Level.PLANNED, Level.BETA, Level.AVAILABLE)
"""From less to more."""


def stood(entries: Iterable[Entry], at: datetime) -> Entry | None:
    """The entry of a capability that stood at a time: the last one said up to then."""
    before = [entry for entry in entries if entry.at <= at]
    return max(before, key=lambda entry: (entry.at, entry.number), default=None)


def level(statuses: Iterable[Mapping[str, Any]], region: str | None, edition: str | None) -> Level | None:
    """The status for a region and an edition: the most particular that applies, a region before an edition."""
    fitting = [one for one in statuses if one.get("region") in (None, region) and one.get("edition") in (None, edition)]
    best = max(
        fitting,
        key=lambda one: (one.get("region") is not None, one.get("edition") is not None),
        default=None,
    )
    return None if best is None else Level(best["status"])


def check(said: Claimed, there: Level | None) -> Check:
    """Whether what was said is more than there was, or less; what is available and left out is less."""
    if there is None:
        return Check.UNREGISTERED
    if said is Claimed.LEFT_OUT:
        return Check.UNDER_CLAIM if there is Level.AVAILABLE else Check.SUPPORTED
    above = LEVELS.index(Level(said.value)) - LEVELS.index(there)
    if above == 0:
        return Check.SUPPORTED
    return Check.OVER_CLAIM if above > 0 else Check.UNDER_CLAIM
