"""Examples of answers about plans, for the API's page; a test holds them against their models."""

from __future__ import annotations

from typing import Any, Final

_ONE: Final[dict[str, Any]] = {"total": 1, "total_exact": True}
PLANS: Final[dict[str, Any]] = {
    **_ONE,
    "items": [
        {
            "plan_id": "PL-1",
            "promise_id": "PR-1001",
            "customer_id": "acme",
            "department": "operations",
            "driver": "lateness",
            "action": "add-crew",
            "state": "done",
            "at": "2026-03-02T15:00:00Z",
            "changed_at": "2026-03-05T09:00:00Z",
            "since": "2026-03-05T09:00:00Z",
            "due": "2026-03-06T17:00:00Z",
            "promise_kind": "install",
            "promise_standing": "open",
            "promise_due": "2026-04-02T12:00:00Z",
            "score": 22.5,
            "now": 0.21,
            "before": 0.62,
            "after": 0.21,
            "fall": 0.41,
            "outcome": "fell",
            "beside": "did_not_fall",
        }
    ],
}
ACTIONS: Final[dict[str, Any]] = {
    **_ONE,
    "items": [
        {
            "driver": "lateness",
            "action": "add-crew",
            "plans": 34,
            "awaited": 2,
            "too_little_history": None,
            "fell": {"value": 0.75, "low": 0.5789, "high": 0.8675, "n": 32},
            "fall": {"value": 0.2812, "low": 0.2103, "high": 0.3521, "n": 32},
            "beside": {"value": 0.3704, "low": 0.2153, "high": 0.5577, "n": 27},
        }
    ],
}
