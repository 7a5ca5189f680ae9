"""Measures the pure part of a worker's turn: events folded, forecast, scored, explained and packed, in CPU µs an event.

    python -m bench.scoring [--promises 1000] [--batch 100] [--repeats 5] [--model FILE]

Parcels as `python -m bench.whole` sends them, with the model that it teaches, kept in FILE if one is named: one
process, no broker, no database. The digest is of all rows but their reasons: where it is equal before and after a
change, the change has changed no forecast.
"""

from __future__ import annotations

import gc
import hashlib
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import typer
from msgspec.structs import replace

from bench.parcels import LIVED_DAYS, taught
from candor.contracts import (
    Dependency,
    Message,
    MilestoneReported,
    MilestoneStatus,
    PlannedMilestone,
    PromiseMade,
    message,
)
from candor.records.packing import pack
from risk_svc.domain.fold import fold
from risk_svc.domain.gap import GapDefinition
from risk_svc.domain.state import PromiseState, to_bytes
from risk_svc.forecast.serialization import model_bytes
from risk_svc.forecasting.live import PublishedModel
from risk_svc.forecasting.snapshots import pictures
from risk_svc.worker.handlers import RiskHandler, _kept
from risk_svc.worker.partition_state import PartitionState
from risk_svc.worker.scoring import Scoring
from risk_svc.worker.touched import PromiseChange

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)
PARTITIONS = 64


class Still:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW

    def system_seconds_until(self, moment: datetime) -> float:
        return (moment - NOW).total_seconds()


def made(number: int) -> Message:
    """A promise made a while ago."""
    at = NOW - timedelta(seconds=number / 100)
    due, site = at + timedelta(hours=36 + number % 20), ("LEJ", "CGN", "EMA")[number % 3]
    data = PromiseMade(
        promise_id=f"p{number}",
        customer_id=f"c{number}",
        kind="parcel",
        what="Espresso machine delivered, water line and training included",
        made_at=at,
        first_due=due,
        latest_due=due,
        held_due=due,
        labels={"maker": "abcdefgh"[number % 8], "site": site, "weight": 2.5},
        milestones=[
            PlannedMilestone("shipped", at + timedelta(hours=15 + number % 20), True),
            PlannedMilestone("delivered", None, True),
        ],
        depends_on=[Dependency("site", site)],
    )
    return message(f"made.{number}", "promise-svc", at, data.customer_id, 1, data)


def reported(number: int, version: int) -> Message:
    """The first or the second report of a promise."""
    first = version == 1
    data = MilestoneReported(
        promise_id=f"p{number}",
        customer_id=f"c{number}",
        milestone="shipped" if first else "delivered",
        status=MilestoneStatus.REACHED if first else MilestoneStatus.STARTED,
        at=NOW,
        source="field",
        source_event=f"{number}.{version}",
        planned=None if first else NOW + timedelta(hours=20 + 40 * (number % 2)),
    )
    return message(f"report.{number}.{version}", "delivery-svc", NOW, data.customer_id, version, data)


def batches(promises: int, batch: int) -> Iterator[list[Message]]:
    """All promises, then all first reports, then all second ones."""
    kinds = ([made(n) for n in range(promises)], *([reported(n, v) for n in range(promises)] for v in (1, 2)))
    for events in kinds:
        for start in range(0, promises, batch):
            yield events[start : start + batch]


def turn(handler: RiskHandler, partition: PartitionState, model: PublishedModel, events: Sequence[Message]) -> None:
    """What a worker does with a batch, but for reading and writing."""
    now, touched = NOW.timestamp(), []
    for event in events:
        name = event.envelope.subject
        state = partition.states.get(name) or PromiseState(promise_id=name, customer_id=event.envelope.key)
        fold(state, event.envelope, event.data)
        pictures(state, now)
        touched.append(PromiseChange(partition, state, True, ""))
    scored = Scoring(model, GapDefinition(), now, now)
    scored.run(touched)
    pack(handler._messages(scored, now), PARTITIONS)
    _kept(touched, scored)


def once(model: PublishedModel, given: Sequence[Sequence[Message]]) -> tuple[float, str]:
    """CPU seconds of all batches, and the digest of what they led to."""
    handler, partition = RiskHandler(model, Still(), system=Still()), PartitionState(0)
    begun = time.process_time()
    for events in given:
        turn(handler, partition, model, events)
    used, digest = time.process_time() - begun, hashlib.sha256()
    for state in partition.states.values():
        trail = [replace(point, why="") for point in state.view.trail]
        digest.update(to_bytes(replace(state, view=replace(state.view, why=[], trail=trail))))
    return used, digest.hexdigest()[:16]


def model_in(file: Path | None) -> PublishedModel:
    """The model that a file holds, or a new one, kept there."""
    found = PublishedModel()
    if file is not None and file.exists():
        found.take(file.read_bytes())
        return found
    raw = model_bytes(taught(NOW - timedelta(days=LIVED_DAYS)).model)
    if file is not None:
        file.write_bytes(raw)
    found.take(raw)
    return found


def main(promises: int = 1_000, batch: int = 100, repeats: int = 5, model: Path | None = None) -> None:
    """Print the least of `repeats` repeats, which others on the machine disturbed least, and the digest."""
    published, given = model_in(model), list(batches(promises, batch))
    gc.collect()
    gc.freeze()
    found = [once(published, given) for _ in range(repeats)]
    least = min(used for used, _ in found) / (3 * promises)
    print(f"{1e6 * least:.0f} µs an event in batches of {batch}, digest {found[0][1]}")


if __name__ == "__main__":
    typer.run(main)
