"""The service's database: a pool for units of work, a read-only engine for queries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias, cast

import asyncpg
from sqlalchemy import exc as sql
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from candor.store.errors import StoreUnavailable, unavailable

LIMITS: Final = {
    # A stopped process keeps its row locks until the server ends its idle transaction; without this, for ever.
    "idle_in_transaction_session_timeout": "5s",
    "lock_timeout": "5s",
    "statement_timeout": "8s",
    "jit": "off",
    "timezone": "UTC",
}
CONNECT_SECONDS: Final = 5.0
ACQUIRE_SECONDS: Final = 5.0
COMMAND_SECONDS: Final = 10.0

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"


class Database:
    """One service's PostgreSQL database; make it with `open`.

    `written` is set after every commit that wrote outbox rows, so that the relay need not wait for its next poll.
    """

    def __init__(self, url: str, pool: Pool, engine: AsyncEngine, partitions: int) -> None:
        self.url = url
        self.partitions = partitions
        self.pool = pool
        self.written = asyncio.Event()
        self._engine = engine

    @classmethod
    async def open(cls, url: str, *, partitions: int = 4, pool_size: int = 8) -> Database:
        """Connect to `url` (postgresql://…/database); raises StoreUnavailable while the server is away."""
        try:
            pool = await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=pool_size,
                timeout=CONNECT_SECONDS,
                command_timeout=COMMAND_SECONDS,
                server_settings=LIMITS,
                reset=_no_reset,
            )
        except Exception as error:
            raise unavailable(error) or error from error
        return cls(url, pool, _reading_engine(url), partitions)

    async def close(self) -> None:
        """Return all connections; those still at work after 5 s are cut."""
        try:
            await asyncio.wait_for(self.pool.close(), 5)
        except TimeoutError:
            self.pool.terminate()
        await self._engine.dispose()

    async def check(self) -> None:
        """Readiness: one trivial query; raises StoreUnavailable."""
        try:
            async with self.pool.acquire(timeout=2) as connection:
                await connection.execute("SELECT 1", timeout=2)
        except Exception as error:
            raise unavailable(error) or error from error

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for queries, which the server itself keeps from writing; raises StoreUnavailable."""
        try:
            async with AsyncSession(self._engine, expire_on_commit=False, autoflush=False) as session:
                yield session
        except (sql.DBAPIError, sql.TimeoutError, OSError) as error:
            raise _unavailable_reading(error) or error from error


async def _no_reset(_connection: object) -> None:
    """Save the reset query of every release: units of work leave no session state behind."""


def _reading_engine(url: str) -> AsyncEngine:
    settings = {**LIMITS, "default_transaction_read_only": "on"}
    return create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=4,
        max_overflow=4,
        pool_timeout=ACQUIRE_SECONDS,
        connect_args={"timeout": CONNECT_SECONDS, "command_timeout": COMMAND_SECONDS, "server_settings": settings},
    )


def _unavailable_reading(error: Exception) -> StoreUnavailable | None:
    if isinstance(error, sql.TimeoutError):
        return StoreUnavailable("database: no connection free for reading")
    if isinstance(error, sql.DBAPIError):
        cause = cast(Any, error.orig)
        if error.connection_invalidated:
            return StoreUnavailable(f"database: {type(cause).__name__}")
        return unavailable(cause.__cause__) if cause is not None and cause.__cause__ is not None else None
    return unavailable(error)
