"""Examples of answers about what customers see and say, without nulls, which the API's document drops."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

from risk_svc.web.api import contact_responses

_MADE: Final = {"made_at": "2026-03-01T07:30:12Z", "promises": 1840, "total": 1, "total_exact": True}
CONTACT: Final[dict[type[BaseModel], dict[str, Any]]] = {
    contact_responses.Surprises: {
        **_MADE,
        "items": [
            {
                **{"promise_id": "PR-1001", "customer_id": "acme", "department": "sales", "kind": "install"},
                **{"verdict": "worse", "size": -0.75, "days": -3.0, "missing": 0.0},
                **{"announced": True, "told_before": "warning"},
                "expected_from": "2026-02-20T16:00:00Z",
                "expected_until": "2026-02-22T16:00:00Z",
                "completed_at": "2026-02-25T16:00:00Z",
                "ended_at": "2026-02-25T16:00:00Z",
            }
        ],
    },
    contact_responses.SurprisedPage: {
        **_MADE,
        "items": [
            {
                **{"name": "sales", "promises": 260, "better_n": 13, "worse_n": 26, "unannounced": 30},
                "better": {"value": 0.05, "low": 0.0295, "high": 0.0836, "n": 260},
                "worse": {"value": 0.1, "low": 0.0692, "high": 0.1424, "n": 260},
            }
        ],
    },
    contact_responses.Silences: {
        **_MADE,
        "items": [
            {
                **{"customer_id": "acme", "verdict": "silent", "days": 24.0, "score": 62.4, "worst": "PR-1001"},
                "silence": {"value": 3.0, "low": 2.0, "high": 6.0, "n": 12},
                "last_word_at": "2026-02-05T07:30:00Z",
            }
        ],
    },
    contact_responses.Standings: {
        **_MADE,
        "items": [
            {
                **{"name": "sales", "too_little_history": False},
                "standing": {"value": 0.86, "low": 0.823, "high": 0.893, "n": 260, "open": 7},
            }
        ],
    },
    contact_responses.Spreads: {
        **_MADE,
        "items": [
            {
                **{"capability_id": "telemetry", "claims": 14, "accounts": 12, "prospects": 200},
                **{"reach": 240.0, "effective": 163.6},
                "growth": {"value": 2.0, "low": 1.17, "high": 3.42, "n": 60},
                **{"forecasts": 40, "expected_loss": 18300.0, "currency": "EUR"},
                "value_at_risk": {"value": 61200.0, "low": 58900.0, "high": 63400.0, "n": 40},
                "shortfall": {"value": 74800.0, "low": 72100.0, "high": 77900.0, "n": 40},
            }
        ],
    },
}
