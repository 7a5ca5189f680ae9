"""Rebuilds the read side from the topics: emptied, read again from the beginning, without publishing."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from candor.contracts.topics import RETENTION_DAYS
from candor.errors import OperatorError
from candor.messaging.consumer import Worker
from candor.store import audit, layout
from candor.store.unit_of_work import unit_of_work
from risk_svc.forecasting import model_store
from risk_svc.forecasting.follower import Follower
from risk_svc.forecasting.live import PublishedModel
from risk_svc.store import rebuilding
from risk_svc.training.learner import Learner
from risk_svc.worker.handlers import RiskHandler
from risk_svc.worker.unpublished import Unpublished

if TYPE_CHECKING:
    from candor.ops.clock import Clock
    from candor.store.db import Database
    from risk_svc.settings import RiskSettings

FOLDED: Final = ("promise_state", "promise_state_tally", "incident", "work", "erased", "forecast_score")
TABLES: Final = (*FOLDED, *model_store.TABLES)
POLL_SECONDS: Final = 0.2
ASIDE_SECONDS: Final = 30.0
"""A running worker looks twice a second whether to step aside; one that was killed is gone after 5 s."""
Progress = Callable[[float, int], None]


class NotAsideError(OperatorError):
    """Workers or learners hold what a rebuild needs."""


class OldPlacesError(OperatorError):
    """Kafka holds events in partitions that were theirs before the partitions were grown."""


async def refuse_old_places(database: Database, now: datetime) -> None:
    """Raise OldPlacesError while topics may hold events that lie where they no longer belong."""
    found = await layout.read(database.pool)
    if found is not None and found.held:
        raise OldPlacesError("nothing was changed: `candor partitions grow` has not ended")
    if found is not None and found.grown_at is not None:
        until = found.grown_at + timedelta(days=RETENTION_DAYS)
        if now < until:
            raise OldPlacesError(
                f"nothing was changed: the partitions were grown on {found.grown_at:%Y-%m-%d}, and Kafka keeps events "
                f"in their old partitions until {until:%Y-%m-%d}, out of order for a rebuild"
            )


async def empty(database: Database, group: str) -> None:
    """Delete all that was folded and learned, and the read positions; this fences off running workers and learners.

    Events already in the outbox stay: they were true when they were written. The audit log says who emptied it.
    """
    async with unit_of_work(database) as uow:
        await rebuilding.remember(uow.connection)
        await uow.connection.execute(f"TRUNCATE {', '.join(TABLES)}")
        await uow.connection.execute("DELETE FROM dead_letter WHERE grp = $1", group)
        await uow.connection.execute(
            "UPDATE lease SET offsets = '{}', owner = '', epoch = $2::bigint + partition WHERE grp = ANY($1::text[])",
            [group, model_store.LEARNER],
            secrets.randbits(62),
        )
        await audit.write(uow, [audit.Act(audit.of_this_machine(), "read_side.rebuild", "risk-svc")])


async def rebuild(
    settings: RiskSettings,
    database: Database,
    group: str,
    clock: Clock,
    progress: Progress | None = None,
    *,
    aside_seconds: float = ASIDE_SECONDS,
) -> int:
    """Empty, read all topics and learn, without publishing, until nothing is left; returns how many promises are live.

    Workers and learners step aside meanwhile, and wait until a rebuild has ended; NotAsideError, with nothing changed,
    if one does not. What was not published before is published afterwards. `progress` receives the seconds of events
    still to be read and the number of promises in memory. Kafka keeps 28 days: for older events, run `candor relay
    replay` of promise-svc and delivery-svc first. OldPlacesError for as long after the partitions were grown.
    """
    groups = (group, model_store.LEARNER)
    await refuse_old_places(database, datetime.now(UTC))
    try:
        # Within the try: whoever stops the command while this commits must not leave workers waiting.
        await rebuilding.ask(database)
        await _alone(database, groups, aside_seconds)
        await empty(database, group)
    finally:
        await rebuilding.take_back(database)
    live = await _Reading(settings, database, group, clock).all(progress or _unseen, groups, aside_seconds)
    await Unpublished(database, clock).publish()
    await rebuilding.end(database)
    return live


def _unseen(_lag: float, _promises: int) -> None:
    pass


class _Reading:
    """A worker that publishes nothing, and a learner, from the beginning of all topics."""

    def __init__(self, settings: RiskSettings, database: Database, group: str, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._partitions = settings.partitions
        self._learner, self._follower = Learner(database, clock), Follower(database, PublishedModel())
        self._handler = RiskHandler(self._follower.published, clock, definition=settings.definition, publishing=False)
        self._worker = Worker(settings, database, self._handler, group)

    async def all(self, progress: Progress, groups: tuple[str, ...], aside_seconds: float) -> int:
        """Read and learn until nothing is left; returns how many promises are live."""
        parts = (self._worker, self._learner, self._follower)
        tasks = [asyncio.create_task(part.run()) for part in parts]
        ours = (self._worker.member_id, self._learner.leases.member_id)
        watch = _Watch(tasks, self._database, groups, ours, aside_seconds)
        try:
            await watch.steadily(lambda: self._read(progress))
            turns = self._learner.turns
            await watch.steadily(
                lambda: self._read(progress) and self._learner.idle and self._learner.turns > turns + 1
            )
            # Early forecasts were made by models that had learned little: repeat them with the newest, unpublished.
            await self._follower.catch_up()
            self._handler.cache.look_again(self._clock.now().timestamp())
            await watch.steadily(lambda: not self._handler.cache.overdue(self._clock.now().timestamp()))
            return self._handler.cache.promises
        finally:
            for part in parts:
                await part.stop()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*tasks)

    def _read(self, progress: Progress) -> bool:
        lag = max(self._worker.lag_seconds.values(), default=float("inf"))
        progress(lag, self._handler.cache.promises)
        return len(self._worker.owned) == self._partitions and lag == 0 and not self._handler.busy


async def _alone(database: Database, groups: tuple[str, ...], seconds: float) -> None:
    """Return once no worker and no learner is left; raises NotAsideError if some are after `seconds`."""
    until = time.monotonic() + seconds
    while others := await rebuilding.others(database, groups):
        if time.monotonic() > until:
            raise NotAsideError(f"nothing was changed: {_who(others)}")
        await asyncio.sleep(POLL_SECONDS)


def _who(others: list[str]) -> str:
    return f"still at work: {', '.join(others)} (group and process): stop these processes, then run this again"


class _Watch:
    """Waits for the rebuild's parts; nothing may end, and nobody else may take a share of the work."""

    def __init__(
        self,
        tasks: list[asyncio.Task[None]],
        database: Database,
        groups: tuple[str, ...],
        ours: tuple[str, ...],
        seconds: float,
    ) -> None:
        self._tasks = tasks
        self._database = database
        self._groups = groups
        self._ours = ours
        self._seconds = seconds
        self._alone = time.monotonic()

    async def steadily(self, true: Callable[[], bool]) -> None:
        """Returns once `true` held three times in a row; raises the error that ended one of the parts."""
        looks = 0
        while looks < 3:
            await asyncio.sleep(POLL_SECONDS)
            for task in self._tasks:
                if task.done():
                    task.result()
            others = await rebuilding.others(self._database, self._groups, self._ours)
            if not others:
                self._alone = time.monotonic()
            elif time.monotonic() - self._alone > self._seconds:
                # With a share of the partitions each, neither would ever come to an end.
                raise NotAsideError(f"stopped before its end: {_who(others)}")
            looks = looks + 1 if true() else 0
