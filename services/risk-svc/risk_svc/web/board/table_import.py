"""Sends a table that was read by a mapping as history, in batches, and says which rows were not taken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from candor.clients.services import ServiceError
from candor.replay.importing import Numbered, batches
from candor.replay.stream import as_json
from candor.store.audit import Actor
from candor.tabular.converting import Fault
from candor.tabular.desk import MOST_FAULTS, Checked, checked, refused
from risk_svc.web.board.intake_data import DELIVERY, PROMISE, IntakeData

MOST_EVENTS: Final = 20_000
BATCH: Final = 200
BUSY: Final = "Another table is being read or imported just now: try again in a moment."


class Outcome(NamedTuple):
    """What became of an import: rows and events of it, how many were taken, known before and wrong; the first of these.

    `stopped` says why it ended early; "" if it did not.
    """

    rows: int
    events: int
    accepted: int
    replayed: int
    wrong: int
    faults: list[Fault]
    stopped: str = ""


class TableImport:
    """Reads one table of a process at a time, which costs seconds of a core, and sends what it becomes."""

    def __init__(self, intake: IntakeData) -> None:
        self._intake = intake
        self._turn = asyncio.Lock()

    async def check(self, path: Path, mapping: str) -> Checked:
        """The table by its mapping. Raises TableError as `checked`, and ServiceError while another is read."""
        found = await self._read(path, mapping)
        found.spooled.stream.unlink()
        return found

    async def run(self, path: Path, mapping: str, who: Actor, report: Callable[[int, int], None]) -> Outcome:
        """Import it; `report` is told how many events of how many are done. Raises as `check`.

        What a service takes it has taken: an import that stops early may be repeated, and changes nothing twice.
        """
        found = await self._read(path, mapping)
        try:
            await self._intake.imports(found.spooled.events, who)
            return await self._sent(found, report)
        finally:
            # What tables become takes more room than they do, and a pod has little.
            found.spooled.stream.unlink()

    async def _sent(self, found: Checked, report: Callable[[int, int], None]) -> Outcome:
        taken = Outcome(found.spooled.rows, found.spooled.events, 0, 0, found.wrong, [*found.faults])
        done = 0
        for service in (PROMISE, DELIVERY):
            for batch in batches(found.spooled.stream, BATCH, delivery=service == DELIVERY):
                try:
                    said = await self._intake.take(service, [_event(one) for one in batch])
                except ServiceError as error:
                    return _sorted(taken._replace(stopped=f"{service}: {error.words}"))
                done += len(batch)
                report(done, found.spooled.events)
                taken = _with(taken, found, batch, said)
        return _sorted(taken)

    async def _read(self, path: Path, mapping: str) -> Checked:
        if self._turn.locked():
            raise ServiceError(BUSY)
        async with self._turn:
            return await asyncio.to_thread(checked, path, mapping, path.parent, MOST_EVENTS)


def _event(numbered: Numbered) -> dict[str, Any]:
    event: dict[str, Any] = msgspec.to_builtins(as_json(numbered[1]))
    return event


def _with(taken: Outcome, found: Checked, batch: list[Numbered], said: dict[str, Any]) -> Outcome:
    wrong = [
        refused(found.said, found.spooled.row(batch[one["index"]][0]), one["code"], one["detail"])
        for one in said["rejected"]
    ]
    return taken._replace(
        accepted=taken.accepted + said["accepted"],
        replayed=taken.replayed + said["replayed"],
        wrong=taken.wrong + len(wrong),
        faults=[*taken.faults, *wrong][:MOST_FAULTS],
    )


def _sorted(taken: Outcome) -> Outcome:
    return taken._replace(faults=sorted(taken.faults, key=lambda fault: fault.row))
