"""Bulk history: up to a thousand past events in one request, with effects as webhooks have and no warnings."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from pydantic import Field

from candor.intake.event import Event, plain_type
from candor.intake.intake import Intake, Item
from candor.intake.once import C, Origin, R, event_receipt
from candor.ops.tracing import current_traceparent
from candor.web.http.body import convert
from candor.web.http.fields import Body, Id, Moment, not_ahead
from candor.web.http.problems import Problem

MAX_EVENTS: Final = 1000
LARGEST_BYTES: Final = 4 * 1024 * 1024
_encode: Final = msgspec.json.Encoder(order="sorted").encode


class PastEvent(Body):
    """One past event; `data` as the webhook of that type has it."""

    id: Id
    type: str
    time: Moment
    data: dict[str, Any]


class ImportIn(Body):
    """Past events in the order in which they were said; `source` keeps the ids of different exports apart."""

    source: Id = "import"
    events: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MAX_EVENTS)]


async def take(intake: Intake[C, R], body: ImportIn) -> dict[str, Any]:
    """Take all events of an import; each is refused or accepted for itself."""
    now = intake.clock.now()
    items: list[Item] = []
    for number, item in enumerate(body.events):
        try:
            past = convert(PastEvent, item, f"/events/{number}")
            not_ahead(past.time, now, f"/events/{number}/time")
            origin = Origin(past.id, body.source, past.time, True, current_traceparent())
            event = Event(plain_type(past.type, intake.known), past.time, past.data)
            items.append((origin, event, event_receipt(f"import:{body.source}", past.id, _encode(item))))
        except Problem as problem:
            items.append(problem)
    return await intake.events(items)
