"""What the record of stated times says beside them: how they held, how far they were moved, or why there are none."""

from __future__ import annotations

from typing import Final

from risk_svc.domain.components.lateness import span
from risk_svc.domain.support import NO_RANGE
from risk_svc.web.api import responses

NAMED: Final = 0.8
"""The level whose record is told in words: 8 of 10."""


def words(forecast: responses.ForecastOut) -> str:
    """E.g. `Of the last 200 completed of its type with such a P80, 79% came by it.`; empty if there is no record.

    Where the time was moved, by how much and what it held then; where there is none, why.
    """
    said = next((_record(one, moved=forecast.no_range is None) for one in forecast.records if one.level == NAMED), "")
    if forecast.no_range is None:
        return said
    why = f"No time is stated: {NO_RANGE[forecast.no_range]}."
    return f"{why} {said}" if said else why


def _record(held: responses.TimeRecordOut, *, moved: bool) -> str:
    if held.held is None:
        return ""
    said = f"Of the last {held.n:,} completed of its type with such a P80, {held.held:.0%} came by it"
    if moved and held.later_s and held.holds is not None:
        return f"{said} as forecast; so it is stated {span(held.later_s)} later, by which {held.holds:.0%} came."
    return f"{said}."
