"""What notify-svc knows of a promise, its gap and what the customer was told; frozen, without logic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from candor.calendar import Calendar
from candor.contracts import MIN_CASES, Fact, NoRange, Pause, Standing, Statement, Tolerance
from notify_svc.domain.quiet import QuietHours

ALWAYS = Calendar()
MOVES_KEPT = 8


@dataclass(frozen=True, slots=True)
class Forecast:
    """P(slip) in [0, 1]; P50 and P80 of the completion time, None if it may never complete or `no_range` says why.

    Of the last `completed` promises of its type, a share `held` came by such a P80 as it was forecast, and `holds` by
    one as it is stated here; None if unknown.
    """

    p_slip: float
    p50: datetime | None = None
    p80: datetime | None = None
    n: int = 0
    completed: int = 0
    held: float | None = None
    holds: float | None = None
    no_range: NoRange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """The newest gap of a promise; `event_id` is the evidence for a stated range, and for a `pause` that goes on.

    `missing`: once it ended, the share of its scope in [0, 1] that did not come.
    """

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
    pause: Pause | None = None
    missing: float = 0.0

    def going_on(self, now: datetime) -> bool:
        """Whether its pause goes on at `now`."""
        return self.pause is not None and self.pause.since <= now < self.pause.until


@dataclass(frozen=True, slots=True)
class Move:
    """Another date that the company set at `at`: `due` instead of `before`; it counts if the customer `agreed`."""

    event_id: str
    at: datetime
    before: datetime
    due: datetime
    agreed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CalledOff:
    """That a promise was withdrawn at `at`, and not as the customer asked for it; `ours`: as the company wished."""

    event_id: str
    at: datetime
    ours: bool
    reason: str = ""


DATES = 16
"""The newest dates given for a promise, as many as are kept."""


@dataclass(frozen=True, slots=True)
class DateGiven:
    """Another date, `due`, was given at `at`; `moved`: the customer wanted it or agreed. `reason` is for customers."""

    at: datetime
    due: datetime
    moved: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """The newest state of a promise; `event_id` is the evidence for "we promised".

    `ended` is the status that a verdict gave it, which its gap shows a moment later; None without one, or if disputed.
    `latest_due` is the last date that was told; `moves` are the newest that the company told since the customer last
    asked for one, at most MOVES_KEPT. Of `moves` and `called_off`, `reason` is what customers may be told.
    `first_due` is the date as it was made, None if made before that was kept; `dates` the newest DATES given since.
    `withdrawn_for`: why it was withdrawn, as customers may read it. `labels` are names and values, as text.
    """

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
    ended: Standing | None = None
    owner: str | None = None
    kind: str = ""
    latest_due: datetime | None = None
    moves: tuple[Move, ...] = ()
    called_off: CalledOff | None = None
    first_due: datetime | None = None
    dates: tuple[DateGiven, ...] = ()
    withdrawn_for: str = ""
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def agreed_at(self) -> datetime | None:
        """When the customer last wanted another date or agreed to one; None if they never did."""
        return max((one.at for one in self.dates if one.moved), default=None)


@dataclass(frozen=True, slots=True)
class Announcement:
    """What the customer was last told: the range (both ends or neither) and when the next update is due."""

    statement: Statement
    at: datetime
    low: datetime | None = None
    high: datetime | None = None
    next_update_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """From the first warning to the all-clear.

    `number` counts from 1. `told` is None until the customer is told something. `slip_since` is when P(slip) last
    rose to the threshold. `blocked`: a notice failed or is held and needs a person. `ended`: no more notices follow.
    `moved` is the event of the newest move that the customer was told of.
    """

    number: int = 1
    told: Announcement | None = None
    slip_since: datetime | None = None
    blocked: bool = False
    ended: bool = False
    moved: str = ""

    @property
    def open(self) -> bool:
        """Whether the customer was told of trouble that has not been cleared."""
        return self.told is not None and not self.ended


@dataclass(frozen=True, slots=True)
class Expectation:
    """How a customer wants to be written to, as far as it was said; None: as their tier, and else as usual.

    `tolerance`: from which risk of delay they are warned; `ahead`: how long before the promised time at most; `pace`:
    the least time between two messages about one promise, but for what is told to everybody.
    """

    tier: str = ""
    tolerance: Tolerance | None = None
    ahead: timedelta | None = None
    pace: timedelta | None = None


NO_TIERS: Final[Mapping[str, Expectation]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When to speak (definitions.md). Every default is assumed until estimated from data."""

    warn_at: float = 0.7
    tiers: Mapping[str, Expectation] = field(default_factory=lambda: NO_TIERS)
    """What customers of a tier expect, `*` all others."""
    tolerated: float = 0.0
    """Of one customer (`expecting.rules_of`): the risk below which they are not warned, if it is above `warn_at`."""
    ahead: timedelta | None = None
    """Of one customer: how long before the promised time they are warned of a risk at most."""
    pace: timedelta = timedelta(0)
    """Of one customer: the least time between two messages about one promise, but for what is told to everybody."""
    clear_at: float = 0.3
    hold: timedelta = timedelta(minutes=5)
    overdue: timedelta = timedelta(minutes=30)
    """How long after its planned time an unreported step counts as missed; before, it only worsens the forecast."""
    slack: float = 0.25
    """P50 must improve by more than this share of the told range to be news, as P50 is the range's own lower end."""
    update_share: float = 1.0
    """Next update after this share of the time to P80; at 1, four of five customers have it before that."""
    update_min: timedelta = timedelta(hours=1)
    update_max: timedelta = timedelta(days=2)
    daily_cap: int = 10
    """Messages to one customer in 24 business hours."""
    min_cases: int = MIN_CASES
    """Similar promises that a forecast must rest on before a customer is told of it."""
    owner_wait: timedelta = timedelta(minutes=10)
    """The longest a customer's message waits for the owner's: clock time, so a night does not prolong it."""
    owner_takes: timedelta = timedelta(0)
    """How long a customer's message waits for its owner to say it themselves; 0: it does not."""
    quiet: QuietHours | None = None
    """When customers are left in peace, on their own clock, unless their contact says otherwise."""
    owner_daily_cap: int = 100
    """Messages to one owner in 24 business hours: one bad day may hit many of their promises."""
    joint_most: int = 1
    """Promises of one customer that one letter tells of at most."""
    joint_wait: timedelta = timedelta(0)
    """How long a message waits for others to the same customer, so that one letter tells of all."""
    calendar: Calendar = ALWAYS
    """Working hours in each promise's own zone: `hold` is counted in them if that ends before the promised date, else
    by the clock; updates come due in them.
    """
    update_early: timedelta = timedelta(minutes=5)
    """How long before its due time an announced update is written, so that it is on time; excludes the owner's wait."""

    def early(self, promise: Promise) -> timedelta:
        """How long before its due time an announced update about `promise` is written."""
        return self.update_early + (self.owner_wait + self.owner_takes if promise.owner else timedelta(0))


