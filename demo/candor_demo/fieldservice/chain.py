"""What each hop tells the next of a date, on its way to the customer, with what one hop changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from candor.replay.stream import StreamEvent, utc_text
from candor_demo.fieldservice.jobs import Job, Random
from candor_demo.fieldservice.naming import Naming
from candor_demo.fieldservice.params import Hop, Params

APART: Final = timedelta(hours=2)
"""From one statement to the next."""
CONDITIONS: Final = ("parts in stock", "access to the site")
SURE: Final = 2
"""Certainty of the first statement, of 0 to 4."""


def begins(params: Params, job: Job) -> datetime:
    """When the first hop speaks, less than a day before the promise is made."""
    return job.made - APART * max(0, len(params.statements.hops) - 1)


def told(params: Params, job: Job, promise_id: str, naming: Naming, random: Random) -> Iterator[StreamEvent]:
    """The statements of a promise in order of time, if they are known; the last one says the promised date."""
    hops = params.statements.hops
    if not hops or job.u["statements"] >= params.statements.share:
        return
    drift = [params.statements.drift.get(name, Hop()) for name in hops[1:-1]]
    days = [one.days + one.spread * float(random.normal()) for one in drift]
    date = job.made + timedelta(days=job.promised - sum(days))
    sure, conditions = SURE, list(CONDITIONS)
    at = begins(params, job)
    for place, (by, to) in enumerate(pairwise(hops)):
        if place:
            change = drift[place - 1]
            date += timedelta(days=days[place - 1])
            sure = min(4, max(0, sure + change.certainty))
            conditions = [one for one in conditions if random.random() >= change.forgets]
        said: dict[str, Any] = {
            "statement_id": f"{promise_id}.{place}",
            "said_by": by,
            "said_to": to,
            "promise_id": promise_id,
            "due": utc_text(date.replace(microsecond=0)),
            "certainty": sure,
            "conditions": conditions,
        }
        if params.scope:
            said["scope"] = params.scope
        yield naming.event("statement.made", said["statement_id"], at, said)
        at += APART
