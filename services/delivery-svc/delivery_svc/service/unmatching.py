"""Undoes a match by hand: its reports wait again, and the promise's steps are told without them (ADR 0104)."""

from __future__ import annotations

from dataclasses import dataclass

from candor.intake import Origin
from candor.intake.once import new_id
from candor.store.unit_of_work import UnitOfWork
from delivery_svc import events
from delivery_svc.domain import ParkedReport, ParkReason, Refusal, RefusalReason
from delivery_svc.domain.match import MOST, Match, Passed, without
from delivery_svc.service.trail import MilestoneHistories
from delivery_svc.store import match_rows, parked_rows


@dataclass(frozen=True, slots=True)
class Undone:
    """The outcome of an undo: how many reports wait again."""

    promise_id: str
    customer_id: str
    reports: int


async def undo(uow: UnitOfWork, match_id: str, origin: Origin) -> Undone:
    """Undo a match.

    Raises Refusal for one that there is not (any more), that somebody else has just undone, and for one that brought
    more reports than an undo tells.
    """
    match = await match_rows.find(uow, match_id)
    if match is None:
        raise Refusal(RefusalReason.UNKNOWN_PARKED, "there is no such match: it was undone, or is too old for it")
    trail = await MilestoneHistories.load(uow, [match.promise_id])
    if match.promise_id not in trail.promises:
        raise Refusal(RefusalReason.UNKNOWN_PARKED, "its promise has been erased")
    known = trail.promises[match.promise_id]
    gone = await match_rows.brought(uow, match)
    if len(gone) > MOST:
        raise Refusal(RefusalReason.LIMIT_REACHED, f"it brought more than {MOST} reports", "", MOST)
    steps = {one.report.milestone for one in gone}
    items = {part.item for one in gone for part in one.report.delivered}
    left = without(await match_rows.related(uow, match.promise_id, steps, items), gone)
    # Write nothing before this: the transaction goes on after a refusal, which must leave no trace in it.
    if not await match_rows.take(uow, match_id):
        raise Refusal(RefusalReason.ALREADY_MATCHED, "it has been undone by somebody else just now")
    if match.brought is not None:
        await match_rows.forget_reference(uow, match.promise_id, match.brought)
    await parked_rows.park(uow, [_parked(match, one) for one in gone])
    if gone:
        version = known.version + 1
        await match_rows.take_back(uow, match.promise_id, gone, version)
        uow.emit([events.restated(match.promise_id, known.customer_id, version, left, origin)])
    return Undone(match.promise_id, known.customer_id, len(gone))


def _parked(match: Match, one: Passed) -> ParkedReport:
    # Also what came after the match, by the reference that the promise had meanwhile.
    reason = ParkReason.AWAITING_PROMISE if one.report.reference is None else match.waits_for
    said = one.said or one.report.at
    return ParkedReport(
        one.parked_id or new_id(), reason, one.report, one.source, one.source_event, said, one.historical
    )
