"""Hands the engine the events of a recorded stream in the backtest's data format."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from msgspec.structs import replace

from risk_svc.forecast.engine import Engine, Forecast
from risk_svc.forecast.view import Incident, View, labels, reach

TOLD: Final = frozenset({"milestone.reached", "milestone.slipped", "promise.cancelled", "promise.withdrawn"})
"""Event types about a promise that has been made."""
NOT_LABELS: Final = frozenset({"kind", "due", "milestones", "planned"})


def seconds(text: str) -> float:
    """An ISO 8601 instant in epoch seconds. Raises ValueError for anything else."""
    return datetime.fromisoformat(text).timestamp()


def iso(at: float) -> str:
    """Epoch seconds as `seconds` reads them back."""
    return datetime.fromtimestamp(at, UTC).isoformat()


def take(engine: Engine, event: Mapping[str, Any]) -> None:
    """Take in one event, in time order; unknown types and events of promises that are not open are ignored."""
    at, data, kind = seconds(event["time"]), event["data"], event["type"]
    engine.advance(at, inclusive=False)
    if kind == "promise.made":
        engine.made(_view(event["promise_id"], at, data))
    elif kind == "incident.opened":
        texts, numbers = labels(data, frozenset({"incident", "category"}))
        found = Incident(str(data.get("category", "")), at, dict(texts), dict(numbers))
        engine.incidents[data["incident"]] = found
    elif kind == "incident.closed":
        engine.incidents.pop(data["incident"], None)
    elif kind in TOLD:
        held = engine.open.get(event["promise_id"])
        if held is None or held.view.completed is not None:
            return
        final = bool(data.get("final"))
        if kind == "milestone.reached":
            ahead = data.get("next")
            plan = {ahead["milestone"]: seconds(ahead["planned"])} if ahead else {}
            after = reached(held.view, data["milestone"], at, plan) if not final else replace(held.view, completed=at)
            engine.update(held, after, at)
        elif kind == "promise.withdrawn":
            engine.withdrawn(held, at)
        elif kind == "promise.cancelled":
            engine.decided(held, at, late=True)
        elif not final:
            engine.slipped(held, data["milestone"], at, seconds(data["planned"]))


def reached(view: View, name: str, at: float, plan: dict[str, float]) -> View:
    """The promise after reaching a milestone; `plan` holds what became known of the next ones."""
    after = replace(view, reached={**view.reached}, stages=[*view.stages], plans={**view.plans, **plan})
    reach(after, name, at)
    return after


def decide(engine: Engine, decision: Mapping[str, Any]) -> Forecast:
    """The forecast that a decision asks for; take in events of the same instant first."""
    at = seconds(decision["time"])
    engine.advance(at)
    return engine.forecast(decision["promise_id"], at, decision["kind"])


def _view(promise_id: str, at: float, data: Mapping[str, Any]) -> View:
    texts, numbers = labels(dict(data), NOT_LABELS)
    plans = {name: seconds(time) for name, time in data.get("planned", {}).items()}
    return View(
        promise_id=promise_id,
        kind=str(data["kind"]),
        made=at,
        deadline=seconds(data["due"]),
        order=list(data["milestones"]),
        plans=plans,
        texts=texts,
        numbers=numbers,
        last_at=at,
        stages=[(-1, at)],
    )
