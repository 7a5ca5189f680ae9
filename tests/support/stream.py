"""A made-up stream in the backtest's format: parcels of three makers, one of whom gets worse half-way."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2024, 1, 1, tzinfo=UTC)
Lines = tuple[list[dict[str, Any]], list[dict[str, Any]]]


def iso(hours: float) -> str:
    """Hours after the start, to the second, as the format writes times."""
    return (START + timedelta(seconds=round(hours * 3600))).strftime("%Y-%m-%dT%H:%M:%SZ")


def stream(promises: int = 300, seed: int = 1, **attributes: Any) -> Lines:
    """Events and decisions in time order; about a fifth is late, one in forty never completes."""
    draw = random.Random(seed)
    events: list[tuple[float, dict[str, Any]]] = []
    decisions: list[tuple[float, dict[str, Any]]] = []
    for number in range(promises):
        made, lead = number * 2.0 + draw.random(), draw.uniform(36, 60)
        maker = draw.choice("abc")
        shipped = made + draw.uniform(5, 20) + (20 if maker == "c" and number > promises / 2 else 0)
        done = None if draw.random() < 0.025 else shipped + draw.lognormvariate(2.6, 0.5)
        _promise(events, f"p{number}", made, lead, shipped, done, {"maker": maker, **attributes})
        for kind, at in (("made", made), ("at:shipped", shipped), ("left50", made + lead / 2)):
            if at < made + lead and (done is None or at < done):
                decisions.append((at, {"promise_id": f"p{number}", "kind": kind}))
    return _sorted(events, "id"), _sorted(decisions, "decision_id")


def _promise(
    events: list[tuple[float, dict[str, Any]]],
    name: str,
    made: float,
    lead: float,
    shipped: float,
    done: float | None,
    attributes: dict[str, Any],
) -> None:
    data = {"kind": "parcel", "due": iso(made + lead), "milestones": ["shipped", "delivered"], **attributes}
    data["planned"] = {"shipped": iso(made + 15)}
    events.append((made, {"type": "promise.made", "promise_id": name, "data": data}))
    if shipped > made + 15:
        slip = {"milestone": "shipped", "planned": iso(made + 15)}
        events.append((made + 15, {"type": "milestone.slipped", "promise_id": name, "data": slip}))
    events.append((shipped, {"type": "milestone.reached", "promise_id": name, "data": {"milestone": "shipped"}}))
    if done is not None:
        final = {"milestone": "delivered", "final": True}
        events.append((done, {"type": "milestone.reached", "promise_id": name, "data": final}))


def _sorted(lines: list[tuple[float, dict[str, Any]]], identity: str) -> list[dict[str, Any]]:
    ordered = sorted(lines, key=lambda line: line[0])
    return [{identity: f"{identity[0]}{n:06}", "time": iso(at), **line} for n, (at, line) in enumerate(ordered)]
