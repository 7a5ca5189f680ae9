"""Promises as the board gets them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from candor.contracts import Component, Standing
from risk_svc.web.api import responses

NOW = datetime(2013, 3, 8, 22, 5, tzinfo=UTC)


def detail(**changed: Any) -> responses.GapDetail:
    """An open promise made 12 hours before NOW and due two hours after it, in New York."""
    values: dict[str, Any] = {
        "promise_id": "p1",
        "customer_id": "c1",
        "kind": "flight",
        "what": "Flight <b>XA</b> 1",
        "standing": Standing.OPEN,
        "score": 63.4,
        "band": "high",
        "p_slip": 0.823,
        "base_rate": 0.3,
        "too_little_history": None,
        "held_due": NOW + timedelta(hours=2),
        "as_of": NOW,
        "told": True,
        "contributions": [
            responses.ContributionOut(component=Component.INCIDENTS, x=0.3, share=0.2, evidence="Snow at EWR"),
            responses.ContributionOut(component=Component.LATENESS, x=0.7, share=0.8, evidence="70 min late"),
        ],
        "forecast": None,
        "inputs": responses.InputsOut(weights={"incidents": 0.6}, horizon_s=3600.0, p_never=0.02, given_up=False),
        "facts": [],
        "facts_more": 0,
        "history": [point(-60)],
        "dates": responses.DatesOut(
            made_at=NOW - timedelta(hours=12),
            requested_due=None,
            first_due=NOW + timedelta(hours=2),
            latest_due=NOW + timedelta(hours=2),
            held_due=NOW + timedelta(hours=2),
            deadline=NOW + timedelta(hours=2),
            revisions=0,
        ),
        "milestones": [],
        "milestones_more": 0,
        "scope": [],
        "incidents": [],
        "incidents_more": 0,
        "notices": [],
        "labels": {},
        "depends_on": [],
        "value": None,
        "currency": None,
        "owner": None,
        "department": None,
        "zone": "America/New_York",
        "completed_at": None,
    }
    return responses.GapDetail(**(values | changed))


def point(minutes: float, p_slip: float | None = 0.1, **changed: Any) -> responses.PointOut:
    """The forecast that held from `minutes` after NOW."""
    values: dict[str, Any] = {
        "at": NOW + timedelta(minutes=minutes),
        "score": 20,
        "enough": p_slip is not None,
        "p_slip": p_slip,
        "p50": None,
        "p80": None,
        "p90": None,
        "model": 3,
        "why": "",
    }
    return responses.PointOut(**(values | changed))


def milestone(**changed: Any) -> responses.MilestoneOut:
    """A departure planned for NOW and 42 minutes late."""
    values: dict[str, Any] = {
        "name": "departed",
        "status": "reached",
        "planned": NOW,
        "expected": None,
        "at": NOW + timedelta(minutes=42),
        "told": True,
        "final": False,
        "reason": "",
    }
    return responses.MilestoneOut(**(values | changed))


def forecast(**changed: Any) -> responses.ForecastOut:
    """Half of similar ones done in 150 minutes, 8 of 10 in 180, 9 of 10 in 240; it is due in 120."""
    values: dict[str, Any] = {
        "p_slip": 0.823,
        "p50": NOW + timedelta(minutes=150),
        "p80": NOW + timedelta(minutes=180),
        "p90": NOW + timedelta(minutes=240),
        "basis": "flight, after departed",
        "n": 1234,
        "model": 17,
        "why": [],
    }
    return responses.ForecastOut(**(values | changed))


def fan_point(minutes: float, p_slip: float | None, *late: float | None, **changed: Any) -> responses.PointOut:
    """A forecast from `minutes` after NOW on: P50, P80 and P90 in minutes after the date held, None for never."""
    due = NOW + timedelta(hours=2)
    times = [None if item is None else due + timedelta(minutes=item) for item in late]
    return point(minutes, p_slip, **dict(zip(("p50", "p80", "p90"), times, strict=True)), **changed)


def notice(**changed: Any) -> responses.NoticeOut:
    values: dict[str, Any] = {
        "notice_id": "n1",
        "statement": "warning",
        "state": "sent",
        "at": NOW + timedelta(minutes=5),
        "told_low": NOW + timedelta(hours=3),
        "told_high": NOW + timedelta(hours=4),
        "next_update_by": NOW + timedelta(hours=1),
    }
    return responses.NoticeOut(**(values | changed))


def incident(**changed: Any) -> responses.IncidentOut:
    values: dict[str, Any] = {
        "incident_id": "i1",
        "category": "freezing",
        "title": "Snow at EWR",
        "severity": 0.3,
        "opened_at": NOW - timedelta(hours=3),
        "resolved_at": NOW + timedelta(hours=1),
        "expected_end": None,
    }
    return responses.IncidentOut(**(values | changed))
