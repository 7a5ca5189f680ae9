"""What upstream of the board has stopped, and since when: from signs of life, and from who answers. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from candor.contracts import ProcessAlive

SILENT_SECONDS: Final = 5.0
"""Silence of a process after which it counts as stopped; it says that it lives every second."""
AWAY_SECONDS: Final = 3.0
"""The same for servers that are asked every second: one slow answer is none."""
EXPECTED: Final = {
    ("promise-svc", ""): "promises",
    ("delivery-svc", ""): "reports of milestones and incidents",
    ("risk-svc", "worker"): "scores",
    ("risk-svc", "learner"): "learning of forecasts",
    ("notify-svc", ""): "messages to customers",
}
ANSWERS: Final = {"database": "the database", "kafka": "Kafka", "feed": "this board's own feed of changes"}


class Now(NamedTuple):
    """One moment: seconds of a clock that only grows, to measure by, and the system's time, to tell."""

    seconds: float
    at: datetime


class Stopped(NamedTuple):
    """Something that has stopped, in words; `part` names it, e.g. `risk-svc worker`."""

    part: str
    words: str
    since: datetime


@dataclass
class _Heard:
    """The newest sign of one process; its parts that stand still, with when that was first said."""

    last: Now
    stopped: dict[str, datetime] = field(default_factory=dict)


class Signs:
    """Signs of life as they come, and when each server last answered; `begun`: since when anybody listens."""

    def __init__(self, begun: Now) -> None:
        self._begun = begun
        self._processes: dict[tuple[str, str], dict[str, _Heard]] = {key: {} for key in EXPECTED}
        self._last: dict[tuple[str, str], Now] = {}
        self._answered = dict.fromkeys(ANSWERS, begun)
        self._listening = begun

    def heard(self, alive: ProcessAlive, now: Now) -> None:
        """A process says that it goes on."""
        processes = self._processes.get((alive.service, alive.role))
        if processes is None:
            return
        self._last[alive.service, alive.role] = now
        before = processes[alive.instance].stopped if alive.instance in processes else {}
        processes[alive.instance] = _Heard(now, {part: before.get(part, now.at) for part in alive.stopped})

    def answered(self, name: str, now: Now) -> None:
        """The server (or the feed) of this name in ANSWERS is there."""
        if name != "database" and self._away(name, now):
            # Whoever sends signs of life has to find Kafka again as well.
            self._listening = now
        self._answered[name] = now

    def stopped(self, now: Now) -> list[Stopped]:
        """All that has stopped; of a cause and its consequences the cause alone."""
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
        """Processes heard of lately; one that ended is forgotten, and with it what stood still in it."""
        heard = self._processes[key]
        self._processes[key] = {
            name: one for name, one in heard.items() if now.seconds - one.last.seconds <= SILENT_SECONDS
        }
        return self._processes[key]

    def _away(self, name: str, now: Now) -> bool:
        return now.seconds - self._answered[name].seconds > AWAY_SECONDS


def words(found: list[Stopped], *, replayed: bool) -> str:
    """What a page says; empty where all goes on. `replayed`: the page's own clock is not the system's."""
    told = "; ".join(f"{one.words} since {one.since:%H:%M:%S} UTC" for one in found)
    return f"Data is not updating: {told}{' (real time)' if replayed else ''}." if told else ""
