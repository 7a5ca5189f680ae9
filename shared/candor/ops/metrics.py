"""The metric catalogue: every figure Candor gives, its unit, its help and the only labels it may carry.

Names follow Prometheus: prefix `candor_`, base units, `_total` for counters. No label ever holds the id of a promise,
a customer or a notice: series would grow without bound, and ids do not belong in a metric.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

REGISTRY: Final = CollectorRegistry()
FAST: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)

# A second series a counter and label set, which nothing of ours reads.
disable_created_metrics()  # type: ignore[no-untyped-call]


def _counter(name: str, text: str, *labels: str) -> Counter:
    return Counter(f"candor_{name}", text, labels, registry=REGISTRY)


def _gauge(name: str, text: str, *labels: str) -> Gauge:
    return Gauge(f"candor_{name}", text, labels, registry=REGISTRY)


def _histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
    return Histogram(f"candor_{name}", text, labels, buckets=buckets, registry=REGISTRY)


# HTTP
REQUESTS: Final = _counter("http_requests_total", "HTTP requests answered.", "method", "route", "status")
REQUEST_SECONDS: Final = _histogram("http_request_seconds", "Time to answer an HTTP request.", FAST, "method", "route")
REQUESTS_RUNNING: Final = _gauge("http_requests_running", "HTTP requests being answered.")
AUTH_FAILURES: Final = _counter("auth_failures_total", "Callers refused for their key, role or signature.", "reason")
WEBHOOKS_REFUSED: Final = _counter("webhooks_refused_total", "Webhooks whose signature did not hold.", "code")

# Intake
ACCEPTED: Final = _counter("accepted_total", "Events accepted: saved before the answer.", "type")
REPLAYED: Final = _counter("replayed_total", "Requests answered with what their first sending was told.", "type")
REFUSED: Final = _counter("refused_total", "Signed events refused after their signature held.", "code")
PARKED: Final = _gauge("parked_events", "Events that wait for their promise.", "reason")
PARKED_TOTAL: Final = _counter("parked_total", "Events parked so far.", "reason")
COMMIT_SECONDS: Final = _histogram("group_commit_seconds", "Time of one shared transaction.", FAST)
COMMIT_REQUESTS: Final = _histogram("group_commit_requests", "Requests that shared a transaction.", SIZES)

# Outbox and relay
OUTBOX_AGE_SECONDS: Final = _gauge("outbox_oldest_age_seconds", "Age of the oldest outbox row not yet sent.")
OUTBOX_ROWS: Final = _gauge("outbox_rows", "Outbox rows not yet sent.")
RELAYED: Final = _counter("relayed_total", "Events sent to Kafka and acknowledged.", "topic")
RELAY_FAILURES: Final = _counter("relay_failures_total", "Failed attempts to send outbox rows.", "reason")
PRODUCERS_REPLACED: Final = _counter("producers_replaced_total", "Producers given up after an error result.")

# Consumption
CONSUMED: Final = _counter("consumed_total", "Events applied, with their offsets, in a committed transaction.", "topic")
CONSUMER_LAG_SECONDS: Final = _gauge("consumer_lag_seconds", "Age of the oldest event not yet applied.", "topic")
CONSUMER_LAG_RECORDS: Final = _gauge("consumer_lag_records", "Events in Kafka that are not yet applied.", "topic")
RECORDS_MISSING: Final = _counter("records_missing_total", "Records that Kafka lost before they were read.", "topic")
PARTITIONS_HALTED: Final = _gauge("partitions_halted", "Partitions that stopped at a limit of dead letters.")
BATCH_SECONDS: Final = _histogram("batch_seconds", "Time from a batch's poll to its commit.", FAST)
BATCH_EVENTS: Final = _histogram("batch_events", "Events in a batch.", SIZES)
BATCH_FAILURES: Final = _counter("batch_failures_total", "Batches rolled back.", "reason")
PARTITIONS_OWNED: Final = _gauge("partitions_owned", "Partitions that this process holds the lease of.")
FENCED: Final = _counter("fenced_total", "Batches dropped because another process had taken the partition.")
DEAD_LETTERS: Final = _gauge("dead_letters", "Dead letters waiting for a person.", "reason")
DEAD_LETTERED: Final = _counter("dead_lettered_total", "Events put aside as dead letters.", "reason")

# Promises and the gap
PROMISES_OPEN: Final = _gauge("promises_open", "Open promises by band of their gap.", "band")
PROMISES_SLIPPING: Final = _gauge("promises_slipping", "Open promises expected to be broken.")
FORECASTS_SETTLED: Final = _gauge("forecasts_settled", "Scored forecasts that the calibration rests on.", "bin")
FORECAST_BRIER: Final = _gauge("forecast_brier_ratio", "Mean Brier score of settled forecasts, 0 is perfect.")
FORECAST_BASE_BRIER: Final = _gauge("forecast_base_brier_ratio", "Brier score of always saying the base rate.")
FORECAST_PREDICTED: Final = _gauge("forecast_predicted_ratio", "Mean forecast of settled promises in a bin.", "bin")
FORECAST_OBSERVED: Final = _gauge("forecast_observed_ratio", "Share of a bin's promises that slipped.", "bin")
FORECAST_CALIBRATION_ERROR: Final = _gauge(
    "forecast_calibration_error_ratio", "Mean distance of forecasts from what happened, in ten bins of equally many."
)
FORECAST_COVERED: Final = _gauge("forecast_covered_ratio", "Share completed by the quantile stated.", "level")
FORECASTS_COMPLETED: Final = _gauge("forecasts_completed", "Scored forecasts that the coverage rests on.", "level")
FORECAST_MISCALIBRATED: Final = _gauge(
    "forecast_miscalibrated", "1 while enough is settled to tell that forecasts are currently unreliable."
)

# Notices
NOTICES: Final = _gauge("notices_in_state", "Notices by state.", "state")
NOTICES_TOTAL: Final = _counter("notices_changed_total", "Notices that reached a state.", "state", "statement")
NOTICE_UNKNOWN_AGE_SECONDS: Final = _gauge(
    "notice_unknown_oldest_age_seconds", "Age of the oldest notice of which nobody knows whether it went out."
)
NOTICES_SUPPRESSED: Final = _counter("notices_suppressed_total", "Notices not sent, by the reason kept.", "reason")

# The process
INFO: Final = _gauge("build_info", "Always 1; what runs.", "service", "version")
READY: Final = _gauge("ready", "1 while the service says that it is ready.")
LOOP_LAG_SECONDS: Final = _gauge("event_loop_lag_seconds", "How late the event loop ran its last timer.")
