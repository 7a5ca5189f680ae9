"""Keeps a process's model up to date with the newest that the learner published, by polling one table."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from candor.ops.rounds import Rounds
from risk_svc import metrics
from risk_svc.forecast.serialization import ForeignFormatError
from risk_svc.forecasting import model_store
from risk_svc.forecasting.live import PublishedModel

if TYPE_CHECKING:
    from candor.store.db import Database

log = structlog.get_logger("risk.follower")
POLL_SECONDS: Final = 0.5


class Follower(Rounds):
    """A background task of workers and the web role: `published` has the newest version within a second."""

    name = "follower"

    def __init__(self, database: Database, published: PublishedModel) -> None:
        super().__init__()
        self.published = published
        self._database = database
        self._mark: model_store.NewestMark | None = None

    async def catch_up(self) -> bool:
        """Take the newest version unless it is already in use; returns whether it was taken.

        Raises database errors. After a rebuild versions start again at 1: a different one is newer, even if lower.
        """
        async with self._database.pool.acquire(timeout=5) as connection:
            mark = await model_store.newest(connection)
            if mark is None or mark == self._mark:
                return False
            body = await model_store.body(connection, mark.version)
        self._mark = mark
        if body is None:
            return False
        try:
            # In a thread, so that events are processed while a model of some megabytes is unpacked.
            await asyncio.to_thread(self.published.take, body)
        except ForeignFormatError as error:
            log.warning(
                "published model refused", version=mark.version, error=str(error), do="run one release everywhere"
            )
            return False
        metrics.MODEL_VERSION.set(self.published.version)
        return True

    async def round(self) -> float:
        """Look once; waits out database outages."""
        try:
            await self.catch_up()
        except Exception as error:
            log.warning(
                "published model not read",
                error=type(error).__name__,
                consequence="forecasts rest on an older model",
            )
        return POLL_SECONDS
