"""HTTP response bodies of what `insight` keeps. Money is in the currency beside it; nothing is converted unsaid."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, Field

from candor.web.http.listings import ListTotals
from risk_svc.insight.durations import Verdict
from risk_svc.insight.words import Verdict as Contact
from risk_svc.web.api.responses import IncidentOut


class HitOut(BaseModel):
    """An open promise that depends on what an incident hits."""

    promise_id: str
    customer_id: str
    kind: str
    department: str | None
    held_due: datetime
    score: float
    p_slip: float | None
    value: float | None
    currency: str | None
    told: bool


class MoneyOut(BaseModel):
    """The value of open promises in one currency; `unvalued` of them have none."""

    currency: str | None = Field(description="An ISO 4217 code; null for promises that name none.")
    value: float = Field(description="The sum of their values.")
    promises: int
    unvalued: int = Field(description="How many of them have no value.")


class IncidentPromises(ListTotals):
    """What an incident hits: open promises, largest gap or value first, of how many customers, and their value.

    At most 100,000 promises are looked at; beyond that `total_exact` is false and all figures are of that many.
    """

    incident: IncidentOut = Field(description="The incident.")
    customers: int = Field(description="How many customers the promises are to.")
    values: list[MoneyOut] = Field(description="Their value by currency.")
    items: list[HitOut]


class FigureOut(BaseModel):
    """A figure from `n` cases with its 95 % interval; null with too little history (fewer than 20)."""

    value: float | None = Field(description="The figure; null with too little history.")
    low: float | None = Field(description="The lower end of its 95 % interval.")
    high: float | None = Field(description="The upper end of its 95 % interval.")
    n: int


class DueFigureOut(FigureOut):
    """The same of a figure in which an open promise counts, as of now, once it is overdue."""

    open: int = Field(default=0, description="How many of the n are open and overdue: not done so far.")


class SheetTotals(ListTotals):
    """What every page of figures says: when they were worked out, in system time, and from how many promises.

    They are worked out again and again, in a pause of at least ten seconds; null: not once so far.
    """

    made_at: datetime | None = Field(description="When the figures were worked out; null: not once so far.")
    promises: int = Field(description="How many promises they are of.")


class RollUpOut(BaseModel):
    """The value-weighted quadratic mean of a group's open gaps, 0 to 100, and the worst promise beside it.

    `value` is in `currency`; a promise without a value weighs as the median of its promise type. Departments also have
    what their promises may cost, as customers have it under `/v1/accounts`; null for all other groups.
    """

    name: str = Field(description="The group's name; empty for promises that name none.")
    score: float
    promises: int = Field(description="How many open promises the group has.")
    worst: str = Field(description="The id of the promise with the largest gap.")
    worst_score: float = Field(description="The gap of that promise.")
    value: float = Field(description="What the promises are worth together.")
    assumed_values: int
    currency: str | None
    expected_loss: float | None = Field(default=None, description="The expected loss.")
    value_at_risk: FigureOut | None = Field(default=None, description="The 95 % quantile of the simulated loss.")


class RollUps(SheetTotals):
    """Roll-ups, the largest gap first."""

    items: list[RollUpOut]


class RiskOut(BaseModel):
    """Money that open promises may cost: Σ P(slip) · loss share · value, its simulated 95 % quantile and shortfall.

    The simulation lets promises slip together that share an incident, a crew or a deliverer; the intervals are those of
    the simulation. Null where no promise has a forecast and a value.
    """

    promises: int = Field(description="How many open promises there are.")
    forecasts: int = Field(description="How many of them have a forecast and a value: the figures are of these.")
    expected_loss: float | None = Field(description="The expected loss.")
    value_at_risk: FigureOut = Field(description="The 95 % quantile of the simulated loss.")
    shortfall: FigureOut = Field(description="The mean of the losses at and beyond that quantile.")
    currency: str | None


class ApartOut(BaseModel):
    """What promises in another currency, for which no rate is set, may cost."""

    currency: str
    forecasts: int = Field(description="Of how many promises the figures are.")
    expected_loss: float | None = Field(description="The expected loss.")
    value_at_risk: FigureOut = Field(description="The 95 % quantile of the simulated loss.")
    shortfall: FigureOut = Field(description="The mean of the losses at and beyond that quantile.")


class LeewayOut(FigureOut):
    """Days, with the range that 8 of 10 past repairs leave; null without a renewal ahead or with too few of them."""

    low: float | None = Field(description="The lower end of the range that 8 of 10 past repairs leave.")
    high: float | None = Field(description="The upper end of that range.")


class StakeOut(BaseModel):
    """What is known of an account: renewal, exposure, and the leeway before the renewal."""

    renews_on: date | None = Field(default=None, description="The day of the account's renewal.")
    renewal_in_days: float | None = Field(default=None, description="Days until then; below 0 it is over.")
    leeway_days: LeewayOut | None = Field(
        default=None,
        description="Days to the renewal less the usual (median) time from a date that was missed until it was done.",
    )
    exposure: float | None = Field(
        default=None, description="The most that the account can lose; its losses are capped there."
    )
    exposure_currency: str | None = Field(default=None, description="The currency of the exposure.")
    apart: list[ApartOut] = Field(default=[], description="Currencies without a rate, each counted apart.")


class AccountOut(RiskOut, StakeOut):
    """A customer with open promises: gap, value, what it may cost, and what is at stake."""

    customer_id: str
    score: float
    worst: str = Field(description="The id of the promise with the largest gap.")
    worst_score: float = Field(description="The gap of that promise.")
    value: float = Field(description="What the promises are worth together.")
    assumed_values: int
    open_gaps: int = Field(description="How many of its open promises have a gap of 1 or more.")
    last_told: str | None = Field(description="What the customer was told last of them, such as warning or update.")
    last_told_at: datetime | None = Field(description="When the customer was told that.")
    last_told_of: str | None = Field(description="The id of the promise that it was about.")
    contact: Contact | None = Field(
        default=None,
        description="silent, not_silent or too_little_history of words of theirs; null: no open gap of 25 or more.",
    )
    silence: FigureOut | None = Field(
        default=None, description="The time since their last word, in usual intervals between words."
    )
    last_word_at: datetime | None = Field(default=None, description="When their last word came.")


class Accounts(SheetTotals):
    """Accounts, largest first in the order that was asked for."""

    items: list[AccountOut]


class RiskTotalOut(RiskOut):
    """What all open promises may cost, and how many are not counted, by why."""

    name: str = Field(description="all: every open promise; or a currency without a rate, which is counted apart.")
    loss_share: float = Field(description="The share of a value that a slip loses; assumed.")
    no_forecast: int = Field(description="How many have no forecast yet.")
    no_value: int = Field(description="How many have no value.")
    no_rate: int = Field(description="How many are in a currency without a rate.")


class ValueAtRisk(SheetTotals):
    """What all open promises may cost."""

    items: list[RiskTotalOut]


class RenewalOut(BaseModel):
    """What open promises may cost of accounts that renew within a window; expected losses sum to that of all."""

    window: str = Field(
        description="30 days, 60 days (31 to 60), 90 days (61 to 90), later, or no renewal: none known, or it is over."
    )
    accounts: int = Field(description="How many accounts these promises are of.")
    forecasts: int = Field(description="Of how many promises the figures are.")
    expected_loss: float | None = Field(description="The expected loss.")
    value_at_risk: FigureOut = Field(description="The 95 % quantile of the simulated loss.")
    shortfall: FigureOut = Field(description="The mean of the losses at and beyond that quantile.")
    currency: str | None


class Renewals(SheetTotals):
    """Value at risk by window before renewals, the nearest first in each currency."""

    items: list[RenewalOut]


class RedatingReasonOut(BaseModel):
    """What staff gave as the reason of a new date, in small letters, at least five times."""

    reason: str = Field(description="The reason, as it was written.")
    n: int = Field(description="How many new dates had it.")


class PunctualityOut(BaseModel):
    """Of a group's promises, shares with n and 95 % interval; what is open past a date is not done by it, as of now."""

    name: str = Field(description="The group's name; empty for promises that name none.")
    promises: int = Field(description="How many promises of the group have ended, or are open past their first date.")
    open: int = Field(default=0, description="How many of these are open.")
    requested: DueFigureOut = Field(description="Done by the date that the customer asked for.")
    first: DueFigureOut = Field(description="Done by the first date that was told.")
    latest: DueFigureOut = Field(description="Done by the last date that was told.")
    in_full: DueFigureOut = Field(description="Done by the last date and in full.")
    not_in_full: DueFigureOut = Field(description="Done by the last date, but something of the scope was missing.")
    plan_complete: DueFigureOut = Field(description="Steps reached by their first plan: Percent Plan Complete.")
    reset: DueFigureOut = Field(description="Promises whose date the company moved at least once.")
    agreed: FigureOut = Field(description="Of these moves, those to which the customer agreed.")
    reasons: list[RedatingReasonOut] = Field(
        default=[], description="Of a team, the most frequent reasons of these moves, at most three."
    )


