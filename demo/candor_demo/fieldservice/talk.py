"""Capabilities, and what is claimed of them to customers and prospects."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from candor.replay.stream import StreamEvent
from candor_demo.fieldservice.jobs import Random
from candor_demo.fieldservice.naming import Naming
from candor_demo.fieldservice.params import Capability, Params, shares

CHANNELS: Final = ("phone", "webinar", "mail", "website")
DAY_S: Final = 86_400
CORRECTED_AFTER_DAYS: Final = 10.0
MOST: Final = 1_000_000_000
"""Recipients of one claim."""


def registered(params: Params, naming: Naming, at: datetime) -> Iterator[StreamEvent]:
    """What the register says from the first day on."""
    for name, one in params.capabilities.items():
        capability = naming.of("", name)
        said = {"capability_id": capability, "statuses": [{"status": one.status}], "wording": f"{name} is {one.status}"}
        yield naming.event("capability.set", capability, at, said)


def claims(params: Params, naming: Naming, random: Random, day: datetime) -> Iterator[StreamEvent]:
    """The claims of the day that begins at `day`, and their later corrections, in no order."""
    for name, one in params.capabilities.items():
        for number in range(int(random.poisson(one.per_week / 7))):
            at = day + timedelta(seconds=int(random.integers(DAY_S)))
            claim = naming.of("K", f"{name}.{day:%Y%m%d}.{number}")
            wrong = bool(random.random() < one.wrong)
            told = 1 + min(MOST - 1, int(random.poisson(one.recipients - 1)))
            said = _claim(params, one, random) | {"claim_id": claim, "capability_id": naming.of("", name)}
            said |= {"said": one.claimed if wrong else one.status, "recipients": told}
            if "customer_id" in said:
                said["customer_id"] = naming.of("C", said["customer_id"])
            yield naming.event("claim.made", claim, at, said)
            if wrong and one.claimed != one.status and random.random() < one.corrected:
                then = at + timedelta(seconds=60 + int(DAY_S * float(random.exponential(CORRECTED_AFTER_DAYS))))
                reached = {"claim_id": claim, "reached": int(random.integers(1, told + 1))}
                yield naming.event("claim.corrected", claim, then, reached)


def _claim(params: Params, one: Capability, random: Random) -> dict[str, Any]:
    makers = list(params.departments) or ["company"]
    chances = shares(params.departments.values()) if params.departments else [1.0]
    said: dict[str, Any] = {
        "department": makers[int(random.choice(len(makers), p=chances))],
        "channel": CHANNELS[int(random.integers(len(CHANNELS)))],
    }
    customer = int(random.integers(params.customers))
    return said if random.random() < one.prospects else said | {"customer_id": customer}
