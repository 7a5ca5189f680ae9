"""Live promises made in bulk: one worker's table, filled with rows that the worker itself would have written."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from msgspec.structs import replace

from candor.contracts import Dependency, MilestoneReported, MilestoneStatus, PlannedMilestone, PromiseMade, message
from candor.contracts.envelope import Message
from risk_svc.domain.fold import fold
from risk_svc.domain.gap import GapDefinition
from risk_svc.domain.state import PromiseState, to_bytes
from risk_svc.forecasting.live import PublishedModel
from risk_svc.worker.partition_state import PartitionState
from risk_svc.worker.scoring import Scoring
from risk_svc.worker.touched import PromiseChange

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
PLACES = 2_000
COLUMNS = (
    "promise_id",
    "partition",
    "customer_id",
    "kind",
    "standing",
    "live",
    "shown",
    "told",
    "score",
    "p_slip",
    "held_due",
    "state",
)
COPIED = 20_000


def seeds(count: int = 200) -> list[PromiseState]:
    """Promises as a worker has them after one report and some reviews: labels, history, frozen forecasts."""
    rng = random.Random(7)
    return [_lived(rng) for _ in range(count)]


def _lived(rng: random.Random) -> PromiseState:
    state = PromiseState(promise_id="p", customer_id="c")
    due = START + timedelta(days=rng.uniform(2, 20))
    made = PromiseMade(
        promise_id="p",
        customer_id="c",
        kind="installation",
        what="Fibre line and router, ground floor",
        made_at=START,
        first_due=due,
        latest_due=due,
        held_due=due,
        labels={"region": rng.choice(["north", "south", "west"]), "crew": f"crew {rng.randrange(40)}", "size": 3.0},
        milestones=[
            PlannedMilestone(name, START + timedelta(days=day), True)
            for day, name in enumerate(("surveyed", "installed"), 1)
        ],
        depends_on=[Dependency("site", "depot")],
        value=120.0,
        owner="ada",
    )
    report = MilestoneReported(
        promise_id="p",
        customer_id="c",
        milestone="surveyed",
        status=MilestoneStatus.REACHED,
        at=START + timedelta(hours=rng.uniform(10, 40)),
        source="field",
        source_event="f-1234567",
    )
    for item in (made, report):
        one: Message = message("e", "bench", START, "c", 1, item)
        fold(state, one.envelope, one.data)
    partition, model, definition = PartitionState(0), PublishedModel(), GapDefinition()
    for hours in (0, 9, 30, 60)[: rng.randint(1, 4)]:
        now = (START + timedelta(hours=hours)).timestamp()
        Scoring(model, definition, now, math.inf).run([PromiseChange(partition, state, True, "")])
    return state


def rows(count: int, place: tuple[str, str] | None = None) -> Iterator[tuple[Any, ...]]:
    """Rows of `promise_state`, partition 0; each depends on one of many places, or all on `place`, and on a crew."""
    rng, kept = random.Random(11), seeds()
    for number in range(count):
        state = replace(kept[number % len(kept)], promise_id=str(UUID(int=rng.getrandbits(128), version=4)))
        state.customer_id = f"customer-{number // 3:07}"
        site = place or ("site", f"site-{rng.randrange(PLACES)}")
        state.depends_on = [site, ("crew", f"crew-{rng.randrange(PLACES)}")]
        due = datetime.fromtimestamp(state.held_due, UTC)
        yield (
            state.promise_id,
            0,
            state.customer_id,
            state.kind,
            "open",
            True,
            True,
            False,
            state.view.score,
            None,
            due,
            to_bytes(state),
        )


async def fill(url: str, count: int, place: tuple[str, str] | None = None) -> int:
    """Replace what the table holds with `count` live promises; returns the mean size of an encoded one."""
    connection = await asyncpg.connect(url)
    size = 0
    try:
        await connection.execute("TRUNCATE promise_state, work, incident")
        portion: list[tuple[Any, ...]] = []
        for row in rows(count, place):
            portion.append(row)
            size += len(row[-1])
            if len(portion) == COPIED:
                await connection.copy_records_to_table("promise_state", records=portion, columns=COLUMNS)
                portion = []
        await connection.copy_records_to_table("promise_state", records=portion, columns=COLUMNS)
        await connection.execute("ANALYZE promise_state")
    finally:
        await connection.close()
    return size // count
