"""I of the gap (definitions.md): open incidents that hit what the promise depends on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from candor.contracts import Component
from risk_svc.domain import pauses
from risk_svc.domain.component import GapComponent, OpenCase, Part
from risk_svc.domain.incidents import Incident, weightiest
from risk_svc.domain.naming import NAMED


@dataclass(frozen=True, slots=True)
class Incidents(GapComponent):
    """I = 1 − Π(1 − severity · overlap)."""

    name: ClassVar[StrEnum] = Component.INCIDENTS
    default_weight: ClassVar[float] = 0.6

    def open(self, case: OpenCase) -> Part | None:
        """Linked incidents that are open now, weighted by how long they are expected to last."""
        struck = [one for one in case.linked if one.open_at(case.now)]
        hit = joined([(one.severity, one.overlap(case.now, pauses.deadline(case.state, case.now))) for one in struck])
        if not hit > 0.0:
            return None
        return Part(self.name, hit, words(struck))


COMPONENT: Final = Incidents()


def words(struck: Sequence[Incident]) -> str:
    """E.g. `Snow at EWR, ongoing; Strike, ongoing; and 3 more`: the severest of them, and how many others there are."""
    said = [f"{one.title or one.category}, ongoing" for one in weightiest(struck, NAMED)]
    return "; ".join([*said, f"and {len(struck) - NAMED:,} more"] if len(struck) > NAMED else said)


def joined(pairs: Sequence[tuple[float, float]]) -> float:
    """I for linked open incidents, given as (severity, overlap) pairs in [0, 1]."""
    return 1.0 - math.prod(1.0 - severity * overlap for severity, overlap in pairs)
