"""Stored courses that learning anew begins from, and since when learning anew is needed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from risk_svc.forecasting.model_store import PART

if TYPE_CHECKING:
    from candor.store.lease import Connection

MOST: Final = 4
"""Rungs kept; with one more the oldest goes, and with it what is older."""


class Marks(NamedTuple):
    """Business times: what became known from `since` on is not learnt, from `begun` on is being learnt anew.

    Nothing from before `base` is kept; infinite where there is no such time.
    """

    since: float = math.inf
    begun: float = math.inf
    base: float = -math.inf

    @property
    def stale(self) -> float:
        """From when on the present model may differ from what it would be, had all come in order."""
        return min(self.since, self.begun)


async def marks(connection: Connection) -> Marks:
    """Where learning anew stands."""
    row = await connection.fetchrow("SELECT since, begun, base FROM learner_anew")
    return Marks() if row is None else Marks(*row)


async def mark(connection: Connection, said: Marks) -> None:
    """Store where learning anew stands; rungs that lack what became known from `since` on go."""
    await connection.execute(_MARK, *said)
    await connection.execute("DELETE FROM learner_rung WHERE boundary > $1", said.since)


async def told(connection: Connection, share: float | None) -> None:
    """Store how much of learning anew is done, for those who ask."""
    await connection.execute("UPDATE learner_anew SET share = $1", share)


async def nearest(connection: Connection, since: float) -> bytes | None:
    """The newest rung from before a time, or None: learning begins with nothing."""
    rows = await connection.fetch(_NEAREST, since)
    return b"".join(row["body"] for row in rows) if rows else None


async def add(connection: Connection, boundary: float, state: bytes) -> float | None:
    """Store a rung; returns the oldest one's boundary if an older one had to go."""
    for part, start in enumerate(range(0, len(state), PART)):
        await connection.execute(_ADD, boundary, part, state[start : start + PART])
    rows = await connection.fetch("SELECT DISTINCT boundary FROM learner_rung ORDER BY boundary DESC LIMIT $1", MOST)
    oldest: float = rows[-1]["boundary"]
    gone = await connection.execute("DELETE FROM learner_rung WHERE boundary < $1", oldest)
    return None if gone == "DELETE 0" else oldest


async def only(connection: Connection, boundary: float, state: bytes) -> None:
    """Make this the only rung."""
    await connection.execute("DELETE FROM learner_rung")
    await add(connection, boundary, state)


_MARK: Final = """
INSERT INTO learner_anew (since, begun, base) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET since = excluded.since, begun = excluded.begun, base = excluded.base"""

_NEAREST: Final = """
SELECT body FROM learner_rung
WHERE boundary = (SELECT max(boundary) FROM learner_rung WHERE boundary <= $1) ORDER BY part"""

_ADD: Final = "INSERT INTO learner_rung VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
