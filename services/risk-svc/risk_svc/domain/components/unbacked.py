"""U of the gap (definitions.md): a promise that rests on a deliverer who has not accepted it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from candor.contracts import Component
from risk_svc.domain.component import GapComponent, OpenCase, Part


@dataclass(frozen=True, slots=True)
class Unbacked(GapComponent):
    """U = 1 while the deliverer named in the promise has not accepted it, else 0."""

    name: ClassVar[StrEnum] = Component.UNBACKED
    default_weight: ClassVar[float] = 0.3

    def open(self, case: OpenCase) -> Part | None:
        """1 for such a promise, else None."""
        state = case.state
        if state.deliverer is None or state.accepted:
            return None
        return Part(self.name, 1.0, f"{state.deliverer} has not accepted it")


COMPONENT: Final = Unbacked()
