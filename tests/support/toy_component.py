"""A toy component of the gap that works once the contract's enum has its name (docs/guide/add-a-component.md)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from candor.contracts import Component
from risk_svc.domain.component import GapComponent, OpenCase, Part, SettledCase


@dataclass(frozen=True, slots=True)
class Steps(GapComponent):
    """min(1, steps on the way / `many_steps`), of open promises and of those that are over."""

    many_steps: float = 4.0

    name: ClassVar[StrEnum] = Component.STEPS  # type: ignore[attr-defined]
    default_weight: ClassVar[float] = 0.4

    def __post_init__(self) -> None:
        if not self.many_steps > 0:
            raise ValueError("many_steps must be above 0")

    def open(self, case: OpenCase) -> Part | None:
        """The steps known so far."""
        return self._part(len(case.state.steps))

    def settled(self, case: SettledCase) -> Part | None:
        """All steps that there were."""
        return self._part(len(case.state.steps))

    def _part(self, steps: int) -> Part | None:
        if not steps:
            return None
        return Part(self.name, min(1.0, steps / self.many_steps), f"it takes {steps} steps")


COMPONENT: Final = Steps()
