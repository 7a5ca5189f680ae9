"""Examples of gaps for the API's page; a test holds each against its model, and computes the score again."""

from __future__ import annotations

from typing import Any, Final

_ITEM: Final[dict[str, Any]] = {
    "promise_id": "PR-1001",
    "customer_id": "acme",
    "kind": "install",
    "what": "Espresso machine installed",
    "standing": "open",
    "score": 55.2,
    "band": "high",
    "p_slip": 0.7048,
    "base_rate": 0.5364,
    "too_little_history": None,
    "held_due": "2026-03-05T16:00:00Z",
    "as_of": "2026-03-02T15:00:00Z",
    "told": False,
    "missed_steps": ["delivered"],
    "missed_steps_more": 0,
    "next_step": "have_it_accepted",
    "next_words": "Have the team that is to deliver accept it, or offer another date.",
    "paused": None,
    "contributions": [
        {
            "component": "lateness",
            "x": 0.4,
            "share": 0.5558,
            "evidence": "70% likely to slip; the middle forecast is 6.3 days late",
        },
        {"component": "unbacked", "x": 1.0, "share": 0.4442, "evidence": "crew-9 has not accepted it"},
    ],
}
GAPS: Final[dict[str, Any]] = {"total": 1, "total_exact": True, "items": [_ITEM], "stopped": []}
GAP: Final[dict[str, Any]] = {
    **_ITEM,
    "forecast": {
        **{"p_slip": 0.7048, "p50": "2026-03-11T23:00:00Z", "p80": None, "p90": None, "basis": "install", "n": 412},
        **{"model": 1877, "no_range": None},
        "why": [{"words": "delivered was missed", "p_slip_without": 0.3912}],
        "records": [{"level": 0.5, "n": 200, "held": 0.52, "holds": 0.52, "later_s": 0}],
    },
    "inputs": {
        "weights": {"lateness": 0.9, "scope": 0.9, "incidents": 0.6, "silence": 0.5, "unbacked": 0.3},
        **{"horizon_s": 1209600.0, "p_never": 0.0116, "given_up": False},
    },
    "facts": [
        {
            **{"kind": "milestone_missed", "event_id": "field-4711", "name": "delivered", "at": "2026-03-02T15:00:00Z"},
            **{"text": "delivered was missed", "minutes": 0.0, "reason": "van 7", "told": True, "public_text": ""},
            **{"public_reason": "the van broke down", "planned": "2026-03-02T12:00:00Z"},
        }
    ],
    "facts_more": 0,
    "history": [
        {
            **{"at": "2026-03-02T15:00:00Z", "score": 55.2, "enough": True, "p_slip": 0.7048, "model": 1877},
            **{"p50": "2026-03-11T23:00:00Z", "p80": None, "p90": None, "why": "delivered was missed"},
        }
    ],
    "dates": {
        **{"made_at": "2026-02-20T09:00:00Z", "requested_due": "2026-03-03T16:00:00Z", "revisions": 0},
        **dict.fromkeys(("first_due", "latest_due", "held_due", "deadline"), "2026-03-05T16:00:00Z"),
    },
    "milestones": [
        {
            **{"name": "delivered", "status": "missed", "planned": "2026-03-02T12:00:00Z", "expected": None},
            **{"at": "2026-03-02T15:00:00Z", "told": True, "final": True, "reason": "van 7"},
            "public_reason": "the van broke down",
        }
    ],
    "milestones_more": 0,
    "scope": [{"item": "espresso machine", "weight": 1.0, "supported": True, "delivered": None, "at": None}],
    "incidents": [],
    "incidents_more": 0,
    "notices": [],
    "labels": {"region": "north"},
    "depends_on": [["site", "berlin-2"]],
    **{"value": 5000.0, "currency": "EUR", "owner": "kim", "department": "sales", "zone": "Europe/Berlin"},
    "completed_at": None,
    "pauses": [],
    "reported_by": ["field"],
    "silent": [],
}
CUSTOMER: Final[dict[str, Any]] = {
    **{"customer_id": "acme", "score": 55.2, "promises": 4, "open": 1, "assumed_values": 0, "exact": True},
    "worst": _ITEM,
}
