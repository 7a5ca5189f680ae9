"""Errors between a service and its database, named so that callers can respond to them."""

from __future__ import annotations

import asyncpg

_SERVER_SIDE = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shutdown
    asyncpg.InsufficientResourcesError,  # disk full, too many connections
    asyncpg.LockNotAvailableError,  # whoever holds the lock is to blame, not who waits for it
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,  # a failover left us on a standby
)
_LINK = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleSessionTimeoutError,
    ConnectionError,
)
_CLIENT_SIDE = (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
RETRIABLE = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)


class StoreUnavailable(Exception):  # noqa: N818 - the name callers answer 503 to
    """The database cannot accept this now and nothing was saved; retry after `retry_after` seconds."""

    def __init__(self, detail: str, *, retry_after: float = 1.0) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after


class LinkBroken(StoreUnavailable):
    """The connection ended before COMMIT was sent: nothing was saved, and a fresh connection may retry at once."""


class LimitReached(StoreUnavailable):
    """A statement or transaction took longer than we allow, and was cancelled: maybe the work was too much for it."""


class AmbiguousCommit(StoreUnavailable):
    """COMMIT was sent but never answered: the work may or may not be saved, and only reading it again tells.

    `overdue`: the transaction had lasted longer than the server allows one that it does not hear from.
    """

    def __init__(self, detail: str, *, overdue: bool = False) -> None:
        super().__init__(detail)
        self.overdue = overdue


class Overloaded(StoreUnavailable):
    """The database works, but more is waiting than it can take; refused before anything was tried."""


class TransactionAborted(Exception):  # noqa: N818
    """A statement failed, its error was swallowed, and COMMIT became a rollback: nothing was saved. A bug of ours."""


def unavailable(error: BaseException) -> StoreUnavailable | None:
    """Return `error` as StoreUnavailable if it means that the database is away, stuck or full; else None."""
    if isinstance(error, StoreUnavailable):
        return error
    if isinstance(error, asyncpg.InterfaceError) and not _cut(error):
        return None
    if isinstance(error, (*_LINK, asyncpg.InterfaceError)):
        return LinkBroken(f"database: {type(error).__name__}: {error}"[:300])
    if isinstance(error, asyncpg.QueryCanceledError | asyncpg.IdleInTransactionSessionTimeoutError):
        return LimitReached(f"database: {type(error).__name__}: {error}"[:300])
    if isinstance(error, _SERVER_SIDE + _CLIENT_SIDE):
        return StoreUnavailable(f"database: {type(error).__name__}: {error}"[:300])
    return None


def definite(error: BaseException) -> bool:
    """Whether an error in answer to COMMIT proves that nothing was saved; any other error leaves that open."""
    if isinstance(error, asyncpg.StatementCompletionUnknownError):
        return False
    return isinstance(error, asyncpg.IntegrityConstraintViolationError | asyncpg.TransactionRollbackError)


def _cut(error: asyncpg.InterfaceError) -> bool:
    # asyncpg raises InterfaceError for misuse as well (wrong argument count), which must not look like an outage.
    text = str(error)
    return any(word in text for word in ("closed", "connection", "pool is closing", "terminated"))
