"""Reports of a step taken in, and steps told anew where some of their reports were taken back (ADR 0104)."""

from __future__ import annotations

from typing import Final

from candor.contracts import (
    MilestoneReported,
    MilestonesRestated,
    MilestoneStatus,
    RestatedItem,
    RestatedStep,
    StepReport,
)
from risk_svc.domain import pauses, steps
from risk_svc.domain.pause_mark import Mark
from risk_svc.domain.state import REPORTERS_LIMIT, PromiseState, Said, StepState, StepStatus

TEXT_LIMIT: Final = 120
PUBLIC_LIMIT: Final = 300
LONGEST_PAUSE_S: Final = 30 * 86400.0
"""Of a pause of which no end was said."""
_STATUS: Final = {
    MilestoneStatus.STARTED: StepStatus.STARTED,
    MilestoneStatus.REACHED: StepStatus.REACHED,
    MilestoneStatus.MISSED: StepStatus.MISSED,
    MilestoneStatus.CANCELLED: StepStatus.CANCELLED,
}


def report(state: PromiseState, step: StepState, data: MilestoneReported | StepReport, known: float) -> None:
    """Take in one report of a step of a promise, said at `known` in epoch seconds."""
    said = data.at.timestamp()
    if data.status in (MilestoneStatus.PAUSED, MilestoneStatus.RESUMED):
        _wait(state, step, data, known)
        return
    if data.planned is not None:
        steps.planned(step, data.planned.timestamp(), said, known)
    status = _STATUS.get(data.status, StepStatus.PENDING)
    words = (data.source_event, (data.reason or "")[:TEXT_LIMIT], (data.public_reason or "")[:PUBLIC_LIMIT])
    word = Said(status, said, max(said, known), *words)
    if status >= StepStatus.REACHED:
        steps.ended(step, word, final=data.final)
    else:
        steps.opened(step, word, correction=data.correction)


def _wait(state: PromiseState, step: StepState, data: MilestoneReported | StepReport, known: float) -> None:
    """Take in that the step waits for the customer, or no longer."""
    said, planned = data.at.timestamp(), None if data.planned is None else data.planned.timestamp()
    words = (data.public_reason or "")[:PUBLIC_LIMIT]
    if data.status is MilestoneStatus.PAUSED:
        until = said + LONGEST_PAUSE_S if planned is None else planned
        pauses.marked(state, Mark(said, until, step.name, words, known))
        return
    pauses.marked(state, Mark(said, 0.0, step.name, words, known))
    if planned is not None:
        steps.planned(step, planned, said, known)


def restate(state: PromiseState, data: MilestonesRestated) -> None:
    """Make the named steps and items what the reports left say of them; what the promise said of them stays."""
    for told in data.steps:
        _step(state, told)
    for item in data.items:
        _item(state, item)
    state.reporters = [*data.reporters][-REPORTERS_LIMIT:]


def _step(state: PromiseState, told: RestatedStep) -> None:
    pauses.forget(state, told.milestone)
    place = next((at for at, step in enumerate(state.steps) if step.name == told.milestone), None)
    if place is None:
        if not told.reports:
            return
        place = sum(step.extra for step in state.steps)
        state.steps.insert(place, StepState(name=told.milestone, extra=True))
    before = state.steps[place]
    if before.extra and not told.reports:
        del state.steps[place]
        return
    step = StepState(name=before.name, told=before.told, extra=before.extra)
    if not before.unplanned:
        step.planned = before.planned
    # The last step of a promise's plan ends it, whatever was reported.
    step.final = not before.extra and place == len(state.steps) - 1
    for one in told.reports:
        report(state, step, one, one.known.timestamp())
    state.steps[place] = step


def _item(state: PromiseState, told: RestatedItem) -> None:
    item = next((item for item in state.scope if item.name == told.item), None)
    if item is None:
        return
    if told.share is None or told.at is None:
        if state.placeholder:
            state.scope.remove(item)
        else:
            item.share, item.at = None, 0.0
        return
    item.share, item.at = min(1.0, max(0.0, told.share)), told.at.timestamp()
