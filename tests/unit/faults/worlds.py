"""A small ledger, and the effects that a system without fault would have of it."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

from candor.replay.stream import StreamEvent
from risk_svc.forecasting.snapshots import pseudonym
from tests.faults.rig.arrivals import Arrival
from tests.faults.rig.checker import Effects, Notice
from tests.faults.rig.client import said
from tests.faults.rig.ledger import AcceptedEvent
from tests.faults.rig.oracle import Expected, expect
from tests.faults.rig.story import START, incident, live, past

PARTITIONS = 4


def accepted() -> list[AcceptedEvent]:
    """Three promises of the past, three live ones and an incident."""
    rng = random.Random(3)
    history: list[StreamEvent] = []
    for number in range(3):
        for events in past(rng, f"h{number}"):
            history += events
    steps = [step for number in range(3) for step in live(rng, f"p{number}")] + incident(rng, "i0")
    now = [said(step.event, START + timedelta(minutes=step.after)) for step in sorted(steps, key=lambda s: s.after)]
    lines = [AcceptedEvent(e.id, e.type, e.time, e.data, True) for e in history]
    return lines + [AcceptedEvent(e.id, e.type, e.time, e.data) for e in now]


def faultless(expected: Expected) -> Effects:
    """What must be there; two notices were sent, and a third one's fate is unknown though its sink has it."""
    names = list(expected.promises)
    return Effects(
        promises=dict(expected.promises),
        changes={name: list(range(2, dates.version + 1)) for name, dates in expected.promises.items()},
        contacts=dict(expected.contacts),
        trail={name: list(enumerate(ids, 1)) for name, ids in expected.milestones.items()},
        sightings=list(expected.sightings),
        incidents=dict(expected.incidents),
        published={service: list(ids) for service, ids in expected.events.items()},
        folded={name: dict(facts) for name, facts in expected.folded.items()},
        told={"p0": {("n1", 3), ("n2", 3)}, "p1": {("n3", 4)}},
        scored={name: 17 if name.startswith("p") else 0 for name in names},
        journalled=Counter({pseudonym(name): 9 for name in names}),
        versions={7: True, 9: True},
        newest=9,
        read={name: (expected.promises[name].version, 17 if name.startswith("p") else 0) for name in names},
        seen={(number, name): v for name, v in expected.incidents.items() for number in range(PARTITIONS)},
        notices=[
            Notice("n1", "p0", "sent", 3),
            Notice("n2", "p0", "sent", 3, "slack"),
            Notice("n3", "p1", "unknown", 4, "sms"),
        ],
        shown={"n3"},
        arrived=[Arrival("email", "n1"), Arrival("slack", "n2"), Arrival("sms", "n3")],
    )


def world() -> tuple[Expected, Effects]:
    """The ledger's expectations and faultless effects."""
    expected = expect(accepted())
    return expected, faultless(expected)
