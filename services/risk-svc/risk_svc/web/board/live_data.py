"""The board's data, read once per change for all watchers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Generic, NamedTuple, TypeVar

from candor.ops.clock import Clock, SystemClock
from candor.store.db import Database
from candor.web.http.listings import Total, counted
from risk_svc.domain.state import from_bytes
from risk_svc.insight import incidents, reading
from risk_svc.store import queries
from risk_svc.web import standstill, track_record
from risk_svc.web.api import presenters, responses
from risk_svc.web.board.style import PAGE
from risk_svc.web.feed import Feed
from risk_svc.web.standstill import Silence
from risk_svc.web.track_record import RecentRecord
from risk_svc.web.watch import Watch


class RefreshRate(NamedTuple):
    """How often something is reread, in seconds: never within `fresh`, always after `stale` even without changes.

    Nor within `rest` times the duration of the last read.
    """

    fresh: float
    stale: float
    rest: float = 0.0


LISTS: Final = RefreshRate(0.9, 10.0)
SHEETS: Final = RefreshRate(4.5, 4.5)
STRUCK: Final = RefreshRate(4.5, 10.0, 20.0)
COUNTS: Final = RefreshRate(0.9, 10.0, 10.0)
RECORDS: Final = RefreshRate(5.0, 60.0, 20.0)
PROMISES: Final = RefreshRate(0.9, 0.9)
"""Not everything that a promise's page shows changes its gap, so it is reread even without changes."""
MOST_PROMISES: Final = 64
"""Promises whose last reading is kept; one with all that may be shown takes some hundred KB."""
NEWEST: Final = 5
"""Open incidents that the overview names."""
MOST_COUNTED: Final = 10_000
"""Of a list whose number is not kept as it changes, the rows that are counted each time it is read."""
MOST: Final = 256
"""Of each kind, the readings that are kept."""


class ListQuery(NamedTuple):
    """A page of a list: its filters, its order and its number, from 1."""

    wanted: queries.GapFilter = queries.GapFilter()
    sort: queries.Sort = "score"
    page: int = 1


class SheetQuery(NamedTuple):
    """A page of a sheet of insight: which rows, their order, its number from 1, and how many rows it has."""

    sheet: str
    wanted: reading.Wanted = reading.Wanted()
    sort: reading.Sort = "loss"
    page: int = 1
    size: int = PAGE


class HitQuery(NamedTuple):
    """A page of the promises that an incident hits."""

    incident_id: str
    wanted: incidents.HitFilter = incidents.HitFilter()
    sort: incidents.Sort = "gap"
    page: int = 1


@dataclass(frozen=True)
class HitPage:
    """An incident and a page of the promises it hits; `page` is the last page if the one asked for is beyond it."""

    incident: dict[str, Any]
    hits: incidents.Hits
    page: int
    pages: int


@dataclass(frozen=True)
class SheetPage:
    """Rows of a sheet as they were stored, when it was made (None: not so far) and of how many promises.

    `page` is the last page if the one asked for is beyond it.
    """

    made_at: datetime | None
    promises: int
    bodies: list[dict[str, Any]]
    number: Total
    page: int
    pages: int


@dataclass(frozen=True)
class Overview:
    """Counts, and a page of the matching promises; `read_at` is business time.

    `page` is the last page if the one asked for is beyond it.
    """

    counts: dict[str, Any]
    items: list[responses.GapItem]
    number: Total
    page: int
    read_at: datetime

    @property
    def pages(self) -> int:
        """The number of pages, at least one; if not all promises were counted, one more than known."""
        return pages_of(self.number, self.page)


