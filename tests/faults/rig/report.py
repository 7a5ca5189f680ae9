"""What a run came to, for the screen and for the record."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

from tests.faults.rig.checker import Effects, Findings, Notice
from tests.faults.rig.nemesis import Recovery
from tests.faults.rig.story import CHANNELS

FIGURES: Final = ("sent", "unknown", "in sink", "copies by id", "lost", "twice", "unaccounted")


@dataclass
class Report:
    """Figures of a run; `recovery` in seconds from the strike until ready, by target and kind."""

    seed: int
    seconds: float
    accepted: int
    standing: int
    retries: int
    channels: dict[str, dict[str, int]]
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
            f"quiet {self.quiet_after:.0f} s after the last event; "
            f"{self.standing:,} rows stood there before",
            f"notices: {', '.join(f'{state} {count}' for state, count in sorted(self.notices.items()))}",
            f"ended by themselves and started again: {len(self.ended_by_itself)}",
            *(f"  {one}" for one in self.ended_by_itself),
            f"by channel: {' ':<11}{'  '.join(FIGURES)}",
            *(
                f"  {name:<20} {'  '.join(f'{row[what]:>{len(what)}}' for what in FIGURES)}"
                for name, row in self.channels.items()
            ),
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


def channels_of(found: Effects, findings: Findings) -> dict[str, dict[str, int]]:
    """FIGURES of each channel: what notify-svc says, what its sink has, and what the checker has against the two."""
    figures = {}
    for channel in CHANNELS:
        states = states_of(one for one in found.notices if one.channel == channel)
        against = {
            kind: sum(line.startswith(f"{channel} ") for line in findings[f"message_{kind}"]) for kind in FIGURES[4:]
        }
        there = sum(one.channel == channel for one in found.arrived)
        figures[channel] = {
            "sent": states.get("sent", 0),
            "unknown": states.get("unknown", 0),
            "in sink": there,
            "copies by id": found.repeated[channel],
            **against,
        }
    return figures


def counts_of(findings: Findings) -> dict[str, int]:
    """How much was found of each kind."""
    return {kind: len(found) for kind, found in findings.items()}
