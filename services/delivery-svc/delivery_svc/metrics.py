"""Metrics specific to delivery-svc."""

from __future__ import annotations

from typing import Final

from candor.ops.metrics import counter, gauge

PARKED: Final = gauge("parked_events", "Events that wait for their promise.", "reason")
PARKED_TOTAL: Final = counter("parked_total", "Events parked so far.", "reason")
