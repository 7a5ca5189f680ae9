"""An example of the list of gaps, for the API's page; a test holds it against its model."""

from __future__ import annotations

from typing import Any, Final

GAPS: Final[dict[str, Any]] = {
    "total": 1,
    "total_exact": True,
    "items": [
        {
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
                    "share": 0.5557,
                    "evidence": "70% likely to slip; the middle forecast is 6.3 days late",
                },
                {"component": "unbacked", "x": 1.0, "share": 0.4443, "evidence": "crew-9 has not accepted it"},
            ],
        }
    ],
    "stopped": [],
}
