"""Before saying yes: what a later or an earlier date would bring, counted and as the model sees it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace

from candor.contracts import MIN_CASES
from risk_svc.forecast.spans import Kept
from risk_svc.forecast.view import Incident, View
from risk_svc.forecasting.live import TICK, PublishedModel

POINTS: Final = 12
"""Times for which the model is asked, from shorter than nearly all took to longer: the same for every date."""
ENDS: Final = (0.02, 0.98)
BEYOND: Final = 1.5
"""How much shorter, and longer, than these shares took the curve goes."""
SHARES: Final = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


class DatePoint(NamedTuple):
    """A date, by epoch seconds of its deadline: the share of similar promises done in that time, counted, and the
    model's chance to keep it.
    """

    deadline: float
    kept: Kept
    chance: float


class DateAnswer(NamedTuple):
    """The date asked about, a curve over dates, and for some shares the first deadline that so many kept (None: none).

    Neither counts nor chances fall as the date moves out.
    """

    asked: DatePoint
    curve: list[DatePoint]
    reached: list[tuple[float, float | None]]


def answer(model: PublishedModel, view: View, struck: Sequence[Incident], now: float) -> DateAnswer | int:
    """The answer on a draft; below MIN_CASES promises that came due, only their number."""
    spans, kind = model.model.context.spans, view.kind
    found = spans.within(kind, view.deadline - TICK - now)
    if found is None or found.n < MIN_CASES:
        return found.n if found else 0
    leads = _leads(model, kind)
    views = [replace(view, deadline=now + lead + TICK) for lead in leads]
    late = model.forecast(views, [struck] * len(views), now).p_slip
    # Each date is a promise of its own to the model: what a shorter time reaches, a longer one does as well.
    chances = np.maximum.accumulate(1 - late)

    def point(lead: float) -> DatePoint:
        kept = spans.within(kind, lead) or found
        chance = float(np.interp(math.log(max(lead, 1.0)), np.log(leads), chances))
        return DatePoint(now + lead, kept, chance)

    reached = [(share, spans.target(kind, share)) for share in SHARES]
    return DateAnswer(
        point(view.deadline - TICK - now),
        [point(lead) for lead in leads],
        [(share, None if took is None else now + took) for share, took in reached],
    )


def _leads(model: PublishedModel, kind: str) -> list[float]:
    """Times in seconds, evenly apart in their logarithm, that nearly all promises of a type took."""
    context = model.model.context
    short = context.spans.target(kind, ENDS[0]) or context.lead(kind)
    ever = context.spans.within(kind, math.inf)
    long = (context.spans.target(kind, ENDS[1] * ever.share) if ever else None) or short
    ends = max(2.0, short / BEYOND), max(4.0, long * BEYOND)
    found: list[float] = np.geomspace(*ends, POINTS).tolist()
    return found
