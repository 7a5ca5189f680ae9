"""What the board shows, read once a change for all who watch."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Generic, NamedTuple, TypeVar

from candor.ops.clock import Clock
from candor.store.db import Database
from risk_svc import answers, queries, recorded, schemas
from risk_svc.domain.state import from_bytes
from risk_svc.feed import Feed
from risk_svc.recorded import Recorded

MOST: Final = 200


class Pace(NamedTuple):
    """How often something is read again, in seconds: not within `fresh`, after `stale` though nothing changed.

    Not within `rest` times as long as it took either.
    """

    fresh: float
    stale: float
    rest: float = 0.0


LISTS: Final = Pace(0.9, 10.0)
RECORDS: Final = Pace(5.0, 60.0, 20.0)


@dataclass(frozen=True)
class Overview:
    """Counts, and the promises wanted, widest gap first; `read_at` is the business clock's."""

    counts: dict[str, Any]
    items: list[schemas.GapItem]
    read_at: datetime


Found = TypeVar("Found")
Key = TypeVar("Key", bound=Hashable)


@dataclass
class _Kept(Generic[Found]):
    """What was read last: when, as of how many changes, and how long it took."""

    value: Found | None = None
    read_at: float = 0.0
    changes: int = -1
    took: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Reading:
    """A background that counts changes of `gaps`; reads again only when something changed, at most about once a second.

    Ten watchers of the same list cost as much as one.
    """

    name = "board"

    def __init__(
        self, database: Database, feed: Feed, clock: Clock, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.clock = clock
        self.changes = 0
        self._monotonic = monotonic
        self._database = database
        self._feed = feed
        self._kept: dict[queries.Wanted, _Kept[Overview]] = {}
        self._records: dict[str | None, _Kept[Recorded]] = {}
        self._recording = asyncio.Lock()
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
        return await self._newest(self._kept, wanted, LISTS, lambda: self._overview(wanted))

    async def record(self, kind: str | None) -> Recorded:
        """The forecasts' record, of a class or of all. Raises StoreUnavailable while the database is away."""
        return await self._newest(self._records, kind, RECORDS, lambda: self._record(kind))

    async def _newest(
        self, kept_by: dict[Key, _Kept[Found]], key: Key, pace: Pace, read: Callable[[], Awaitable[Found]]
    ) -> Found:
        if len(kept_by) > 256:
            kept_by.clear()
        kept = kept_by.setdefault(key, _Kept())
        async with kept.lock:
            began = self._monotonic()
            age = began - kept.read_at
            rested = age > max(pace.fresh, pace.rest * kept.took)
            if kept.value is None or (rested and (age > pace.stale or kept.changes != self.changes)):
                changes = self.changes
                kept.value = await read()
                kept.changes, kept.read_at, kept.took = changes, began, self._monotonic() - began
            return kept.value

    async def _record(self, kind: str | None) -> Recorded:
        # One at a time, whoever asks: it may go through fifty thousand rows. Waiting counts as taking long.
        async with self._recording:
            return await recorded.read(self._database, queries.WantedScores(kind=kind))

    async def _overview(self, wanted: queries.Wanted) -> Overview:
        async with self._database.reading() as session:
            counted = await queries.counts(session)
            rows = (await session.exec(queries.listing(wanted, "score", None).limit(MOST))).all()
        return Overview(counted, [answers.item(from_bytes(row.state)) for row in rows], self.clock.now())

    async def promise(self, promise_id: str) -> schemas.GapDetail | None:
        """One promise with all that explains it; None where there is none."""
        async with self._database.reading() as session:
            return await answers.promise(session, promise_id, self.clock.now())
