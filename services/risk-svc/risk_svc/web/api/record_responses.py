"""HTTP response bodies of the track record: forecasts as they were issued, beside what happened."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel


class BinOut(BaseModel):
    """Forecasts from `low` to `low` + .1: their mean, and the share that slipped."""

    low: float
    n: int
    predicted: float
    observed: float


class LevelOut(BaseModel):
    """The share of `n` completed promises that met the quantile stated for `level`; `pinball` loss in hours."""

    level: float
    n: int
    covered: float
    pinball: float


class TrackFigures(BaseModel):
    """Forecasts as issued, compared with what happened: `n` forecasts of `promises` that ended.

    `skill` = 1 − `brier` / `base_brier`, with its 95 % interval by promise; `slipped` is the share that slipped,
    `base_rate` the mean of the baseline's forecasts (an assumed share before the first outcome), `calibration_error`
    that of ten bins of equal size. With too little history `base_rate` and skills are null, and
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
    """The figures of forecasts settled in the period that begins on a UTC day."""

    start: date


class TrackGroup(TrackFigures):
    """The figures of one lead, or of one class (a promise type)."""

    name: str


class TrackRecord(TrackFigures):
    """The accuracy of the newest scored forecasts; `left_out` counts older ones that also match the query, up to
    100,000.

    `calibrated` is null while too few are settled to tell; `caution` says why these figures are not yet representative
    (few days, an extreme time), null if nothing speaks against them.
    """

    calibrated: bool | None
    caution: str | None
    left_out: int
    period: Literal["day", "week", "month", "year"]
    over_time: list[TrackSpan]
    by_lead: list[TrackGroup]
    by_class: list[TrackGroup]
