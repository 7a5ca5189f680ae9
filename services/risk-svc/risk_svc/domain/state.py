"""What risk-svc knows of one promise: facts folded from events and the view derived from them (epoch seconds)."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import msgspec

from candor.contracts import Label
from risk_svc.domain.pause_mark import Mark

TRAIL_LIMIT: Final = 12
NOTICES_LIMIT: Final = 8
PLANS_LIMIT: Final = 8
"""Plans of a step that are remembered, so that what was known at a time does not depend on what came in when."""
DUES_LIMIT: Final = 16
REPORTERS_LIMIT: Final = 4
WITHHELD: Final = -2


class StepStatus(IntEnum):
    """The status of one milestone."""

    PENDING = 0
    STARTED = 1
    REACHED = 2
    MISSED = 3
    CANCELLED = 4


class Said(msgspec.Struct, gc=False, array_like=True, frozen=True):
    """A status of a step as reported: that it was so at `at` became known at `known`; in the sender's own words."""

    status: int
    at: float
    known: float
    source_event: str = ""
    reason: str = ""
    public_reason: str = ""


class StepState(msgspec.Struct, gc=False, array_like=True, kw_only=True):
    """A milestone: `planned` is the first plan, `expected` the newest, and `expected_at` when that became known.

    `at` is when it was reached, missed or cancelled; `source_event` and `reason` are in the sender's own words. `extra`
    steps were reported without a plan and come before the planned ones. `reopened_at` is when a correction last
    reopened the step. `reason` is internal; `public_reason` may be shown to the customer. `known_at`: when `at` became
    known, None: at once. `plans` holds (when it became known, plan) in order; `unplanned`: the promise named no plan.
    `others`: what else was reported and may come to stand when a report is taken back.
    """

    name: str
    planned: float | None = None
    expected: float | None = None
    expected_at: float | None = None
    at: float | None = None
    status: int = 0
    told: bool = False
    final: bool = False
    source_event: str = ""
    reason: str = ""
    extra: bool = False
    reopened_at: float | None = None
    public_reason: str = ""
    known_at: float | None = None
    plans: list[tuple[float, float]] = []
    unplanned: bool = False
    others: list[Said] = []

    @property
    def known(self) -> float | None:
        """When its status became known; None while it has no time."""
        return self.at if self.known_at is None or self.at is None else max(self.at, self.known_at)


class ItemState(msgspec.Struct, gc=False, array_like=True):
    """A scope item: its relative `weight` and the `share` delivered in [0, 1] as of `at` (None: never reported).

    An item that is not `supported` was claimed but is not available. Weight 0: reported before the promise came.
    """

    name: str
    weight: float = 0.0
    supported: bool = True
    share: float | None = None
    at: float = 0.0


class NoticeRecord(msgspec.Struct, gc=False, array_like=True, kw_only=True):
    """The newest state of one notice to the customer; `reason` is notify-svc's code for it, "" in older rows."""

    notice_id: str
    version: int
    statement: str
    state: str
    at: float
    low: float | None = None
    high: float | None = None
    next_update_by: float | None = None
    reason: str = ""


class TrailPoint(msgspec.Struct, gc=False, array_like=True, frozen=True):
    """One point of a promise's history: score in tenths, P(slip) in thousandths.

    Quantiles are epoch seconds (0: it may never complete; -1: unknown, or too little history to state it; WITHHELD: no
    time held). `why` is the reason in words that moved the forecast at this point, "" if unknown.
    """

    at: int
    score: int
    p_slip: int
    p50: int
    p80: int = -1
    p90: int = -1
    model: int = 0
    why: str = ""


class FrozenForecast(msgspec.Struct, gc=False, array_like=True, frozen=True, kw_only=True):
    """A forecast kept as issued, to be scored when the promise is settled; `base` is the base rate at issue.

    Both probabilities are in ten-thousandths because every live promise carries them. Times are in epoch seconds: `at`
    of issue (0: unknown), quantiles (None: it may never complete), `due` the deadline it was about (0: unknown).
    `model` is the model version; the forecast rests on `n` similar promises.
    """

    lead: str
    p: int
    base: int
    at: int = 0
    p50: int | None = None
    p80: int | None = None
    p90: int | None = None
    model: int = 0
    n: int = 0
    due: int = 0


