"""Examples of answers about hops, for the API's page; a test holds them against their models."""

from __future__ import annotations

from typing import Any, Final

_PASSED: Final[dict[str, Any]] = {
    "statement_id": "ST-3",
    "promise_id": "PR-1001",
    "capability_id": None,
    "customer_id": "acme",
    "kind": "install",
    "said_by": "sales",
    "said_to": "customer",
    "at": "2026-03-02T15:00:00Z",
    "heard": "ST-2",
    "heard_from": "product",
    "due_in": "2026-05-30T00:00:00Z",
    "due_out": "2026-05-15T00:00:00Z",
    "days": -15.0,
    "distortion": 0.575,
    "drift_date": 0.5,
    "drift_scope": None,
    "drift_quantity": None,
    "drift_certainty": 0.75,
    "drift_conditions": None,
    "threshold": 0.15,
    "past_threshold": True,
    "imposed": True,
    "waits": False,
    "unlike_units": False,
}
STATEMENTS: Final[dict[str, Any]] = {"total": 1, "total_exact": True, "items": [_PASSED]}
PATH: Final[dict[str, Any]] = {
    "promise_id": "PR-1001",
    "customer_id": "acme",
    "kind": "install",
    "waits": False,
    "distortion_sum": 0.575,
    "net_distortion": 0.575,
    "net": {name: value for name, value in _PASSED.items() if name.startswith("drift_")},
    "threshold": 0.15,
    "first_past": "sales>customer",
    "unlike_units": ["3 dozen", "40 kg"],
    "statements": 2,
    "statements_exact": True,
    "hops": [_PASSED],
}
_FEW: Final = {"value": None, "low": None, "high": None, "n": 0}
HOPS: Final[dict[str, Any]] = {
    "messages": 240,
    "messages_exact": True,
    "total": 1,
    "total_exact": True,
    "items": [
        {
            "name": "sales>customer",
            "said_by": "sales",
            "said_to": "customer",
            "messages": 240,
            "too_little_history": None,
            "distortion": {"value": 0.31, "low": 0.27, "high": 0.35, "n": 240},
            "drift_date": {"value": 0.28, "low": 0.24, "high": 0.32, "n": 240},
            "drift_scope": {"value": 0.1, "low": 0.06, "high": 0.14, "n": 120},
            "drift_quantity": _FEW,
            "drift_certainty": {"value": 0.4, "low": 0.35, "high": 0.45, "n": 240},
            "drift_conditions": _FEW,
            "days": {"value": -8.4, "low": -9.6, "high": -7.2, "n": 240},
            "variance_ratio": {"value": 1.6, "low": 1.3, "high": 1.9, "n": 240},
            "imposed": {"value": 0.3, "low": 0.24, "high": 0.36, "n": 230},
            "threshold": 0.15,
        }
    ],
}
