"""The figures of a stream: overall, by quarter, by kind of decision, against references, and marks missed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.forecast_streams.cases import Cases
from risk_svc.forecast.accuracy import Floats, calibration_error, skill_interval
from risk_svc.forecast.evaluation import LEVELS, Measures, measure

LARGE: Final = 5000
"""Decisions of one kind from which its coverage is judged."""
WHOLE, PART = {0.8: 0.02, 0.9: 0.02}, {0.8: 0.05, 0.9: 0.05}
"""How far coverage may be from its level on a stream, and in a quarter or at a kind of decision."""


class Line(NamedTuple):
    """The figures of a part of a stream; `what` is `all`, `dev`, a quarter or a kind of decision."""

    what: str
    n: int
    found: Measures

    @property
    def covered(self) -> dict[float, float]:
        """The share of completed promises that came by each stated time."""
        return {one.level: one.covered for one in self.found.coverage}

    @property
    def apart(self) -> float:
        """How far the coverage of P80 is from 80 %."""
        return abs(self.covered.get(0.8, 0.8) - 0.8)


def table(cases: Cases) -> list[Line]:
    """The whole stream, its `dev` decisions, each quarter and each kind of decision of LARGE or more."""
    return [Line(what, int(chosen.sum()), measure(cases.table.where(chosen))) for what, chosen in _parts(cases)]


def _parts(cases: Cases) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    yield "all", np.ones(len(cases.at), bool)
    if cases.dev.any():
        yield "dev", cases.dev
    for quarter in np.unique(cases.quarter):
        yield str(quarter), cases.quarter == quarter
    for kind, n in zip(*np.unique(cases.kind, return_counts=True), strict=True):
        if n >= LARGE:
            yield str(kind), cases.kind == kind


def missed(lines: list[Line]) -> list[str]:
    """What lies outside its mark, in words."""
    said = []
    for line in lines:
        within = WHOLE if line.what in ("all", "dev") else PART
        for level, most in within.items():
            covered = line.covered.get(level)
            if covered is not None and abs(covered - level) > most:
                said.append(f"{line.what}: P{100 * level:.0f} covers {covered:.1%}")
        if line.what in ("all", "dev") and (line.found.pinball_skill or 0.0) <= 0:
            said.append(f"{line.what}: pinball skill {line.found.pinball_skill:.3f}")
    return said


def against(dev: Cases, stored: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """The engine and every reference on the `dev` decisions: skills over the stored base, error, coverage."""
    completed = ~np.isnan(dev.table.hours)
    hits = (dev.table.hours[:, None] <= dev.table.told)[completed].mean(axis=0)
    rows: dict[str, Mapping[str, float]] = dict(stored)
    rows["engine"] = {
        "brier": float(_brier(dev).mean()),
        "pin": float(_pinball(dev)[completed].mean()),
        "ece": calibration_error(dev.table.p, dev.table.outcome),
        "cov80": float(hits[1]),
        "cov90": float(hits[2]),
    }
    base = stored["base"]
    return {
        name: {
            "Brier skill": 1 - row["brier"] / base["brier"],
            "calibration error": row["ece"],
            "pinball skill": 1 - row["pin"] / base["pin"],
            "P80": row["cov80"],
            "P90": row["cov90"],
        }
        for name, row in rows.items()
    }


def less(new: Cases, old: Cases) -> dict[str, tuple[float, tuple[float, float] | None]]:
    """By how much less `new` loses than `old` on the same decisions, as a share, with a 95 % interval by promise."""
    completed = ~np.isnan(new.table.hours)
    rows = {"Brier": np.ones(len(new.at), bool), "pinball": completed}
    losses = {"Brier": [_brier(one) for one in (new, old)], "pinball": [_pinball(one) for one in (new, old)]}
    found = {}
    for name, (mine, other) in losses.items():
        chosen = rows[name]
        share = 1 - mine[chosen].sum() / other[chosen].sum()
        found[name] = (float(share), skill_interval(new.table.promise[chosen], mine[chosen], other[chosen]))
    return found


def _brier(cases: Cases) -> Floats:
    return np.asarray((cases.table.p - cases.table.outcome) ** 2, np.float64)


def _pinball(cases: Cases) -> Floats:
    error, levels = cases.table.hours[:, None] - cases.table.told, np.array(LEVELS)
    return np.asarray(np.maximum(levels * error, (levels - 1) * error).mean(axis=1), np.float64)
