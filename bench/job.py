"""The reference job, free of any framework: both sides of a comparison run this same code.

50,000 promises × (made, reached, slipped, incident opened or resolved) in time order, about 400 bytes of JSON each. For
every event: load the promise's state, apply, score by a logistic of days late, open incidents, share of time gone and
milestones; publish the score on `made` and whenever it moved by more than 0.01. Uses only the standard library because
the baseline runs in its own environment.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

SEED = 20260301
START = datetime(2026, 1, 5, tzinfo=UTC)
DAY = 86_400.0
EVENTS_PER_PROMISE = 4
MOVED = 0.01
PADDING = (
    "reported by the depot's handheld scanner; no further remarks were entered by the crew on the spot; "
    "the customer was not at the door and has not been called yet"
)


class State(NamedTuple):
    """One promise: made and due in epoch seconds, milestones reached, open incidents, days slipped, last score."""

    made: float
    due: float
    reached: int
    incidents: int
    slipped: float
    said: float


def score(state: State, at: float) -> float:
    """Risk in (0, 1): logistic of days late, open incidents, share of time gone and milestones reached."""
    gone = min(1.0, max(0.0, (at - state.made) / max(1.0, state.due - state.made)))
    return 1.0 / (
        1.0 + math.exp(-(-2.0 + 0.8 * state.slipped + 0.9 * state.incidents + 1.1 * gone - 0.7 * state.reached))
    )


def apply(state: State | None, kind: str, at: float, planned: float | None) -> tuple[State, float | None]:
    """The state after one event, and the score to publish (None: it hardly moved)."""
    if kind == "made" or state is None:
        fresh = State(at, planned or at + DAY, 0, 0, 0.0, 0.0)
        value = score(fresh, at)
        return fresh._replace(said=value), value
    if kind == "reached":
        state = state._replace(reached=state.reached + 1)
    elif kind == "slipped":
        state = state._replace(slipped=state.slipped + max(0.0, ((planned or at) - state.due) / DAY))
    elif kind == "incident_opened":
        state = state._replace(incidents=state.incidents + 1)
    elif kind == "incident_resolved":
        state = state._replace(incidents=max(0, state.incidents - 1))
    value = score(state, at)
    if abs(value - state.said) <= MOVED:
        return state, None
    return state._replace(said=value), value


def event(number: int, promise: str, kind: str, at: datetime, planned: datetime | None) -> dict[str, Any]:
    """One input event: the fields of `candor.milestone.reported.v1`, so that both sides read the same bytes."""
    body: dict[str, Any] = {
        "promise_id": promise,
        "customer_id": promise,
        "milestone": kind,
        "status": "reached",
        "at": at.isoformat(),
        "source": "field",
        "source_event": f"evt-{number:09d}",
        "reason": PADDING,
    }
    if planned is not None:
        body["planned"] = planned.isoformat()
    return body


def stream(promises: int, seed: int = SEED) -> Iterator[tuple[int, dict[str, Any]]]:
    """(version of the promise, event) in time order: `promises` × 4 events, always the same for a seed."""
    rng = random.Random(seed)
    timeline: list[tuple[datetime, int, int, str, datetime | None]] = []
    for number in range(promises):
        made = START + timedelta(seconds=rng.uniform(0, 60 * DAY))
        lead = timedelta(days=rng.uniform(2, 20))
        trouble = rng.choice(("incident_opened", "incident_resolved"))
        steps: list[tuple[float, str, datetime | None]] = [
            (0.0, "made", made + lead),
            (rng.uniform(0.2, 0.5), "reached", None),
            (rng.uniform(0.5, 0.8), "slipped", made + lead + timedelta(days=rng.uniform(0.1, 3))),
            (rng.uniform(0.8, 1.0), trouble, None),
        ]
        timeline += [(made + lead * share, number, i + 1, kind, plan) for i, (share, kind, plan) in enumerate(steps)]
    timeline.sort(key=lambda row: (row[0], row[1], row[2]))
    for serial, (at, number, version, kind, plan) in enumerate(timeline):
        yield version, event(serial, f"promise-{number:07d}", kind, at, plan)


def scores_expected(promises: int, seed: int = SEED) -> int:
    """How many scores the job publishes over the whole stream; both sides must reach it exactly."""
    states: dict[str, State] = {}
    said = 0
    for _, body in stream(promises, seed):
        plan = body.get("planned")
        at = datetime.fromisoformat(body["at"]).timestamp()
        planned = datetime.fromisoformat(plan).timestamp() if plan else None
        states[body["promise_id"]], value = apply(states.get(body["promise_id"]), body["milestone"], at, planned)
        said += value is not None
    return said


def encoded(body: dict[str, Any]) -> bytes:
    """The event as stored in Kafka."""
    return json.dumps(body, separators=(",", ":")).encode()
