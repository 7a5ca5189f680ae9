"""All read routes of the API, in the order in which its document lists them."""

from __future__ import annotations

from typing import Final

from risk_svc.web.api.routes import (
    briefs,
    checks,
    contact,
    figures,
    gaps,
    hops,
    incidents,
    market,
    matters,
    movement,
    plans,
    wishes,
)

READING: Final = (
    gaps.router,
    movement.router,
    checks.router,
    incidents.router,
    figures.router,
    contact.router,
    hops.router,
    matters.router,
    plans.router,
    wishes.router,
    market.router,
    briefs.router,
)
