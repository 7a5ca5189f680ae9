"""An outbox without a relay: what is written, what waits, what was sent, what goes out again."""

from __future__ import annotations

from typing import Any, Final

from candor.contracts import Message
from candor.store import outbox, replaying
from candor.store.db import Database
from candor.store.lease import Leases
from candor.store.outbox import SentRows, WaitingRow
from candor.store.unit_of_work import unit_of_work

GROUP: Final = "promise-svc.relay"
EVERYWHERE: Final = range(4)


async def emit(database: Database, *messages: Message) -> None:
    async with unit_of_work(database) as uow:
        uow.emit(messages)


async def windows(database: Database, *partitions: int, again: bool = False) -> list[WaitingRow]:
    found = await outbox.waiting(database, partitions or EVERYWHERE, group=GROUP, again=again)
    return [row for window in found.values() for row in window]


async def leased(database: Database) -> Leases:
    leases = Leases(database, GROUP, 4, "me")
    await leases.renew()
    return leases


async def replay(database: Database, **bounds: Any) -> int:
    """Ask for rows to be sent again, and mark them two at a time; the number of events."""
    async with unit_of_work(database) as uow:
        number = await replaying.request(uow, **bounds)
    while True:
        async with unit_of_work(database) as uow:
            await replaying.step(uow, 2)
            found = await replaying.progress(uow, number)
        if found.done:
            return found.events


async def mark(
    database: Database, leases: Leases, rows: list[WaitingRow], *, keeps: bool = True, again: bool = False
) -> int:
    sent = [SentRows(n, leases.epochs[n], [row for row in rows if row.partition == n], again) for n in EVERYWHERE]
    async with unit_of_work(database, durable=False) as uow:
        return await outbox.mark(uow, GROUP, sent, keeps=keeps)
