"""What has stopped upstream of the board, and since when, judged by signs of life and server answers. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NamedTuple

from candor.contracts import PROCESSES, ProcessAlive

SILENT_SECONDS: Final = 7.0
"""A process silent for this long has stopped. It sends a sign of life every second; one that is lost costs six."""
LATEST_SECONDS: Final = 8.5
"""The same while the silence may have a cause that is told a moment later: no process is heard, or a server is slow."""
HEARD_SECONDS: Final = 2.0
"""If no process was heard for this long, the cause is rather what they are heard by."""
AWAY_SECONDS: Final = {"database": 6.0, "kafka": 6.0, "feed": 3.0}
"""The same for servers, which are asked every second: one slow or lost answer does not count, two in a row do.
The feed answers for itself, and only after it has been still for five seconds."""
OVERDUE_SECONDS: Final = {"database": 3.0, "kafka": 3.0, "feed": 1.5}
"""One that has not answered for this long may be about to be told of: what may follow from that waits for it."""
RECONNECT_SECONDS: Final = 8.0
"""After a start or an outage: how long the feed, the processes and their parts have to find what was away."""
SHOWN: Final = 5
"""Silent senders that a page names; it counts the others."""
ANSWERS: Final = {"database": "the database", "kafka": "Kafka", "feed": "this board's own feed of changes"}


class Moment(NamedTuple):
    """One moment: monotonic seconds for measuring, and system time for display."""

    seconds: float
    at: datetime


class Silence(NamedTuple):
    """A sender that is silent against its own rhythm: nothing that happened since its last word is known here."""

    source: str
    since: datetime


class Stoppage(NamedTuple):
    """Something that has stopped, with its description; `part` names it, e.g. `risk-svc worker`."""

    part: str
    words: str
    since: datetime


@dataclass
class _LastSign:
    """The last sign of life of one process, and its stopped parts with when each was first reported."""

    heard: Moment
    stopped: dict[str, datetime] = field(default_factory=dict)
    held: int = 0
    silent: dict[str, float] = field(default_factory=dict)


class SignsOfLife:
    """Collects signs of life and when each server last answered; `begun`: when listening began.

    `processes`: those that the deployment has, named as in PROCESSES.
    """

    def __init__(self, begun: Moment, processes: Collection[str] = tuple(PROCESSES)) -> None:
        self._begun = begun
        self._signs: dict[str, dict[str, _LastSign]] = {name: {} for name in PROCESSES if name in processes}
        self._last: dict[str, Moment] = {}
        self._answered = dict.fromkeys(ANSWERS, begun)
        self._back = begun
        self._told: list[Stoppage] = []

    def heard(self, alive: ProcessAlive, now: Moment) -> None:
        """Take in a process's sign of life."""
        name = alive.process
        signs = self._signs.get(name)
        if signs is None:
            return
        self._last[name] = now
        before = signs[alive.instance].stopped if alive.instance in signs else {}
        stopped = {part: before.get(part, now.at) for part in alive.stopped}
        signs[alive.instance] = _LastSign(now, stopped, alive.held, dict(alive.silent))

    def held(self, now: Moment) -> int:
        """Customers whose messages wait for a person, as the processes heard lately say."""
        return max((sign.held for name in self._signs for sign in self._fresh(name, now).values()), default=0)

    def silent(self, now: Moment) -> list[Silence]:
        """Silent senders by name, as the processes heard lately say; of one that two services miss, the later word."""
        found: dict[str, float] = {}
        for name in self._signs:
            for sign in self._fresh(name, now).values():
                for source, since in sign.silent.items():
                    found[source] = max(since, found.get(source, since))
        return [Silence(source, datetime.fromtimestamp(since, UTC)) for source, since in sorted(found.items())]

    def answered(self, name: str, now: Moment) -> None:
        """Note that a server (or the feed), named as in ANSWERS, answered."""
        if self._away(name, now):
            self._back = now
        self._answered[name] = now

    def stopped(self, now: Moment) -> list[Stoppage]:
        """Everything that has stopped; a cause is listed without its consequences."""
        for name in ANSWERS:
            if self._away(name, now):
                verb = "has stopped" if name == "feed" else "does not answer"
                return [Stoppage(name, f"{ANSWERS[name]} {verb}", self._answered[name].at)]
        if self._reconnecting(now):
            return []
        self._told = [one for name in self._signs for one in self._of(name, now)]
        return self._told

    def _of(self, name: str, now: Moment) -> Iterator[Stoppage]:
        what, told = PROCESSES[name], {one.part for one in self._told}
        last = self._last.get(name, self._begun)
        silent = now.seconds - last.seconds
        if silent > SILENT_SECONDS:
            if name in told or silent > self._patience(now):
                yield Stoppage(name, f"no sign of life from {name} ({what})", last.at)
            return
        parts: dict[str, datetime] = {}
        for sign in self._fresh(name, now).values():
            for part, since in sign.stopped.items():
                parts[part] = min(since, parts.get(part, since))
        for part, since in parts.items():
            if not self._overdue(now) or f"{name} {part}" in told:
                yield Stoppage(f"{name} {part}", f"the {part} of {name} ({what}) has stopped", since)

    def _fresh(self, name: str, now: Moment) -> dict[str, _LastSign]:
        """Processes heard from recently; one that ended is dropped along with its stopped parts."""
        signs = self._signs[name]
        self._signs[name] = {
            instance: sign for instance, sign in signs.items() if now.seconds - sign.heard.seconds <= SILENT_SECONDS
        }
        return self._signs[name]

    def _away(self, name: str, now: Moment) -> bool:
        # The feed has to find Kafka again too.
        waits = name == "feed" and self._reconnecting(now)
        return now.seconds - self._answered[name].seconds > AWAY_SECONDS[name] and not waits

    def _patience(self, now: Moment) -> float:
        overdue = self._overdue(now)
        if "feed" in overdue:
            return float("inf")
        heard = max((one.seconds for one in self._last.values()), default=self._begun.seconds)
        return LATEST_SECONDS if overdue or now.seconds - heard > HEARD_SECONDS else SILENT_SECONDS

    def _overdue(self, now: Moment) -> list[str]:
        return [name for name, most in OVERDUE_SECONDS.items() if now.seconds - self._answered[name].seconds > most]

    def _reconnecting(self, now: Moment) -> bool:
        return now.seconds - self._back.seconds <= RECONNECT_SECONDS


