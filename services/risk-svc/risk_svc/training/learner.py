"""The learner: one process that reads the journal in order, learns, and publishes a model at each version boundary."""

from __future__ import annotations

import asyncio
import math
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import structlog

from candor.ops.garbage import OldGarbage
from candor.ops.liveness import Liveness
from candor.store.errors import unavailable
from candor.store.layout import ALWAYS
from candor.store.lease import LEASE_SECONDS, RENEW_SECONDS, Leases, fence
from candor.store.unit_of_work import unit_of_work
from risk_svc import metrics
from risk_svc.forecast.serialization import ForeignFormatError, model_bytes
from risk_svc.forecasting import model_store
from risk_svc.forecasting.model_store import LEARNER, ClosedBoundary, Version
from risk_svc.training import journal, moving, telling, trimming
from risk_svc.training.anew import MOST as KEPT
from risk_svc.training.anew import Anew
from risk_svc.training.journal import Place
from risk_svc.training.pacing import BoundaryPacing, Pacing
from risk_svc.training.timeline import MOST, Timeline
from risk_svc.training.trimming import Lost

if TYPE_CHECKING:
    from candor.ops.clock import Clock
    from candor.store.db import Database
    from candor.store.unit_of_work import UnitOfWork

log = structlog.get_logger("risk.learner")
POLL_SECONDS: Final = 0.25
PAUSE_SECONDS: Final = 1.0


class FencedError(Exception):
    """Another process is the learner now, or the read side was emptied: nothing was written."""


