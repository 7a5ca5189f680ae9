"""Promises as the figures of insight read them, each with what a test is about and the rest filled in."""

from __future__ import annotations

from typing import Any

from risk_svc.insight.sheets import Ended, Open

DAY = 86400.0


def still(name: str = "p1", **changes: Any) -> Open:
    """An open promise of c1 with a gap of 40, worth 100 EUR."""
    made = Open(
        name, "c1", "sales", "install", "crew-7", {"region": "north"}, 40.0, 0.5, 100.0, "EUR", None, None, None
    )
    return made._replace(**changes)


def ended(promise_id: str = "p1", **changes: Any) -> Ended:
    """A promise of c1, made at 0 for day 10, of which its customer expected just that, and that came then."""
    due = 10 * DAY
    made = Ended("c1", None, None, None, "install", 0.0, None, due, due, 0.0, due, 0.0, 0, 0, [], [])
    values = {"kept": True, "ended": due, "held": due, "expected_from": due, "expected_until": due, **changes}
    return made._replace(promise_id=promise_id, **values)
