"""HTTP response bodies of the check before promising."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from risk_svc.domain.check import Verdict
from risk_svc.web.api.responses import ReasonOut


class KeptOut(BaseModel):
    """Counted: of `n` similar promises that came due, the `share` done within a time, with its 95 % interval."""

    share: float
    low: float = Field(description="The lower end of the 95 % interval.")
    high: float
    n: int


class DateOut(BaseModel):
    """A date: the share of similar promises kept in that time, counted, and the model's chance to keep it."""

    due: datetime
    kept: KeptOut
    chance: float


class ReachedOut(BaseModel):
    """The first date by which this share of similar promises were done; null if less than that ever was."""

    share: float
    due: datetime | None


class CheckOut(BaseModel):
    """What similar promises say of the date; with fewer than 20 that came due, null and empty but for their number.

    `kept_in_time`: how many were done in the time from now to `due` plus tolerance, counted. `chance`: the model's,
    which knows labels, incidents and how it went lately. Neither falls as the date moves out. `curve` has both for
    dates from early to late, `reached` the first date that each share of them kept, `target_due` that of `target`.
    `base_rate`: the observed share of the promise type that slipped, null if none has come due.
    """

    verdict: Verdict
    advice: str
    kept_in_time: KeptOut | None = None
    chance: float | None = None
    target: float | None = None
    target_due: datetime | None = None
    curve: list[DateOut] = []
    reached: list[ReachedOut] = []
    base_rate: float | None
    why: list[ReasonOut] = []
    basis: str
    n: int
    model: int
    as_of: datetime
