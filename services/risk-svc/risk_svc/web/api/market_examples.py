"""Examples of answers about public reviews and stated lead times; a test holds them against their models."""

from __future__ import annotations

from typing import Any, Final

_ONE: Final[dict[str, Any]] = {"total": 1, "total_exact": True}
REVIEWS: Final[dict[str, Any]] = {
    **_ONE,
    "items": [
        {
            "review_id": "reviews.example:R-1",
            "source": "reviews.example",
            "at": "2026-03-02T15:00:00Z",
            "rating": 2.0,
            "worst": 1.0,
            "best": 5.0,
            "tags": ["not_told", "unreachable"],
            "tagged_by": "machine",
            "evidence": ["nobody told", "no reply"],
            "language": "en",
            "product": "espresso-2",
            "place": "berlin",
            "labels": {"crew": "north"},
            "customer_id": "acme",
            "promise_id": "PR-1001",
            "promise_kind": "install",
            "promise_standing": "broken",
            "promise_due": "2026-02-27T12:00:00Z",
            "warned": False,
        }
    ],
}
TREND: Final[dict[str, Any]] = {
    **_ONE,
    "exact": True,
    "items": [
        {
            "month": "2026-03",
            "reviews": 64,
            "untagged": 12,
            "by_machine": 49,
            "failure": {"value": 0.25, "low": 0.152, "high": 0.382, "n": 52},
            "not_told": 8,
            "too_late": 4,
            "contradictory": 1,
            "unreachable": 3,
            "warned": {"value": 0.82, "low": 0.752, "high": 0.873, "n": 151},
        }
    ],
}


def _days(value: float) -> dict[str, Any]:
    return {"value": value, "low": value - 0.5, "high": value + 0.5, "n": 240}


COMPETITORS: Final[dict[str, Any]] = {
    **_ONE,
    "made_at": "2026-03-01T07:30:12Z",
    "items": [
        {
            "lead_time_id": "LT-1",
            "competitor": "Brew & Co",
            "kind": "install",
            "labels": {"place": "berlin"},
            "low_days": 7.0,
            "typical_days": 10.0,
            "high_days": 14.0,
            "unit": "days",
            "stated_by": "their delivery page",
            "url": "https://brew.example/delivery",
            "at": "2026-03-01T00:00:00Z",
            "promised_low": _days(6.0),
            "promised_typical": _days(9.0),
            "promised_high": _days(13.0),
            "actual_low": _days(6.5),
            "actual_typical": _days(11.5),
            "actual_high": _days(18.0),
            "beside": "longer",
        }
    ],
}
