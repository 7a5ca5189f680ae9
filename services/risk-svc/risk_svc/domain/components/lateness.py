"""L of the gap (definitions.md): how late the promise is, or is expected to be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Final

from candor.contracts import MIN_CASES, Component, Standing
from risk_svc.domain import pauses, support, unmet
from risk_svc.domain.chance import chance_words
from risk_svc.domain.component import GapComponent, OpenCase, Part, SettledCase
from risk_svc.domain.naming import first_few, short
from risk_svc.domain.state import PromiseState, StepStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from candor.contracts import Fact
    from risk_svc.domain.predictions import Prediction

MIN_HORIZON_SHARE: Final = 0.05


@dataclass(frozen=True, slots=True)
class Lateness(GapComponent):
    """L = E[min(1, (T − e − τ)⁺ / H)], and at least `missed_step` while a told step is missed (ADR 0024; assumed)."""

    missed_step: float = 0.5
    """Least lateness while a step that the customer knows of is missed, 0 to 1. Example: 0.5"""

    name: ClassVar[StrEnum] = Component.LATENESS
    default_weight: ClassVar[float] = 0.9

    def __post_init__(self) -> None:
        if not 0.0 <= self.missed_step <= 1.0:
            raise ValueError("missed_step must lie between 0 and 1")

    def open(self, case: OpenCase) -> Part | None:
        """The expected lateness; while a told step is missed, the view keeps a minimum that time cannot lower."""
        missed = unmet.unmet(case.state, case.now)
        late = case.prediction.lateness
        least = case.state.view.unmet = self._least(case, missed)
        if least is not None:
            late = max(late, least[1])
        if not late > 0.0:
            return None
        usual, first = usual_words(case.state, case.prediction, case.now), unmet.words(missed)
        return Part(self.name, late, f"{first}; {usual}" if first else usual)

    def settled(self, case: SettledCase) -> Part | None:
        """The actual lateness of a broken promise; 1 for a cancelled one."""
        state, late = case.state, 0.0
        if case.standing is Standing.CANCELLED:
            late = 1.0
        elif case.standing is Standing.BROKEN:
            # A promise that ended before it was ever forecast has no H from its promise type yet.
            horizon = max(state.view.horizon, MIN_HORIZON_SHARE * state.lead)
            late = 1.0 if case.done is None else lateness_of(case.done, pauses.deadline(state, case.done), horizon)
        return Part(self.name, late, settled_words(state, case.standing, case.done)) if late > 0.0 else None

    def _least(self, case: OpenCase, missed: Sequence[Fact]) -> tuple[int, float] | None:
        """What has been heard, and the minimum L until more is heard; None while no told step is missed."""
        if not missed:
            return None
        item, before = case.prediction, case.state.view.unmet
        least = self.missed_step * unmet.weight(missed, case.now, item.horizon, pauses.waits(case.state))
        heard = unmet.heard(case.state, case.linked)
        held = before[1] if before is not None and before[0] == heard else 0.0
        return heard, max(least, held, min(1.0, item.lateness))


COMPONENT: Final = Lateness()


def lateness_of(completed: float, deadline: float, horizon: float) -> float:
    """L of a promise whose completion time is known: min(1, (T − e − τ)⁺ / H)."""
    return min(1.0, max(0.0, (completed - deadline) / horizon))


def usual_words(state: PromiseState, item: Prediction, now: float) -> str:
    """E.g. `83% likely to slip; the middle forecast is 42 min late`; unsupported figures are called assumed."""
    deadline = pauses.deadline(state, now)
    if now > deadline:
        return f"{span(now - deadline)} overdue"
    if item.n < MIN_CASES:
        return f"{support.words(item.n, item.observed)}; some risk of delay is assumed"
    said = f"{chance_words(item.p_slip)} likely to slip"
    if math.isfinite(item.q50) and item.q50 > deadline:
        said += f"; the middle forecast is {span(item.q50 - deadline)} late"
    return said


def settled_words(state: PromiseState, standing: Standing, done: float | None) -> str:
    """The evidence for L once the outcome is known."""
    if standing is Standing.CANCELLED:
        return "cancelled"
    said = "not delivered" if done is None else f"completed {span(max(0.0, done - pauses.deadline(state, done)))} late"
    return "; ".join([said, *late_steps(state, done)]) if standing is Standing.BROKEN else said


def late_steps(state: PromiseState, done: float | None) -> list[str]:
    """The latest of the intermediate steps and the first few missed ones, e.g. `departed was 42 min late`."""
    # The step that completed the promise is exactly as late as the promise itself.
    steps = [step for step in state.steps if step.at is None or step.at != done]
    late = [
        (step.at - step.planned, step.name)
        for step in steps
        if step.status == StepStatus.REACHED and step.at is not None and step.planned is not None
    ]
    seconds, name = max(late, default=(0.0, ""))
    said = [f"{short(name)} was {span(seconds)} late"] if seconds >= 30 else []
    missed = [f"{short(step.name)} was missed" for step in steps if step.status == StepStatus.MISSED]
    return [*said, first_few(missed)] if missed else said


def span(seconds: float) -> str:
    """E.g. `42 min`, `1.5 h`, `2.3 days`."""
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172800 else f"{seconds / 86400:.1f} days"
