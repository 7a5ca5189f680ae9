"""What a run came to, for the screen and for the record."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from tests.faults.rig.checker import Findings, Notice
from tests.faults.rig.nemesis import Recovery


@dataclass
class Report:
    """Figures of a run; `recovery` in seconds from the strike until ready, by target and kind."""

    seed: int
    seconds: float
    accepted: int
    standing: int
    retries: int
    mails: int
    notices: dict[str, int]
    strikes: dict[str, int]
    recovery: dict[str, dict[str, float]]
    ended_by_itself: list[str]
    quiet_after: float
    findings: dict[str, int]

    def text(self) -> str:
        """A few lines for a person."""
        lines = [
            f"seed {self.seed}: {self.accepted:,} events accepted in {self.seconds:.0f} s, {self.retries:,} retries; "
            f"{self.mails} messages in the sink; quiet {self.quiet_after:.0f} s after the last event; "
            f"{self.standing:,} rows stood there before",
            f"notices: {', '.join(f'{state} {count}' for state, count in sorted(self.notices.items()))}",
            f"ended by themselves and started again: {len(self.ended_by_itself)}",
            *(f"  {one}" for one in self.ended_by_itself),
            "struck, and ready again after (s):        n  median    p95     max",
        ]
        for name, figures in self.recovery.items():
            row = (figures["median"], figures["p95"], figures["max"])
            lines.append(f"  {name:<36} {self.strikes[name]:>4} {row[0]:>7.1f} {row[1]:>6.1f} {row[2]:>7.1f}")
        lines += [f"  {name:<36} {count:>4}" for name, count in self.strikes.items() if name not in self.recovery]
        lines.append(f"found: {', '.join(f'{kind} {count}' for kind, count in self.findings.items())}")
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def recovery_of(recoveries: Iterable[Recovery]) -> dict[str, dict[str, float]]:
    """Median, 95th percentile and maximum of the seconds, by `target kind`."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for one in recoveries:
        seconds[f"{one.target} {one.kind}"].append(one.seconds)
    return {
        name: {"median": statistics.median(found), "p95": percentile(found, 0.95), "max": max(found)}
        for name, found in sorted(seconds.items())
    }


def percentile(found: list[float], share: float) -> float:
    """The smallest value that at least `share` of all do not exceed."""
    ordered = sorted(found)
    return ordered[max(0, -(-int(len(ordered) * share * 1000) // 1000) - 1)]


def states_of(notices: Iterable[Notice]) -> dict[str, int]:
    """How many notices are in each state."""
    return dict(Counter(notice.state for notice in notices))


def counts_of(findings: Findings) -> dict[str, int]:
    """How much was found of each kind."""
    return {kind: len(found) for kind, found in findings.items()}
