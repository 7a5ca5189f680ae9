"""What moved the forecasts of promises: each is made again without one known fact after another, all in one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from risk_svc.forecast import reasons
from risk_svc.forecast.features import features
from risk_svc.forecast.layout import Floats
from risk_svc.forecast.memory import REFERENCE
from risk_svc.forecast.mixture import pooled
from risk_svc.forecast.model import Model
from risk_svc.forecast.reasons import Reason
from risk_svc.forecast.survival import place
from risk_svc.forecast.view import Incident, View

AT_ONCE: Final = 64
"""Promises in one pass, some ten rows each: more would only take memory."""
Case = tuple[View, Sequence[Incident]]


def explained(model: Model, cases: Sequence[Case], now: float) -> list[list[Reason]]:
    """The reasons that move each promise's forecast, strongest first; none for one that is late or without a model."""
    found: list[list[Reason]] = [[] for _ in cases]
    if model.version:
        wanted = [number for number, (view, _) in enumerate(cases) if view.deadline > now]
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            for number, why in zip(some, _pass(model, [cases[number] for number in some], now), strict=True):
                found[number] = why
    return found


def _pass(model: Model, cases: Sequence[Case], now: float) -> list[list[Reason]]:
    moments = [view.newest(now) for view, _ in cases]
    known = [
        features(view, at, what, model.likes, incidents)
        for (view, incidents), (at, what) in zip(cases, moments, strict=True)
    ]
    themed = [reasons.themes(one, view) for one, (view, _) in zip(known, cases, strict=True)]
    groups = [model.group(view.kind, what) for (view, _), (_, what) in zip(cases, moments, strict=True)]
    found, first = _late(model, cases, known, themed, groups, now), 0
    whys = []
    for (view, incidents), themes in zip(cases, themed, strict=True):
        p, *without = found[first : first + 1 + len(themes)]
        first += 1 + len(themes)
        kept = reasons.chosen(list(themes), p, without)
        whys.append([(reasons.words(theme, view, now, incidents), share) for theme, share in kept])
    return whys


def _late(
    model: Model,
    cases: Sequence[Case],
    known: Sequence[Mapping[str, float]],
    themed: Sequence[Mapping[str, Sequence[str]]],
    groups: Sequence[int],
    now: float,
) -> list[float]:
    """P(slip) of each promise with all features, then without each theme, whose features take their usual values.

    The reference class has no features: without LATELY it falls back to the promise type's long-term share late.
    """
    layout, context = model.layout, model.context
    usual, columns = layout.usual(), layout.columns
    sizes = [1 + len(themes) for themes in themed]
    rows = np.repeat(np.stack([layout.row(one) for one in known]), sizes, axis=0)
    lately: list[tuple[int, float]] = []
    line = 0
    for (view, _), themes in zip(cases, themed, strict=True):
        for number, (theme, names) in enumerate(themes.items(), line + 1):
            places = [columns[name] for name in names if name in columns]
            rows[number, places] = usual[places]
            if theme == reasons.LATELY:
                lately.append((number, context.base(view.kind)))
        line += 1 + len(themes)
    left = np.array([now - view.deadline for view, _ in cases])
    unit = np.array([context.unit(view.kind) for view, _ in cases])
    group = np.repeat(np.array(groups, np.int64), sizes)
    shares: Floats = model.shares_late(rows, np.repeat(place(left, unit), sizes), group)
    for number, base in lately:
        shares[number, REFERENCE] = base
    late: list[float] = pooled(shares, model.shares.weights[group]).tolist()
    return late
