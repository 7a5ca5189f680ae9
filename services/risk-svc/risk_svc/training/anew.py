"""Learning anew what came out of its turn: beside the present course, from what is kept, in order of business time."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final

import structlog

from candor.store.unit_of_work import UnitOfWork, unit_of_work
from risk_svc import metrics
from risk_svc.forecast.serialization import ForeignFormatError, model_bytes
from risk_svc.forecasting import model_store
from risk_svc.forecasting.model_store import Version
from risk_svc.training import facts, journal, rungs
from risk_svc.training.facts import Change, Place
from risk_svc.training.rungs import Marks
from risk_svc.training.timeline import Timeline, about

if TYPE_CHECKING:
    from candor.store.db import Database
    from risk_svc.forecast.view import Entry
    from risk_svc.training.waiting import About

log = structlog.get_logger("risk.learner")
MOST: Final = 2_000_000
"""Entries that can be learnt anew, about; a rung stands at every quarter of them."""
PIECES: Final = 5.0
"""After how many quiet times without anything more out of its turn learning anew begins: imports come in pieces."""
CHUNK_SECONDS: Final = 0.5


class Anew:
    """Keeps what is learnt from, and learns anew from it, in steps, once something older came than was learnt.

    `course` is what has been learnt anew so far, None while nothing is. It ends where the present course is by then,
    which goes on meanwhile. What is out of its turn again meanwhile is learnt by the next: none is given up half-way.
    """

    def __init__(
        self,
        database: Database,
        fenced: Callable[[UnitOfWork], Awaitable[None]],
        *,
        most: int,
        quiet: float,
        longest: float,
        kept: int = MOST,
        system: Callable[[], float] = time.monotonic,
    ) -> None:
        self.course: Timeline | None = None
        self.marks = Marks()
        self._database, self._fenced, self._system = database, fenced, system
        self._most, self._kept, self._quiet, self._longest = most, kept, quiet * PIECES, longest
        self._first = self._last = self._begun = 0.0
        self._rest = -math.inf
        self._from = self._oldest = self._limit = -math.inf
        self._after = Place()
        self._trimming = True

    @property
    def pending(self) -> bool:
        """Whether something came out of its turn that is not learnt yet."""
        return self.marks.stale < math.inf

    async def load(self) -> None:
        """Take up what is stored: what was being learnt anew begins again, from the newest rung before it."""
        self.course = None
        async with self._database.pool.acquire(timeout=5) as connection:
            found = await rungs.marks(connection)
        self.marks = found._replace(since=found.stale)
        self._first = self._last = self._system()
        self._tell(None)

    async def keep(self, entries: Sequence[Entry], main: Timeline) -> None:
        """Keep entries of the journal, and note which of them are older than what was learnt.

        Of a promise that the present course leaves out nothing is kept: it is in the sample for its whole life or not.
        """
        found: dict[About, list[Entry]] = {}
        left_out: set[str] = set()
        for entry in entries:
            if main.leaves_out(entry):
                left_out.add(about(entry)[1])
            else:
                found.setdefault(about(entry), []).append(entry)
        # Not durable: what is lost with it is read again, and what is stored after it makes it durable.
        async with unit_of_work(self._database, durable=False) as uow:
            await self._fenced(uow)
            changes = await facts.keep(uow.connection, found)
            dropped = await facts.drop(uow.connection, left_out)
            since = min((one.since for one in changes if one.since >= self.marks.base), default=math.inf)
            marks = self.marks
            if since < main.engine.boundary:
                marks = marks._replace(since=min(since, marks.since))
                await rungs.mark(uow.connection, marks)
        if marks != self.marks or since < main.engine.boundary:
            self._last = self._system()
            self._first = self._first if self.marks.since < math.inf else self._last
            self.marks = marks
        self._feed(changes)
        if self.course is not None and dropped:
            self.course.let_go(dropped)

    async def go_on(self, main: Timeline, passed: float) -> bool:
        """Do the next step, if there is one; returns whether there is more to do at once."""
        main.base = self.marks.base
        await self._trim()
        if self.course is None and not self._due():
            return False
        begun = self._system()
        if self.course is None:
            self.course = await self._begin()
        await self._step(self.course, self._target(main, passed), begun + CHUNK_SECONDS)
        return True

    def ended(self, main: Timeline, passed: float) -> bool:
        """Whether all is learnt anew, up to where the present course is."""
        course, read = self.course, self._after.first == math.inf
        return course is not None and read and course.upcoming > self._target(main, passed)

    async def take_over(self, fresh: Timeline, before: Timeline, place: journal.Place) -> float:
        """Store the new course in place of the present one, and publish it; returns its boundary."""
        fresh.succeed(before)
        boundary, upto = fresh.engine.boundary, place.xid + 1
        state = await asyncio.to_thread(fresh.to_bytes, *place)
        body = await asyncio.to_thread(model_bytes, fresh.engine.model)
        version = Version(fresh.version, boundary, body, fresh.sample.share)
        async with unit_of_work(self._database) as uow:
            await self._fenced(uow)
            await model_store.replace(uow.connection, state, upto, version, boundary)
            await rungs.mark(uow.connection, self.marks._replace(begun=math.inf))
            await rungs.told(uow.connection, None)
        self._end(fresh.version)
        return boundary

    def _end(self, version: int) -> None:
        self.course = None
        spent = self._system() - self._begun
        # At most half of the time, so that who goes on importing the past gets a model now and then.
        self._rest = self._system() + spent
        self.marks = self.marks._replace(begun=math.inf)
        self._tell(None)
        metrics.LEARNT_ANEW.inc()
        log.info("learnt anew", version=version, seconds=round(spent, 1), again=self.pending)

    async def rung(self, course: Timeline, *, main: bool) -> None:
        """Store a course to begin from, if it has learnt enough since the last and lacks nothing."""
        boundary = course.engine.boundary
        lacks = self.marks.stale if main else self.marks.since
        if course.shown < self._kept // rungs.MOST or boundary > lacks:
            return
        course.shown = 0
        state = await asyncio.to_thread(course.to_bytes, 0, 0, ahead=False)
        async with unit_of_work(self._database) as uow:
            await self._fenced(uow)
            base = await rungs.add(uow.connection, boundary, state)
            marks = self.marks if base is None else self.marks._replace(base=base)
            await rungs.mark(uow.connection, marks)
        self.marks, self._trimming = marks, self._trimming or base is not None
        log.info("learning can go back to here", boundary=boundary, bytes=len(state), oldest=marks.base)

    async def lose(self, course: Timeline, until: float) -> None:
        """Nothing from before a time can be learnt anew, as rows of the journal went unread."""
        self.course = None
        state = await asyncio.to_thread(course.to_bytes, 0, 0, ahead=False)
        base = max(until, self.marks.base, course.engine.boundary)
        async with unit_of_work(self._database) as uow:
            await self._fenced(uow)
            await rungs.mark(uow.connection, Marks(base=base))
            await rungs.only(uow.connection, course.engine.boundary, state)
        self.marks, self._trimming = Marks(base=base), True

    async def foreign(self) -> None:
        """Learn all anew that is kept: what had been learnt is of another release."""
        self.marks = self.marks._replace(since=-math.inf, begun=math.inf)
        async with unit_of_work(self._database) as uow:
            await self._fenced(uow)
            await uow.connection.execute("DELETE FROM learner_rung")
            await rungs.mark(uow.connection, self.marks)

    def _due(self) -> bool:
        now = self._system()
        waited = now - self._last >= self._quiet or now - self._first >= self._longest
        return self.marks.since < math.inf and waited and now >= self._rest

    async def _begin(self) -> Timeline:
        marks = self.marks._replace(since=math.inf, begun=self.marks.stale)
        async with unit_of_work(self._database) as uow:
            await self._fenced(uow)
            raw = await rungs.nearest(uow.connection, marks.begun)
            await rungs.mark(uow.connection, marks)
        course = Timeline(most=self._most)
        if raw is not None:
            try:
                course, *_ = await asyncio.to_thread(Timeline.from_bytes, raw)
            except ForeignFormatError as error:
                log.warning("stored course refused", error=str(error), consequence="all that is kept is learnt anew")
        course.most, course.base = self._most, marks.base
        self.marks, self._begun = marks, self._system()
        self._from = self._oldest = self._limit = course.engine.boundary
        self._after = Place()
        log.info("learning anew", since=marks.begun, goes_back_to=self._from)
        return course

    async def _step(self, course: Timeline, target: float, ends: float) -> None:
        while course.upcoming > min(self._limit, target) and self._after.first < math.inf:
            await self._read(course)
            if self._system() >= ends:
                break
        await asyncio.to_thread(course.close, min(self._limit, target), lambda: self._system() >= ends)
        await self.rung(course, main=False)
        share = self._share(course.engine.boundary, target)
        self._tell(share)
        async with self._database.pool.acquire(timeout=5) as connection:
            await rungs.told(connection, share)

    async def _read(self, course: Timeline) -> None:
        """Take in the next page: first of promises that were open at the rung, then of those made after it."""
        rung = Place(self._from)
        below = rung if self._after < rung else Place(math.inf)
        async with self._database.pool.acquire(timeout=5) as connection:
            rows = await facts.read(connection, self._after, below, self._from)
        if rows and self._oldest == -math.inf:
            self._oldest = rows[0].place.first
        for row in rows:
            course.take(facts.entries(row.facts, self._from))
        if len(rows) == facts.PAGE:
            self._after = rows[-1].place
            self._limit = max(self._from, self._after.first)
        elif below == rung:
            self._after = rung
        else:
            self._after, self._limit = below, math.inf

    def _feed(self, changes: Sequence[Change]) -> None:
        """What came meanwhile, of promises that were read before it came."""
        course = self.course
        if course is None:
            return
        for row, since in changes:
            if row.place <= self._after:
                course.take(facts.entries(row.facts, max(since, self._from)))

    async def _trim(self) -> None:
        if self._trimming:
            async with unit_of_work(self._database) as uow:
                await self._fenced(uow)
                self._trimming = self.marks.base > -math.inf and await facts.trim(uow.connection, self.marks.base)

    def _target(self, main: Timeline, passed: float) -> float:
        boundary = main.engine.boundary
        return boundary if boundary > -math.inf else passed

    def _share(self, boundary: float, target: float) -> float:
        done, all_of_it = boundary - self._oldest, target - self._oldest
        return min(1.0, max(0.0, done / all_of_it)) if 0 < all_of_it < math.inf else 0.0

    def _tell(self, share: float | None) -> None:
        if share is None:
            metrics.LEARNING_ANEW.clear()
        else:
            metrics.LEARNING_ANEW.set(share)
