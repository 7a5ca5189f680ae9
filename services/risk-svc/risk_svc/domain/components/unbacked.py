"""U of the gap (definitions.md): a promise that rests on a deliverer who has not accepted it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from candor.contracts import Component
from risk_svc.domain.component import GapComponent, OpenCase, Part
from risk_svc.domain.components.lateness import span


@dataclass(frozen=True, slots=True)
class Unbacked(GapComponent):
    """U = 1 while the deliverer named in a promise has not accepted it for the date that the customer holds, else 0."""

    name: ClassVar[StrEnum] = Component.UNBACKED
    default_weight: ClassVar[float] = 0.3

    def open(self, case: OpenCase) -> Part | None:
        """1 for such a promise, else None."""
        state = case.state
        if state.deliverer is None:
            return None
        if not state.accepted:
            return Part(self.name, 1.0, f"{state.deliverer} has not accepted it")
        if state.backed_due is None or state.backed_due <= state.deadline:
            return None
        later = span(state.backed_due - state.held_due)
        return Part(self.name, 1.0, f"{state.deliverer} accepted it for {later} after the promised date")


COMPONENT: Final = Unbacked()
