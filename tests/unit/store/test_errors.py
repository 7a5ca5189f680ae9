"""Which errors say that the database is away, and which answers to COMMIT leave no doubt."""

from __future__ import annotations

import asyncpg
import pytest

from candor.store.errors import AmbiguousCommit, Overloaded, StoreUnavailable, definite, unavailable

AWAY = [
    asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
    asyncpg.AdminShutdownError("terminating connection"),
    asyncpg.CannotConnectNowError("the database system is starting up"),
    asyncpg.TooManyConnectionsError("sorry"),
    asyncpg.DiskFullError("no space"),
    asyncpg.QueryCanceledError("statement timeout"),
    asyncpg.LockNotAvailableError("lock timeout"),
    asyncpg.IdleInTransactionSessionTimeoutError("idle"),
    asyncpg.ReadOnlySQLTransactionError("standby"),
    asyncpg.InternalClientError("got result for unknown protocol state 3"),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.InterfaceError("pool is closing"),
    ConnectionRefusedError(111, "refused"),
    TimeoutError(),
]
SOMEBODY_S_FAULT = [
    asyncpg.UniqueViolationError("duplicate key"),
    asyncpg.UndefinedTableError("no such table"),
    asyncpg.DeadlockDetectedError("deadlock"),
    asyncpg.SerializationError("could not serialize"),
    asyncpg.DataError("invalid input"),
    asyncpg.InterfaceError("the server expects 1 argument for this query, 2 were passed"),
    ValueError("x"),
    KeyError("x"),
]


@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
def test_the_database_is_away(error: Exception) -> None:
    known = unavailable(error)
    assert isinstance(known, StoreUnavailable)
    assert type(error).__name__ in known.detail
    assert known.retry_after > 0


@pytest.mark.parametrize("error", SOMEBODY_S_FAULT, ids=lambda error: type(error).__name__)
def test_a_fault_of_the_caller_is_no_outage(error: Exception) -> None:
    assert unavailable(error) is None


@pytest.mark.parametrize("error", [AmbiguousCommit("x"), Overloaded("x"), StoreUnavailable("x")])
def test_what_is_named_already_keeps_its_name(error: StoreUnavailable) -> None:
    assert unavailable(error) is error


@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
def test_no_cut_of_any_kind_proves_that_nothing_was_saved(error: Exception) -> None:
    assert not definite(error)


@pytest.mark.parametrize(
    ("error", "proof"),
    [
        (asyncpg.UniqueViolationError("x"), True),
        (asyncpg.ForeignKeyViolationError("x"), True),
        (asyncpg.SerializationError("x"), True),
        (asyncpg.DeadlockDetectedError("x"), True),
        (asyncpg.StatementCompletionUnknownError("x"), False),
        (asyncpg.InternalServerError("x"), False),
        (RuntimeError("x"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_the_server_s_own_refusal_proves_it(error: Exception, proof: bool) -> None:
    assert definite(error) is proof
