"""Matches parked reports to promises: when the promise arrives, periodically, or by hand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import Final

from candor.intake import Origin
from candor.intake.rejected import Rejection, keep
from candor.store.unit_of_work import UnitOfWork
from delivery_svc.domain import ParkedReport, ParkReason, Refusal, RefusalReason, place_report
from delivery_svc.service.trail import MilestoneHistories
from delivery_svc.store import parked_rows, promise_rows

# An HTTP transaction that does not see a new promise and a consumer transaction that does not see the parked report can
# miss each other. Both end within seconds, so checking the newest reports again closes the gap.
RECENT: Final = timedelta(minutes=1)
MOST: Final = 500
MILESTONE: Final = "milestone.reported"


@dataclass(frozen=True, slots=True)
class MatchResult:
    """The outcome of a manual match: how many reports were passed on, and how many contradict the promise's history."""

    promise_id: str
    customer_id: str
    matched: int
    rejected: int


async def arrived(uow: UnitOfWork, promise_ids: Collection[str]) -> None:
    """Pass on the parked reports of promises that have just become known."""
    await _settle(uow, await parked_rows.waiting_for(uow, promise_ids))


async def look_again(uow: UnitOfWork, *, everything: bool) -> int:
    """Pass on reports still parked although their promise is known; returns how many were found (at most 500)."""
    found = await parked_rows.overlooked(uow, None if everything else RECENT, MOST)
    await _settle(uow, found)
    return len(found)


async def match(uow: UnitOfWork, parked_id: str, promise_id: str, correction: bool) -> MatchResult:
    """Match a report by hand to a promise, along with all reports that wait for the same reference.

    Raises Refused for an unknown report or promise, and for a report that somebody else has just matched.
    """
    found = await parked_rows.find(uow, [parked_id])
    if not found:
        raise Refusal(RefusalReason.UNKNOWN_PARKED, "nothing is parked under this id")
    trail = await MilestoneHistories.load(uow, [promise_id])
    if promise_id not in trail.promises:
        raise Refusal(RefusalReason.UNKNOWN_PROMISE, "no such promise has been seen", "/promise_id")
    parked = found[0]
    own = replace(parked.report, correction=True) if correction else parked.report
    customer_id = trail.add(promise_id, own, _origin(parked)).customer_id
    # Write nothing before this: the transaction goes on after a refusal, which must leave no trace in it.
    if not await parked_rows.take(uow, [parked_id]):
        raise Refusal(RefusalReason.ALREADY_MATCHED, "it has been matched by somebody else just now")
    name = parked.report.reference
    others: list[ParkedReport] = []
    if parked.reason is ParkReason.AWAITING_REFERENCE and name is not None:
        await promise_rows.add_promises(uow, [], [(name.space, name.id, promise_id)])
        others = await parked_rows.same_reference(uow, name)
    passed, rejected = await _pass_on(uow, trail, [(other, promise_id) for other in others])
    return MatchResult(promise_id, customer_id, passed + 1, rejected)


async def _settle(uow: UnitOfWork, waiting: Sequence[ParkedReport]) -> None:
    if not waiting:
        return
    names = {parked.report.reference for parked in waiting if parked.report.reference is not None}
    referred = await promise_rows.referred(uow, names)
    placed = []
    ambiguous = []
    for parked in waiting:
        report = parked.report
        found = place_report(report, True, referred.get(report.reference, []) if report.reference else [])
        if not isinstance(found, ParkReason):
            placed.append((parked, found))
        elif found is ParkReason.AMBIGUOUS_REFERENCE:
            ambiguous.append(parked.parked_id)
    await parked_rows.call_ambiguous(uow, ambiguous)
    trail = await MilestoneHistories.load(uow, {promise_id for _, promise_id in placed})
    await _pass_on(uow, trail, placed)


async def _pass_on(
    uow: UnitOfWork, trail: MilestoneHistories, placed: Sequence[tuple[ParkedReport, str]]
) -> tuple[int, int]:
    """Pass reports on in the order they happened; returns how many were passed on and how many were contradicted."""
    here = [(parked, promise_id) for parked, promise_id in placed if promise_id in trail.promises]
    taken = await parked_rows.take(uow, [parked.parked_id for parked, _ in here])
    contradicted: list[Rejection] = []
    for parked, promise_id in sorted(here, key=lambda pair: pair[0].report.at):
        if parked.parked_id not in taken:
            continue
        try:
            trail.add(promise_id, parked.report, _origin(parked))
        except Refusal as refused:
            contradicted.append(_rejection(parked, refused))
    await trail.save(uow)
    if contradicted:
        await keep(uow, contradicted)
    return len(taken) - len(contradicted), len(contradicted)


def _origin(parked: ParkedReport) -> Origin:
    return Origin(parked.source_event, parked.source, parked.time, parked.historical, parked.traceparent)


def _rejection(parked: ParkedReport, refused: Refusal) -> Rejection:
    digest = sha256(parked.parked_id.encode()).digest()
    return Rejection(parked.source, parked.source_event, digest, MILESTONE, refused.why.value, refused.detail)
