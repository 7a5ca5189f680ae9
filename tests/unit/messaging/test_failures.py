"""Each kind of failure has its outcome: what the surroundings did is never blamed on an event."""

from __future__ import annotations

import asyncpg
import msgspec
import pytest
from aiokafka.errors import KafkaConnectionError, NotLeaderForPartitionError, UnknownError

from candor.contracts import ContractError
from candor.messaging.failures import Failure, classify, describe
from candor.store.errors import AmbiguousCommit, LimitReached, StoreUnavailable, TransactionAborted

WAITS = [
    StoreUnavailable("away"),
    AmbiguousCommit("no answer"),
    KafkaConnectionError("gone"),
    NotLeaderForPartitionError(),
    UnknownError(),
    ConnectionResetError(),
    TimeoutError(),
    OSError(28, "No space left on device"),
    asyncpg.InternalClientError("got result for unknown protocol state"),
    asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.AdminShutdownError("terminating connection"),
    asyncpg.CannotConnectNowError("the database system is starting up"),
    asyncpg.TooManyConnectionsError("sorry, too many clients already"),
    asyncpg.DiskFullError("could not extend file"),
    asyncpg.LockNotAvailableError("canceling statement due to lock timeout"),
    asyncpg.SerializationError("could not serialize access"),
    asyncpg.DeadlockDetectedError("deadlock detected"),
    asyncpg.UndefinedTableError('relation "promise" does not exist'),
    asyncpg.InsufficientPrivilegeError("permission denied"),
    asyncpg.InvalidCachedStatementError("cached statement plan is invalid due to a database schema change"),
]
LIMITS = [
    LimitReached("the transaction took too long"),
    AmbiguousCommit("no answer", overdue=True),
    asyncpg.QueryCanceledError("canceling statement due to statement timeout"),
    asyncpg.IdleInTransactionSessionTimeoutError("terminating connection"),
    MemoryError(),
]
BLAMED = [
    ValueError("bad"),
    KeyError("promise"),
    ZeroDivisionError(),
    asyncpg.UniqueViolationError("duplicate key"),
    asyncpg.NotNullViolationError("null value"),
    asyncpg.NumericValueOutOfRangeError("out of range"),
    asyncpg.CharacterNotInRepertoireError("invalid byte sequence"),
    RecursionError(),
    IndexError(),
    OverflowError(),
    UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
    msgspec.ValidationError("Expected `int`, got `str`"),
]
OURS = [
    TransactionAborted("a failed statement was ignored"),
    asyncpg.InterfaceError("the server expects 3 arguments for this query, 2 were passed"),
    asyncpg.PostgresSyntaxError("syntax error"),
    asyncpg.UndefinedFunctionError("function does not exist"),
    AttributeError("'NoneType' object has no attribute 'held_due'"),
    NotImplementedError(),
    RuntimeError("a decision without a promise"),
    AssertionError(),
    ImportError("no module of that name"),
    Exception("anything"),
]


@pytest.mark.parametrize("error", WAITS, ids=lambda error: type(error).__name__)
def test_the_surroundings_are_waited_for(error: Exception) -> None:
    assert classify(error) is Failure.WAIT


@pytest.mark.parametrize("error", LIMITS, ids=lambda error: type(error).__name__)
def test_a_limit_of_ours_is_no_outage(error: Exception) -> None:
    assert classify(error) is Failure.LIMIT


@pytest.mark.parametrize("error", BLAMED, ids=lambda error: type(error).__name__)
def test_what_a_message_says_is_looked_for_in_the_batch(error: Exception) -> None:
    assert classify(error) is Failure.ISOLATE


@pytest.mark.parametrize("error", OURS, ids=lambda error: type(error).__name__)
def test_anything_else_is_no_messages_fault(error: Exception) -> None:
    assert classify(error) is Failure.UNKNOWN


def test_a_broken_contract_parks_at_once() -> None:
    assert classify(ContractError("bad_data", "x")) is Failure.PARK


def test_a_description_names_type_and_place_but_not_what_a_customer_wrote() -> None:
    try:
        int("anna@example.org")
    except ValueError as error:
        text = describe(error)
    assert text.startswith("ValueError at test_failures.py:")
    assert "anna" not in text


def test_an_error_that_was_never_raised_has_no_place() -> None:
    assert describe(ValueError("x")) == "ValueError"
