"""Metrics of the store: transactions shared by requests, and what came to its end."""

from __future__ import annotations

from typing import Final

from candor.ops.metrics import FAST, SIZES, counter, gauge, histogram

COMMIT_SECONDS: Final = histogram("group_commit_seconds", "Time of one shared transaction.", FAST)
COMMIT_REQUESTS: Final = histogram("group_commit_requests", "Requests that shared a transaction.", SIZES)
ROWS_EXPIRED: Final = counter("rows_expired_total", "Rows deleted or emptied because their days were over.", "rule")
CUSTOMERS_ERASING: Final = gauge(
    "customers_erasing", "Customers of whom this service still has rows to erase; 1,000 stands for as many or more."
)
