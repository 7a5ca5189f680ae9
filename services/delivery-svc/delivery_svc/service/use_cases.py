"""Use cases of delivery, in batches: load what the batch touches, decide each in order, save, send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from candor.intake import Acceptance, Origin, Submission, once
from candor.intake.once import new_id
from candor.store.unit_of_work import UnitOfWork
from candor.web.http.problems import Problem
from delivery_svc import metrics
from delivery_svc.domain import (
    ParkedReport,
    ParkReason,
    Refusal,
    RefusalReason,
    Report,
    Sighting,
    check,
    place_report,
    with_end,
)
from delivery_svc.service import matching, unmatching
from delivery_svc.service.sightings import IncidentHistories, IncidentOutcome
from delivery_svc.service.trail import MatchedOutcome, MilestoneHistories
from delivery_svc.store import parked_rows, promise_rows


@dataclass(frozen=True, slots=True)
class Match:
    """Match a parked report to a promise by hand."""

    parked_id: str
    promise_id: str
    correction: bool = False
    alike: bool = True


@dataclass(frozen=True, slots=True)
class Undo:
    """Undo a match by hand."""

    match_id: str


@dataclass(frozen=True, slots=True)
class ParkedOutcome:
    """The report was parked."""

    parked_id: str
    reason: ParkReason
    customer_id: str = ""


Command = Report | Sighting | Match | Undo
Result = MatchedOutcome | ParkedOutcome | IncidentOutcome | matching.MatchResult | unmatching.Undone
Statement = Submission[Command, Result]


class UseCases:
    """The use cases of a deployment, in which at most `parked` reports of one source wait for their promises.

    `pause`: the longest that a promise's clock stands for one report.
    """

    def __init__(self, parked: int, pause: timedelta) -> None:
        self._parked = parked
        self._pause = pause

    async def apply(self, uow: UnitOfWork, statements: Sequence[Statement]) -> list[Acceptance | Exception]:
        """Called by a group commit: applies each statement once, in order; a refused one results in a Problem."""
        return await once(uow, statements, partial(_decide, most_parked=self._parked, pause=self._pause))


async def _decide(
    uow: UnitOfWork, statements: Sequence[Statement], *, most_parked: int, pause: timedelta
) -> list[Result | Exception]:
    results: list[Result | Exception | None] = [None] * len(statements)
    reports = [(i, s.command, s.origin) for i, s in enumerate(statements) if isinstance(s.command, Report)]
    sightings = [(i, s.command, s.origin) for i, s in enumerate(statements) if isinstance(s.command, Sighting)]
    # Lock order in every transaction: promises, then parked rows, then incidents, then the places that they affect.
    if reports:
        await _reports(uow, reports, results, most_parked, pause)
    for index, statement in enumerate(statements):
        if isinstance(statement.command, Match | Undo):
            try:
                results[index] = await _by_hand(uow, statement.command, statement.origin)
            except Refusal as refused:
                results[index] = problem(refused)
    if sightings:
        await _sightings(uow, sightings, results)
    return [result for result in results if result is not None]


async def _by_hand(uow: UnitOfWork, command: Match | Undo, origin: Origin) -> Result:
    if isinstance(command, Undo):
        return await unmatching.undo(uow, command.match_id, origin)
    return await matching.match(
        uow, command.parked_id, command.promise_id, command.correction, alike=command.alike, by=origin.source
    )


async def _reports(
    uow: UnitOfWork,
    reports: Sequence[tuple[int, Report, Origin]],
    results: list[Result | Exception | None],
    most_parked: int,
    pause: timedelta,
) -> None:
    named = {report.reference for _, report, _ in reports if report.reference is not None}
    referred = await promise_rows.referred(uow, named)
    ids = {report.promise_id for _, report, _ in reports if report.promise_id is not None}
    trail = await MilestoneHistories.load(uow, ids.union(*(found for found in referred.values() if len(found) == 1)))
    waiting: list[tuple[int, ParkedReport]] = []
    for index, report, origin in reports:
        try:
            check(report)
            ended = with_end(report, pause)
            candidates = referred.get(report.reference, []) if report.reference is not None else []
            # A promise erased after its reference was read no longer exists.
            candidates = [name for name in candidates if len(candidates) > 1 or name in trail.promises]
            found = place_report(report, report.promise_id in trail.promises, candidates)
            if isinstance(found, ParkReason):
                waiting.append((index, _parked(found, ended, origin)))
            else:
                results[index] = trail.add(found, ended, origin)
        except Refusal as refused:
            results[index] = problem(refused)
    await trail.save(uow)
    await _park(uow, waiting, results, most_parked)


async def _park(
    uow: UnitOfWork,
    waiting: Sequence[tuple[int, ParkedReport]],
    results: list[Result | Exception | None],
    most: int,
) -> None:
    """Store the reports that wait; of a source that has too many already, the others are refused."""
    if not waiting:
        return
    there = await parked_rows.of_sources(uow, {parked.source for _, parked in waiting})
    kept = []
    for index, parked in waiting:
        there[parked.source] = there.get(parked.source, 0) + 1
        if there[parked.source] > most:
            results[index] = problem(Refusal(RefusalReason.TOO_MANY_PARKED, _TOO_MANY.format(most)))
            continue
        metrics.PARKED_TOTAL.labels(parked.reason.value).inc()
        results[index] = ParkedOutcome(parked.parked_id, parked.reason)
        kept.append(parked)
    await parked_rows.park(uow, kept)


def _parked(reason: ParkReason, report: Report, origin: Origin) -> ParkedReport:
    name = new_id()
    return ParkedReport(
        name, reason, report, origin.source, origin.event_id, origin.time, origin.historical, origin.traceparent
    )


async def _sightings(
    uow: UnitOfWork,
    sightings: Sequence[tuple[int, Sighting, Origin]],
    results: list[Result | Exception | None],
) -> None:
    histories = await IncidentHistories.load(uow, [sighting for _, sighting, _ in sightings])
    for index, sighting, origin in sightings:
        try:
            results[index] = histories.add(sighting, origin)
        except Refusal as refused:
            results[index] = problem(refused)
    await histories.save(uow)


_CODES = {RefusalReason.UNKNOWN_PARKED: "not_found", RefusalReason.MILESTONE_REGRESSED: "milestone_regressed"}
_TOO_MANY: Final = (
    "{} reports of this source wait for promises that nobody has made: see GET /v1/parked, and why they match nothing"
)
_CODES[RefusalReason.TOO_MANY_PARKED] = "too_many_parked"
_CODES[RefusalReason.ALREADY_MATCHED] = "already_matched"


def problem(refused: Refusal) -> Problem:
    """The refusal as an HTTP problem response."""
    if refused.why is RefusalReason.LIMIT_REACHED:
        return Problem.limit_reached(refused.pointer, refused.detail, refused.limit)
    code = _CODES.get(refused.why)
    return Problem(code, refused.detail) if code else Problem.invalid_field(refused.pointer, refused.detail)
