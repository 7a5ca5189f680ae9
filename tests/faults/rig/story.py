"""Promises as a run makes them: each a few events whose content follows from the seed alone."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from zlib import crc32

from candor.replay.stream import StreamEvent, utc_text

START: Final = datetime(2026, 3, 2, 6, tzinfo=UTC)
"""Business time at the beginning of a run."""
SITES: Final = ("mill", "dock", "yard")
MINUTE: Final = timedelta(minutes=1)
HOOKED: Final = ("slack", "teams", "sms", "webhook")
CHANNELS: Final = ("email", *HOOKED)
"""The channels that customers are spread over; each has mail for its second one."""
NOWHERE: Final = "http://127.0.0.1:9"


class PlannedEvent(NamedTuple):
    """An event still to be said: a timedelta in `data` counts from when it is first sent. A lane keeps its order."""

    id: str
    type: str
    lane: str
    data: dict[str, Any]


class Step(NamedTuple):
    """An event of a story, so many rounds after its beginning."""

    after: int
    event: PlannedEvent


def past(rng: random.Random, name: str) -> tuple[list[StreamEvent], list[StreamEvent]]:
    """A promise of the past: what promise-svc is told of it, and what delivery-svc."""
    made = START - timedelta(hours=rng.randrange(48, 1200), seconds=rng.randrange(3600))
    due, slow = made + timedelta(hours=8), rng.random() < 0.4
    arrived = made + timedelta(hours=rng.uniform(8.5, 12) if slow else rng.uniform(5, 7.5))
    ledger = [_told(f"{name}.made", "promise.made", made, _made(name, rng, made, due, slow=slow))]
    if rng.random() < 0.3:
        later = {"due": utc_text(due + timedelta(hours=1)), "asked_by": "company", "agreed": True, "reason": "crew"}
        ledger.append(_told(f"{name}.revised", "promise.revised", made + 60 * MINUTE, {"promise_id": name} | later))
    if rng.random() < 0.2:
        verdict = {"promise_id": name, "verdict": "broken" if slow else "kept", "completed_at": utc_text(arrived)}
        ledger.append(_told(f"{name}.settled", "promise.settled", arrived + MINUTE, verdict))
    left = made + timedelta(hours=2)
    trail = [
        _told(f"{name}.departed", "milestone.reported", left, _step(name, "departed", utc_text(left))),
        _told(f"{name}.arrived", "milestone.reported", arrived, _step(name, "arrived", utc_text(arrived), final=True)),
    ]
    return ledger, trail


def live(rng: random.Random, name: str, channel: str = "email", base: str = NOWHERE) -> list[Step]:
    """A promise to a customer who can be written to; about two in three give reason to. It ends within six rounds.

    The sinks of all channels but mail are at `base`.
    """
    slow, missed = rng.random() < 0.5, rng.random() < 0.4
    contact = {"customer_id": f"c-{name}", "email": f"{name}@customer.example", "name": f"Customer {name}"}
    contact |= _reached(name, channel, base)
    due = rng.choice([3, 90, 90]) * MINUTE
    steps = [
        Step(0, PlannedEvent(f"{name}.contact", "contact.set", name, contact)),
        Step(0, PlannedEvent(f"{name}.made", "promise.made", name, _made(name, rng, timedelta(0), due, slow=slow))),
        Step(1, _live(name, "departed", status="missed" if missed else "reached")),
    ]
    if rng.random() < 0.3:
        agreed = {"due": due + 60 * MINUTE, "asked_by": "customer", "agreed": True, "reason": "at your wish"}
        steps.append(Step(2, PlannedEvent(f"{name}.revised", "promise.revised", name, {"promise_id": name} | agreed)))
    end = 2 + rng.randrange(1, 4)
    if rng.random() < 0.1:
        steps.append(Step(end, PlannedEvent(f"{name}.withdrawn", "promise.withdrawn", name, _withdrawn(name))))
    else:
        steps.append(
            Step(end, _live(name, "arrived", status=rng.choice(["reached", "reached", "cancelled"]), final=True))
        )
    return steps


def incident(rng: random.Random, name: str) -> list[Step]:
    """Trouble at a site, opened and resolved."""
    site = rng.choice(SITES)
    steps = []
    for after, status in ((0, "opened"), (2, "changed"), (4, "resolved")):
        data = {
            "incident_id": name,
            "status": status,
            "severity": round(rng.uniform(0.2, 0.8), 2),
            "category": "power",
            "title": f"No power at the {site}",
            "affects": [{"kind": "site", "id": site}],
            "opened_at": utc_text(START),
            "at": timedelta(0),
        }
        steps.append(Step(after, PlannedEvent(f"{name}.{status}", "incident.reported", name, data)))
    return steps


def _reached(name: str, channel: str, base: str) -> dict[str, Any]:
    if channel == "email":
        return {}
    phone = f"+1555{crc32(name.encode()) % 10_000_000:07}"
    address = {"phone": phone} if channel == "sms" else {channel: f"{base}/{channel}/{name}"}
    return {"addresses": address, "channels": [channel, "email"]}


def _made(name: str, rng: random.Random, made: Any, due: Any, *, slow: bool) -> dict[str, Any]:
    moments = {"made_at": made, "due": due, "departed": made + 20 * MINUTE, "arrived": made + 75 * MINUTE}
    if isinstance(made, datetime):
        moments = {key: utc_text(value) for key, value in moments.items()}
    return {
        "promise_id": name,
        "customer_id": f"c-{name}",
        "kind": "parcel",
        "what": f"Parcel {name}",
        "made_at": moments["made_at"],
        "due": moments["due"],
        "labels": {"region": "north" if slow else "south"},
        "milestones": [
            {"name": "departed", "planned": moments["departed"], "told": True},
            {"name": "arrived", "planned": moments["arrived"]},
        ],
        "depends_on": [{"kind": "site", "id": rng.choice(SITES)}],
        "value": 100.0,
    }


def _live(name: str, milestone: str, *, status: str, final: bool = False) -> PlannedEvent:
    data = _step(name, milestone, timedelta(0), final=final) | {"status": status}
    return PlannedEvent(f"{name}.{milestone}", "milestone.reported", name, data)


def _step(name: str, milestone: str, at: Any, *, final: bool = False) -> dict[str, Any]:
    return {"promise_id": name, "milestone": milestone, "status": "reached", "at": at, "final": final}


def _withdrawn(name: str) -> dict[str, Any]:
    return {"promise_id": name, "reason": "not needed any more"}


def _told(name: str, kind: str, time: datetime, data: dict[str, Any]) -> StreamEvent:
    return StreamEvent(name, kind, time, data)
