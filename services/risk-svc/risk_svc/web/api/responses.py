"""HTTP out: gaps as readers see them. All times are RFC 3339 in UTC; probabilities and shares lie in [0, 1]."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel

from candor.contracts import Component, FactKind, Label, Standing
from candor.web.http.listings import Counted
from risk_svc.domain.check import Verdict


class ContributionOut(BaseModel):
    """One component's part of the score, in words: `share` of all shares sums to 1."""

    component: Component
    x: float
    share: float
    evidence: str


class ReasonOut(BaseModel):
    """What moves a forecast, in words, and the P(slip) that it would state without it."""

    words: str
    p_slip_without: float


class ForecastOut(BaseModel):
    """Probability of slipping, and when completion is expected; null where it may never be completed.

    All of these are null, and `why` is empty, below 20 similar promises (`n`): too little history. But P(slip)
    is known once the date has passed.
    """

    p_slip: float | None
    p50: datetime | None
    p80: datetime | None
    p90: datetime | None
    basis: str
    n: int
    model: int
    why: list[ReasonOut]


class FactOut(BaseModel):
    """What an event established; `event_id` is empty for what only the clock says.

    `text` and `reason` are internal; customers are told `public_text` and `public_reason`.
    """

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


class GapItem(BaseModel):
    """A promise and its gap, 0–100, as of `as_of`.

    With too little history `p_slip` is null, and `base_rate` (the observed share of promises of its kind that slipped;
    null while none has come due) is all that can be said; `too_little_history` says so in words, and is null otherwise.
    `missed_steps`: steps that the customer was told of and that were missed, cancelled, or are overdue.
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
    contributions: list[ContributionOut]


class StoppedOut(BaseModel):
    """Something upstream that has stopped, so that what is shown may be old; `since` is system time."""

    part: str
    words: str
    since: datetime


class GapPage(Counted):
    """A page of gaps; the next page is in the `Link` header."""

    items: list[GapItem]
    stopped: list[StoppedOut]


class DatesOut(BaseModel):
    """The dates of a promise, never overwritten by one another; `deadline` is the held date plus tolerance."""

    made_at: datetime
    requested_due: datetime | None
    first_due: datetime
    latest_due: datetime
    held_due: datetime
    deadline: datetime
    revisions: int


class MilestoneOut(BaseModel):
    """A step: its first plan, the newest one, and what became of it; customers are told `public_reason` alone."""

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
    """A scope item: `weight` is its share of all weights, `delivered` null until a report names it."""

    item: str
    weight: float
    supported: bool
    delivered: float | None
    at: datetime | None


class IncidentOut(BaseModel):
    """An incident that hits what the promise depends on; customers are told `public_title` alone."""

    incident_id: str
    category: str
    title: str
    severity: float
    opened_at: datetime
    resolved_at: datetime | None
    expected_end: datetime | None
    public_title: str = ""


class NoticeOut(BaseModel):
    """What the customer was told, or is to be told; `reason` is a short code of why, "" if unknown."""

    notice_id: str
    statement: str
    state: str
    at: datetime
    told_low: datetime | None
    told_high: datetime | None
    next_update_by: datetime | None
    reason: str = ""


class PointOut(BaseModel):
    """One point of a promise's history, and the version of the model that forecast it.

    `enough`: quantiles rest on enough similar promises, and a null one may never be completed; otherwise all are null,
    and so is P(slip) until the date has passed. `why` names what moved the forecast here, as far as that is known.
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


class GapDetail(GapItem):
    """One promise with all that explains its gap."""

    forecast: ForecastOut | None
    facts: list[FactOut]
    history: list[PointOut]
    dates: DatesOut
    milestones: list[MilestoneOut]
    scope: list[ItemOut]
    incidents: list[IncidentOut]
    notices: list[NoticeOut]
    labels: dict[str, Label]
    depends_on: list[tuple[str, str]]
    value: float | None
    currency: str | None
    owner: str | None
    department: str | None
    zone: str
    completed_at: datetime | None


class CheckOut(BaseModel):
    """What similar promises say of the date; null where there is too little history to say it, or it may never come.

    `share_kept`: share that would be complete by `due` and its tolerance; `base_rate`: observed share of the kind that
    slipped, null where none has come due.
    """

    verdict: Verdict
    advice: str
    share_kept: float | None
    base_rate: float | None
    p50: datetime | None
    p80: datetime | None
    p90: datetime | None
    why: list[ReasonOut]
    basis: str
    n: int
    model: int
    as_of: datetime


class CustomerGap(BaseModel):
    """A customer's gap: the value-weighted quadratic mean of their open promises, and the worst beside it.

    `assumed_values` counts promises without a value of their own: they weigh as the median of their kind.
    """

    customer_id: str
    score: float
    promises: int
    open: int
    assumed_values: int
    worst: GapItem | None


class Summary(BaseModel):
    """How all promises stand: open ones by band, slipping (P(slip) from .5), warned; settled ones by outcome."""

    open: int
    slipping: int
    warned: int
    bands: dict[str, int]
    settled: dict[str, int]
    as_of: datetime
    stopped: list[StoppedOut]


class Learning(BaseModel):
    """How far forecasts have learnt, in the order of business time: all up to `taught_until` (null: nothing yet).

    What came due before then and is first heard of later teaches nothing: `came_too_late` promises so far, the last of
    them at `last_too_late_at` (real time). `model` is the version that forecasts now.
    """

    taught_until: datetime | None
    came_too_late: int
    last_too_late_at: datetime | None
    model: int


class BinOut(BaseModel):
    """Forecasts between `low` and `low` + .1: their mean, and the share that slipped."""

    low: float
    n: int
    predicted: float
    observed: float


class LevelOut(BaseModel):
    """Of `n` completed ones, the share that came by the quantile stated for `level`; `pinball` loss in hours."""

    level: float
    n: int
    covered: float
    pinball: float


class TrackFigures(BaseModel):
    """What forecasts said when issued against what happened: `n` of them, about `promises` settled promises.

    `skill` = 1 − `brier` / `base_brier`, with its 95 % interval by promise; `slipped` is the share that did,
    `base_rate` the mean of what the yardstick said beside them (an assumed share before the first outcome),
    `calibration_error` that of ten bins of equally many. With too little history `base_rate` and skills are null, and
    `too_little_history` says so in words.
    """

    n: int
    promises: int
    enough: bool
    too_little_history: str | None
    slipped: float | None
    base_rate: float | None
    brier: float | None
    base_brier: float | None
    skill: float | None
    skill_interval: tuple[float, float] | None
    calibration_error: float | None
    pinball: float | None
    reliability: list[BinOut]
    coverage: list[LevelOut]


class TrackSpan(TrackFigures):
    """The figures of what was settled in the period that begins on a UTC day."""

    start: date


class TrackGroup(TrackFigures):
    """The figures of one lead, or of one class: a kind of promise."""

    name: str


class TrackRecord(TrackFigures):
    """The record of the newest scored forecasts; `left_out` older ones fit the question as well.

    `calibrated` is null while too few are settled to tell; `caution` says why this is not yet the forecasts' record
    (few days, an extreme time), null where nothing stands against it.
    """

    calibrated: bool | None
    caution: str | None
    left_out: int
    period: Literal["day", "week", "month", "year"]
    over_time: list[TrackSpan]
    by_lead: list[TrackGroup]
    by_class: list[TrackGroup]
