"""The made-up stream as the live service's engine sees it: pictures of promises instead of events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec.structs import replace

from risk_svc.backtest.stream import NOT_LABELS, reached, seconds
from risk_svc.forecast.engine import Engine, Forecast
from risk_svc.forecast.view import PromiseSnapshot, View, labels
from tests.support.stream import Lines

Said = list[Forecast]


def pictures(events: Iterable[dict[str, Any]]) -> Iterator[PromiseSnapshot]:
    """A picture of its promise after every event; that a plan passed is left to the clock."""
    known: dict[str, View] = {}
    for event in events:
        at, data, name = seconds(event["time"]), event["data"], event["promise_id"]
        if event["type"] == "promise.made":
            texts, numbers = labels(dict(data), NOT_LABELS)
            plans = {step: seconds(time) for step, time in data["planned"].items()}
            due = seconds(data["due"])
            begun = View(
                promise_id=name,
                kind=data["kind"],
                made=at,
                deadline=due,
                order=data["milestones"],
                plans=plans,
                texts=texts,
                numbers=numbers,
                last_at=at,
            )
            known[name] = replace(begun, stages=[(-1, at)])
        elif event["type"] == "milestone.reached":
            if data.get("final"):
                known[name] = replace(known[name], completed=at)
            else:
                known[name] = reached(known[name], data["milestone"], at, {})
        else:
            continue
        yield PromiseSnapshot(at, known[name])


def told(engine: Engine, lines: Lines) -> Said:
    """What the engine says at every decision, having seen pictures alone."""
    seen, said = list(pictures(lines[0])), []
    for decision in lines[1]:
        at = seconds(decision["time"])
        while seen and seen[0].at <= at:
            engine.see(seen.pop(0))
        engine.advance(at)
        said.append(engine.forecast(decision["promise_id"], at, decision["kind"]))
    return said
