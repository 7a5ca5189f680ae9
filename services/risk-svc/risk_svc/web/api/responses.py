"""HTTP response bodies. All times are RFC 3339 in UTC; probabilities and shares lie in [0, 1]."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from candor.contracts import Component, FactKind, Label, NoRange, Standing
from candor.web.http.listings import ListTotals
from risk_svc.domain.next_step import NextStep


class ContributionOut(BaseModel):
    """One component's contribution to the score, with evidence in words; all `share` values sum to 1."""

    component: Component
    x: float
    share: float
    evidence: str


class ReasonOut(BaseModel):
    """A reason that moves a forecast, in words, and the P(slip) without it."""

    words: str
    p_slip_without: float


class TimeRecordOut(BaseModel):
    """What times stated for `level` held lately: of the last `n` completed promises of the type (200 at most), a share
    `held` came by what was forecast.

    A share more than .05 below the level moves the time `later_s` seconds later, by which a share `holds` came. Shares
    are null where too few are completed, `holds` also where no time holds. Times at or before the promised date plus
    tolerance and times after it have records of their own.
    """

    level: float
    n: int
    held: float | None = Field(description="The share that came by the time as it was forecast.")
    holds: float | None
    later_s: int


class ForecastOut(BaseModel):
    """The probability of slipping, and when completion is expected; null if it may never be completed.

    Below 20 similar promises (`n`) all of these are null and `why` is empty: too little history. P(slip) is still
    known once the date has passed. `no_range` says why no time is stated although there is history: times like these
    have not held lately (`did_not_hold`), or too few are completed to know (`too_few_completed`). A time lies by the
    promised date plus tolerance exactly if 1 - `p_slip` reaches its level.
    """

    p_slip: float | None
    p50: datetime | None
    p80: datetime | None
    p90: datetime | None
    basis: str
    n: int
    model: int
    why: list[ReasonOut]
    no_range: NoRange | None = None
    records: list[TimeRecordOut] = []


class FactOut(BaseModel):
    """A fact established by an event, or by the clock; customers see only `public_text` and `public_reason`."""

    kind: FactKind
    event_id: str
    name: str
    at: datetime
    text: str
    minutes: float
    reason: str
    told: bool
    public_text: str = ""
    public_reason: str = ""
    planned: datetime | None = None


class PauseOut(BaseModel):
    """A time in which the promise waited for its customer, which does not count as ours: `since` to `until`.

    Of one that goes on `until` is when the clock runs again at the latest. `public_reason`: what was waited for, in
    words for the customer.
    """

    since: datetime
    until: datetime
    public_reason: str = ""


class GapItem(BaseModel):
    """A promise and its gap, 0–100, as of `as_of`.

    With too little history `p_slip` is null and only `base_rate` is stated (the observed share of its promise type that
    slipped; null until one has come due); `too_little_history` explains this, and is null otherwise.
    `missed_steps`: told steps that were missed, cancelled or are overdue, at most 20, and `missed_steps_more` others.
    `next_step`: what stands first for staff to do, null once it is no longer open; `next_words` says it in words.
    """

    promise_id: str
    customer_id: str
    kind: str
    what: str
    standing: Standing
    score: float
    band: str
    p_slip: float | None
    base_rate: float | None
    too_little_history: str | None
    held_due: datetime
    as_of: datetime
    told: bool
    missed_steps: list[str] = []
    missed_steps_more: int = 0
    next_step: NextStep | None = None
    next_words: str = ""
    paused: PauseOut | None = Field(default=None, description="The wait for the customer that goes on, if one does.")
    contributions: list[ContributionOut]


class StoppedOut(BaseModel):
    """Something upstream that has stopped, so the data shown may be old; `since` is system time."""

    part: str
    words: str
    since: datetime


class SilentOut(BaseModel):
    """A sender that is silent against its own rhythm: of what happened there since its last word nothing is known.

    `since` is system time, the time of that word.
    """

    source: str
    since: datetime


class GapPage(ListTotals):
    """A page of gaps; the next page is in the `Link` header."""

    items: list[GapItem]
    stopped: list[StoppedOut]


class DatesOut(BaseModel):
    """The dates of a promise, none ever overwriting another; `deadline` is the promised date plus tolerance."""

    made_at: datetime
    requested_due: datetime | None
    first_due: datetime
    latest_due: datetime
    held_due: datetime
    deadline: datetime
    revisions: int


class MilestoneOut(BaseModel):
    """A step: its first and latest planned time, and its outcome; customers see only `public_reason`."""

    name: str
    status: str
    planned: datetime | None
    expected: datetime | None
    at: datetime | None
    told: bool
    final: bool
    reason: str
    public_reason: str = ""


class ItemOut(BaseModel):
    """A scope item: `weight` is its share of all weights; `delivered` is null until a report names it."""

    item: str
    weight: float
    supported: bool
    delivered: float | None
    at: datetime | None


