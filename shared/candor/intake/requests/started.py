"""What a service starts for stored requests: the background, and what its routes replay with."""

from __future__ import annotations

from typing import Any, Final

import structlog
from fastapi import FastAPI

from candor.intake.intake import Intake
from candor.intake.requests.background import WaitingRequests
from candor.intake.requests.opening import Opening
from candor.intake.requests.replaying import Replaying
from candor.web.security.auth import live

log: Final = structlog.get_logger("candor.requests")


def replayable(app: FastAPI, intake: Intake[Any, Any]) -> WaitingRequests:
    """The background of an app's stored requests; its routes find `app.state.replaying`."""
    if intake.arrivals.vault.file is None:
        log.warning("REQUEST_KEY_FILE is missing: stored requests can be read until this process ends")
    opening = Opening(intake.arrivals.vault, lambda: live(app.state.webhook_secrets, {}), intake.sources)
    app.state.replaying = Replaying(intake, opening)
    return WaitingRequests(intake, opening)
