"""What has stopped upstream of the board, and since when, judged by signs of life and server answers. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from candor.contracts import ProcessAlive

SILENT_SECONDS: Final = 5.0
"""A process silent for this long counts as stopped; it sends a sign of life every second."""
AWAY_SECONDS: Final = 3.0
"""The same for servers, which are asked every second: one slow answer does not count."""
EXPECTED: Final = {
    ("promise-svc", ""): "promises",
    ("delivery-svc", ""): "reports of milestones and incidents",
    ("risk-svc", "worker"): "scores",
    ("risk-svc", "learner"): "learning of forecasts",
    ("notify-svc", ""): "messages to customers",
}
ANSWERS: Final = {"database": "the database", "kafka": "Kafka", "feed": "this board's own feed of changes"}


class Now(NamedTuple):
    """One moment: monotonic seconds for measuring, and system time for display."""

    seconds: float
    at: datetime


class Stopped(NamedTuple):
    """Something that has stopped, with its description; `part` names it, e.g. `risk-svc worker`."""

    part: str
    words: str
    since: datetime


@dataclass
class _Heard:
    """The last sign of life of one process, and its stopped parts with when each was first reported."""

    last: Now
    stopped: dict[str, datetime] = field(default_factory=dict)


class Signs:
    """Collects signs of life and when each server last answered; `begun`: when listening began."""

    def __init__(self, begun: Now) -> None:
        self._begun = begun
        self._processes: dict[tuple[str, str], dict[str, _Heard]] = {key: {} for key in EXPECTED}
        self._last: dict[tuple[str, str], Now] = {}
        self._answered = dict.fromkeys(ANSWERS, begun)
        self._listening = begun

    def heard(self, alive: ProcessAlive, now: Now) -> None:
        """Take in a process's sign of life."""
        processes = self._processes.get((alive.service, alive.role))
        if processes is None:
            return
        self._last[alive.service, alive.role] = now
        before = processes[alive.instance].stopped if alive.instance in processes else {}
        processes[alive.instance] = _Heard(now, {part: before.get(part, now.at) for part in alive.stopped})

    def answered(self, name: str, now: Now) -> None:
        """Note that a server (or the feed), named as in ANSWERS, answered."""
        if name != "database" and self._away(name, now):
            # Processes that send signs of life have to reconnect to Kafka first.
            self._listening = now
        self._answered[name] = now

    def stopped(self, now: Now) -> list[Stopped]:
        """Everything that has stopped; a cause is listed without its consequences."""
        for name in ("database", "kafka", "feed"):
            if self._away(name, now):
                verb = "has stopped" if name == "feed" else "does not answer"
                return [Stopped(name, f"{ANSWERS[name]} {verb}", self._answered[name].at)]
        return [one for key in EXPECTED for one in self._of(key, now)]

    def _of(self, key: tuple[str, str], now: Now) -> Iterator[Stopped]:
        name, what = " ".join(key).strip(), EXPECTED[key]
        last = self._last.get(key, self._begun)
        if now.seconds - max(last.seconds, self._listening.seconds) > SILENT_SECONDS:
            yield Stopped(name, f"no sign of life from {name} ({what})", last.at)
            return
        parts: dict[str, datetime] = {}
        for process in self._fresh(key, now).values():
            for part, since in process.stopped.items():
                parts[part] = min(since, parts.get(part, since))
        for part, since in parts.items():
            yield Stopped(f"{name} {part}", f"the {part} of {name} ({what}) has stopped", since)

    def _fresh(self, key: tuple[str, str], now: Now) -> dict[str, _Heard]:
        """Processes heard from recently; one that ended is dropped along with its stopped parts."""
        heard = self._processes[key]
        self._processes[key] = {
            name: one for name, one in heard.items() if now.seconds - one.last.seconds <= SILENT_SECONDS
        }
        return self._processes[key]

    def _away(self, name: str, now: Now) -> bool:
        return now.seconds - self._answered[name].seconds > AWAY_SECONDS


def words(found: list[Stopped], *, replayed: bool) -> str:
    """The text for a page; empty if nothing has stopped. `replayed`: the page's clock is not the system clock."""
    told = "; ".join(f"{one.words} since {one.since:%H:%M:%S} UTC" for one in found)
    return f"Data is not updating: {told}{' (real time)' if replayed else ''}." if told else ""
