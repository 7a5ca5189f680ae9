"""Answer sheets of leadership, staff and customers, drawn from what each group truly believes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from candor.replay.stream import StreamEvent
from candor_demo.fieldservice.customers import months_after
from candor_demo.fieldservice.jobs import Random
from candor_demo.fieldservice.naming import Naming
from candor_demo.fieldservice.params import Group, Params

HOUR = 9


class Sheet(NamedTuple):
    """A sheet that `people` agreed on: by question, a rating from 1 to 5."""

    at: datetime
    side: str
    people: int
    ratings: dict[str, int]


def sheets(params: Params, random: Random) -> Iterator[Sheet]:
    """All sheets in order of time: on the first of each so-many-th month within the weeks of the company."""
    zone = ZoneInfo(params.zone)
    day, end = months_after(params.starts.replace(day=1), 1), params.starts.toordinal() + 7 * params.weeks
    while day.toordinal() < end:
        at = datetime.combine(day, time(HOUR), zone)
        for side, group in params.surveys.groups.items():
            yield from _round(side, group, at, random)
        day = months_after(day, params.surveys.every_months)


def _round(side: str, group: Group, at: datetime, random: Random) -> Iterator[Sheet]:
    left = int(random.poisson(group.people))
    while left:
        people = min(left, 1 + int(random.poisson(group.sheet - 1)))
        left -= people
        ratings: dict[str, int] = {
            question: 1 + int(random.choice(5, p=np.array(weights) / sum(weights)))
            for question, weights in group.opinions.items()
        }
        yield Sheet(at, side, people, ratings)


def answered(sheet: Sheet, number: int, naming: Naming) -> StreamEvent:
    """The event of a sheet."""
    name = naming.of("S", number)
    said = {"sheet_id": name, "side": sheet.side, "people": sheet.people, **sheet.ratings}
    return naming.event("sheet.answered", name, sheet.at.astimezone(UTC), said)
