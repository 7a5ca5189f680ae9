"""Examples of answers about matters, for the API's page; a test holds them against their models."""

from __future__ import annotations

from typing import Any, Final

_ONE: Final[dict[str, Any]] = {"total": 1, "total_exact": True}
HANDOFFS: Final[dict[str, Any]] = {
    **_ONE,
    "items": [
        {
            "handoff_id": "HO-1",
            "promise_id": "PR-1001",
            "customer_id": "acme",
            "department": "sales",
            "deliverer": "crew-7",
            "state": "countered",
            "at": "2026-03-02T15:00:00Z",
            "changed_at": "2026-03-03T09:00:00Z",
            "due": "2026-04-14T12:00:00Z",
            "expires_at": "2026-03-16T12:00:00Z",
            "scope": ["mounting"],
            "promise_kind": "install",
            "promise_standing": "open",
            "promise_due": "2026-04-02T12:00:00Z",
            "days_apart": 12.0,
            "score": 41.5,
            "p_slip": 0.62,
            "deliverer_open": 3,
            "reason": "both crews are booked",
        }
    ],
}
_CLAIM: Final[dict[str, Any]] = {
    "claim_id": "CL-1",
    "capability_id": "telemetry",
    "customer_id": None,
    "at": "2026-03-02T15:00:00Z",
    "said": "available",
    "there": "planned",
    "verdict": "over_claim",
    "channel": "webinar",
    "department": "sales",
    "region": None,
    "edition": None,
    "recipients": 240,
    "reached": 200,
    "left_over": 40,
}
CLAIMS: Final[dict[str, Any]] = {**_ONE, "items": [_CLAIM]}
RECALL: Final[dict[str, Any]] = {
    **CLAIMS,
    "capability_id": "telemetry",
    "claims": 1,
    "customers": 0,
    "told": 240,
    "corrected": 200,
    "left_over": 40,
    "exact": True,
}
CAPABILITIES: Final[dict[str, Any]] = {
    **_ONE,
    "items": [
        {
            "capability_id": "telemetry",
            "at": "2026-01-12T09:00:00Z",
            "version": 2,
            "statuses": [{"status": "planned", "since_version": None, "region": None, "edition": None}],
            "claims": 1,
            "claims_exact": True,
            "over_claims": 1,
            "under_claims": 0,
            "told": 240,
            "corrected": 200,
            "left_over": 40,
        }
    ],
}
OFFERS: Final[dict[str, Any]] = {
    **_ONE,
    "items": [
        {
            "offer_id": "OF-1",
            "promise_id": "PR-1001",
            "customer_id": "acme",
            "department": "success",
            "state": "taken",
            "at": "2026-03-02T15:00:00Z",
            "changed_at": "2026-03-03T09:00:00Z",
            "options": [
                {"name": "half price", "kind": "goodwill", "value": 250.0, "currency": "EUR", "due": None},
                {
                    "name": "in May",
                    "kind": "revised_terms",
                    "value": None,
                    "currency": None,
                    "due": "2026-05-04T12:00:00Z",
                },
            ],
            "taken": "half price",
            "promise_kind": "install",
            "promise_standing": "open",
            "requested_due": "2026-03-30T12:00:00Z",
            "promise_due": "2026-04-02T12:00:00Z",
            "completed_at": None,
            "days_apart": 3.0,
            "score": 41.5,
        }
    ],
}
CHALLENGES: Final[dict[str, Any]] = {
    **_ONE,
    "items": [
        {
            "challenge_id": "CH-1",
            "about": "promise",
            "about_id": "PR-1001",
            "promise_id": "PR-1001",
            "customer_id": "acme",
            "department": "operations",
            "state": "settled",
            "outcome": "upheld",
            "at": "2026-03-02T15:00:00Z",
            "changed_at": "2026-03-03T09:00:00Z",
            "promise_kind": "install",
            "promise_standing": "open",
            "score": 41.5,
            "reason": "no crew is free before May",
        }
    ],
}
REQUESTED: Final[dict[str, Any]] = {
    **{"customer_id": "acme", "promises": 14, "requested": 9, "promised_as_requested": 6},
    **{"completed": 5, "completed_as_requested": 2, "exact": True},
    "offers": [{"kind": "goodwill", "offered": 3, "taken": 1}],
}
