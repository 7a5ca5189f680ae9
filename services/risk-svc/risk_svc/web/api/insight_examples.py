"""An example of each answer about what `insight` keeps, without nulls, which the API's document drops."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

from risk_svc.web.api import incident_responses, insight_responses
from risk_svc.web.api.contact_examples import CONTACT

_MADE: Final = {"made_at": "2026-03-01T07:30:12Z", "promises": 1840, "total": 1, "total_exact": True}
_TAIL: Final = {
    "value_at_risk": {"value": 61200.0, "low": 58900.0, "high": 63400.0, "n": 1000},
    "shortfall": {"value": 74800.0, "low": 72100.0, "high": 77900.0, "n": 50},
    "currency": "EUR",
}
_GAP: Final = {"score": 62.4, "worst": "PR-1001", "worst_score": 81.0, "value": 410000.0, "assumed_values": 2}
_SHARE: Final = {"value": 0.86, "low": 0.812, "high": 0.897, "n": 260}
_DUE: Final = {**_SHARE, "open": 7}
EXAMPLES: Final[dict[type[BaseModel], dict[str, Any]]] = {
    **CONTACT,
    insight_responses.RollUps: {
        **_MADE,
        "items": [
            {
                **{"name": "sales", **_GAP, "promises": 14, "currency": "EUR", "expected_loss": 18300.0},
                "value_at_risk": {"value": 61200.0, "low": 58900.0, "high": 63400.0, "n": 14},
            }
        ],
    },
    insight_responses.Accounts: {
        **_MADE,
        "items": [
            {
                **{"customer_id": "acme", "promises": 14, "forecasts": 12, "expected_loss": 18300.0},
                **_TAIL,
                **_GAP,
                **{"open_gaps": 3, "last_told": "warning", "last_told_of": "PR-1001"},
                "last_told_at": "2026-02-28T16:04:00Z",
                **{
                    "renews_on": "2026-05-31",
                    "renewal_in_days": 90.7,
                    "exposure": 250000.0,
                    "exposure_currency": "EUR",
                },
                **{"contact": "silent", "last_word_at": "2026-02-05T07:30:00Z"},
                "silence": {"value": 3.0, "low": 2.0, "high": 6.0, "n": 12},
                "leeway_days": {"value": 84.2, "low": 71.5, "high": 88.9, "n": 310},
                "apart": [{"forecasts": 1, "expected_loss": 900.0, **_TAIL, "currency": "CHF"}],
            }
        ],
    },
    insight_responses.ValueAtRisk: {
        **_MADE,
        "items": [
            {
                **{"name": "all", "promises": 1840, "forecasts": 1711, "expected_loss": 96400.0},
                **_TAIL,
                **{"loss_share": 0.2, "no_forecast": 41, "no_value": 80, "no_rate": 8},
            }
        ],
    },
    insight_responses.Renewals: {
        **_MADE,
        "items": [
            {
                **{"window": "30 days", "accounts": 6, "forecasts": 41, "expected_loss": 18300.0},
                "value_at_risk": {"value": 61200.0, "low": 58900.0, "high": 63400.0, "n": 41},
                "shortfall": {"value": 74800.0, "low": 72100.0, "high": 77900.0, "n": 41},
                "currency": "EUR",
            }
        ],
    },
    insight_responses.PunctualityPage: {
        **_MADE,
        "items": [
            {
                **{
                    "name": "sales",
                    "promises": 260,
                    "open": 7,
                    "requested": _DUE | {"value": 0.6, "low": 0.453, "high": 0.731, "n": 44},
                },
                **{"first": _DUE, "latest": _DUE | {"value": 0.91, "low": 0.869, "high": 0.939}},
                **{
                    "in_full": _DUE,
                    "not_in_full": _DUE,
                    "plan_complete": _DUE | {"n": 780, "low": 0.834, "high": 0.882},
                },
                **{"reset": {"value": 0.2, "low": 0.156, "high": 0.253, "n": 260, "open": 7}},
                "agreed": {"value": 0.5, "low": 0.377, "high": 0.623, "n": 60},
                "reasons": [{"reason": "parts", "n": 31}],
            }
        ],
    },
    insight_responses.BiasPage: {
        **_MADE,
        "items": [
            {
                "name": "sales",
                "drift": {"value": 0.21, "low": 0.14, "high": 0.29, "n": 260, "open": 7},
                "verdict": "optimistic",
            }
        ],
    },
    insight_responses.CellPage: {
        **_MADE,
        "items": [
            {
                **{"question": "well", "side": "leadership", "suppressed": False, "kept": _DUE},
                "top": {"value": 0.8, "low": 0.49, "high": 0.943, "n": 10},
                "rating": {"value": 4.7, "low": 4.3, "high": 5.0, "n": 10},
                "trend": {"value": 0.1, "low": -0.28, "high": 0.43, "n": 10},
            }
        ],
    },
    insight_responses.PairPage: {
        **_MADE,
        "items": [
            {
                **{"question": "well", "first": "customers", "second": "leadership", "verdict": "disparity"},
                "top": {"value": -0.72, "low": -0.86, "high": -0.41, "n": 410},
                "distance": {"value": 0.44, "low": 0.36, "high": 0.52, "n": 410},
            }
        ],
    },
    insight_responses.FactorPage: {
        **_MADE,
        "items": [
            {
                **{"name": "its deliverer has accepted", "q": 0.002, "holds": True},
                "lift": {"value": 1.4, "low": 1.2, "high": 1.63, "n": 260, "open": 12},
            }
        ],
    },
    insight_responses.ChecklistPage: {
        **_MADE,
        "items": [
            {
                **{"items": ["its deliverer has accepted"], "since": "2026-02-01T00:00:00Z"},
                "lift": {"value": 1.3, "low": 1.1, "high": 1.54, "n": 180, "open": 15},
                **{"with_all": _DUE, "without": _DUE | {"value": 0.66, "low": 0.6, "high": 0.715}},
            }
        ],
    },
    incident_responses.IncidentPage: {
        "items": [
            {
                **{"incident_id": "IN-7", "category": "outage", "title": "Depot north without power"},
                **{"severity": 0.6, "opened_at": "2026-03-01T05:10:00Z", "resolved_at": "2026-03-01T11:20:00Z"},
                **{"expected_end": "2026-03-01T12:00:00Z", "affects": ["site:depot-north"]},
                **{"promises": 1, "promises_exact": True, "customers": 1},
                "values": [{"currency": "EUR", "value": 18000.0, "promises": 1, "unvalued": 0}],
            }
        ],
        "total": 1,
        "total_exact": True,
    },
    insight_responses.IncidentPromises: {
        "incident": {
            "incident_id": "IN-7",
            "category": "outage",
            "title": "Depot north without power",
            "severity": 0.6,
            "opened_at": "2026-03-01T05:10:00Z",
            "resolved_at": "2026-03-01T11:20:00Z",
            "expected_end": "2026-03-01T12:00:00Z",
            "public_title": "",
        },
        "customers": 1,
        "values": [{"currency": "EUR", "value": 18000.0, "promises": 1, "unvalued": 0}],
        "items": [
            {
                "promise_id": "PR-1001",
                "customer_id": "acme",
                "kind": "install",
                "department": "sales",
                "held_due": "2026-03-02T16:00:00Z",
                "score": 81.0,
                "p_slip": 0.72,
                "value": 18000.0,
                "currency": "EUR",
                "told": False,
            }
        ],
        "total": 1,
        "total_exact": True,
    },
}


def answers(model: type[BaseModel], example: dict[str, Any] | None = None) -> dict[int | str, dict[str, Any]]:
    """What a route that answers with this document declares: its schema, an example, and that CSV may be asked for."""
    shown = {"example": EXAMPLES[model] if example is None else example}
    return {200: {"model": model, "content": {"application/json": shown, "text/csv": {"schema": {"type": "string"}}}}}
