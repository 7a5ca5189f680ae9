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
from delivery_svc.domain.match import Match
from delivery_svc.service.trail import MilestoneHistories
from delivery_svc.store import match_rows, parked_rows, promise_rows

# An HTTP transaction that does not see a new promise and a consumer transaction that does not see the parked report can
# miss each other. Both end within seconds, so checking the newest reports again closes the gap.
RECENT: Final = timedelta(minutes=1)
MOST: Final = 500
"""Reports that one transaction passes on."""
EACH: Final = 50
"""Reports of one name that are passed on with the promise itself."""
NEWEST: Final = 2_000
LOOK: Final = 2_000
"""Reports that one step of the round looks at."""
MILESTONE: Final = "milestone.reported"


@dataclass(frozen=True, slots=True)
class MatchResult:
    """The outcome of a manual match: how many reports were passed on, and how many contradict the promise's history."""

    promise_id: str
    customer_id: str
    matched: int
    rejected: int


async def arrived(uow: UnitOfWork, promise_ids: Collection[str]) -> None:
    """Pass on the parked reports of promises that have just become known; if they are many, the rest by and by."""
    found = await parked_rows.waiting_for(uow, promise_ids, EACH, MOST)
    await _settle(uow, found)
    if len(found) >= EACH:
        await parked_rows.arrived(uow, promise_ids)


async def rest(uow: UnitOfWork) -> bool:
    """Pass on some of what one promise still waits for; returns whether there was such a promise."""
    name = await parked_rows.next_arrival(uow)
    if name is None:
        return False
    found = await parked_rows.waiting_for(uow, [name], MOST, MOST)
    moved = await _settle(uow, found)
    # What stays though it was looked at waits for something else than this promise.
    await parked_rows.settled(uow, name, more=len(found) == MOST and moved > 0)
    return True


async def crossed(uow: UnitOfWork) -> None:
    """Pass on the newest reports that came at the very moment of their promise."""
    await _settle(uow, await parked_rows.newest_overlooked(uow, RECENT, NEWEST, MOST))


async def look_around(uow: UnitOfWork) -> None:
    """Go on with the round that finds whatever else is parked though its promise is known."""
    await _settle(uow, await parked_rows.next_overlooked(uow, LOOK, MOST))


async def match(
    uow: UnitOfWork, parked_id: str, promise_id: str, correction: bool, *, alike: bool = True, by: str = ""
) -> MatchResult:
    """Match a report by hand to a promise, along with the reports that wait for the same reference if `alike`.

    Of very many some are passed on with it, and the others by and by. The promise has the reference from then on; not
    so if only one report is matched. `by`: whoever matches it, for who may undo it.

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
    customer_id = trail.add(promise_id, own, _origin(parked), parked_id).customer_id
    # Write nothing before this: the transaction goes on after a refusal, which must leave no trace in it.
    if not await parked_rows.take(uow, [parked_id]):
        raise Refusal(RefusalReason.ALREADY_MATCHED, "it has been matched by somebody else just now")
    name = parked.report.reference
    match = Match(
        match_id=parked_id,
        promise_id=promise_id,
        reference=name,
        waits_for=parked.reason,
        alike=alike,
        source=parked.source,
        matched_by=by,
    )
    await match_rows.add(uow, match)
    others: list[ParkedReport] = []
    if alike and parked.reason is ParkReason.AWAITING_REFERENCE and name is not None:
        await promise_rows.add_promises(uow, [], [(name.space, name.id, promise_id)])
        others = await parked_rows.same_reference(uow, name, MOST)
        if len(others) == MOST:
            await parked_rows.arrived(uow, [promise_id])
    passed, rejected = await _pass_on(uow, trail, [(other, promise_id) for other in others])
    return MatchResult(promise_id, customer_id, passed + 1, rejected)


async def _settle(uow: UnitOfWork, waiting: Sequence[ParkedReport]) -> int:
    """Pass on what can be; returns how many reports wait no longer, or for a person."""
    if not waiting:
        return 0
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
    passed, rejected = await _pass_on(uow, trail, placed)
    return len(ambiguous) + passed + rejected


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
            trail.add(promise_id, parked.report, _origin(parked), parked.parked_id)
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
