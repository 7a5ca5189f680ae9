"""A recorded stream as its own answer book: what became of the promises that forecasts were asked about."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from risk_svc.domain.forecast.online.engine import Forecast
from risk_svc.domain.forecast.online.stream import seconds
from risk_svc.domain.forecast.online.view import looks
from risk_svc.domain.track import UNSTATED, Quantiles, Scored
from risk_svc.domain.yardstick import Yardstick

HOUR: Final = 3600.0
ENDED: Final = frozenset({"promise.cancelled", "promise.withdrawn"})
"""After these nobody asks any more."""


class Asked(NamedTuple):
    """One forecast as it was issued, with what the yardstick said; quantiles in hours from `at`."""

    lead: str
    at: float
    p: float
    told: Quantiles
    base: float
    base_told: Quantiles


@dataclass(slots=True)
class Held:
    """A promise of the stream: `late` is None until its due date has come; `over`: cancelled, it is late by then."""

    kind: str
    due: float
    completed: float | None = None
    late: bool | None = None
    over: bool = False
    asked: list[Asked] = field(default_factory=list)


class Ledger:
    """Follows events and forecasts in time order. An outcome counts in a yardstick only once its promise is due.

    A promise is late unless it was completed before its due date; a withdrawn one has no answer. Memory grows with the
    forecasts asked for, about half a kilobyte each.
    """

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}
        self._dues: list[tuple[float, str]] = []
        self._yardsticks: defaultdict[str, Yardstick] = defaultdict(Yardstick)

    def event(self, event: Mapping[str, Any]) -> None:
        """Takes in one event; of a promise that is not known, or is complete, nothing."""
        at = seconds(event["time"])
        self._advance(at)
        if event["type"] == "promise.made":
            due = seconds(event["data"]["due"])
            if event["promise_id"] not in self._held and due > at:
                self._held[event["promise_id"]] = Held(str(event["data"]["kind"]), due)
                heapq.heappush(self._dues, (due, event["promise_id"]))
        elif event["type"] == "milestone.reached" and event["data"].get("final"):
            held = self._held.get(event["promise_id"])
            if held is not None and held.completed is None:
                held.completed = at
                for asked in held.asked:
                    self._yardsticks[asked.lead].completed((at - held.due) / HOUR)
        elif event["type"] == "promise.withdrawn":
            self._withdrawn(event["promise_id"])
        elif event["type"] == "promise.cancelled" and event["promise_id"] in self._held:
            self._held[event["promise_id"]].over = True

    def asked(self, decision: Mapping[str, Any], said: Forecast) -> None:
        """Notes a forecast beside what the yardstick of its kind says; of an unknown or overdue promise, nothing."""
        at = seconds(decision["time"])
        self._advance(at)
        held = self._held.get(decision["promise_id"])
        if held is None or held.over or held.completed is not None or held.late is not None:
            return
        yardstick = self._yardsticks[decision["kind"]]
        beside = yardstick.quantiles((held.due - at) / HOUR) or UNSTATED
        told = (said.q50, said.q80, said.q90)
        held.asked.append(Asked(decision["kind"], at, said.p_late, told, yardstick.rate, beside))

    def scored(self) -> tuple[list[Scored], int]:
        """Forecasts of promises that have come due, and how many of others still wait for that.

        Those that were complete before a due date still ahead wait as well: alone they would look like all were kept.
        """
        found = [
            _scored(name, held, asked)
            for name, held in self._held.items()
            if held.late is not None
            for asked in held.asked
        ]
        return found, sum(len(held.asked) for held in self._held.values() if held.late is None)

    def _withdrawn(self, name: str) -> None:
        held = self._held.get(name)
        if held is not None and held.completed is None and held.late is None:
            del self._held[name]

    def _advance(self, now: float) -> None:
        while self._dues and self._dues[0][0] <= now:
            _, name = heapq.heappop(self._dues)
            held = self._held.get(name)
            if held is None:
                continue
            held.late = held.completed is None
            for asked in held.asked:
                self._yardsticks[asked.lead].due(held.late)
            if not held.asked:
                del self._held[name]


def natural(events: Iterator[dict[str, Any]]) -> Iterator[tuple[bool, dict[str, Any]]]:
    """The events, and the decisions that nobody wrote down: each line with whether it is a decision.

    A forecast is asked for when a promise is made, with 75, 50 and 25 % of its time left, and at each milestone, while
    it is open and not due; after all events of that instant.
    """
    waiting: list[tuple[float, int, str, str]] = []
    due: dict[str, float] = {}
    now, order = 0.0, 0
    for event in events:
        now = seconds(event["time"])
        yield from _asking(waiting, due, now)
        yield False, event
        for at, lead in _leads(event, now, due):
            order += 1
            heapq.heappush(waiting, (at, order, event["promise_id"], lead))
    yield from _asking(waiting, due, now + 1e-6)


def _asking(
    waiting: list[tuple[float, int, str, str]], due: Mapping[str, float], now: float
) -> Iterator[tuple[bool, dict[str, Any]]]:
    while waiting and waiting[0][0] < now:
        at, _, name, lead = heapq.heappop(waiting)
        if name in due and at < due[name]:
            time = datetime.fromtimestamp(at, UTC).isoformat()
            yield True, {"decision_id": f"{name}/{lead}", "time": time, "promise_id": name, "kind": lead}


def _leads(event: Mapping[str, Any], now: float, due: dict[str, float]) -> Iterator[tuple[float, str]]:
    """When to ask because of an event; `due` has the open promises, and is kept up."""
    data = event["data"]
    if event["type"] == "promise.made":
        end = due[event["promise_id"]] = seconds(data["due"])
        yield now, "made"
        yield from looks(now, end) if end > now else ()
    elif event["type"] == "milestone.reached" and event["promise_id"] in due:
        if data.get("final"):
            del due[event["promise_id"]]
        else:
            yield now, f"at:{data['milestone']}"
    elif event["type"] in ENDED:
        due.pop(event["promise_id"], None)


def _scored(name: str, held: Held, asked: Asked) -> Scored:
    """Settled on the due date, kept or not: by completion, the last days of a stream would hold only late ones."""
    hours = None if held.completed is None else (held.completed - asked.at) / HOUR
    late = int(bool(held.late))
    return Scored(name, asked.lead, held.kind, asked.p, asked.base, late, held.due, hours, asked.told, asked.base_told)