class PunctualityPage(SheetTotals):
    """Punctuality, the group with most promises first; months newest first."""

    items: list[PunctualityOut]


class DriftOut(BaseModel):
    """How much longer than promised, as a part of it, from `n` completed or overdue promises with its 90 % interval."""

    value: float | None = Field(
        description="0.2: 20 % longer than others of its type took; below 0 shorter. Null with too little history."
    )
    low: float | None = Field(description="The lower end of its 90 % interval.")
    high: float | None = Field(description="The upper end of its 90 % interval.")
    n: int
    open: int = Field(
        default=0,
        description="How many of the n are open and overdue: at least as late as they are now, 100 % at most.",
    )


class BiasOut(BaseModel):
    """Whose promises take longer or shorter than said; makers and deliverers are told apart by fitting both at once."""

    name: str = Field(description="The team, deliverer or person.")
    drift: DriftOut = Field(description="How much longer or shorter, against others.")
    verdict: Verdict = Field(
        description="optimistic or padded where the whole interval is above or below 0; unclear where it is not; "
        "too_little_history below 20 promises."
    )


class BiasPage(SheetTotals):
    """Bias, what takes longest against its promise first; those with too little history last."""

    items: list[BiasOut]


class CellOut(BaseModel):
    """What one side answers to a question; of fewer than five people nothing is said, not even how many they are."""

    question: str = Field(description="well, improve, others or onward.")
    side: str
    top: FigureOut = Field(description="The share of its people who gave the best rating, 5 of 5.")
    rating: FigureOut = Field(description="Their mean rating, 1 to 5.")
    suppressed: bool = Field(description="True: fewer than five people answered.")
    trend: FigureOut | None = Field(
        description="How much that share grew in the last 90 days of answers against those before; null: too few then."
    )
    kept: DueFigureOut = Field(description="The measured share of promises that were kept, the same in every row.")


