"""Figures of risk-svc alone, beside the common catalogue."""

from __future__ import annotations

import math
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from candor.ops.metrics import FAST, REGISTRY

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
# Every role of risk-svc exports it: 0 from one that does not learn would say that all is well.
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
HOT: Final = Gauge("candor_promises_in_memory", "Live promises in this worker's memory.", registry=REGISTRY)
