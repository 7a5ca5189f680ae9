"""What a forecast supports: one that rests on too few similar promises supports no warning and no range."""

from __future__ import annotations

from datetime import datetime

from notify_svc.domain.facts import Forecast

CERTAIN = 0.999


def supported(forecast: Forecast | None, as_of: datetime, held_due: datetime, least: int) -> Forecast | None:
    """`forecast` if it rests on at least `least` similar promises.

    Otherwise only what the clock proves: that the promised date has passed without completion. None if it has not.
    """
    if forecast is None or forecast.n >= least:
        return forecast
    if as_of >= held_due and forecast.p_slip >= CERTAIN:
        return Forecast(forecast.p_slip, None, None, forecast.n)
    return None
