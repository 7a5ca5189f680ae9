"""Candor's side: the reference job on its worker and relay, with fence, versions, dead letters and telemetry on.

python -m bench.correlate          (settings from the environment, as for every service; ends on SIGTERM)
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from bench import job
from candor.contracts import GapScored, Message, MilestoneReported, Standing, message
from candor.messaging.consumer import Worker
from candor.messaging.relay import Relay
from candor.messaging.transaction import NothingLeft, Work
from candor.ops import garbage
from candor.ops.loading import load
from candor.ops.settings import Settings
from candor.store.db import Database
from candor.store.migrate import upgrade
from candor.store.unit_of_work import UnitOfWork

GROUP = "bench"
MIGRATIONS = Path(__file__).parent / "migrations"
PAGE = 5_000
LOAD = """
SELECT promise_id, version, state FROM bench_promise WHERE partition = $1 AND promise_id > $2
ORDER BY promise_id LIMIT $3"""
SAVE = """
INSERT INTO bench_promise SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bytea[])
ON CONFLICT (promise_id) DO UPDATE SET version = excluded.version, state = excluded.state"""

_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(job.State)


class Correlate(NothingLeft):
    """The job as a handler: state in memory per partition, changed rows and scores in the batch's transaction."""

    topics: tuple[str, ...] = ("milestones",)
    broadcast: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.states: dict[int, dict[str, tuple[int, job.State]]] = {}

    async def load(self, connection: Any, partition: int, *, first: bool) -> bool:
        """Read a page of the partition's states back."""
        held = {} if first else self.states[partition]
        rows = await connection.fetch(LOAD, partition, "" if first else next(reversed(held)), PAGE)
        held.update((row[0], (row[1], _decoder.decode(row[2]))) for row in rows)
        self.states[partition] = held
        return len(rows) == PAGE

    def drop(self, partition: int) -> None:
        """Drop the partition's states."""
        self.states.pop(partition, None)

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:  # noqa: ARG002
        """Fold the batch, save changed states, publish changed scores."""
        rows: list[tuple[str, int, int, bytes]] = []
        for partition, messages in work:
            changed = fold(self.states[partition], messages, uow)
            states = self.states[partition]
            rows += [(name, partition, states[name][0], _encode(states[name][1])) for name in changed]
        if rows:
            await uow.connection.execute(SAVE, *(list(column) for column in zip(*rows, strict=True)))


def fold(states: dict[str, tuple[int, job.State]], messages: list[Message], uow: UnitOfWork) -> set[str]:
    """Apply one partition's messages; returns the ids of the promises that changed."""
    changed: set[str] = set()
    scored: list[Message] = []
    for item in messages:
        data, version = item.data, item.envelope.version
        assert isinstance(data, MilestoneReported)
        held, before = states.get(data.promise_id, (0, None))
        if version <= held:
            continue
        planned = data.planned.timestamp() if data.planned else None
        after, value = job.apply(before, data.milestone, data.at.timestamp(), planned)
        states[data.promise_id] = (version, after)
        changed.add(data.promise_id)
        if value is not None:
            gap = GapScored(
                promise_id=data.promise_id,
                customer_id=data.customer_id,
                standing=Standing.OPEN,
                score=100 * value,
                as_of=data.at,
                held_due=data.at,
            )
            scored.append(message(data.source_event, "/bench", data.at, item.envelope.key, version, gap))
    uow.emit(scored)
    return changed


async def run(settings: Settings) -> None:
    """Worker and relay until SIGTERM."""
    await upgrade(settings.database, MIGRATIONS)
    database = await Database.open(settings.database, partitions=settings.partitions)
    worker, relay = Worker(settings, database, Correlate(), GROUP), Relay(settings, database, keeps=False)
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    tasks = [asyncio.create_task(worker.run()), asyncio.create_task(relay.run())]
    waiting = asyncio.create_task(stopping.wait())
    garbage.settle()
    await asyncio.wait([*tasks, waiting], return_when=asyncio.FIRST_COMPLETED)
    await worker.stop()
    await relay.stop()
    await asyncio.gather(*tasks)
    await database.close()


def main() -> None:
    """Start with the same event loop as the services."""
    import uvloop  # noqa: PLC0415 - absent on some platforms, where nobody benchmarks

    uvloop.run(run(load(Settings, service="bench-svc", port=0)))


if __name__ == "__main__":
    main()
