"""The simulated company: a stream of events in order of time, the same for the same parameters and seed."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import numpy as np

from candor.replay.stream import StreamEvent, sort_key
from candor_demo.fieldservice import chain, jobs, surveys, talk
from candor_demo.fieldservice.customers import Customers
from candor_demo.fieldservice.jobs import Fates, Job, Random
from candor_demo.fieldservice.naming import Naming
from candor_demo.fieldservice.params import Params
from candor_demo.fieldservice.stories import Stories, second
from candor_demo.fieldservice.surveys import Sheet
from candor_demo.fieldservice.troubles import Trouble, Troubles

LOOK_BACK = timedelta(days=1)
"""The first word of a promise comes less than this before the promise."""
JOBS, STORY, TROUBLES, TALK, SURVEYS = range(5)
"""Each part draws numbers of its own, so that a change of one leaves the others as they are."""


class Company:
    """A company under these parameters; each call of its streams begins anew. Events later than `until` are left out.

    Memory holds what is still to come of open promises, and the incidents.
    """

    def __init__(self, params: Params, seed: int, until: datetime | None = None) -> None:
        self.params = params
        self.seed = seed
        self.until = until or datetime.max.replace(tzinfo=UTC)
        self.naming = Naming(params, seed)
        self.troubles = Troubles(params, self._random(TROUBLES))
        self.fates = Fates(params, self.troubles.hold_up)

    def _random(self, *part: int) -> Random:
        return np.random.default_rng([self.seed, *part])

    def days(self) -> Iterator[date]:
        """The days in which promises are made."""
        return (self.params.starts + timedelta(days=day) for day in range(7 * self.params.weeks))

    def jobs(self) -> Iterator[Job]:
        """All promises, with their fates, in order of when they are made."""
        number = 0
        for day in self.days():
            made = jobs.of_day(self.params, self._random(JOBS, day.toordinal()), day, number)
            number += len(made)
            yield from made

    def sheets(self) -> Iterator[Sheet]:
        """All answer sheets, in order of time."""
        return surveys.sheets(self.params, self._random(SURVEYS))

    def events(self) -> Iterator[StreamEvent]:
        """All events in order of time, until the last promise is settled or the company's time is over."""
        return takewhile(lambda event: event.time <= self.until, self._all())

    def _all(self) -> Iterator[StreamEvent]:
        waiting: list[tuple[tuple[datetime, int, str], StreamEvent]] = []
        customers = Customers(self.params, self.naming, self.seed)
        stories = Stories(self.params, self.fates, self.naming)
        troubles = iter(self.troubles.all)
        trouble = next(troubles, None)
        sheets = enumerate(self.sheets())
        number, sheet = 0, next(sheets, None)
        for at, day in enumerate(self.days()):
            begins = self._midnight(day)
            if at == 0:
                _push(waiting, talk.registered(self.params, self.naming, begins - LOOK_BACK))
            made = jobs.of_day(self.params, self._random(JOBS, day.toordinal()), day, number)
            number += len(made)
            for job in made:
                _push(waiting, customers.meet(job.customer, chain.begins(self.params, job)))
                _push(waiting, stories.of(job, self._random(STORY, job.number)))
            _push(waiting, talk.claims(self.params, self.naming, self._random(TALK, day.toordinal()), begins))
            _push(waiting, customers.renewed(day))
            ends = self._midnight(day + timedelta(days=1))
            while trouble is not None and trouble.begins < ends:
                _push(waiting, self._incident(trouble))
                trouble = next(troubles, None)
            while sheet is not None and sheet[1].at < ends:
                _push(waiting, [surveys.answered(sheet[1], sheet[0], self.naming)])
                sheet = next(sheets, None)
            yield from _until(waiting, ends - LOOK_BACK)
        yield from _until(waiting, datetime.max.replace(tzinfo=UTC))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(self.params.zone)).astimezone(UTC)

    def _incident(self, trouble: Trouble) -> Iterator[StreamEvent]:
        name = self.naming.of("I", trouble.number)
        said = {
            "incident_id": name,
            "severity": self.params.incidents.severity,
            "category": trouble.category,
            "title": f"{trouble.category} at {', '.join(place for _, place in trouble.hits) or 'headquarters'}"[:200],
            "affects": [{"kind": kind, "id": place} for kind, place in trouble.hits],
            "opened_at": second(trouble.begins),
        }
        expected = {"status": "opened", "expected_end": second(trouble.ends)}
        yield self.naming.event("incident.reported", name, trouble.begins, said | expected, ".1")
        ended = {"status": "resolved", "resolved_at": second(trouble.ends)}
        yield self.naming.event("incident.reported", name, trouble.ends, said | ended, ".2")


def _push(waiting: list[tuple[tuple[datetime, int, str], StreamEvent]], events: Iterable[StreamEvent]) -> None:
    for event in events:
        heapq.heappush(waiting, (sort_key(event), event))


def _until(waiting: list[tuple[tuple[datetime, int, str], StreamEvent]], end: datetime) -> Iterator[StreamEvent]:
    while waiting and waiting[0][0][0] < end:
        yield heapq.heappop(waiting)[1]
