"""How findings are shown, and kept for the pages that state them."""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from bench.report import RESULTS
from bench.scale.scenario import Finding, Scenario

KEPT: Final = {"memory": "scale-memory", "disk": "scale-disk"}
"""Scenarios that a page of docs/operations states, and the file in bench/results."""
MARKS: Final = {True: "kept", False: "NOT KEPT", None: ""}
EXAMPLES: Final = "Examples: python -m bench.scale --only incident --size 0.2; make scale ARGS=--all"


def heading() -> str:
    """The line above everything."""
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, {_now()}"


def announced(scenario: Scenario, count: int) -> str:
    """What is going to be done, and of how much."""
    than = (
        "as stated" if count == scenario.stated else f"{count / scenario.stated:.3g} × the stated {scenario.stated:,}"
    )
    return f"\n{scenario.name}: {scenario.about}\n  {count:,} {scenario.things}, {than}"


def rows(findings: Sequence[Finding]) -> str:
    """One line for each finding."""
    return "\n".join(
        f"  {one.what:52} {one.measured:>26}  {one.limit:14} {MARKS[one.kept]}".rstrip() for one in findings
    )


def summary(found: Mapping[str, Sequence[Finding]], seconds: float) -> str:
    """The last lines: how many limits were kept, and which scenarios broke one."""
    judged = [one for findings in found.values() for one in findings if one.kept is not None]
    broken = [name for name, findings in found.items() if any(one.kept is False for one in findings)]
    kept = sum(one.kept is True for one in judged)
    line = f"\n{kept} of {len(judged)} limits kept, in {seconds / 60:.1f} minutes"
    return f"{line}; not kept in: {', '.join(broken)}" if broken else line


def keep(scenario: Scenario, count: int, findings: Sequence[Finding]) -> None:
    """Write what a page states to bench/results."""
    if scenario.name not in KEPT:
        return
    result = {
        "bench": KEPT[scenario.name],
        "measured_at": _now(),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()},
        "of": count,
        "figures": {one.what: round(one.figure, 3) for one in findings if math.isfinite(one.figure)},
    }
    (RESULTS / f"{KEPT[scenario.name]}.json").write_text(json.dumps(result, indent=2) + "\n")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
