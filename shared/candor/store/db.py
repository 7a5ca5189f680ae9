"""The service's database: a pool for units of work, and a read-only engine for queries."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, cast

import asyncpg
from sqlalchemy import exc as sql
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from candor.store.connecting import password_file
from candor.store.errors import LinkBroken, StoreUnavailable, unavailable
from candor.store.stale import ReadingSession, replace_stale

if TYPE_CHECKING:
    from candor.contracts import Message
    from candor.ops.secret_files import SecretFile
    from candor.records.origin import Signer

LIMITS: Final = {
    # A paused process keeps its row locks until the server ends its idle transaction; without this, for ever.
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
    """What statements need from their unit of work: its connection, and the events it is going to send."""

    connection: Connection
    partitions: int

    def retract(self, unwanted: Callable[[Message], bool]) -> int: ...


class Database:
    """One service's PostgreSQL database; create it with `open`.

    `written` is set after every commit that wrote outbox rows, so that the relay need not wait for its next poll. With
    a `signer`, events that need a signature are saved with it. `password_file` is for its process to watch.
    """

    def __init__(self, url: str, pool: Pool, engine: AsyncEngine, partitions: int, limits: Mapping[str, str]) -> None:
        self.url = url
        self.partitions = partitions
        self.pool = pool
        self.written = asyncio.Event()
        self.signer: Signer | None = None
        self.password_file: SecretFile[str] | None = None
        self._engine = engine
        self._idle_seconds = float(limits["idle_in_transaction_session_timeout"].removesuffix("s"))

    @classmethod
    async def open(
        cls, url: str, *, partitions: int = 4, pool_size: int = 8, limits: Mapping[str, str] = LIMITS
    ) -> Database:
        """Connect to `url` (postgresql://…/database); raises StoreUnavailable while the server is away."""
        address, file = password_file(url)
        password = file.get if file else None
        try:
            pool = await asyncpg.create_pool(
                address,
                password=password,
                min_size=1,
                max_size=pool_size,
                timeout=CONNECT_SECONDS,
                command_timeout=COMMAND_SECONDS,
                init=partial(_limit, limits=limits),
                reset=_no_reset,
            )
        except Exception as error:
            raise unavailable(error) or error from error
        opened = cls(url, pool, _reading_engine(address, password), partitions, limits)
        opened.password_file = file
        return opened

    async def close(self) -> None:
        """Close all connections; those still in use after 5 s are cut."""
        try:
            await asyncio.wait_for(self.pool.close(), 5)
        except TimeoutError:
            self.pool.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._engine.dispose(), 5)

    async def check(self) -> None:
        """Readiness check: one trivial query; raises StoreUnavailable."""
        await self.release(await self.acquire("SELECT 1", seconds=1.5))

    def overdue(self, begun: float) -> bool:
        """Whether a transaction begun at this time of the monotonic clock may have been ended for being silent."""
        return time.monotonic() - begun >= self._idle_seconds

    async def acquire(self, first: str, *, seconds: float = BEGIN_SECONDS) -> Connection:
        """Return a connection, to be returned with `release`; `first` is a statement that it has already answered.

        A connection that died in the pool, which shows only now, is replaced once by a fresh one: no work was done on
        it yet. Raises StoreUnavailable, also if `first` is not answered within `seconds`.
        """
        try:
            return await self._answering(first, seconds)
        except LinkBroken:
            # The other connections of its age have most likely died as well.
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
        """Return a connection to the pool, which replaces it if it is broken."""
        try:
            await self.pool.release(cast(Any, connection))
        except Exception:
            # asyncpg raises even here when the link was cut; the pool has already replaced the connection.
            drop(connection)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Yield a session for queries, which the server keeps from writing; raises StoreUnavailable."""
        try:
            async with ReadingSession(self._engine, expire_on_commit=False, autoflush=False) as session:
                yield session
        except (sql.DBAPIError, sql.TimeoutError, OSError) as error:
            raise _unavailable_reading(error) or error from error


def drop(connection: Connection) -> None:
    """End a connection without the closing handshake."""
    # The pool removes a broken connection on its own, and then even terminate() raises.
    with contextlib.suppress(asyncpg.InterfaceError):
        connection.terminate()


async def _no_reset(_connection: object) -> None:
    """Skip the reset query on release: units of work leave no session state behind."""


async def _limit(connection: Any, *, limits: Mapping[str, str]) -> None:
    """Set the session's limits. Not as startup parameters: PgBouncer refuses those it does not know."""
    await connection.execute("; ".join(f"SET {name} = '{value}'" for name, value in limits.items()))


def _reading_engine(address: str, password: Callable[[], str] | None) -> AsyncEngine:
    async def connect() -> Any:
        # By asyncpg itself: SQLAlchemy reads neither several hosts nor sslmode in an address.
        connection = await asyncpg.connect(
            address, password=password, timeout=CONNECT_SECONDS, command_timeout=COMMAND_SECONDS
        )
        await _limit(connection, limits={**LIMITS, "default_transaction_read_only": "on"})
        return connection

    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=connect, pool_size=4, max_overflow=4, pool_timeout=ACQUIRE_SECONDS
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
