"""The interface of a component of the gap: its input, its result and what it must define (definitions.md)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

import msgspec

from candor.calendar import Calendar
from candor.contracts import Standing
from risk_svc.domain.incidents import Incident
from risk_svc.domain.state import PromiseState

if TYPE_CHECKING:
    from risk_svc.domain.predictions import Prediction


class OpenCase(msgspec.Struct, frozen=True, gc=False):
    """An open promise as of `now` (epoch seconds), its forecast, and the incidents that hit what it depends on.

    `calendar` defines business hours; `Calendar.at` converts it to the promise's time zone.
    """

    state: PromiseState
    linked: Sequence[Incident]
    prediction: Prediction
    now: float
    calendar: Calendar


class SettledCase(msgspec.Struct, frozen=True, gc=False):
    """A promise that has ended as of `now` (epoch seconds); `done` is when it was completed, None if it never was."""

    state: PromiseState
    standing: Standing
    done: float | None
    now: float
    calendar: Calendar


@dataclass(frozen=True, slots=True)
class Part:
    """One component's `x` in [0, 1], with its evidence in words."""

    component: StrEnum
    x: float
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class GapComponent(ABC):
    """A component of the gap: `name` is its value in the contract's enum, `default_weight` its w in [0, .95].

    Its fields, if any, are numbers with defaults. Each is a setting, read from the environment variable of the same
    name in upper case; a value out of range raises a ValueError that names it.
    """

    name: ClassVar[StrEnum]
    default_weight: ClassVar[float]

    @abstractmethod
    def open(self, case: OpenCase) -> Part | None:
        """What this component adds to the gap of an open promise; None if nothing."""

    def settled(self, case: SettledCase) -> Part | None:  # noqa: ARG002
        """What this component adds to the gap of a promise that has ended; nothing unless overridden."""
        return None
