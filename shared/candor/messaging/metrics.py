"""Metrics of messaging: events waiting to be sent, events read, and dead letters."""

from __future__ import annotations

from typing import Final

from candor.ops.metrics import FAST, SIZES, counter, gauge, histogram

OUTBOX_AGE_SECONDS: Final = gauge("outbox_oldest_age_seconds", "Age of the oldest outbox row not yet sent.")
OUTBOX_ROWS: Final = gauge("outbox_rows", "Outbox rows not yet sent.")
OUTBOX_DEAD_LETTERS: Final = gauge("outbox_dead_letters", "Events too large for Kafka that wait for a person.")
RELAYED: Final = counter("relayed_total", "Events sent to Kafka and acknowledged.", "topic")
RELAY_FAILURES: Final = counter("relay_failures_total", "Failed attempts to send outbox rows.", "reason")
PRODUCERS_REPLACED: Final = counter("producers_replaced_total", "Producers given up after an error result.")

CONSUMED: Final = counter("consumed_total", "Events applied, with their offsets, in a committed transaction.", "topic")
CONSUMED_LATE: Final = counter(
    "consumed_late_total",
    "Events applied more than 10 s after Kafka had them: what follows from them came late.",
    "topic",
)
OUTBOX_AGAIN_ROWS: Final = gauge("outbox_again_rows", "Rows sent before that wait to be sent again.")
CONSUMER_LAG_SECONDS: Final = gauge("consumer_lag_seconds", "Age of the oldest event not yet applied.", "topic")
CONSUMER_LAG_RECORDS: Final = gauge("consumer_lag_records", "Events in Kafka that are not yet applied.", "topic")
RECORDS_MISSING: Final = counter("records_missing_total", "Records that Kafka lost before they were read.", "topic")
PARTITIONS_HALTED: Final = gauge("partitions_halted", "Partitions that stopped until a person decides.")
REVIEWS_SET_ASIDE: Final = gauge(
    "reviews_set_aside", "Promises whose review by the clock fails, until their next event."
)
BATCH_SECONDS: Final = histogram("batch_seconds", "Time from a batch's poll to its commit.", FAST)
BATCH_EVENTS: Final = histogram("batch_events", "Events in a batch.", SIZES)
BATCH_FAILURES: Final = counter("batch_failures_total", "Batches rolled back.", "reason")
PARTITIONS_OWNED: Final = gauge("partitions_owned", "Partitions that this process holds the lease of.")
FENCED: Final = counter("fenced_total", "Batches dropped because another process had taken the partition.")
DEAD_LETTERS: Final = gauge("dead_letters", "Dead letters waiting for a person.", "reason")
DEAD_LETTERED: Final = counter("dead_lettered_total", "Events put aside as dead letters.", "reason")
FOREIGN_RECORDS: Final = counter(
    "foreign_records_total", "Records in our topics that none of our services wrote.", "topic", "reason"
)
