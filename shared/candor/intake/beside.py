"""What goes on beside the intake of a service: polls of other systems, and listening who is silent."""

from __future__ import annotations

from typing import Any, NamedTuple

from fastapi import APIRouter

from candor.intake import trying_routes
from candor.intake.intake import Intake
from candor.intake.mapped.registry import Registry
from candor.intake.polling.book import PollColumns
from candor.intake.polling.poller import Poller
from candor.intake.polling.routes import polls
from candor.intake.silence.book import RhythmColumns
from candor.intake.silence.listening import Listening
from candor.intake.silence.routes import sources
from candor.ops.health import Health


class Beside(NamedTuple):
    """Two backgrounds."""

    poller: Poller
    listening: Listening


def beside(intake: Intake[Any, Any], known: Registry, health: Health) -> Beside:
    """The backgrounds of an intake; polls that fail are said by `/readyz`, and keep no service from being ready."""
    found = Beside(Poller(intake, known), Listening(intake.database, intake.heard))
    health.add("polls", found.poller.check, needed=False)
    return found


def routes(polled: type[PollColumns], rhythms: type[RhythmColumns]) -> list[APIRouter]:
    """Their routes; the tables are the service's own."""
    return [polls(polled), sources(rhythms), trying_routes.router]
