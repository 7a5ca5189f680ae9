"""What the board shows, read once a change for all who watch."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from candor.ops.clock import Clock
from candor.store.db import Database
from risk_svc import answers, queries, schemas
from risk_svc.domain.state import from_bytes
from risk_svc.feed import Feed

MOST: Final = 200
FRESH_S: Final = 0.9
STALE_S: Final = 10.0


@dataclass(frozen=True)
class Overview:
    """Counts, and the promises wanted, widest gap first; `read_at` is the business clock's."""

    counts: dict[str, Any]
    items: list[schemas.GapItem]
    read_at: datetime


@dataclass
class _Kept:
    read: float = 0.0
    changes: int = -1
    overview: Overview | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Reading:
    """A background that counts changes of `gaps`; reads again only when something changed, at most about once a second.

    Ten watchers of the same list cost as much as one.
    """

    name = "board"

    def __init__(self, database: Database, feed: Feed, clock: Clock) -> None:
        self.clock = clock
        self.changes = 0
        self._database = database
        self._feed = feed
        self._kept: dict[queries.Wanted, _Kept] = {}
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Count until `stop`."""
        self._task = asyncio.create_task(self._count())
        await self._stopping.wait()
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def stop(self) -> None:
        """End."""
        self._stopping.set()

    async def _count(self) -> None:
        with self._feed.listen() as listener:
            async for batch in listener.changes():
                self.changes += len(batch)

    async def overview(self, wanted: queries.Wanted) -> Overview:
        """The list wanted. Raises StoreUnavailable while the database is away."""
        if len(self._kept) > 256:
            self._kept.clear()
        kept = self._kept.setdefault(wanted, _Kept())
        async with kept.lock:
            age = time.monotonic() - kept.read
            if kept.overview is None or age > STALE_S or (age > FRESH_S and kept.changes != self.changes):
                kept.changes, kept.read = self.changes, time.monotonic()
                kept.overview = await self._overview(wanted)
            return kept.overview

    async def _overview(self, wanted: queries.Wanted) -> Overview:
        async with self._database.reading() as session:
            counted = await queries.counts(session)
            rows = (await session.exec(queries.listing(wanted, "score", None).limit(MOST))).all()
        return Overview(counted, [answers.item(from_bytes(row.state)) for row in rows], self.clock.now())

    async def promise(self, promise_id: str) -> schemas.GapDetail | None:
        """One promise with all that explains it; None where there is none."""
        async with self._database.reading() as session:
            return await answers.promise(session, promise_id, self.clock.now())
