"""What went wrong while a batch was handled, and what to do about it: three kinds, three outcomes."""

from __future__ import annotations

from enum import Enum
from pathlib import PurePath
from traceback import extract_tb
from typing import Final

import asyncpg
from aiokafka.errors import KafkaError

from candor.contracts import ContractError
from candor.store.errors import RETRIABLE, unavailable


class Failure(Enum):
    """`PARK`: the record breaks its contract, it becomes a dead letter and its neighbours go on.

    `WAIT`: the surroundings failed; nothing is parked, everything is read again until it works. `ISOLATE`: anything
    else is taken for the fault of one message, which is found by halving the batch and becomes a dead letter.
    """

    PARK = "park"
    WAIT = "wait"
    ISOLATE = "isolate"


_OUTSIDE: Final = (KafkaError, OSError, TimeoutError, MemoryError)
# A worker that starts before its migration, or without its grants, must not bury the first events it meets.
_UNREADY: Final = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.InsufficientPrivilegeError)


def classify(error: BaseException) -> Failure:
    """What `error` calls for; never PARK or ISOLATE for what the database, Kafka or the network did."""
    if isinstance(error, ContractError):
        return Failure.PARK
    waits = isinstance(error, _OUTSIDE + RETRIABLE + _UNREADY) or unavailable(error) is not None
    return Failure.WAIT if waits else Failure.ISOLATE


def describe(error: BaseException) -> str:
    """Type and place of `error`, without its text: that may hold what a customer wrote."""
    frames = extract_tb(error.__traceback__)
    if not frames:
        return type(error).__name__
    last = frames[-1]
    return f"{type(error).__name__} at {PurePath(last.filename).name}:{last.lineno} in {last.name}"


def trail(error: BaseException, deepest: int = 12) -> list[str]:
    """The way to `error` for whoever mends it: file, line and function of the last calls, and no text either."""
    frames = extract_tb(error.__traceback__)[-deepest:]
    return [f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
