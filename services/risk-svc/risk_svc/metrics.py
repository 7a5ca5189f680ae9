"""Metrics specific to risk-svc."""

from __future__ import annotations

import math
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from candor.ops.metrics import FAST, REGISTRY, gauge

PUBLISHED: Final = Counter("candor_gaps_published_total", "Gaps published, by why.", ("reason",), registry=REGISTRY)
MODEL_VERSION: Final = Gauge(
    "candor_model_version", "Version of the model that this process forecasts with, or learns.", registry=REGISTRY
)
MODEL_BOUNDARY: Final = Gauge(
    "candor_model_boundary_timestamp_seconds",
    "Business time up to which the learner has learnt; 0 before the first boundary.",
    registry=REGISTRY,
)
BOUNDARIES_WAITING: Final = Gauge(
    "candor_model_boundaries_waiting",
    "Version boundaries that business time has passed and the learner has not closed; NaN where nobody learns.",
    registry=REGISTRY,
)
# Every role of risk-svc exports it: 0 from a role that does not learn would suggest that all is well.
BOUNDARIES_WAITING.set(math.nan)
JOURNAL_UNREAD: Final = Gauge("candor_journal_unread_rows", "Rows that the learner has to read.", registry=REGISTRY)
JOURNAL_WAITING: Final = Gauge(
    "candor_journal_waiting_entries", "Entries read that no closed boundary covers.", registry=REGISTRY
)
ENTRIES_LATE: Final = Counter(
    "candor_journal_late_entries_total", "Entries that came after their boundary was closed.", registry=REGISTRY
)
PROMISES_TOO_LATE: Final = Counter(
    "candor_promises_too_late_to_teach_total",
    "Promises heard of only after learning had passed their end: they teach nothing.",
    registry=REGISTRY,
)
VERSION_SECONDS: Final = Histogram(
    "candor_model_version_seconds", "Time to learn up to one boundary.", buckets=FAST, registry=REGISTRY
)
PROMISES_IN_MEMORY: Final = gauge("promises_in_memory", "Live promises in this worker's memory.")
PROMISES_OPEN: Final = gauge("promises_open", "Open promises by band of their gap.", "band")
PROMISES_SLIPPING: Final = gauge("promises_slipping", "Open promises expected to be broken.")
FORECASTS_SETTLED: Final = gauge("forecasts_settled", "Scored forecasts that the calibration rests on.", "bin")
FORECAST_BRIER: Final = gauge("forecast_brier_ratio", "Mean Brier score of settled forecasts, 0 is perfect.")
FORECAST_BASE_BRIER: Final = gauge("forecast_base_brier_ratio", "Brier score of always saying the base rate.")
FORECAST_PREDICTED: Final = gauge("forecast_predicted_ratio", "Mean forecast of settled promises in a bin.", "bin")
FORECAST_OBSERVED: Final = gauge("forecast_observed_ratio", "Share of a bin's promises that slipped.", "bin")
FORECAST_CALIBRATION_ERROR: Final = gauge(
    "forecast_calibration_error_ratio", "Mean distance of forecasts from what happened, in ten bins of equally many."
)
FORECAST_COVERED: Final = gauge("forecast_covered_ratio", "Share completed by the quantile stated.", "level")
FORECASTS_COMPLETED: Final = gauge("forecasts_completed", "Scored forecasts that the coverage rests on.", "level")
FORECAST_MISCALIBRATED: Final = gauge(
    "forecast_miscalibrated", "1 while enough is settled to tell that forecasts are currently unreliable."
)
