"""Reads from a recorded stream the outcomes of the promises that were forecast."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from risk_svc.backtest.baseline import Baseline
from risk_svc.backtest.stream import iso, seconds
from risk_svc.forecast.engine import Forecast
from risk_svc.forecast.evaluation import UNSTATED, Quantiles, ScoredForecast
from risk_svc.forecast.view import looks

HOUR: Final = 3600.0
ENDED: Final = frozenset({"promise.cancelled", "promise.revised", "promise.withdrawn"})
"""After these events no more forecasts are asked for."""


class IssuedForecast(NamedTuple):
    """One forecast as issued, with the baseline's beside it; quantiles in hours from `at`."""

    lead: str
    at: float
    p: float
    told: Quantiles
    base: float
    base_told: Quantiles


@dataclass(slots=True)
class StreamPromise:
    """A promise in the stream: `over` once it was cancelled, `answered` once its due date has passed."""

    kind: str
    due: float
    completed: float | None = None
    over: bool = False
    answered: bool = False
    asked: list[IssuedForecast] = field(default_factory=list)

    @property
    def late(self) -> bool:
        """Whether it is late, as far as known."""
        return self.over or self.completed is None or self.completed >= self.due


class OutcomeLedger:
    """Follows events and forecasts in time order. An outcome counts in a baseline only once its promise is due.

    A promise is late unless it was completed before its due date; a withdrawn one has no outcome. Each forecast asked
    for takes about half a kilobyte of memory.
    """

    def __init__(self) -> None:
        self._held: dict[str, StreamPromise] = {}
        self._dues: list[tuple[float, str]] = []
        self._yardsticks: defaultdict[str, Baseline] = defaultdict(Baseline)

    def event(self, event: Mapping[str, Any]) -> None:
        """Take in one event; events of unknown promises are ignored. A promise's first completion counts."""
        at, what, name = seconds(event["time"]), event["type"], event.get("promise_id", "")
        self._advance(at)
        if what == "promise.made":
            due = seconds(event["data"]["due"])
            if name not in self._held and due > at:
                self._held[name] = StreamPromise(str(event["data"]["kind"]), due)
                heapq.heappush(self._dues, (due, name))
            return
        held = self._held.get(name)
        if held is None:
            return
        if what == "milestone.reached" and event["data"].get("final") and held.completed is None:
            # A completion reported after the due date may still have been in time.
            held.completed, held.over = seconds(event["data"].get("at", event["time"])), False
            for asked in held.asked:
                self._yardsticks[asked.lead].completed((held.completed - held.due) / HOUR)
        elif what == "promise.withdrawn" and held.completed is None and not held.answered:
            del self._held[name]
        elif what == "promise.cancelled":
            held.over = True

    def asked(self, decision: Mapping[str, Any], said: Forecast) -> None:
        """Record a forecast with the baseline's beside it; forecasts of unknown or overdue promises are ignored."""
        at = seconds(decision["time"])
        self._advance(at)
        held = self._held.get(decision["promise_id"])
        if held is None or held.over or held.answered or held.completed is not None:
            return
        yardstick = self._yardsticks[decision["kind"]]
        beside = yardstick.quantiles((held.due - at) / HOUR) or UNSTATED
        told = (said.q50, said.q80, said.q90)
        held.asked.append(IssuedForecast(decision["kind"], at, said.p_late, told, yardstick.rate, beside))

    def scored(self) -> tuple[list[ScoredForecast], int]:
        """Forecasts of promises that have come due, and the number of forecasts whose promises have not.

        Early completions wait for their due date too: counting them sooner would make it seem that all are kept.
        """
        found = [
            _scored(name, held, asked) for name, held in self._held.items() if held.answered for asked in held.asked
        ]
        return found, sum(len(held.asked) for held in self._held.values() if not held.answered)

    def _advance(self, now: float) -> None:
        while self._dues and self._dues[0][0] <= now:
            _, name = heapq.heappop(self._dues)
            held = self._held.get(name)
            if held is None:
                continue
            held.answered = True
            for asked in held.asked:
                self._yardsticks[asked.lead].due(held.late)
            if not held.asked:
                del self._held[name]


def natural(events: Iterator[dict[str, Any]]) -> Iterator[tuple[bool, dict[str, Any]]]:
    """Adds decisions to a stream that has none; yields each line with whether it is a decision.

    A forecast is asked for when a promise is made, with 75, 50 and 25 % of its time left, and at each milestone while
    it is open and not due, after all events of that instant.
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
            yield True, {"decision_id": f"{name}/{lead}", "time": iso(at), "promise_id": name, "kind": lead}


def _leads(event: Mapping[str, Any], now: float, due: dict[str, float]) -> Iterator[tuple[float, str]]:
    """When to ask for forecasts because of an event; updates `due`, the open promises."""
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


def _scored(name: str, held: StreamPromise, asked: IssuedForecast) -> ScoredForecast:
    """Settled on the due date, kept or not: settled on completion, a stream's last days would hold only late ones."""
    hours = None if held.completed is None else (held.completed - asked.at) / HOUR
    late = int(held.late)
    return ScoredForecast(
        name, asked.lead, held.kind, asked.p, asked.base, late, held.due, hours, asked.told, asked.base_told
    )
