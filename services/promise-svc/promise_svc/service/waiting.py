"""Statements that wait, in a batch: what waits for the promises that it makes, and what it leaves waiting."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from candor.intake import Origin
from candor.intake.once import new_id
from candor.intake.rejected import Rejection, keep
from candor.store.unit_of_work import UnitOfWork
from promise_svc.domain import Refusal, RefusalReason, Revise, Settle, Statement, Withdraw, limits
from promise_svc.domain.waiting import Waiting
from promise_svc.store import waiting_rows

TYPES: Final = {Revise: "promise.revised", Withdraw: "promise.withdrawn", Settle: "promise.settled"}


@dataclass(slots=True)
class Waiters:
    """What a batch found waiting, what it let wait, and what became of either."""

    found: dict[str, list[Waiting]] = field(default_factory=dict)
    added: dict[str, Waiting] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    refused: list[Rejection] = field(default_factory=list)

    @classmethod
    async def load(cls, uow: UnitOfWork, promises: Collection[str]) -> Waiters:
        """Read what waits for promises that are being made."""
        found: dict[str, list[Waiting]] = {}
        for one in await waiting_rows.waiting_for(uow, promises):
            found.setdefault(one.promise_id, []).append(one)
        return cls(found)

    def wait(self, command: Statement, origin: Origin) -> Waiting:
        """Let a statement wait for its promise."""
        one = Waiting(
            new_id(), command, origin.source, origin.event_id, origin.time, origin.historical, origin.traceparent
        )
        self.added[one.waiting_id] = one
        return one

    def leave(self, promise_id: str) -> list[Waiting]:
        """What waited for a promise and does no longer, in the order in which it was said."""
        here = [one for one in self.added.values() if one.promise_id == promise_id]
        for one in here:
            del self.added[one.waiting_id]
        stored = self.found.pop(promise_id, [])
        self.gone |= {one.waiting_id for one in stored}
        return sorted([*stored, *here], key=lambda one: one.time)

    def reject(self, one: Waiting, refused: Refusal) -> None:
        """Put a statement that cannot be taken where its sender's other rejected ones are listed."""
        digest = sha256(one.waiting_id.encode()).digest()
        kind = TYPES[type(one.command)]
        self.refused.append(Rejection(one.source, one.source_event, digest, kind, refused.why.value, refused.detail))

    async def save(self, uow: UnitOfWork, most: int) -> dict[str, Refusal]:
        """Write what changed; returns why some may not wait: too many do, of a source, of all or for one promise."""
        await waiting_rows.take(uow, self.gone)
        if self.refused:
            await keep(uow, self.refused)
        if not self.added:
            return {}
        sources = await waiting_rows.of_sources(uow)
        promises = await waiting_rows.number(uow, {one.promise_id for one in self.added.values()})
        refusals: dict[str, Refusal] = {}
        stays: list[Waiting] = []
        for one in self.added.values():
            full = _full(sources.get(one.source, 0), most, sum(sources.values()), promises.get(one.promise_id, 0))
            if full is not None:
                refusals[one.waiting_id] = full
                continue
            sources[one.source] = sources.get(one.source, 0) + 1
            promises[one.promise_id] = promises.get(one.promise_id, 0) + 1
            stays.append(one)
        await waiting_rows.add(uow, stays)
        return refusals


def origin_of(one: Waiting) -> Origin:
    """Where a statement that waited came from."""
    return Origin(one.source_event, one.source, one.time, one.historical, one.traceparent)


def _full(of_source: int, most: int, of_all: int, of_promise: int) -> Refusal | None:
    if of_promise >= limits.WAITING:
        detail = f"at most {limits.WAITING} statements wait for a promise that is not known"
        return Refusal(RefusalReason.LIMIT_REACHED, detail, "/promise_id", limits.WAITING)
    if of_source >= most or of_all >= limits.WAITING_IN_ALL:
        return Refusal(RefusalReason.TOO_MANY_WAITING, _TOO_MANY.format(min(most, of_source)))
    return None


_TOO_MANY: Final = (
    "{} statements of this source wait for promises that nobody has made: see GET /v1/waiting, and what they name"
)
