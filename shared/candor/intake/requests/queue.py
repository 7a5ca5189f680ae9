"""The queue of requests that wait: which are next, and what became of a try; rows of one table, no broker."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from candor.intake.requests.table import FAILED, WAITING
from candor.store.db import Database
from candor.store.unit_of_work import unit_of_work

MOST_TRIES: Final = 12
"""Tries after which a request is given up: with the pauses between them an hour or two."""
FIRST_SECONDS: Final = 2.0
LONGEST_SECONDS: Final = 900.0
CLAIM_SECONDS: Final = 60.0
"""How long a claimed request is left to whoever claimed it: longer than a claim's work may take."""
PER_SENDER: Final = 32
SENDERS: Final = 32


class Waiting(NamedTuple):
    """A request that was claimed: its content as it came and, if it was completed before, as completed."""

    request_id: str
    source: str
    read_as: str
    sealed: bytes
    completed: bytes | None
    size: int
    received_at: datetime
    tries: int


def pause(request_id: str, tries: int, asked: float = 0.0) -> float:
    """Seconds until the next try after `tries` of them: doubled each time, half to all of it by row, at least `asked`.

    Exponential back-off with equal jitter: a sender's requests that failed together do not come back together.
    """
    longest = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(tries - 1, 30))
    return max(asked, longest * random.Random(f"{request_id}{tries}").uniform(0.5, 1.0))  # noqa: S311 - jitter


async def claim(database: Database, busy: Collection[str], most: int = PER_SENDER) -> list[Waiting]:
    """Claim the requests that are due: at most `most` of each of SENDERS senders who are not `busy`.

    Two processes never claim the same; what a process that died had claimed is due again after CLAIM_SECONDS.
    """
    async with unit_of_work(database) as uow:
        rows = await uow.connection.fetch(_CLAIM, list(busy), most, SENDERS, CLAIM_SECONDS)
    return [Waiting(*row) for row in sorted(rows, key=lambda row: (row["received_at"], row["request_id"]))]


async def completed(database: Database, request_id: str, sealed: bytes) -> bool:
    """Keep a request as completed, so that another try reads the same; False if it has been erased meanwhile."""
    async with unit_of_work(database) as uow:
        status: str = await uow.connection.execute(_COMPLETED, request_id, sealed)
    return not status.endswith(" 0")


async def later(database: Database, row: Waiting, reason: str, asked: float = 0.0) -> bool:
    """Let a request wait for its next try; returns whether it was given up instead, into `failed`."""
    over = row.tries >= MOST_TRIES
    if over:
        await give_up(database, row.request_id, f"given up after {row.tries} tries: {reason}")
    else:
        async with unit_of_work(database) as uow:
            await uow.connection.execute(_LATER, row.request_id, reason, pause(row.request_id, row.tries, asked))
    return over


async def give_up(database: Database, request_id: str, reason: str) -> None:
    """Put a request into `failed`, in sight with its reason, until a person replays it."""
    async with unit_of_work(database) as uow:
        await uow.connection.execute(_FAIL, request_id, reason)


async def release(database: Database, ids: Sequence[str]) -> None:
    """Give back requests that were claimed and not begun: they are due at once, and it was no try."""
    async with unit_of_work(database) as uow:
        await uow.connection.execute(_RELEASE, list(ids))


class Left(NamedTuple):
    """Requests of a sender in one state that is not the end, and the age of the oldest in seconds."""

    source: str
    state: str
    number: int
    age: float


async def left(database: Database) -> list[Left]:
    """How many requests wait or were given up, by sender; at most 10,000 of each are counted."""
    async with unit_of_work(database) as uow:
        return [Left(*row) for row in await uow.connection.fetch(_LEFT)]


# Senders by a loose scan of the index: one step each, however many of their requests wait.
_CLAIM: Final = f"""
WITH RECURSIVE sender AS (
  (SELECT source FROM request WHERE state = '{WAITING}' ORDER BY source LIMIT 1)
  UNION ALL
  SELECT (SELECT source FROM request WHERE state = '{WAITING}' AND request.source > sender.source
    ORDER BY source LIMIT 1) FROM sender WHERE source IS NOT NULL),
due AS (
  SELECT next.request_id FROM (
    SELECT source FROM sender WHERE source IS NOT NULL AND source <> ALL($1::text[]) AND EXISTS (
      SELECT FROM request WHERE state = '{WAITING}' AND request.source = sender.source AND next_at <= now())
    ORDER BY random() LIMIT $3) AS turn,
  LATERAL (
    SELECT request_id FROM request WHERE state = '{WAITING}' AND request.source = turn.source AND next_at <= now()
    ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED) AS next)
UPDATE request SET tries = tries + 1, next_at = now() + make_interval(secs => $4)
WHERE request_id = ANY(ARRAY(SELECT request_id FROM due))
RETURNING request_id, source, read_as, sealed, completed, size, received_at, tries"""  # noqa: S608 - constants

_COMPLETED: Final = f"UPDATE request SET completed = $2 WHERE request_id = $1 AND state = '{WAITING}'"  # noqa: S608

_LATER: Final = f"""
UPDATE request SET reason = $2, next_at = now() + make_interval(secs => $3)
WHERE request_id = $1 AND state = '{WAITING}'"""  # noqa: S608 - constants

_FAIL: Final = f"""
UPDATE request SET state = '{FAILED}', reason = $2, next_at = NULL
WHERE request_id = $1 AND state = '{WAITING}'"""  # noqa: S608 - constants

_RELEASE: Final = f"""
UPDATE request SET tries = tries - 1, next_at = now()
WHERE request_id = ANY($1::text[]) AND state = '{WAITING}'"""  # noqa: S608 - constants

_LEFT: Final = f"""
SELECT source, state, count(*), extract(epoch FROM now() - min(received_at))::float8 FROM (
  (SELECT source, state, received_at FROM request WHERE state = '{WAITING}' ORDER BY source, received_at LIMIT 10000)
  UNION ALL
  (SELECT source, state, received_at FROM request WHERE state = '{FAILED}' ORDER BY source, received_at LIMIT 10000)
) AS those GROUP BY source, state"""  # noqa: S608 - constants
