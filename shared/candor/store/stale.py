"""Connections that died in a pool, unseen: a server that was killed, a firewall that dropped what was idle."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import asyncpg
from sqlalchemy import event
from sqlalchemy import exc as sql
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

IDLE_SECONDS: Final = 2.0
"""A connection that rested as long as this is asked whether it lives: nobody says so of one that a firewall dropped."""
ASKED_SECONDS: Final = 2.0

Found = TypeVar("Found")


class ReadingSession(AsyncSession):
    """A session for queries: one that fails because its link broke is asked once more, on a fresh connection.

    Nothing is written here and every query sees its own snapshot, so asking again does no harm.
    """

    async def exec(self, *arguments: Any, **named: Any) -> Any:
        """As SQLModel's."""
        query = super().exec
        return await self._asked(lambda: query(*arguments, **named))

    async def get(self, *arguments: Any, **named: Any) -> Any:
        """As SQLAlchemy's."""
        row = super().get
        return await self._asked(lambda: row(*arguments, **named))

    async def _asked(self, ask: Callable[[], Awaitable[Found]]) -> Found:
        try:
            return await ask()
        except (sql.DBAPIError, OSError) as error:
            if not broke(error):
                raise
        # Gives the dead connection up; rows that were read stay as they are.
        await self.close()
        return await ask()


def broke(error: Exception) -> bool:
    """Whether a query failed because its connection is gone; an answer that is merely late is no sign of that."""
    if isinstance(error, sql.DBAPIError):
        return error.connection_invalidated
    return isinstance(error, ConnectionError)


def replace_stale(engine: AsyncEngine) -> None:
    """Let the engine's pool hand out no connection that is closed, or that rested and does not answer any more."""

    @event.listens_for(engine.sync_engine, "checkin")
    def _rests(_connection: object, record: Any) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def _wakes(connection: Any, record: Any, _fairy: object) -> None:
        since = record.info.pop("rests_since", None)
        rested = since is not None and time.monotonic() - since >= IDLE_SECONDS
        if connection.driver_connection.is_closed() or (rested and not connection.run_async(_lives)):
            # The others of its age have most likely gone the same way.
            raise sql.InvalidatePoolError("a connection died while it rested")


async def _lives(connection: asyncpg.Connection[asyncpg.Record]) -> bool:
    try:
        await connection.execute("SELECT 1", timeout=ASKED_SECONDS)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        # At once: a farewell to a server that does not answer would take seconds more.
        connection.terminate()
        return False
    return True
