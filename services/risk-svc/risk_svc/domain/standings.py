"""The status of a promise, from its facts alone."""

from __future__ import annotations

from candor.contracts import Standing
from risk_svc.domain.pauses import deadline
from risk_svc.domain.state import PromiseState, StepStatus, final_step


def standing(state: PromiseState) -> Standing:
    """The status of the promise from its folded facts alone; a verdict overrules, a dispute counts as broken.

    An incomplete promise past its due date stays open: its P(slip) is 1, and an all-clear is still possible.
    """
    if state.verdict:
        return Standing.KEPT if state.verdict == "kept" else Standing.BROKEN
    if state.withdrawn:
        return Standing.WITHDRAWN
    step = final_step(state)
    if step is None:
        return Standing.OPEN
    if step.status == StepStatus.CANCELLED:
        return Standing.CANCELLED
    kept = step.status == StepStatus.REACHED and step.at is not None and step.at <= deadline(state, step.at)
    return Standing.KEPT if kept else Standing.BROKEN