class CellPage(SheetTotals):
    """Answers by question and side, in the order in which they are asked."""

    items: list[CellOut]


class PairOut(BaseModel):
    """Two sides beside each other."""

    question: str = Field(description="well, improve, others or onward.")
    first: str = Field(description="One side.")
    second: str = Field(description="The other side.")
    top: FigureOut = Field(description="How much larger the first side's share of best ratings is.")
    distance: FigureOut = Field(description="How far apart all their ratings lie, 0 to 1.")
    verdict: str = Field(description="disparity, similarity, unclear, or suppressed: fewer than five people answered.")


class PairPage(SheetTotals):
    """Pairs of sides, the largest distance first."""

    items: list[PairOut]


class FactorOut(BaseModel):
    """Something that promises may have when they are made, and how much more often those with it are kept.

    An open promise counts as not kept, as of now, once the date that its customer holds has passed.
    """

    name: str = Field(description="What they have, in words.")
    lift: DueFigureOut = Field(
        description="How many times as often they are kept as others of their type and lead time."
    )
    q: float | None = Field(description="The p-value corrected for how many were tried; null with too little history.")
    holds: bool = Field(description="True: q is at most .05.")


class FactorPage(SheetTotals):
    """Factors that were tried, the strongest first, those with too little history last."""

    items: list[FactorOut]


class ChecklistOut(BaseModel):
    """The factors that held, and whether later promises that had all of them were kept more often."""

    items: list[str] = Field(description="What to see to when a promise is made.")
    since: datetime = Field(description="They held in promises that ended before; the figures are of those made since.")
    lift: DueFigureOut = Field(description="How many times as often promises that have all of it are kept.")
    with_all: DueFigureOut = Field(description="The share kept of promises that have all of it.")
    without: DueFigureOut = Field(description="The share kept of the others.")


class ChecklistPage(SheetTotals):
    """The checklist, in one row."""

    items: list[ChecklistOut]


class SentenceOut(BaseModel):
    """A sentence, and the address of what it rests on; without evidence it would not be said."""

    text: str = Field(description="The sentence.")
    evidence: str = Field(description="The page of the board that shows what it rests on.")


class SectionOut(BaseModel):
    """Sentences of one sort."""

    title: str = Field(description="What they are about.")
    sentences: list[SentenceOut] = Field(description="At least one.")


class BriefOut(BaseModel):
    """The weekly brief; a section with nothing to say is left out."""

    made_at: datetime | None = Field(description="When the oldest figure in it was worked out; null: not once so far.")
    sections: list[SectionOut] = Field(description="The most urgent first.")
