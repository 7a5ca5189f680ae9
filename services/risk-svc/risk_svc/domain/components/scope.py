"""S of the gap (definitions.md): the part of a promise's scope that is neither delivered nor still expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from candor.contracts import Component, Standing
from risk_svc.domain.component import GapComponent, OpenCase, Part, SettledCase
from risk_svc.domain.frozen_forecasts import given_up_at
from risk_svc.domain.naming import first_few, short
from risk_svc.domain.state import ItemState, PromiseState, completed_at


@dataclass(frozen=True, slots=True)
class Scope(GapComponent):
    """S = 1 − Σ wᵢ · (share of scope item i that is delivered, accepted or still expected)."""

    name: ClassVar[StrEnum] = Component.SCOPE
    default_weight: ClassVar[float] = 0.9

    def open(self, case: OpenCase) -> Part | None:
        """What is missing and no longer expected; once the promise is given up, nothing more is expected."""
        state = case.state
        if not state.scope:
            return None
        coming = 0.0 if case.now >= given_up_at(state) else 1.0 - min(1.0, max(0.0, case.prediction.never))
        return self._part(state, Standing.OPEN, missing_open(state, coming))

    def settled(self, case: SettledCase) -> Part | None:
        """What was not delivered; nothing is missing from a withdrawn promise."""
        if not case.state.scope or case.standing is Standing.WITHDRAWN:
            return None
        return self._part(case.state, case.standing, missing_settled(case.state, case.standing))

    def _part(self, state: PromiseState, standing: Standing, missing: float) -> Part | None:
        return Part(self.name, missing, words(state, standing)) if missing > 0.0 else None


COMPONENT: Final = Scope()


def missing_share(shares: Sequence[tuple[float, float]]) -> float:
    """S = 1 − Σ wᵢ · share of item i, for (weight, share delivered) pairs; 0 for a promise without scope items."""
    total = sum(weight for weight, _ in shares)
    if total <= 0:
        return 0.0
    return min(1.0, max(0.0, 1.0 - sum(weight * share for weight, share in shares) / total))


def missing_open(state: PromiseState, coming: float) -> float:
    """S in [0, 1] of an open promise: an item counts its delivered share plus `coming` times the rest.

    `coming` = 1 − P(never): no report forecasts a single item, so each is as likely to come as the promise itself. A
    late item counts in lateness, not in scope.
    """
    return missing_share([(item.weight, _share(item, coming)) for item in state.scope])


def missing_settled(state: PromiseState, standing: Standing) -> float:
    """S in [0, 1] once the promise has ended: an item counts its delivered share.

    A verdict `kept` means that the customer accepted everything supported. If no report ever named an item, completing
    the promise counts as delivering its whole scope.
    """
    return missing_share(
        [(item.weight, share) for item, share in zip(state.scope, delivered(state, standing), strict=True)]
    )


def delivered(state: PromiseState, standing: Standing) -> list[float]:
    """The delivered share of each scope item, in [0, 1]; 0 for unsupported items."""
    if state.verdict == "kept":
        return [_share(item, 1.0) for item in state.scope]
    silent = all(item.share is None for item in state.scope)
    whole = silent and standing is not Standing.OPEN and completed_at(state) is not None
    return [_share(item, float(whole)) for item in state.scope]


def words(state: PromiseState, standing: Standing) -> str:
    """The evidence for S, e.g. `1 of 3 items delivered, 1 in part; not supported: remote telemetry`."""
    shares = delivered(state, standing)
    done = sum(share >= 1.0 for share in shares)
    parts = sum(0.0 < share < 1.0 for share in shares)
    said = f"{done} of {len(shares)} items delivered" + (f", {parts} in part" if parts else "")
    absent = [short(item.name) for item in state.scope if not item.supported]
    return f"{said}; not supported: {first_few(absent)}" if absent else said


def _share(item: ItemState, rest: float) -> float:
    if not item.supported:
        return 0.0
    share = item.share or 0.0
    return share + (1.0 - share) * rest
