"""What a letter may say of its range: how such ranges held among the latest completed promises of the same type."""

from __future__ import annotations

from notify_svc.domain.facts import Forecast

SAID = 0.8
"""The share that a letter names for its later end: "8 of 10"."""
OFF = 0.05
"""How far the real share may be from what is said."""


def record_words(forecast: Forecast | None) -> dict[str, object]:
    """What the templates need: whether 8 of 10 came (`known`) or `more`, whether the range is `wider`, else `why` none.

    `came` of `of`: completed ones that came by the time forecast before it was moved.
    """
    if forecast is None:
        return {"known": False, "more": False, "wider": False, "why": "", "of": 0, "came": 0}
    held, holds, of = forecast.held, forecast.holds, forecast.completed
    known = holds is not None and holds >= SAID - OFF
    return {
        "known": known,
        "more": holds is not None and holds > SAID + OFF,
        "wider": known and held is not None and held < SAID - OFF,
        "why": forecast.no_range.value if forecast.no_range else "",
        "of": of,
        "came": round(held * of) if held is not None else 0,
    }