class FailedReads:
    """Whether a page's own reads have failed for so long that it must say so: a single one that fails is no outage."""

    def __init__(self) -> None:
        self._since: float | None = None

    def note(self, began: float, *, failed: bool) -> None:
        """Note a read that began at `began`, in monotonic seconds."""
        self._since = (began if self._since is None else self._since) if failed else None

    def words(self, now: float) -> str:
        """The text for the page; empty while there is nothing to say."""
        if self._since is None or now - self._since <= AWAY_SECONDS["database"]:
            return ""
        return "Data is not updating: the database does not answer."


def words(found: list[Stoppage], *, replayed: bool) -> str:
    """The text for a page; empty if nothing has stopped. `replayed`: the page's clock is not the system clock."""
    told = "; ".join(f"{one.words} since {one.since:%H:%M:%S} UTC" for one in found)
    return f"Data is not updating: {told}{' (real time)' if replayed else ''}." if told else ""


def held_words(customers: int) -> str:
    """The text for a page while a mass of messages is held; empty if none is."""
    if not customers:
        return ""
    return f"Messages to {customers:,} customers are held: an administrator releases or drops them (`candor messages`)."


def silent_words(found: Sequence[Silence]) -> str:
    """The text for a page while senders are silent; empty if none is."""
    if not found:
        return ""
    told = ", ".join(f"{one.source} since {one.since:%d %b %H:%M} UTC" for one in found[:SHOWN])
    more = f" and {len(found) - SHOWN:,} more" if len(found) > SHOWN else ""
    return f"No word from {told}{more}, which is unusual: what happened there since is not known here."
