"""Metrics specific to notify-svc."""

from __future__ import annotations

from typing import Final

from candor.ops.metrics import counter, gauge

NOTICES: Final = gauge("notices_in_state", "Notices by state.", "state")
NOTICES_TOTAL: Final = counter("notices_changed_total", "Notices that reached a state.", "state", "statement")
NOTICE_UNKNOWN_AGE_SECONDS: Final = gauge(
    "notice_unknown_oldest_age_seconds", "Age of the oldest notice of which nobody knows whether it went out."
)
DELIVERIES_WITHOUT_CHANNEL: Final = gauge(
    "deliveries_without_channel", "Deliveries that wait for a channel which this process does not have.", "channel"
)
NOTICES_SUPPRESSED: Final = counter("notices_suppressed_total", "Notices not sent, by the reason kept.", "reason")
