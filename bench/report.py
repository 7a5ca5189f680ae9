"""Turns rounds into a table and a JSON file: each side's median and spread, and its ratio to the baseline."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
Round = Mapping[str, Mapping[str, float]]
"""One round: side → figure → value."""


def medians(rounds: Sequence[Round]) -> dict[str, dict[str, dict[str, float]]]:
    """Side → figure → {median, low, high} over all rounds."""
    sides: dict[str, dict[str, dict[str, float]]] = {}
    for side in rounds[0]:
        sides[side] = {}
        for figure in rounds[0][side]:
            values = [one[side][figure] for one in rounds]
            sides[side][figure] = {"median": statistics.median(values), "low": min(values), "high": max(values)}
    return sides


def ratios(rounds: Sequence[Round], side: str, baseline: str, figure: str) -> dict[str, float]:
    """Ratio of `side` to `baseline`, computed within each round because a slow minute slows both."""
    values = [one[side][figure] / one[baseline][figure] for one in rounds]
    return {"median": statistics.median(values), "low": min(values), "high": max(values)}


def publish(name: str, rounds: Sequence[Round], baseline: str, marks: Mapping[str, str]) -> dict[str, Any]:
    """Print the table, write `bench/results/<name>.json` and return what was written.

    `marks`: figure → its mark (target) in words, shown under the table.
    """
    sides = medians(rounds)
    compared = {
        side: {figure: ratios(rounds, side, baseline, figure) for figure in sides[side]}
        for side in sides
        if side != baseline
    }
    result = {
        "rounds": len(rounds),
        "baseline": baseline,
        "sides": sides,
        "ratio_to_baseline": compared,
        "marks": dict(marks),
    }
    Console(width=120).print(_table(name, result))
    return write(name, result)


def write(name: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Write `bench/results/<name>.json` with when and where it was measured; returns what was written."""
    result = {
        "bench": name,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()},
        **found,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return result


def _table(name: str, result: Mapping[str, Any]) -> Table:
    table = Table(title=f"{name}: median of {result['rounds']} interleaved rounds (low – high)")
    table.add_column("side")
    figures = list(next(iter(result["sides"].values())))
    for figure in figures:
        table.add_column(figure, justify="right")
    for side, values in result["sides"].items():
        table.add_row(side, *(_cell(values[figure]) for figure in figures))
    for side, values in result["ratio_to_baseline"].items():
        table.add_row(f"{side} ÷ {result['baseline']}", *(_cell(values[figure]) for figure in figures), style="bold")
    table.caption = "; ".join(f"{figure}: {mark}" for figure, mark in result["marks"].items())
    return table


def _cell(value: Mapping[str, float]) -> str:
    return f"{value['median']:,.3g} ({value['low']:,.3g} – {value['high']:,.3g})"
