"""The service's database: a pool for units of work, a read-only engine for queries."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, cast

import asyncpg
from sqlalchemy import exc as sql
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from candor.store.errors import LinkBroken, StoreUnavailable, unavailable
from candor.store.stale import ReadingSession, replace_stale

if TYPE_CHECKING:
    from candor.contracts import Message

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
BEGIN_SECONDS: Final = 3.0

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"


class Transaction(Protocol):
    """What statements need of the unit of work they run in: its connection, and the events it is going to send."""

    connection: Connection
    partitions: int

    def retract(self, unwanted: Callable[[Message], bool]) -> int: ...


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
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._engine.dispose(), 5)

    async def check(self) -> None:
        """Readiness: one trivial query; raises StoreUnavailable."""
        await self.release(await self.acquire("SELECT 1", seconds=1.5))

    async def acquire(self, first: str, *, seconds: float = BEGIN_SECONDS) -> Connection:
        """A connection for work, to be given back by `release`; `first` is what it was asked first, and answered.

        One that died in the pool, which shows only now, is replaced by a fresh one, once: nothing was done on it yet.
        Raises StoreUnavailable, for `first` unanswered after `seconds` as well.
        """
        try:
            return await self._answering(first, seconds)
        except LinkBroken:
            # The others of its age have most likely gone the same way.
            await self.pool.expire_connections()
        return await self._answering(first, seconds)

    async def _answering(self, first: str, seconds: float) -> Connection:
        try:
            connection = cast(Connection, await self.pool.acquire(timeout=ACQUIRE_SECONDS))
        except Exception as error:
            raise unavailable(error) or error from error
        try:
            await connection.execute(first, timeout=seconds)
        except TimeoutError as error:
            await self._give_up(connection)
            raise LinkBroken(f"database: no answer to {first} in {seconds:g} s") from error
        except BaseException as error:
            await self._give_up(connection)
            raise unavailable(error) or error from error
        return connection

    async def _give_up(self, connection: Connection) -> None:
        drop(connection)
        await self.release(connection)

    async def release(self, connection: Connection) -> None:
        """Give a connection back to the pool, which replaces it where it is broken."""
        try:
            await self.pool.release(cast(Any, connection))
        except Exception:
            # asyncpg raises even here when the link was cut; the pool has replaced the connection by then.
            drop(connection)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for queries, which the server itself keeps from writing; raises StoreUnavailable."""
        try:
            async with ReadingSession(self._engine, expire_on_commit=False, autoflush=False) as session:
                yield session
        except (sql.DBAPIError, sql.TimeoutError, OSError) as error:
            raise _unavailable_reading(error) or error from error


def drop(connection: Connection) -> None:
    """End a connection without a farewell."""
    # The pool takes a broken connection back by itself, and then even terminate() raises.
    with contextlib.suppress(asyncpg.InterfaceError):
        connection.terminate()


async def _no_reset(_connection: object) -> None:
    """Save the reset query of every release: units of work leave no session state behind."""


def _reading_engine(url: str) -> AsyncEngine:
    settings = {**LIMITS, "default_transaction_read_only": "on"}
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=4,
        max_overflow=4,
        pool_timeout=ACQUIRE_SECONDS,
        connect_args={"timeout": CONNECT_SECONDS, "command_timeout": COMMAND_SECONDS, "server_settings": settings},
    )
    replace_stale(engine)
    return engine


def _unavailable_reading(error: Exception) -> StoreUnavailable | None:
    if isinstance(error, sql.TimeoutError):
        return StoreUnavailable("database: no connection free for reading")
    if isinstance(error, sql.DBAPIError):
        cause = cast(Any, error.orig)
        if error.connection_invalidated:
            return StoreUnavailable(f"database: {type(cause).__name__}")
        return unavailable(cause.__cause__) if cause is not None and cause.__cause__ is not None else None
    return unavailable(error)
