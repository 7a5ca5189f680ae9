"""Bulk history: up to a thousand past events in one request, with the effects of webhooks but no warnings."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field

from candor.intake.event import Event
from candor.intake.intake import Intake, told
from candor.intake.once import C, Caller, R
from candor.intake.source import Incoming, Unusable, canonical, summary
from candor.web.http.body import convert
from candor.web.http.fields import Body, EventId, Id, Moment, not_ahead
from candor.web.http.problems import Problem

MAX_EVENTS: Final = 1000


class PastEvent(Body):
    """One past event; `data` as in the webhook of that type."""

    id: EventId
    type: str
    time: Moment
    data: dict[str, Any]


class ImportIn(Body):
    """Past events in the order they were reported; `source` keeps the ids of different exports apart."""

    source: Id = "import"
    events: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MAX_EVENTS)]


async def take(intake: Intake[C, R], body: ImportIn, caller: Caller) -> dict[str, Any]:
    """Take all events of an import; each is accepted or refused on its own."""
    now = intake.clock.now()
    items: list[Incoming | Unusable] = []
    for number, item in enumerate(body.events):
        try:
            past = convert(PastEvent, item, f"/events/{number}")
            not_ahead(past.time, now, f"/events/{number}/time")
            event = Event(past.type, past.time, past.data)
            items.append(Incoming(past.id, event, canonical(item), body.source, f"import:{body.source}"))
        except Problem as problem:
            items.append(Unusable(problem))
    return summary(told(await intake.take(items, caller, historical=True)))
