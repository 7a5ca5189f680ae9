"""HTTP response bodies about what customers see and say: surprises, silences, standings, how far claims spread."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from risk_svc.insight import surprises, words
from risk_svc.web.api.insight_responses import FigureOut, SheetTotals


class SurpriseOut(BaseModel):
    """A promise that ended much better or much worse than its customer was told last."""

    promise_id: str
    customer_id: str
    department: str | None
    kind: str
    verdict: surprises.Verdict = Field(description="better: early; worse: late, not in full, or never.")
    size: float = Field(description="Above 0 better, -1 to 1, as a part of the lateness that is wholly bad (H).")
    days: float | None = Field(description="How many days earlier than was told; below 0 later; null: it never came.")
    missing: float = Field(description="The share of the scope that was not there, 0 to 1.")
    announced: bool = Field(description="Whether the customer was told anything of it before it ended.")
    told_before: str | None = Field(description="What they were told last by then, such as warning.")
    expected_from: datetime | None = Field(description="From when the customer expected it.")
    expected_until: datetime | None = Field(description="Up to when; null: they were told of trouble and no date.")
    completed_at: datetime | None = Field(description="When it came; null: it never did.")
    ended_at: datetime = Field(description="When the promise ended.")


class Surprises(SheetTotals):
    """Surprises, in the order that was asked for; of more than 10,000 those that ended last."""

    items: list[SurpriseOut]


class SurprisedOut(BaseModel):
    """How many of a department's promises ended as a surprise, of those of which what was told before is known."""

    name: str = Field(description="The department; empty for promises that name none.")
    promises: int = Field(description="How many promises have ended.")
    better_n: int = Field(description="How many of them ended much better than told.")
    worse_n: int = Field(description="How many of them ended much worse than told.")
    better: FigureOut = Field(description="The share that ended much better than told.")
    worse: FigureOut = Field(description="The share that ended much worse than told.")
    unannounced: int = Field(description="Surprises before which the customer was told nothing.")


class SurprisedPage(SheetTotals):
    """Surprises by department, the one with most promises first."""

    items: list[SurprisedOut]


class SilenceOut(BaseModel):
    """A customer with an open gap of 25 or more, and how long nothing was heard from them.

    A word is a promise with the date they asked for, a new date they asked for or agreed to, an offer taken or
    declined, an answer sheet, or a statement of theirs; of a day the last counts.
    """

    customer_id: str
    verdict: words.Verdict = Field(
        description="silent: for two usual intervals or more; not_silent; too_little_history: of fewer than five "
        "intervals."
    )
    silence: FigureOut = Field(description="The time since the last word in usual (median) intervals between words.")
    days: float | None = Field(description="The same in days; null: no word is known.")
    last_word_at: datetime | None = Field(description="When the last word came; null: none is known.")
    score: float
    worst: str = Field(description="The id of the promise with the largest gap.")


class Silences(SheetTotals):
    """Customers with an open gap, the longest silence first, those with too little history last."""

    items: list[SilenceOut]


class StandingFigureOut(BaseModel):
    """A share of promises kept, of `n` that ended or are overdue, with its 90 % interval; old ones count less.

    What ended 180 days ago counts half.
    """

    value: float | None = Field(description="(kept + 1) / (kept + broken + 2).")
    low: float | None = Field(description="The lower end of the interval, by which standings are ranked.")
    high: float | None = Field(description="The upper end of the interval.")
    n: int
    open: int = Field(default=0, description="How many of the n are open and overdue: not kept, as of now.")


class StandingOut(BaseModel):
    """How far one may be relied upon; without any history it is .5, from .05 to .95."""

    name: str = Field(description="The team, deliverer, customer or person.")
    standing: StandingFigureOut = Field(description="The share kept.")
    too_little_history: bool = Field(description="Whether fewer than 20 promises have ended or are overdue.")


class Standings(SheetTotals):
    """Standings, the best lower end first."""

    items: list[StandingOut]


class SpreadOut(BaseModel):
    """How far claims of a capability spread that are not met, and what the accounts that were told them may lose.

    Such a claim says more than the register had then and has now; whoever was corrected since no longer counts. The
    money is of all open promises of these accounts that have a forecast and a value, in `currency`.
    """

    capability_id: str
    claims: int = Field(description="How many claims are not met.")
    accounts: int = Field(description="How many accounts were told and not all corrected.")
    prospects: int = Field(description="How many prospects were told and not corrected.")
    reach: float = Field(description="People who were told and not corrected.")
    effective: float | None = Field(
        description="(Σx)² / Σx² over accounts, each prospect being one: near 1 is one noisy account."
    )
    growth: FigureOut = Field(
        description="This week's reach by last week's, above 1 it spreads; null below an effective number of 5 each."
    )
    forecasts: int = Field(description="Of how many promises the figures of money are.")
    expected_loss: float | None = Field(description="The expected loss.")
    value_at_risk: FigureOut = Field(description="The 95 % quantile of the simulated loss.")
    shortfall: FigureOut = Field(description="The mean of the losses at and beyond that quantile.")
    currency: str | None


class Spreads(SheetTotals):
    """Capabilities with claims that are not met, the widest reach first."""

    items: list[SpreadOut]
