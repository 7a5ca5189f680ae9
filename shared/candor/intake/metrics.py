"""Metrics of the intake: commands accepted, replayed, or refused."""

from __future__ import annotations

from typing import Final

from candor.ops.metrics import counter, gauge

ACCEPTED: Final = counter("accepted_total", "Events accepted: saved before the answer.", "type")
REPLAYED: Final = counter("replayed_total", "Requests answered with what their first sending was told.", "type")
REFUSED: Final = counter("refused_total", "Signed events refused after their signature held.", "code")
SOURCE_LAST_EVENT: Final = gauge(
    "source_last_event_timestamp_seconds", "When something genuine last came from this sender; not history.", "source"
)
RECONCILED: Final = counter(
    "reconciled_total", "Events of polls: new is what no webhook had brought.", "source", "outcome"
)
POLL_FAILED: Final = counter("poll_failed_total", "Pages that a polled system did not give.", "source")
SOURCE_STALE: Final = gauge("source_stale", "1 while a sender is silent for longer than its rhythm explains.", "source")
REQUESTS: Final = counter("requests_total", "Requests of senders, by what became of them.", "source", "state")
REQUESTS_LEFT: Final = gauge(
    "requests_left", "Stored requests of a sender that wait, or were given up (failed).", "source", "state"
)
REQUESTS_OLDEST: Final = gauge(
    "requests_waiting_oldest_age_seconds", "Age of a sender's oldest request that waits to be completed.", "source"
)
