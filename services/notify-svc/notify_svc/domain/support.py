"""What a forecast supports saying: one that rests on too few like promises supports no warning and no range."""

from __future__ import annotations

from datetime import datetime

from notify_svc.domain.facts import Forecast

CERTAIN = 0.999


def supported(forecast: Forecast | None, as_of: datetime, held_due: datetime, least: int) -> Forecast | None:
    """`forecast` if it rests on `least` like promises or more.

    Below that only what the clock itself says stays: that the date held has passed without completion. None: nothing.
    """
    if forecast is None or forecast.n >= least:
        return forecast
    if as_of >= held_due and forecast.p_slip >= CERTAIN:
        return Forecast(forecast.p_slip, None, None, forecast.n)
    return None