class Kind(StrEnum):
    """The kinds of decisions."""

    SPEAK = "speak"
    WAIT = "wait"
    NOTHING = "nothing"


class Reason(StrEnum):
    """Why a notice is sent, waits, is suppressed or held: the reason for its state."""

    SLIP_HELD = "slip_held"
    MILESTONE_MISSED = "milestone_missed"
    RANGE_LEFT = "range_left"
    UPDATE_DUE = "update_due"
    CANCELLED = "cancelled"
    RECOVERED = "recovered"
    KEPT = "kept"
    DONE_OUTSIDE_RANGE = "done_outside_range"
    NOT_KEPT = "not_kept"
    DATE_MOVED = "date_moved"
    CALLED_OFF = "called_off"
    QUESTION_OPEN = "question_open"

    NO_PROMISE = "no_promise"
    NO_GAP = "no_gap"
    DATES_DIFFER = "dates_differ"
    VERDICT_DIFFERS = "verdict_differs"
    SLIP_TOO_SHORT = "slip_too_short"
    NOTHING_NEW = "nothing_new"
    BLOCKED = "blocked"
    TOLERATED = "tolerated"

    NOT_SLIPPING = "not_slipping"
    DONE_AS_TOLD = "done_as_told"
    NEVER_WARNED = "never_warned"
    ENDED = "ended"

    WITHDRAWN = "withdrawn"
    DISPUTED = "disputed"
    HISTORICAL = "historical"
    NO_CONTACT = "no_contact"
    NO_CONSENT = "no_consent"
    UNSUBSCRIBED = "unsubscribed"
    PURPOSE_NOT_WANTED = "purpose_not_wanted"
    BAD_CONTACT = "bad_contact"
    ADDRESS_REFUSED = "address_refused"
    DAILY_CAP = "daily_cap"
    QUIET_HOURS = "quiet_hours"
    CHANNEL_GONE = "channel_gone"
    NEXT_CHANNEL = "next_channel"
    RETURNED = "returned"
    SUPERSEDED = "superseded"
    STALE = "stale"
    ERASED = "erased"
    DROPPED = "dropped"

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
    AWAITS_APPROVAL = "awaits_approval"
    APPROVED = "approved"
    WITHHELD = "withheld"
    SAID_BY_PHONE = "said_by_phone"
    OPERATOR_SENT = "operator_sent"
    OPERATOR_NOT_SENT = "operator_not_sent"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to speak and why; `evidence` has the figures it rests on, `wake_at` when time alone may change it.

    `closing`: the last notice of its episode. `ends`: nothing is sent now or later. `about` is the event that a notice
    tells of, if it is one event.
    """

    kind: Kind
    reason: Reason
    statement: Statement | None = None
    evidence: dict[str, str] = field(default_factory=dict)
    wake_at: datetime | None = None
    closing: bool = False
    ends: bool = False
    about: str = ""
