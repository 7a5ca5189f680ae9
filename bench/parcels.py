"""Synthetic parcels for the forecast benches: a maker, a site, two milestones, one in five late."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any, Final

from risk_svc.forecast.engine import Engine
from risk_svc.forecast.view import Entry, PromiseSnapshot, View, reach

PROMISES: Final = 2_000
APART_H: Final = 0.5
LIVED_DAYS: Final = 45
HOUR: Final = 3600.0


def entries(start: datetime, promises: int = PROMISES, seed: int = 1) -> list[Entry]:
    """What an engine sees of `promises` parcels, in time order."""
    draw = random.Random(seed)
    found: list[Entry] = []
    for number in range(promises):
        made = start.timestamp() + number * APART_H * HOUR
        shipped, lead = made + draw.uniform(5, 20) * HOUR, draw.uniform(36, 60) * HOUR
        found += _life(f"p{number}", made, lead, shipped, shipped + draw.lognormvariate(2.6, 0.5) * HOUR, draw)
    return sorted(found, key=lambda entry: entry.at)


def _life(name: str, made: float, lead: float, shipped: float, done: float, draw: random.Random) -> list[Entry]:
    texts = [("maker", draw.choice("abcdefgh")), ("site", draw.choice(("LEJ", "CGN", "EMA")))]

    def view() -> View:
        plans = {"shipped": made + 15 * HOUR}
        numbers = [("weight", 2.5)]
        steps, stages = ["shipped", "delivered"], [(-1, made)]
        return View(
            promise_id=name,
            kind="parcel",
            made=made,
            deadline=made + lead,
            order=steps,
            plans=plans,
            texts=texts,
            numbers=numbers,
            last_at=made,
            stages=stages,
        )

    sent, ended = view(), view()
    for picture in (sent, ended):
        reach(picture, "shipped", shipped)
    ended.completed = done
    return [PromiseSnapshot(made, view()), PromiseSnapshot(shipped, sent), PromiseSnapshot(done, ended)]


def taught(start: datetime) -> Engine:
    """An engine that has seen all events of the parcels from `start` on."""
    engine = Engine(by_clock=True)
    for entry in entries(start):
        engine.see(entry)
    engine.close(engine.now // engine.step * engine.step + engine.step)
    return engine


def draft(now: datetime) -> dict[str, Any]:
    """A draft promise for a parcel."""
    shipped = (now + timedelta(hours=15)).isoformat()
    return {
        "kind": "parcel",
        "due": (now + timedelta(hours=48)).isoformat(),
        "labels": {"maker": "a", "site": "LEJ", "weight": 2.5},
        "milestones": [{"name": "shipped", "planned": shipped}, {"name": "delivered"}],
        "depends_on": [{"kind": "site", "id": "LEJ"}],
    }
