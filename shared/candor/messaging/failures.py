"""Classifies failures while a batch is handled: each kind has its outcome."""

from __future__ import annotations

from enum import Enum
from pathlib import PurePath
from traceback import extract_tb
from typing import Final

import asyncpg
from aiokafka.errors import KafkaError

from candor.contracts import ContractError
from candor.store.errors import RETRIABLE, LimitReached, unavailable


class Failure(Enum):
    """`PARK`: the record breaks its contract; it becomes a dead letter and the other records continue.

    `WAIT`: the environment failed; nothing is parked and everything is read again until it works. `LIMIT`: a limit of
    ours was reached; if the environment is well, the message that is too much is found over several attempts, and halts
    its partition. `ISOLATE`: what a message says cannot be handled; it is found by halving the batch and becomes a dead
    letter. `UNKNOWN`: anything else is more likely our fault than a message's and would make dead letters of thousands;
    the message at which it happens is found, and halts its partition.
    """

    PARK = "park"
    WAIT = "wait"
    LIMIT = "limit"
    ISOLATE = "isolate"
    UNKNOWN = "unknown"


_OUTSIDE: Final = (KafkaError, OSError, TimeoutError)
# A worker that starts before its migration or without its grants must not bury the first events it receives.
_UNREADY: Final = (
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.InvalidCachedStatementError,  # the schema changed under a statement, which is prepared anew the next time
    asyncpg.OutdatedSchemaCacheError,
)
# What the content of a message can cause. Nothing else makes a dead letter.
_CONTENT: Final = (
    ValueError,  # msgspec's and pydantic's errors, and what cannot be encoded, are among them
    TypeError,
    LookupError,
    ArithmeticError,
    RecursionError,
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
)


def classify(error: BaseException) -> Failure:
    """Return what `error` calls for; never PARK or ISOLATE for a failure of the database, Kafka or the network."""
    if isinstance(error, ContractError):
        return Failure.PARK
    away = unavailable(error)
    if isinstance(error, MemoryError) or isinstance(away, LimitReached) or getattr(away, "overdue", False):
        return Failure.LIMIT
    waits = isinstance(error, _OUTSIDE + RETRIABLE + _UNREADY) or away is not None
    if waits:
        return Failure.WAIT
    return Failure.ISOLATE if isinstance(error, _CONTENT) else Failure.UNKNOWN


def describe(error: BaseException) -> str:
    """Return the type and location of `error` without its text, which may contain what a customer wrote."""
    frames = extract_tb(error.__traceback__)
    if not frames:
        return type(error).__name__
    last = frames[-1]
    return f"{type(error).__name__} at {PurePath(last.filename).name}:{last.lineno} in {last.name}"


def trail(error: BaseException, deepest: int = 12) -> list[str]:
    """Return file, line and function of the last calls before `error`, for debugging; without any text as well."""
    frames = extract_tb(error.__traceback__)[-deepest:]
    return [f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
