"""The board's figures as metrics, read every 15 s by the web role: open promises by band, slipping, calibration."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from candor.ops.rounds import Rounds
from risk_svc import metrics
from risk_svc.forecast.evaluation import Measures, calibrated, evaluate
from risk_svc.store import queries

if TYPE_CHECKING:
    from candor.store.db import Database

log = structlog.get_logger("risk.figures")
EVERY_SECONDS: Final = 15.0
LAST: Final = 5000


class Figures(Rounds):
    """A background task that sets the gauges every 15 s from the last 5,000 scored forecasts."""

    name = "figures"

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    async def round(self) -> float:
        """Measure once; during an outage of the database the last figures remain."""
        try:
            await self.measure()
        except Exception as error:
            log.warning("figures not measured", error=type(error).__name__, consequence="gauges are not updated")
        return EVERY_SECONDS

    async def measure(self) -> None:
        """Set all gauges once."""
        async with self._database.reading() as session:
            counted = await queries.counts(session)
            scored, _ = await queries.scores(session, queries.ScoreFilter(), LAST)
        for name, count in counted["bands"].items():
            metrics.PROMISES_OPEN.labels(name).set(count)
        metrics.PROMISES_SLIPPING.set(counted["slipping"])
        # Takes some hundredths of a second every 15 s, off the event loop so as not to block it.
        show(await asyncio.to_thread(evaluate, scored))


def show(found: Measures) -> None:
    """Set the gauges of forecast accuracy; until something is scored they stay unchanged."""
    if found.brier is None or found.base_brier is None:
        return
    metrics.FORECAST_BRIER.set(found.brier)
    metrics.FORECAST_BASE_BRIER.set(found.base_brier)
    if found.calibration_error is None:
        metrics.FORECAST_CALIBRATION_ERROR.clear()
    else:
        metrics.FORECAST_CALIBRATION_ERROR.set(found.calibration_error)
    metrics.FORECAST_MISCALIBRATED.set(calibrated(found) is False)
    # A bin without any of the latest forecasts would keep showing old ones.
    for gauge in (metrics.FORECASTS_SETTLED, metrics.FORECAST_PREDICTED, metrics.FORECAST_OBSERVED):
        gauge.clear()
    for item in found.reliability:
        metrics.FORECASTS_SETTLED.labels(f"{item.low:.1f}").set(item.n)
        metrics.FORECAST_PREDICTED.labels(f"{item.low:.1f}").set(item.predicted)
        metrics.FORECAST_OBSERVED.labels(f"{item.low:.1f}").set(item.observed)
    for level in found.coverage:
        metrics.FORECAST_COVERED.labels(f"{level.level}").set(level.covered)
        metrics.FORECASTS_COMPLETED.labels(f"{level.level}").set(level.n)