class View(msgspec.Struct, gc=False, array_like=True, kw_only=True):
    """What was last computed and last published for a promise; never compared after a rebuild.

    `score` is 0–100; `p50`, `p80`, `p90` are epoch seconds or None (it may never complete); `shares` holds (component,
    x, share, evidence); `horizon` is H of the lateness in seconds; `doubtful_since` is when P(slip) passed θ, `review`
    when time alone may change the view. `base` is the slip rate of the promise type that forecasts are measured
    against, shrunk to an assumed one; `observed` is the actual rate, None if unknown. `why` holds reasons in words,
    each with the P(slip) that the forecast would state without it. `unmet` is set while a told step is missed: what had
    been heard by then, and the minimum L until more is heard. `records` says for P50, P80 and P90 what such times held:
    (n, held, holds, later in seconds) as in LevelRecord; `withheld` is a NoRange, why there are no times, or "".
    `never` is P(never), which says what S still expects. `untaught`: heard of then, after its date and without an end;
    nothing is learnt of it yet.
    """

    at: float = 0.0
    score: float = 0.0
    p_slip: float = 0.0
    p50: float | None = None
    p80: float | None = None
    p90: float | None = None
    basis: str = ""
    n: int = 0
    model: int = 0
    shares: list[tuple[str, float, float, str]] = []
    horizon: float = 3600.0
    doubtful_since: float | None = None
    review: float = 0.0
    version: int = 0
    sent_score: float = -1.0
    sent_p_slip: float = 0.0
    sent_p50: float | None = None
    sent_standing: str = ""
    sent_facts: int = 0
    trail: list[TrailPoint] = []
    frozen: list[FrozenForecast] = []
    given_up: bool = False
    base: float | None = None
    sent_enough: bool = True
    why: list[tuple[str, float]] = []
    observed: float | None = None
    unmet: tuple[int, float] | None = None
    records: list[tuple[int, int, int, int]] = []
    withheld: str = ""
    never: float = 0.0
    untaught: float | None = None


class PromiseState(msgspec.Struct, gc=False, array_like=True, kw_only=True):
    """One promise, folded; about 400 bytes encoded, at most 1.5 KB for a promise with four labels and four milestones.

    A `placeholder` has milestones or notices but no promise yet; it is never scored, published or shown. `dues` are the
    newest revisions: (when it became known, the promised date before it). `reporters` are the senders that reported its
    steps, the newest last; those before REPORTERS_LIMIT others are forgotten. `pauses`: when steps began and ceased to
    wait for the customer, in order. `backed_due`: for when its deliverer accepted it, where that was named.
    """

    promise_id: str
    customer_id: str
    promise_version: int = 0
    milestone_version: int = 0
    kind: str = ""
    what: str = ""
    made_at: float = 0.0
    requested_due: float | None = None
    first_due: float = 0.0
    latest_due: float = 0.0
    held_due: float = 0.0
    tolerance_s: int = 0
    labels: dict[str, Label] = {}
    steps: list[StepState] = []
    depends_on: list[tuple[str, str]] = []
    value: float | None = None
    currency: str | None = None
    owner: str | None = None
    department: str | None = None
    deliverer: str | None = None
    accepted: bool = True
    zone: str = "UTC"
    historical: bool = False
    withdrawn: bool = False
    verdict: str = ""
    verdict_at: float | None = None
    verdict_completed_at: float | None = None
    revisions: int = 0
    notices: list[NoticeRecord] = []
    view: View = msgspec.field(default_factory=View)
    # Rows are arrays, and those written before a field existed end before it: add new fields last.
    scope: list[ItemState] = []
    dues: list[tuple[float, float]] = []
    withdrawn_at: float | None = None
    reporters: list[str] = []
    pauses: list[Mark] = []
    backed_due: float | None = None

    @property
    def placeholder(self) -> bool:
        return self.promise_version == 0

    @property
    def deadline(self) -> float:
        """e + τ: a promise completed at or before this time is kept, unless its clock stood (`pauses.deadline`)."""
        return self.held_due + self.tolerance_s

    @property
    def lead(self) -> float:
        """Seconds from making the promise to the promised date, at least a minute."""
        return max(60.0, self.held_due - self.made_at)


def final_step(state: PromiseState) -> StepState | None:
    """The step that ended the promise, or None while no final step is reached, missed or cancelled."""
    for step in reversed(state.steps):
        if step.final and step.status >= StepStatus.REACHED:
            return step
    return None


def completed_at(state: PromiseState) -> float | None:
    """When the promise was completed, or None; a time given by a verdict takes precedence."""
    if state.verdict_completed_at is not None:
        return state.verdict_completed_at
    step = final_step(state)
    return step.at if step is not None and step.status == StepStatus.REACHED else None


_encoder: Final = msgspec.msgpack.Encoder(order="sorted")
_decoder: Final = msgspec.msgpack.Decoder(PromiseState)


def to_bytes(state: PromiseState) -> bytes:
    """Compact encoding of a state; `from_bytes` restores an equal one."""
    return _encoder.encode(state)


def from_bytes(raw: bytes) -> PromiseState:
    """The state in a stored row; raises msgspec.ValidationError if the row is invalid."""
    return _decoder.decode(raw)


def folded(state: PromiseState) -> bytes:
    """Encoding of the facts without the view: equal bytes mean that two folds agree."""
    return _encoder.encode(msgspec.structs.replace(state, view=View()))
