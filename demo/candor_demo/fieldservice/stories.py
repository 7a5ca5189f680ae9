"""The events of a promise, from the first word of it to its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from candor.replay.stream import StreamEvent, utc_text
from candor_demo.fieldservice import chain
from candor_demo.fieldservice.jobs import Fates, Job, Random
from candor_demo.fieldservice.naming import Naming
from candor_demo.fieldservice.params import Params
from candor_demo.fieldservice.troubles import CREW, SITE

ASKS_AT, LATE_PARTS_AT, WITHDRAWN_AT, TOLD_AT = 0.2, 0.3, 0.5, 0.7
"""Shares of the shorter of promised and actual time, at which these happen."""
SECOND: Final = timedelta(seconds=1)
MARGIN: Final = timedelta(hours=1)
"""By which a new date lies after the time at which it will be done."""


def second(moment: datetime) -> str:
    """The time as events say it, to the second."""
    return utc_text(moment.replace(microsecond=0))


class Stories:
    """Tells what becomes of promises."""

    def __init__(self, params: Params, fates: Fates, naming: Naming) -> None:
        self._params = params
        self._fates = fates
        self._naming = naming

    def of(self, job: Job, random: Random) -> Iterator[StreamEvent]:
        """All events of a promise, in no order."""
        name = self._naming.of("P", job.number)
        days = self._fates.days(job)
        yield from chain.told(self._params, job, name, self._naming, random)
        yield self._made(job, name)
        ends = job.made + timedelta(days=days)
        if self._fates.withdrawn(job):
            ends = job.made + timedelta(days=min(days, job.promised)) * WITHDRAWN_AT
            yield self._said("promise.withdrawn", name, ends, {"reason": "no longer possible"})
        yield from self._handed_off(job, name, ends, random)
        for event in (*self._dates(job, name, days), *self._steps(job, name, days)):
            if event.time < ends - SECOND or not self._fates.withdrawn(job):
                yield event

    def _said(self, event: str, promise: str, at: datetime, said: Mapping[str, Any], part: str = "") -> StreamEvent:
        at = at.replace(microsecond=0)
        return self._naming.event(event, promise, at, {"promise_id": promise, **said}, part)

    def _made(self, job: Job, name: str) -> StreamEvent:
        params, due = self._params, job.made + timedelta(days=job.promised)
        planned = self._planned(job, job.promised)
        said: dict[str, Any] = {
            "customer_id": self._naming.of("C", job.customer),
            "kind": job.kind,
            "what": f"{job.kind} {job.number}" + (f" in {job.site}" if job.site else ""),
            "due": second(due),
            "tolerance_s": params.tolerance_hours * 3600,
            "labels": dict(zip(params.factors, job.has, strict=True)) | ({"site": job.site} if job.site else {}),
            "milestones": [{"name": step, "planned": second(at)} for step, at in planned],
            "depends_on": [{"kind": kind, "id": of} for kind, of in ((CREW, job.crew), (SITE, job.site)) if of],
            "value": job.value,
            "currency": params.kinds[job.kind].currency,
            "accepted": not (job.crew and job.u["imposed"] < params.handoffs.imposed),
            "zone": params.zone,
            "scope": [{"item": item} for item in params.scope],
        }
        if job.u["requested"] < params.requests.asked:
            said["requested_due"] = second(job.made + (due - job.made) * (1 - params.requests.earlier))
        said |= {"department": job.maker} if job.maker else {}
        said |= {"deliverer": job.crew} if job.crew else {}
        return self._said("promise.made", name, job.made, said)

    def _planned(self, job: Job, days: float) -> list[tuple[str, datetime]]:
        steps = self._params.milestones
        return [(step, job.made + timedelta(days=days * at / len(steps))) for at, step in enumerate(steps, 1)]

    def _steps(self, job: Job, name: str, days: float) -> Iterator[StreamEvent]:
        reached = self._planned(job, days)
        for step, at in reached:
            last = step == self._params.milestones[-1]
            said: dict[str, Any] = {"milestone": step, "status": "reached", "at": second(at)}
            if last:
                said |= {"final": True, "delivered": [{"item": item, "share": 1} for item in self._params.scope]}
            yield self._said("milestone.reported", name, at, said, f".{step}")
        if self._fates.parts_late(job):
            at = job.made + timedelta(days=LATE_PARTS_AT * min(days, job.promised))
            step, then = next(one for one in reached if one[1] > at + 2 * SECOND)
            said = {"milestone": step, "status": "redated", "at": second(at), "planned": second(then)}
            reasons = {"reason": "a part comes late", "public_reason": "a part comes late"}
            yield self._said("milestone.reported", name, at, said | reasons, ".parts")

    def _dates(self, job: Job, name: str, days: float) -> Iterator[StreamEvent]:
        shorter = timedelta(days=min(days, job.promised))
        later = self._fates.asked_later(job)
        if later:
            due = job.made + timedelta(days=job.promised + later)
            asked = {"due": second(due), "asked_by": "customer", "reason": "the customer is not there before"}
            yield self._said("promise.revised", name, job.made + shorter * ASKS_AT, asked, ".1")
        if self._fates.told(job, days):
            due = job.made + timedelta(days=days) + MARGIN
            said: dict[str, Any] = {"due": second(due), "asked_by": "company", "reason": "it takes longer than planned"}
            said |= {"agreed": self._fates.agreed(job)}
            yield self._said("promise.revised", name, job.made + shorter * TOLD_AT, said, ".2")

    def _handed_off(self, job: Job, name: str, ends: datetime, random: Random) -> Iterator[StreamEvent]:
        given = self._params.handoffs
        if not job.crew or job.u["imposed"] >= given.imposed:
            return
        handoff = f"{name}.H"
        own = {"handoff_id": handoff}
        asked = {"promise_id": name, "deliverer": job.crew, "department": job.maker or "company"}
        asked |= {"due": second(job.made + timedelta(days=job.promised))}
        yield self._naming.event("handoff.requested", handoff, job.made, own | asked)
        waited = SECOND + timedelta(hours=min(given.hours * 10, float(random.exponential(given.hours))))
        at = (job.made + min(waited, (ends - job.made) * 0.8)).replace(microsecond=0)
        if job.u["answer"] < given.declined:
            yield self._naming.event("handoff.declined", handoff, at, own | {"reason": "no crew is free"})
        elif job.u["answer"] < given.declined + given.countered:
            due = second(job.made + timedelta(days=job.promised * 1.2))
            yield self._naming.event("handoff.countered", handoff, at, own | {"due": due, "reason": "not before"})
            agreed = (at + (ends - at) / 2).replace(microsecond=0)
            yield self._naming.event("handoff.agreed", handoff, agreed, own)
        else:
            yield self._naming.event("handoff.accepted", handoff, at, own)
