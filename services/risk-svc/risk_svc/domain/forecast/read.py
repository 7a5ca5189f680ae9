"""Reading distributions of delay: what they say of a promise that is still open now."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from risk_svc.domain.forecast import grid
from risk_svc.domain.forecast.base import Floats


class Reading(TypedDict):
    """The arrays of a forecast, one element a case; units as in Predictions."""

    p_slip: Floats
    q50: Floats
    q80: Floats
    q90: Floats
    lateness: Floats
    horizon: Floats
    never: Floats
    base: Floats


def read(
    share: Floats, kinds: Floats, now: Floats, anchor: Floats, due: Floats, tolerance: Floats, least: Floats
) -> Reading:
    """Conditions on T > now and reads P(slip), quantiles and expected lateness.

    `share` is the distribution of T − anchor and `kinds` that of T − due at the time of promising, over grid bins and
    never; `least` is the smallest H in seconds. All times in epoch seconds.
    """
    cumulative = _cumulative(share)
    gone = grid.below(cumulative, grid.position(now - anchor))
    left = np.maximum(1e-9, 1 - gone)
    by_due = np.maximum(gone, grid.below(cumulative, grid.position(due + tolerance - anchor)))
    slip = np.where(now > due + tolerance, 1.0, np.clip((1 - by_due) / left, 0.0, 1.0))
    quantiles = []
    for level in (0.5, 0.8, 0.9):
        place = grid.quantile(cumulative, gone + level * left)
        reached = np.maximum(now, anchor + grid.delay(np.minimum(place, grid.BINS)))
        quantiles.append(np.where(np.isinf(place), np.inf, reached))
    base, worst = _usual(kinds, tolerance, least)
    return Reading(
        p_slip=slip,
        q50=quantiles[0],
        q80=quantiles[1],
        q90=quantiles[2],
        lateness=np.minimum(slip, _lateness(share, cumulative, now, anchor, due + tolerance, worst)),
        horizon=worst,
        never=np.clip(share[:, grid.NEVER] / left, 0.0, 1.0),
        base=base,
    )


def _cumulative(share: Floats) -> Floats:
    return np.concatenate([np.zeros((len(share), 1)), np.cumsum(share[:, : grid.BINS], axis=1)], axis=1)


def _usual(kinds: Floats, tolerance: Floats, least: Floats) -> tuple[Floats, Floats]:
    """The kind's slip rate, and H: the P90 of lateness among its late ones that completed, at least `least`."""
    cumulative = _cumulative(kinds)
    on_time = grid.below(cumulative, grid.position(tolerance))
    place = grid.quantile(cumulative, on_time + 0.9 * (cumulative[:, -1] - on_time))
    worst = grid.delay(np.minimum(place, grid.BINS)) - tolerance
    return np.clip(1 - on_time, 0.0, 1.0), np.maximum(worst, least)


def _lateness(
    share: Floats, cumulative: Floats, now: Floats, anchor: Floats, deadline: Floats, worst: Floats
) -> Floats:
    """E[min(1, (T − deadline)⁺ / H) | T > now]; mass at never counts 1."""
    start = cumulative[:, :-1]
    gone_to = grid.position(now - anchor)[:, None]
    kept = np.clip(np.arange(1, grid.BINS + 1) - gone_to, 0.0, 1.0) * (cumulative[:, 1:] - start)
    late = np.clip((anchor[:, None] + grid.CENTRES - deadline[:, None]) / worst[:, None], 0.0, 1.0)
    total = kept.sum(axis=1) + share[:, grid.NEVER]
    expected = (kept * late).sum(axis=1) + share[:, grid.NEVER]
    # A promise past its deadline is late by at least the time gone, however thin the tail that is left.
    sure = np.clip((now - deadline) / worst, 0.0, 1.0)
    likely: Floats = expected / np.maximum(total, 1e-12)
    return np.maximum(sure, likely)
