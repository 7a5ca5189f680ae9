"""Events of risk-svc: the gap between a promise and what is happening. Topic `gaps`, key customer id."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final

import msgspec

from candor.contracts.envelope import Event

MIN_CASES: Final = 20
"""Similar promises that a forecast must rest on before staff or customers are shown its P(slip). Assumed."""


class Standing(StrEnum):
    """Where a promise stands as risk-svc sees it."""

    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"


class Component(StrEnum):
    """The parts of the gap (definitions.md: L, S, I, C, U)."""

    LATENESS = "lateness"
    SCOPE = "scope"
    INCIDENTS = "incidents"
    SILENCE = "silence"
    UNBACKED = "unbacked"


class FactKind(StrEnum):
    """What an event established about a promise; messages may state these and nothing else."""

    MILESTONE_LATE = "milestone_late"
    MILESTONE_MISSED = "milestone_missed"
    MILESTONE_CANCELLED = "milestone_cancelled"
    MILESTONE_OVERDUE = "milestone_overdue"
    INCIDENT_OPEN = "incident_open"


class Fact(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One established fact and the event that supports it (`event_id` as sent; empty for the clock's own: overdue).

    `name` is the milestone or incident category, `text` its title, `minutes` how late, `planned` when the step was
    planned, `reason` the sender's words: all internal. Customers may be told `public_text` and `public_reason`, and the
    `name` and plan of a step they know of (`told`).
    """

    kind: FactKind
    event_id: str
    name: str
    at: datetime
    text: str = ""
    minutes: float = 0.0
    reason: str = ""
    told: bool = False
    public_text: str = ""
    public_reason: str = ""
    planned: datetime | None = None


class NoRange(StrEnum):
    """Why a forecast has no times to state."""

    TOO_FEW = "too_few_completed"
    DID_NOT_HOLD = "did_not_hold"


class TimesHeld(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """What the stated P80 rests on: of the last `completed` promises of its kind with such a P80, `held` came by it.

    If that share was too small, P80 is stated `later_s` seconds later, by which a share `holds` came. If nothing holds,
    no time is stated, and `no_range` says why. Shares are None where too few are completed.
    """

    completed: int = 0
    held: float | None = None
    holds: float | None = None
    later_s: int = 0
    no_range: NoRange | None = None


class Contribution(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One component's part: `x` in [0, 1], `share` of the score (all shares sum to 1), `evidence` in words."""

    component: Component
    x: float
    share: float
    evidence: str = ""


class Forecast(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """P(slip) in [0, 1] against held date + tolerance, and completion times; None where it may never complete.

    `basis` names the reference class, `n` how many similar promises it rests on, `model` the model's version; `base` is
    the observed share of promises of its kind that slipped, None where none has come due. With `n` below MIN_CASES
    there is too little history: state `base`, if anything.
    """

    p_slip: float
    p50: datetime | None
    p80: datetime | None
    p90: datetime | None
    basis: str = ""
    n: int = 0
    model: int = 0
    base: float | None = None


class Pause(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """Work waits for the customer `since` a time, and the promise's clock stands until they answer or `until`.

    `public_reason`: what is waited for, in words for the customer; "" if nobody gave any.
    """

    since: datetime
    until: datetime
    public_reason: str = ""


class GapScored(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """The gap of one promise, 0–100, with everything that explains it, as of business time `as_of`.

    `facts` are those that matter most, at most 16; `facts_more` is how many others there are. `pause`: it waits for the
    customer now. `missing`: of a promise that ended, the share of its scope in [0, 1] that an event says did not come.
    """

    TYPE: ClassVar[str] = "candor.gap.scored.v1"
    TOPIC: ClassVar[str] = "gaps"
    AGGREGATE: ClassVar[str] = "promise_id"

    promise_id: str
    customer_id: str
    standing: Standing
    score: float
    as_of: datetime
    held_due: datetime
    contributions: list[Contribution] = []
    forecast: Forecast | None = None
    times: TimesHeld | None = None
    facts: list[Fact] = []
    completed_at: datetime | None = None
    facts_more: int = 0
    pause: Pause | None = None
    missing: float = 0.0