def pages_of(number: Total, page: int, size: int = PAGE) -> int:
    """How many pages there are, at least one; if not all rows were counted, one more than known."""
    counted = max(1, -(-number.total // size))
    return counted if number.total_exact else max(counted, page) + 1


Found = TypeVar("Found")
Key = TypeVar("Key", bound=Hashable)


@dataclass
class _CachedRead(Generic[Found]):
    """The last value read: when, after how many changes, and how long it took."""

    value: Found | None = None
    read_at: float = 0.0
    changes: int = -1
    took: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class LiveData:
    """A background task that counts changes of `gaps`; rereads only after changes, at most about once a second.

    Ten watchers of the same list cost as much as one.
    """

    name = "board"

    def __init__(
        self,
        database: Database,
        feed: Feed,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
        watch: Watch | None = None,
    ) -> None:
        self.clock = clock
        self.changes = 0
        self._monotonic = monotonic
        self._watch = watch
        self._database = database
        self._feed = feed
        self._kept: dict[ListQuery, _CachedRead[Overview]] = {}
        self._sheets: dict[SheetQuery, _CachedRead[SheetPage]] = {}
        self._hits: dict[HitQuery, _CachedRead[HitPage | None]] = {}
        self._struck: dict[None, _CachedRead[list[dict[str, Any]]]] = {}
        self._counts: dict[None, _CachedRead[dict[str, Any]]] = {}
        self._records: dict[str | None, _CachedRead[RecentRecord]] = {}
        self._promises: dict[str, _CachedRead[responses.GapDetail | None]] = {}
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

    def standstill(self) -> str:
        """What has stopped, is silent or waits for a person, as text for a page; empty if nothing does."""
        found = self._watch.stopped() if self._watch is not None else []
        return " ".join(
            said
            for said in (
                standstill.words(found, replayed=not isinstance(self.clock, SystemClock)),
                standstill.held_words(self.held()),
                standstill.silent_words(self.silent()),
            )
            if said
        )

    def held(self) -> int:
        """Customers whose messages wait for a person."""
        return self._watch.held() if self._watch is not None else 0

    def silent(self) -> list[Silence]:
        """Senders that are silent against their rhythm."""
        return self._watch.silent() if self._watch is not None else []

    async def overview(self, asked: ListQuery) -> Overview:
        """The page asked for. Raises StoreUnavailable while the database is unavailable."""
        return await self._newest(self._kept, asked, LISTS, lambda: self._overview(asked))

    async def sheet(self, asked: SheetQuery) -> SheetPage:
        """Figures as insight worked them out last. Raises StoreUnavailable while the database is unavailable."""
        return await self._newest(self._sheets, asked, SHEETS, lambda: self._sheet(asked))

    async def _sheet(self, asked: SheetQuery) -> SheetPage:
        page = asked.page
        async with self._database.reading() as session:
            while True:
                skip = (page - 1) * asked.size
                found = await reading.page(session, asked.sheet, asked.wanted, None, asked.size, asked.sort, skip)
                last = max(1, -(-found.number.total // asked.size))
                if found.rows or page <= last:
                    break
                page = last
        bodies = [body for _, _, body in found.rows]
        pages = pages_of(found.number, page, asked.size)
        return SheetPage(found.made_at, found.promises, bodies, found.number, page, pages)

    async def incident(self, asked: HitQuery) -> HitPage | None:
        """An incident with a page of what it hits; None if there is none. Raises StoreUnavailable."""
        return await self._newest(self._hits, asked, LISTS, lambda: self._incident(asked), MOST_PROMISES)

    async def _incident(self, asked: HitQuery) -> HitPage | None:
        page = asked.page
        async with self._database.reading() as session:
            incident = await incidents.find(session, asked.incident_id)
            if incident is None:
                return None
            while True:
                skip = (page - 1) * PAGE
                found = await incidents.hits(session, incident, asked.wanted, asked.sort, None, PAGE, skip)
                last = max(1, -(-found.number.total // PAGE))
                if found.items or page <= last:
                    break
                page = last
        return HitPage(incident, found, page, pages_of(found.number, page))

    async def open_incidents(self) -> list[dict[str, Any]]:
        """The newest open incidents that hit promises. Raises StoreUnavailable while the database is unavailable."""
        return await self._newest(self._struck, None, STRUCK, self._open_incidents)

    async def _open_incidents(self) -> list[dict[str, Any]]:
        async with self._database.reading() as session:
            return await incidents.still_open(session, NEWEST)

    async def record(self, kind: str | None) -> RecentRecord:
        """Forecast accuracy of one promise type or all. Raises StoreUnavailable while the database is unavailable."""
        return await self._newest(self._records, kind, RECORDS, lambda: self._record(kind))

    async def _newest(
        self,
        kept_by: dict[Key, _CachedRead[Found]],
        key: Key,
        pace: RefreshRate,
        read: Callable[[], Awaitable[Found]],
        most: int = MOST,
    ) -> Found:
        if len(kept_by) > most:
            kept_by.clear()
        kept = kept_by.setdefault(key, _CachedRead())
        async with kept.lock:
            began = self._monotonic()
            age = began - kept.read_at
            rested = age > max(pace.fresh, pace.rest * kept.took)
            if kept.value is None or (rested and (age > pace.stale or kept.changes != self.changes)):
                changes = self.changes
                kept.value = await read()
                kept.changes, kept.read_at, kept.took = changes, began, self._monotonic() - began
            return kept.value

    async def _record(self, kind: str | None) -> RecentRecord:
        # One read at a time for all watchers: it may scan fifty thousand rows. Waiting time counts as read time.
        async with self._recording:
            return await track_record.read(self._database, queries.ScoreFilter(kind=kind))

    async def _overview(self, asked: ListQuery) -> Overview:
        counts = await self._newest(self._counts, None, COUNTS, self._all)
        async with self._database.reading() as session:
            number = queries.number_of(asked.wanted, counts)
            if number is None:
                number = await counted(session, queries.wanted_rows(asked.wanted), MOST_COUNTED)
            last = max(1, -(-number.total // PAGE))
            page = min(asked.page, last) if number.total_exact else asked.page
            query = queries.listing(asked.wanted, asked.sort, limit=PAGE, skip=(page - 1) * PAGE)
            rows = (await session.exec(query)).all()
        items = [presenters.item(from_bytes(row.state)) for row in rows]
        return Overview(counts, items, number, page, self.clock.now())

    async def _all(self) -> dict[str, Any]:
        async with self._database.reading() as session:
            return await queries.counts(session)

    async def promise(self, promise_id: str) -> responses.GapDetail | None:
        """One promise with everything that explains it; None if there is none."""
        return await self._newest(
            self._promises, promise_id, PROMISES, lambda: self._promise(promise_id), MOST_PROMISES
        )

    async def _promise(self, promise_id: str) -> responses.GapDetail | None:
        async with self._database.reading() as session:
            return await presenters.promise(session, promise_id, self.clock.now())
