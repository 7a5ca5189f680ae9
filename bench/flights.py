"""A synthetic airport in the backtest's format: flights with five labels, plans, knock-on delays, and weather."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

HOUR = 3600.0
BEGIN = datetime(2024, 1, 1, tzinfo=UTC).timestamp()
CARRIERS, PLACES, TAILS, NUMBERS = 12, 80, 700, 900
EVERY_S = 300.0
DECIDED = ("made", "left75", "left50", "left25")


class Line(NamedTuple):
    """One event, or one decision about a promise."""

    at: float
    decision: bool
    said: dict[str, Any]


def airport(flights: int, seed: int = 1) -> list[Line]:
    """About six lines per flight, in time order; about a third are late, three in a hundred never arrive."""
    draw = random.Random(seed)
    late_by = dict.fromkeys(range(TAILS), 0.0)
    lines: list[Line] = []
    for number in range(flights):
        tail = draw.randrange(TAILS)
        departs = BEGIN + 12 * HOUR + number * EVERY_S
        carried = 0.6 * late_by[tail] + (1800 * draw.random() if number % 288 > 200 else 0)
        late_by[tail] = delay = max(-600.0, carried + draw.lognormvariate(6, 1) - 700)
        lines += _flight(draw, number, tail, departs, delay)
    lines += _weather(draw, flights)
    return sorted(lines, key=lambda line: (line.at, line.decision))


def _flight(draw: random.Random, number: int, tail: int, departs: float, delay: float) -> Iterator[Line]:
    name, made, flown = f"p{number}", departs - 12 * HOUR, draw.uniform(1, 6) * HOUR
    lands, due = departs + flown, departs + flown + 900
    labels = {"provider": f"c{tail % CARRIERS}", "site": "AAA", "customer_region": f"r{draw.randrange(PLACES)}"}
    labels |= {"vehicle": f"t{tail}", "service": f"s{draw.randrange(NUMBERS)}"}
    plans = {"departed": iso(departs), "arrived": iso(lands)}
    data = {"kind": "flight", "due": iso(due), "milestones": ["departed", "arrived"], "planned": plans}
    yield _event(made, name, "promise.made", data | labels | {"distance_mi": round(flown / 9)})
    left, landed = departs + delay, lands + delay * draw.uniform(0.6, 1.1)
    gone = draw.random() < 0.03
    if delay > 900 or gone:
        slip = {"milestone": "departed", "planned": iso(departs + 900)}
        yield _event(departs + 900, name, "milestone.slipped", slip)
    if not gone:
        yield _event(left, name, "milestone.reached", {"milestone": "departed"})
        yield _event(landed, name, "milestone.reached", {"milestone": "arrived", "final": True})
    if number % 2:
        asked = [(made + share * (due - made), what) for share, what in zip((0, 0.25, 0.5, 0.75), DECIDED, strict=True)]
        for at, what in [*asked, *([] if gone else [(left, "at:departed")])]:
            if at < due and (gone or at < landed):
                decision = {"decision_id": f"{name}-{what}", "promise_id": name, "kind": what, "time": iso(at)}
                yield Line(float(int(at)), True, decision)


def _weather(draw: random.Random, flights: int) -> Iterator[Line]:
    for number in range(0, flights, 500):
        at, name = BEGIN + 12 * HOUR + number * EVERY_S, f"w{number}"
        data = {"incident": name, "site": "AAA", "category": draw.choice(["wind_gusts", "low_visibility"]), "knots": 40}
        yield _event(at, name, "incident.opened", data)
        yield _event(at + 4 * HOUR, name, "incident.closed", {"incident": name})


def _event(at: float, name: str, what: str, data: dict[str, Any]) -> Line:
    said = {"id": f"{name}-{what}-{at:.0f}", "type": what, "time": iso(at), "promise_id": name, "data": data}
    return Line(float(int(at)), False, said)


def iso(at: float) -> str:
    """Epoch seconds in the format's time notation, to the second."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
