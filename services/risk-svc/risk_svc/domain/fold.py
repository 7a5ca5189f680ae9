"""Folds events into a promise's state: commutative across topics; in order and exactly once within each topic."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from candor.contracts import (
    Envelope,
    Event,
    MilestoneReported,
    MilestonesRestated,
    NoticeChanged,
    PromiseAssigned,
    PromiseMade,
    PromiseRestated,
    PromiseRevised,
    PromiseSettled,
    PromiseTerms,
    PromiseWithdrawn,
    Verdict,
)
from risk_svc.domain import restating
from risk_svc.domain.state import (
    DUES_LIMIT,
    NOTICES_LIMIT,
    REPORTERS_LIMIT,
    ItemState,
    NoticeRecord,
    PromiseState,
    StepState,
)

TEXT_LIMIT: Final = 120


class FoldOutcome(StrEnum):
    """The outcome of folding an event: `old` was applied before, `version_gap` arrived without its predecessor."""

    APPLIED = "applied"
    OLD = "old"
    VERSION_GAP = "version_gap"


def fold(state: PromiseState, envelope: Envelope, data: Event) -> FoldOutcome:
    """Apply one event to its promise, in place; any outcome but APPLIED leaves the state unchanged.

    Raises TypeError for an event that is not about one promise.
    """
    if isinstance(data, NoticeChanged):
        return _notice(state, envelope, data)
    milestone = isinstance(data, MilestoneReported | MilestonesRestated)
    version = state.milestone_version if milestone else state.promise_version
    if envelope.version <= version:
        return FoldOutcome.OLD
    if envelope.version > version + 1:
        return FoldOutcome.VERSION_GAP
    if isinstance(data, MilestoneReported):
        state.milestone_version = envelope.version
        _milestone(state, data, envelope.time.timestamp())
        return FoldOutcome.APPLIED
    if isinstance(data, MilestonesRestated):
        state.milestone_version = envelope.version
        restating.restate(state, data)
        return FoldOutcome.APPLIED
    if isinstance(data, PromiseMade):
        _made(state, data, historical=envelope.historical)
    elif isinstance(data, PromiseRevised):
        state.dues = [*state.dues, (envelope.time.timestamp(), state.held_due)][-DUES_LIMIT:]
        state.latest_due, state.held_due = data.latest_due.timestamp(), data.held_due.timestamp()
        state.revisions += 1
    elif isinstance(data, PromiseWithdrawn):
        state.withdrawn, state.withdrawn_at = True, envelope.time.timestamp()
    elif isinstance(data, PromiseSettled):
        state.verdict = data.verdict.value
        state.verdict_at = data.settled_at.timestamp()
        state.verdict_completed_at = None if data.completed_at is None else data.completed_at.timestamp()
    elif isinstance(data, PromiseRestated):
        _restated(state, data)
    elif isinstance(data, PromiseAssigned):
        state.deliverer, state.accepted = data.deliverer, data.accepted
        state.backed_due = None if data.due is None else data.due.timestamp()
    else:
        raise TypeError(f"{type(data).__name__} is not about one promise")
    state.promise_version = envelope.version
    return FoldOutcome.APPLIED


def _made(state: PromiseState, data: PromiseMade, *, historical: bool) -> None:
    state.customer_id = data.customer_id
    state.kind, state.what = data.kind, data.what[:TEXT_LIMIT]
    state.made_at = data.made_at.timestamp()
    state.first_due, state.latest_due = data.first_due.timestamp(), data.latest_due.timestamp()
    state.held_due = data.held_due.timestamp()
    state.historical = historical
    _terms(state, data)


def _terms(state: PromiseState, data: PromiseMade | PromiseTerms) -> None:
    """What was promised besides the dates; what was reported of its steps and parts stays."""
    state.requested_due = None if data.requested_due is None else data.requested_due.timestamp()
    state.tolerance_s = data.tolerance_s
    state.labels = dict(data.labels)
    state.depends_on = [(item.kind, item.id) for item in data.depends_on]
    state.value, state.currency = data.value, data.currency
    state.owner, state.department = data.owner, data.department
    if (state.deliverer, state.accepted) != (data.deliverer, data.accepted):
        state.backed_due = None
    state.deliverer, state.accepted = data.deliverer, data.accepted
    state.zone = data.zone
    state.steps = _merge(state.steps, data)
    earlier = {item.name: item for item in state.scope}
    state.scope = [
        ItemState(part.item, max(0.0, part.weight), part.supported, *_reported(earlier.get(part.item)))
        for part in data.scope
    ]


def _restated(state: PromiseState, data: PromiseRestated) -> None:
    """What the statements about a promise come to in the order in which they were said."""
    if data.terms is not None:
        _terms(state, data.terms)
    if data.made_at is not None:
        state.made_at = data.made_at.timestamp()
    if data.first_due is not None:
        state.first_due = data.first_due.timestamp()
    state.latest_due, state.held_due = data.latest_due.timestamp(), data.held_due.timestamp()
    state.dues = [(move.at.timestamp(), move.before.timestamp()) for move in data.moves][-DUES_LIMIT:]
    state.revisions = data.revisions
    ended = None if data.ended_at is None else data.ended_at.timestamp()
    state.withdrawn = data.state == "withdrawn"
    state.withdrawn_at = ended if state.withdrawn else None
    settled = data.state.value in tuple(Verdict)
    state.verdict, state.verdict_at = (data.state.value, ended) if settled else ("", None)
    state.verdict_completed_at = None if data.completed_at is None else data.completed_at.timestamp()


def _reported(item: ItemState | None) -> tuple[float | None, float]:
    return (None, 0.0) if item is None else (item.share, item.at)


def _merge(reported: list[StepState], data: PromiseMade | PromiseTerms) -> list[StepState]:
    """Planned steps in their order with their reports; unplanned ones go first, in order of arrival."""
    earlier = {step.name: step for step in reported}
    planned = []
    for item in data.milestones:
        step = earlier.pop(item.name, None) or StepState(name=item.name)
        if item.planned is not None:
            step.planned, step.unplanned = item.planned.timestamp(), False
        step.told, step.extra = item.told, False
        planned.append(step)
    if planned:
        planned[-1].final = True
    return [*earlier.values(), *planned]


def _milestone(state: PromiseState, data: MilestoneReported, known: float) -> None:
    _delivered(state, data, data.at.timestamp())
    if state.reporters[-1:] != [data.source]:
        others = [name for name in state.reporters if name != data.source]
        state.reporters = [*others, data.source][-REPORTERS_LIMIT:]
    step = next((step for step in state.steps if step.name == data.milestone), None)
    if step is None:
        step = StepState(name=data.milestone, extra=True)
        state.steps.insert(sum(known.extra for known in state.steps), step)
    restating.report(state, step, data, known)


def _delivered(state: PromiseState, data: MilestoneReported, said: float) -> None:
    for part in data.delivered:
        item = next((item for item in state.scope if item.name == part.item), None)
        if item is None:
            if not state.placeholder:
                continue
            item = ItemState(part.item)
            state.scope.append(item)
        if item.share is None or said >= item.at:
            item.share, item.at = min(1.0, max(0.0, part.share)), said


def _notice(state: PromiseState, envelope: Envelope, data: NoticeChanged) -> FoldOutcome:
    known = next((told for told in state.notices if told.notice_id == data.notice_id), None)
    if known is not None and envelope.version <= known.version:
        return FoldOutcome.OLD
    told = NoticeRecord(
        notice_id=data.notice_id,
        version=envelope.version,
        statement=data.statement.value,
        state=data.state.value,
        at=data.at.timestamp(),
        low=None if data.told_low is None else data.told_low.timestamp(),
        high=None if data.told_high is None else data.told_high.timestamp(),
        next_update_by=None if data.next_update_by is None else data.next_update_by.timestamp(),
        reason=data.reason,
    )
    notices = [item for item in state.notices if item.notice_id != data.notice_id]
    state.notices = sorted([*notices, told], key=lambda item: (item.at, item.notice_id))[-NOTICES_LIMIT:]
    return FoldOutcome.APPLIED
