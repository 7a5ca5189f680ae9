"""Metrics specific to risk-svc."""

from __future__ import annotations

from typing import Final

from candor.ops.metrics import FAST, counter, gauge, histogram

PUBLISHED: Final = counter("gaps_published_total", "Gaps published, by why.", "reason")
PROMISES_ENDED: Final = counter(
    "promises_ended_total", "Promises that ended, by how; history is not among them.", "standing"
)
MODEL_VERSION: Final = gauge("model_version", "Version of the model that this process forecasts with, or learns.")
MODEL_BOUNDARY: Final = gauge(
    "model_boundary_timestamp_seconds",
    "Business time up to which the learner has learnt; absent before the first boundary.",
)
BOUNDARIES_WAITING: Final = gauge(
    "model_boundaries_waiting",
    "Version boundaries that business time has passed and the learner has not closed; absent where nobody learns.",
)
JOURNAL_UNREAD: Final = gauge(
    "journal_unread_rows", "Rows that the learner has to read; 10,000 stands for as many or more."
)
JOURNAL_WAITING: Final = gauge("journal_waiting_entries", "Entries read that no closed boundary covers.")
JOURNAL_ROWS: Final = gauge("journal_rows", "Rows of the journal, learnt or not.")
JOURNAL_BYTES: Final = gauge("journal_bytes", "Bytes of entries in the journal, learnt or not.")
JOURNAL_TRIMMED: Final = counter(
    "journal_trimmed_rows_total", "Rows deleted because the journal was at its limit, learnt or not."
)
ENTRIES_LATE: Final = counter("journal_late_entries_total", "Entries that came after their boundary was closed.")
PROMISES_TOO_LATE: Final = counter(
    "promises_too_late_to_teach_total",
    "Promises heard of only after learning had passed their end: they teach nothing.",
)
PAGES: Final = gauge("board_pages", "Pages of the board in memory, with a socket or waiting for one.")
PAGES_REFUSED: Final = counter("board_pages_refused_total", "Pages of the board refused because too many were open.")
LEARNING_ANEW: Final = gauge(
    "learning_anew_ratio",
    "How much of what came out of its turn is learnt anew; absent while nothing is being learnt anew.",
)
LEARNT_ANEW: Final = counter("learnt_anew_total", "How often what came out of its turn was learnt anew to its end.")
SAMPLE_SHARE: Final = gauge(
    "learner_sample_ratio",
    "Share of the promises made now that is learnt from: 1 unless more come than fit; absent where nobody learns.",
)
ENTRIES_LEFT_OUT: Final = counter(
    "journal_left_out_entries_total", "Entries of promises outside the sample that is learnt from."
)
VERSION_SECONDS: Final = histogram("model_version_seconds", "Time to learn up to one boundary.", FAST)
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
PART_STOPPED: Final = gauge(
    "part_stopped", "1 while the board says that this process, part or server has stopped.", "part"
)
INSIGHT_LEFT_OUT: Final = counter(
    "insight_left_out_total", "Events of promises whose beginning Kafka no longer had when insight first read.", "topic"
)
INSIGHT_FORGETTING: Final = gauge("insight_customers_forgetting", "Erased customers of whom insight still has rows.")
WISHES_DUE: Final = gauge(
    "wishes_due", "Open wishes of customers whose day to be looked at again has come, as the process that counts them."
)
RECKONING_SECONDS: Final = histogram("insight_reckoning_seconds", "Time to work out all figures once.", FAST)
