"""Pooled connections that died unnoticed: the server was killed, or a firewall dropped an idle connection."""

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
"""Idle connections this old are tested before use: a firewall drops a connection without notifying anybody."""
ASKED_SECONDS: Final = 2.0

Found = TypeVar("Found")


class ReadingSession(AsyncSession):
    """A session for queries that retries once, on a fresh connection, when its link broke.

    Nothing is written here and every query sees its own snapshot, so retrying is harmless.
    """

    async def exec(self, *arguments: Any, **named: Any) -> Any:
        """Same as SQLModel's `exec`."""
        query = super().exec
        return await self._asked(lambda: query(*arguments, **named))

    async def get(self, *arguments: Any, **named: Any) -> Any:
        """Same as SQLAlchemy's `get`."""
        row = super().get
        return await self._asked(lambda: row(*arguments, **named))

    async def _asked(self, ask: Callable[[], Awaitable[Found]]) -> Found:
        try:
            return await ask()
        except (sql.DBAPIError, OSError) as error:
            if not broke(error):
                raise
        # Discards the dead connection; rows already read stay valid.
        await self.close()
        return await ask()


def broke(error: Exception) -> bool:
    """Whether a query failed because its connection is gone; an answer that is merely late does not count."""
    if isinstance(error, sql.DBAPIError):
        return error.connection_invalidated
    return isinstance(error, ConnectionError)


def replace_stale(engine: AsyncEngine) -> None:
    """Keep the engine's pool from handing out a connection that is closed, or that was idle and no longer answers."""

    @event.listens_for(engine.sync_engine, "checkin")
    def _rests(_connection: object, record: Any) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def _wakes(connection: Any, record: Any, _fairy: object) -> None:
        since = record.info.pop("rests_since", None)
        rested = since is not None and time.monotonic() - since >= IDLE_SECONDS
        if connection.driver_connection.is_closed() or (rested and not connection.run_async(_lives)):
            # The other connections of its age have most likely died as well.
            raise sql.InvalidatePoolError("a connection died while it rested")


async def _lives(connection: asyncpg.Connection[asyncpg.Record]) -> bool:
    try:
        await connection.execute("SELECT 1", timeout=ASKED_SECONDS)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        # Terminate at once: a closing handshake with a server that does not answer would take seconds more.
        connection.terminate()
        return False
    return True