class Learner:
    """A background task that learns while it has the lease; `course` is its state, None while it is not the learner.

    What it publishes depends only on the journal and its own recorded steps, so a learner that resumes from the
    checkpoint publishes the same bytes under the same numbers.
    """

    name = "learner"

    def __init__(
        self,
        database: Database,
        clock: Clock,
        pacing: Pacing | None = None,
        *,
        most: int = MOST,
        kept: int = KEPT,
        system: Callable[[], float] = time.monotonic,
        lease_seconds: float = LEASE_SECONDS,
        give_back: Callable[[], object] | None = None,
    ) -> None:
        member = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
        self.leases = Leases(database, LEARNER, 1, member, seconds=lease_seconds, when=ALWAYS)
        self.course: Timeline | None = None
        self._database = database
        self._clock = clock
        self._pacing = pacing or Pacing()
        self._most = most
        self._system = system
        self._epoch = 0
        self._place = Place()
        self._pace = BoundaryPacing(0, 0, 0)
        self._unsaved: tuple[ClosedBoundary, Version | None] | None = None
        self._stored = (-math.inf, 0.0)
        self._too_late = 0
        self._share = 1.0
        # At the start too: a learner before this one may have died in the middle of it.
        self._cutting = True
        # Learning an hour takes five times the memory of what it leaves, which nobody else would get back.
        self._give_back = give_back or OldGarbage().collect
        self.turns = 0
        self._liveness = Liveness()
        self._renewed = self._calm = False
        self._stopping, self._left = asyncio.Event(), asyncio.Event()
        quiet, longest = self._pacing.quiet, self._pacing.longest
        self.anew = Anew(database, self._fenced, most=most, kept=kept, quiet=quiet, longest=longest, system=system)

    @property
    def idle(self) -> bool:
        """Whether the last turn left nothing to learn, or another process is the learner."""
        return self._calm

    @property
    def standing_still(self) -> bool:
        """Whether turns fail or do not end; waiting for another learner's lease does not count."""
        return self._liveness.stuck

    async def run(self) -> None:
        """Learn until `stop`; waits out database outages."""
        renewing = asyncio.create_task(self._renew())
        try:
            while not self._stopping.is_set():
                turns = self.turns
                busy = await self._guarded()
                if self.turns > turns:
                    self._liveness.beat()
                if not busy:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._stopping.wait(), POLL_SECONDS)
            await self._leave()
        finally:
            # Not cancelled, because a connection cancelled while it is being opened is never closed.
            self._left.set()
            await asyncio.gather(renewing, return_exceptions=True)
            with suppress(Exception):
                await asyncio.wait_for(self.leases.release(), LEASE_SECONDS)

    async def stop(self) -> None:
        """Stop after the current chunk; the state is stored before the lease is released."""
        self._stopping.set()

    async def turn(self) -> bool:
        """Read new rows and close the boundaries that may be closed; returns whether there is more to do at once.

        Raises FencedError and database errors; the next turn then starts from the checkpoint or tries again.
        """
        epoch = self.leases.epochs.get(0)
        if epoch is None:
            self.course, self._calm = None, self._renewed
            metrics.BOUNDARIES_WAITING.clear()
            metrics.SAMPLE_SHARE.clear()
            self.turns += 1
            return False
        if self.course is None or epoch != self._epoch:
            await self._load(epoch)
        if (lost := await self._mind_lost(self._course)) is not None:
            await self.anew.lose(self._course, lost.until)
        more = await self._read()
        await self._tell_too_late()
        await self._cut()
        closed = await self._close()
        closed = await self._learn_anew() or closed
        self._share = telling.sample(self._course, self._share)
        due = self._system() - self._stored[1] >= self._pacing.checkpoint
        if due and self._course.engine.boundary > self._stored[0]:
            await self.save()
        self._calm = self._calm and not more
        self.turns += 1
        return closed or more

    async def save(self) -> None:
        """Store the whole state; the journal's rows that only led to it go by and by."""
        course, place = self._course, self._place
        begun = self._system()
        state = await asyncio.to_thread(course.to_bytes, *place)
        boundary, upto = course.engine.boundary, place.xid + 1
        async with unit_of_work(self._database) as uow:
            await self._fenced(uow)
            await model_store.save_checkpoint(uow.connection, state, boundary, upto)
        self._stored, self._cutting = (boundary, self._system()), True
        log.info(
            "checkpoint stored", version=course.version, bytes=len(state), seconds=round(self._system() - begun, 1)
        )

    async def _cut(self) -> None:
        """Delete some of what the checkpoint has made needless; the rest in later turns."""
        if self._cutting:
            async with unit_of_work(self._database) as uow:
                await self._fenced(uow)
                self._cutting = await model_store.cut(uow.connection)

    @property
    def _course(self) -> Timeline:
        if self.course is None:
            raise FencedError("not the learner")
        return self.course

    async def _guarded(self) -> bool:
        try:
            return await self.turn()
        except FencedError:
            log.warning("lease lost", group=LEARNER, consequence="another learner goes on, or a rebuild has begun")
            self.course = None
        except Exception as error:
            away = unavailable(error)
            if away is None:
                # An error may leave the course half-way through a lesson: the next turn starts from the checkpoint.
                self.course = None
            why = away.detail if away is not None else f"{type(error).__name__}: {error}"[:200]
            log.warning("not learning", reason=why, consequence="forecasts rest on an older model")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), PAUSE_SECONDS)
        # Absent until a turn succeeds: an old figure would go on suggesting that all is well.
        metrics.BOUNDARIES_WAITING.clear()
        return False

    async def _renew(self) -> None:
        while not self._left.is_set():
            try:
                await asyncio.wait_for(self.leases.renew(), self.leases.seconds)
                self._renewed = True
            except Exception as error:
                log.warning("lease not renewed", group=LEARNER, error=type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._left.wait(), min(RENEW_SECONDS, self.leases.seconds / 5))

    async def _leave(self) -> None:
        """Store the state so that the next learner need not learn anything again."""
        if self.course is None or self.course.engine.boundary <= self._stored[0]:
            return
        try:
            await self.save()
        except Exception as error:
            log.warning(
                "checkpoint not stored",
                error=type(error).__name__,
                consequence="the next learner repeats what came since the last one",
            )

    async def _load(self, epoch: int) -> None:
        """Restore the state as of the last published step, from the checkpoint and the recorded steps."""
        self.course, self._unsaved, self._epoch = None, None, epoch
        await self.anew.load()
        async with self._database.pool.acquire(timeout=5) as connection:
            raw = await model_store.checkpoint(connection)
        course, place = Timeline(most=self._most), Place()
        if raw is not None:
            try:
                course, *stored = await asyncio.to_thread(Timeline.from_bytes, raw)
                place = Place(*stored)
            except ForeignFormatError as error:
                await self._begin_anew(error)
        self._place, course.base = place, self.anew.marks.base
        missing = await self._mind_lost(course)
        moved = await self._mind_move(course)
        self._stored = (course.engine.boundary, self._system())
        begun, first = self._system(), course.version
        async with self._database.pool.acquire(timeout=5) as connection:
            steps = await model_store.steps(connection, course.engine.boundary)
            self._too_late = (await model_store.taught(connection)).too_late
        for step in steps:
            await self._take(course, step.upto)
            await asyncio.to_thread(course.close, step.boundary)
        if missing is not None or moved:
            await self._number_on(course)
        if missing is not None:
            await self.anew.lose(course, missing.until)
        # Only now: what was done before is done again as it was, whatever the limit was then.
        course.most = self._most
        self._pace = BoundaryPacing(self._pacing.quiet, self._pacing.longest, self._system())
        self.course = course
        log.info(
            "learning started",
            version=course.version,
            replayed_steps=len(steps),
            replayed_versions=course.version - first,
            seconds=round(self._system() - begun, 1),
        )

    async def _mind_lost(self, course: Timeline) -> Lost | None:
        """Forget what was known half when rows of the journal went unread; returns which did."""
        async with self._database.pool.acquire(timeout=5) as connection:
            lost = await trimming.lost(connection)
        if lost is None or lost.place <= self._place:
            return None
        course.lose(lost.until)
        self._place = lost.place
        telling.lost(lost.until)
        return lost

    async def _learn_anew(self) -> bool:
        """Go on with what came out of its turn; once that is learnt, it takes the place of the present course."""
        course = self._course
        await self.anew.rung(course, main=True)
        passed = self._clock.now().timestamp() // course.engine.step * course.engine.step
        busy = await self.anew.go_on(course, passed)
        if not self.anew.ended(course, passed) or (fresh := self.anew.course) is None:
            return busy
        self._stored = await self.anew.take_over(fresh, course, self._place), self._system()
        self.course, self._unsaved, self._cutting = fresh, None, True
        return True

    async def _mind_move(self, course: Timeline) -> bool:
        """Go on after the database was moved to another cluster, whose transaction ids say nothing of the old one's."""
        async with self._database.pool.acquire(timeout=5) as connection:
            here, strange = await moving.cluster(connection), await moving.strange(connection)
        moved = strange or course.cluster not in ("", here)
        course.cluster = here
        if moved:
            await moving.renumber(self._database, self._place)
            self._place = Place()
            state = await asyncio.to_thread(course.to_bytes, *self._place)
            async with unit_of_work(self._database) as uow:
                await self._fenced(uow)
                await model_store.begin_order(uow.connection, state)
        return moved

    async def _number_on(self, course: Timeline) -> None:
        """Go on counting from the newest version: those that the missing rows led to cannot be made again."""
        async with self._database.pool.acquire(timeout=5) as connection:
            newest = await model_store.newest(connection)
        if newest is not None:
            course.engine.model.version = max(course.version, newest.version)

    async def _begin_anew(self, error: ForeignFormatError) -> None:
        telling.foreign(str(error))
        async with unit_of_work(self._database) as uow:
            await self._fenced(uow)
            await model_store.forget(uow.connection)
        await self.anew.foreign()

    async def _read(self) -> bool:
        """Read for a while; returns whether there is more."""
        async with self._database.pool.acquire(timeout=5) as connection:
            metrics.JOURNAL_UNREAD.set(await journal.unread(connection, self._place))
        more = await self._take(self._course, ends=self._system() + self._pacing.reading)
        if more:
            # Nobody knows yet of what times the rest tells.
            self._pace.heard(self._system(), -math.inf)
        metrics.JOURNAL_WAITING.set(self._course.waiting)
        return more

    async def _take(self, course: Timeline, below: int | None = None, ends: float = math.inf) -> bool:
        """Take in rows until `ends`, or up to transaction `below`; returns whether there may be more."""
        while self._system() <= ends:
            async with self._database.pool.acquire(timeout=5) as connection:
                rows = await journal.read(connection, self._place, below)
            if not rows:
                return False
            late, left_out = course.late, course.left_out
            if below is None:
                # Else they were kept when they were read first.
                await self.anew.keep([entry for row in rows for entry in row.entries], course)
            for row in rows:
                self._pace.heard(self._system(), course.take(row.entries))
            self._place = rows[-1].place
            metrics.ENTRIES_LATE.inc(course.late - late)
            metrics.ENTRIES_LEFT_OUT.inc(course.left_out - left_out)
            await asyncio.sleep(0)
        return True

    async def _tell_too_late(self) -> None:
        """Store and log how many promises came too late to learn from, as soon as that is known."""
        course = self._course
        more = course.too_late - self._too_late
        if more <= 0:
            return
        async with unit_of_work(self._database) as uow:
            await self._fenced(uow)
            await model_store.note_too_late(uow.connection, course.too_late)
        self._too_late = course.too_late
        telling.too_late(course, more)

    async def _close(self) -> bool:
        """Close and publish one chunk of the boundaries that may be closed; returns whether there is more."""
        if self._unsaved is not None:
            await self._publish(*self._unsaved)
        course = self._course
        now, step = self._clock.now().timestamp(), course.engine.step
        passed = now // step * step
        limit = self._pace.limit(self._system(), course.upcoming, passed)
        if course.upcoming <= limit:
            begun, before, late = self._system(), course.version, course.late
            ends = begun + self._pacing.chunk
            closed = await asyncio.to_thread(course.close, limit, lambda: self._system() >= ends)
            version = None
            if course.version > before:
                body = await asyncio.to_thread(model_bytes, course.engine.model)
                version = Version(course.version, course.engine.boundary, body, course.sample.share)
            self._unsaved = ClosedBoundary(course.engine.boundary, self._place.xid + 1), version
            await self._publish(*self._unsaved)
            self._told(closed, before, late, self._system() - begun)
        self._measure(passed)
        return course.upcoming <= limit

    async def _publish(self, step: ClosedBoundary, version: Version | None) -> None:
        async with unit_of_work(self._database) as uow:
            await self._fenced(uow)
            await model_store.publish(uow.connection, step, version)
        self._unsaved = None

    async def _fenced(self, uow: UnitOfWork) -> None:
        if not await fence(uow.connection, LEARNER, {0: self._epoch}):
            raise FencedError("the lease is somebody else's")

    def _told(self, closed: int, before: int, late: int, seconds: float) -> None:
        if self._course.version > before:
            telling.published(self._course, closed, late, seconds)
            self._give_back()

    def _measure(self, passed: float) -> None:
        self._calm = telling.waiting(self._course, passed) == 0 and not self.anew.pending
