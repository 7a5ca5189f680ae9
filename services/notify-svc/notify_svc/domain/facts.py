"""What notify-svc knows of a promise, its gap and what the customer was told: frozen facts, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from candor.calendar import Calendar
from candor.contracts import MIN_CASES, Fact, Standing, Statement

ALWAYS = Calendar()


@dataclass(frozen=True, slots=True)
class Forecast:
    """P(slip) in [0, 1]; P50 and P80 of the completion time, None where it may never complete."""

    p_slip: float
    p50: datetime | None = None
    p80: datetime | None = None
    n: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """The newest gap of a promise; `event_id` is what a stated range rests on."""

    version: int
    event_id: str
    standing: Standing
    as_of: datetime
    held_due: datetime
    forecast: Forecast | None = None
    facts: tuple[Fact, ...] = ()
    completed_at: datetime | None = None
    historical: bool = False
    traceparent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """The newest promise as the ledger tells it; `event_id` is what "we promised" rests on."""

    promise_id: str
    customer_id: str
    event_id: str
    what: str
    held_due: datetime
    tolerance: timedelta = timedelta(0)
    zone: str = "UTC"
    deliverer: str | None = None
    accepted: bool = True
    historical: bool = False
    withdrawn: bool = False
    disputed: bool = False
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Announcement:
    """What the customer was last told: the range (both ends or neither) and when the next word is due."""

    statement: Statement
    at: datetime
    low: datetime | None = None
    high: datetime | None = None
    next_update_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """From the first warning to the all-clear.

    `number` counts from 1. `told` is None until something was said. `slip_since` is when P(slip) last rose to the
    threshold. `blocked`: a notice failed or is held, and a person has to look. `ended`: nothing more will be said.
    """

    number: int = 1
    told: Announcement | None = None
    slip_since: datetime | None = None
    blocked: bool = False
    ended: bool = False

    @property
    def open(self) -> bool:
        """Whether the customer has been told of trouble that has not been taken back."""
        return self.told is not None and not self.ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When to speak (definitions.md). Every default is assumed until estimated from data."""

    warn_at: float = 0.7
    clear_at: float = 0.3
    hold: timedelta = timedelta(minutes=5)
    overdue: timedelta = timedelta(minutes=30)
    """How long after its plan a step that no source called missed counts so; until then it only worsens a forecast."""
    slack: float = 0.25
    """An improvement of P50 is news only beyond this share of the told range: P50 is that range's own lower edge."""
    update_share: float = 1.0
    """Next update after this share of the time to P80; at 1, four of five customers have it before it comes due."""
    update_min: timedelta = timedelta(hours=1)
    update_max: timedelta = timedelta(days=2)
    daily_cap: int = 10
    """Messages to one customer in 24 business hours."""
    least_cases: int = MIN_CASES
    """Like promises that a forecast must rest on before a customer is told of it."""
    owner_wait: timedelta = timedelta(minutes=10)
    """How long a customer's message waits for that to the owner at most: clock time, a night does not prolong it."""
    owner_daily_cap: int = 100
    """Messages to one owner in 24 business hours: they may own many promises that one bad day hits."""
    calendar: Calendar = ALWAYS
    """Working hours, on the clock of each promise's own zone: `hold` counts in them, updates come due in them."""
    update_early: timedelta = timedelta(minutes=5)
    """How long before it is due an announced update is written, the owner's wait not counted: so that it is kept."""

    def early(self, promise: Promise) -> timedelta:
        """How long before it is due an announced word about `promise` is written."""
        return self.update_early + (self.owner_wait if promise.owner else timedelta(0))


class Kind(StrEnum):
    """What a decision comes to."""

    SPEAK = "speak"
    WAIT = "wait"
    NOTHING = "nothing"


class Reason(StrEnum):
    """Why a notice is spoken, waits, is suppressed or held; why it is in its state."""

    SLIP_HELD = "slip_held"
    MILESTONE_MISSED = "milestone_missed"
    RANGE_LEFT = "range_left"
    UPDATE_DUE = "update_due"
    CANCELLED = "cancelled"
    RECOVERED = "recovered"
    KEPT = "kept"
    DONE_OUTSIDE_RANGE = "done_outside_range"
    NOT_KEPT = "not_kept"

    NO_PROMISE = "no_promise"
    NO_GAP = "no_gap"
    DATES_DIFFER = "dates_differ"
    SLIP_TOO_SHORT = "slip_too_short"
    NOTHING_NEW = "nothing_new"
    BLOCKED = "blocked"

    NOT_SLIPPING = "not_slipping"
    DONE_AS_TOLD = "done_as_told"
    NEVER_WARNED = "never_warned"
    ENDED = "ended"

    WITHDRAWN = "withdrawn"
    DISPUTED = "disputed"
    HISTORICAL = "historical"
    NO_CONTACT = "no_contact"
    NO_CONSENT = "no_consent"
    BAD_CONTACT = "bad_contact"
    ADDRESS_REFUSED = "address_refused"
    DAILY_CAP = "daily_cap"
    SUPERSEDED = "superseded"
    STALE = "stale"
    ERASED = "erased"

    LINT = "lint"
    NOT_COMPOSED = "not_composed"
    SENDING_OFF = "sending_off"

    CLAIMED = "claimed"
    DELIVERED = "delivered"
    TRY_LATER = "try_later"
    REFUSED = "refused"
    GAVE_UP = "gave_up"
    OUTCOME_UNKNOWN = "outcome_unknown"
    CLAIM_EXPIRED = "claim_expired"
    OPERATOR_SENT = "operator_sent"
    OPERATOR_NOT_SENT = "operator_not_sent"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to speak and why; `evidence` holds the figures it rests on, `wake_at` when time alone may change it.

    `closing`: the last word of its episode. `ends`: nothing was said, and nothing will be.
    """

    kind: Kind
    reason: Reason
    statement: Statement | None = None
    evidence: dict[str, str] = field(default_factory=dict)
    wake_at: datetime | None = None
    closing: bool = False
    ends: bool = False