class IncidentOut(BaseModel):
    """An incident that affects what the promise depends on; customers see only `public_title`."""

    incident_id: str
    category: str
    title: str
    severity: float
    opened_at: datetime
    resolved_at: datetime | None
    expected_end: datetime | None
    public_title: str = ""


class NoticeOut(BaseModel):
    """A message that the customer was or will be sent; `reason` is a short code, "" if unknown."""

    notice_id: str
    statement: str
    state: str
    at: datetime
    told_low: datetime | None
    told_high: datetime | None
    next_update_by: datetime | None
    reason: str = ""


class PointOut(BaseModel):
    """One point of a promise's history, with the model version that made its forecast.

    `enough`: quantiles are stated, and a null one means it may never be completed; otherwise all are null, as times did
    not hold, or with too little history; then so is P(slip) until the date has passed. `why`: what moved the forecast
    here, if known.
    """

    at: datetime
    score: float
    enough: bool
    p_slip: float | None
    p50: datetime | None
    p80: datetime | None
    p90: datetime | None
    model: int
    why: str


class InputsOut(BaseModel):
    """What the score is computed from beside the facts, so that a reader can compute it again (definitions.md: gap).

    G = 100 · [1 − Π(1 − weight · x)] over the contributions, whose shares are ln(1 − weight · x) over their sum.
    S of an open promise = 1 − Σ w · [delivered + (1 − delivered) · (1 − `p_never`)] over supported scope items; given
    up, it counts what is delivered alone. L of one that was late = min(1, (completed − deadline) / `horizon_s`).
    """

    weights: dict[str, float] = Field(description="How much each component can add to a gap.")
    horizon_s: float = Field(description="H: by how many seconds late a promise of this type counts as wholly late.")
    p_never: float | None = Field(
        description="The probability that it is never completed; assumed with too little history, null once it ended."
    )
    given_up: bool = Field(description="Whether it is overdue by its whole lead time: nothing more is expected.")


class GapDetail(GapItem):
    """One promise with everything that explains its gap.

    At most 16 facts and incidents, those that matter most, and 500 milestones; `…_more` says how many others there are:
    delivery-svc has all, at `GET /v1/incidents` and `GET /v1/milestones`.
    """

    forecast: ForecastOut | None
    inputs: InputsOut = Field(description="What the score is computed from beside the facts.")
    facts: list[FactOut]
    facts_more: int
    history: list[PointOut]
    dates: DatesOut
    milestones: list[MilestoneOut]
    milestones_more: int
    scope: list[ItemOut]
    incidents: list[IncidentOut]
    incidents_more: int
    notices: list[NoticeOut]
    labels: dict[str, Label]
    depends_on: list[tuple[str, str]]
    value: float | None
    currency: str | None
    owner: str | None
    department: str | None
    zone: str
    completed_at: datetime | None
    pauses: list[PauseOut] = Field(default=[], description="The newest waits for the customer, at most 16.")
    reported_by: list[str] = Field(
        default=[], description="The senders whose reports of its steps came last, at most 4, by name."
    )
    silent: list[SilentOut] = Field(
        default=[], description="Those of them that are silent: gap and forecast know nothing later of their steps."
    )


class CustomerGap(BaseModel):
    """A customer's gap: the value-weighted quadratic mean over their open promises, and the worst promise.

    `assumed_values` counts promises without a value: they weigh as the median of their promise type. `exact` is false
    if the customer has more than 10,000 open promises: then all but `promises` is about 10,000 of them.
    """

    customer_id: str
    score: float
    promises: int
    open: int
    assumed_values: int
    worst: GapItem | None
    exact: bool


class Summary(BaseModel):
    """The status of all promises: open ones by band, slipping (P(slip) from .5), warned; settled ones by outcome."""

    open: int
    slipping: int
    warned: int
    bands: dict[str, int]
    settled: dict[str, int]
    as_of: datetime
    stopped: list[StoppedOut]
    silent: list[SilentOut] = []


class Learning(BaseModel):
    """How far forecasts have learnt, in business time: everything up to `taught_until` (null: nothing yet).

    What comes to be known later of a time before then is learnt anew, of which `learning_anew` is done (null: there is
    nothing). Promises that came due before `teaches_from` (null: there is no such time) but become known now teach
    nothing: `came_too_late` so far, the last of them at `last_too_late_at` (real time). `sample_share` below 1 says
    that of the promises made lately only that share, drawn at random, is learnt from, because more came than fit:
    counts of similar promises are then of the sample. `model` is the version that forecasts now.
    """

    taught_until: datetime | None
    teaches_from: datetime | None
    learning_anew: float | None
    came_too_late: int
    last_too_late_at: datetime | None
    sample_share: float
    model: int
