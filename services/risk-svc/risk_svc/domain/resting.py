"""Promises and incidents from which nothing more is expected: they leave memory, and an event brings them back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from risk_svc.domain.frozen_forecasts import given_up_at
from risk_svc.domain.incidents import Incident
from risk_svc.domain.state import PromiseState

REST_S: Final = 30 * 86_400.0
"""How long after it was given up an open promise rests: by then time alone changes nothing that is told."""


def rests(state: PromiseState, linked: Iterable[Incident], now: float) -> bool:
    """Whether an open promise needs no more reviews.

    One that an open incident hits must still hear of its end, and one that teaches nothing yet is yet to teach.
    """
    if state.view.untaught is not None or not state.view.given_up or now < given_up_at(state) + REST_S:
        return False
    return all(incident.until is not None and incident.until <= now for incident in linked)
