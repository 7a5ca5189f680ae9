"""Views of promises for the forecasting engine."""

from __future__ import annotations

from risk_svc.forecast.view import View


def plain_view(name: str, made: float, lead: float, *, kind: str, completed: float | None = None) -> View:
    """A promise with one step, which is its last, and with nothing else known of it."""
    return View(
        promise_id=name,
        kind=kind,
        made=made,
        deadline=made + lead,
        order=["done"],
        plans={},
        texts=[],
        numbers=[],
        last_at=made,
        stages=[(-1, made)],
        completed=completed,
    )
