"""Stores published models and the learner's state; all written under the learner's lease."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from candor.store.lease import Connection

LEARNER: Final = "risk-learner"
"""The group with one partition; its lease makes a process the learner."""
KEPT: Final = 50
PART: Final = 4 * 1024 * 1024
CUT: Final = 200
"""Rows of the journal that one transaction deletes: a row may hold a megabyte."""
TABLES: Final = (
    "journal",
    "journal_size",
    "journal_lost",
    "learner_cut",
    "learnt_fact",
    "learner_rung",
    "learner_anew",
    "model_version",
    "learner_step",
    "learner_state",
    "learner_taught",
)
LEARNT: Final = TABLES[-4:]
"""What was learnt; not what it was learnt from."""


class NewestMark(NamedTuple):
    """Identifies the newest published model; numbers start again after a rebuild, so the time counts as well."""

    version: int
    published: str


class ClosedBoundary(NamedTuple):
    """A step: all boundaries up to `boundary` were closed once the journal had been read below transaction `upto`."""

    boundary: float
    upto: int


class LearningProgress(NamedTuple):
    """Up to which business time (`boundary`) all is learned, None before the first.

    `too_late` counts promises that came too late to learn from; `too_late_at` is when the last one did. `share`
    is the share of promises made lately that the newest version learnt from. What is older than `base` (None: nothing)
    came too late; what else is out of its turn is learnt anew, of which `anew` is done (None: nothing is waiting).
    """

    boundary: float | None = None
    too_late: int = 0
    too_late_at: datetime | None = None
    share: float = 1.0
    base: float | None = None
    anew: float | None = None


class Version(NamedTuple):
    """One published model; `share` is that of promises made just before its boundary that it learns from."""

    version: int
    boundary: float
    body: bytes
    share: float = 1.0


async def newest(connection: Connection) -> NewestMark | None:
    """The newest published model, or None before the first."""
    row = await connection.fetchrow(_NEWEST)
    return None if row is None else NewestMark(row["version"], row["published"])


async def body(connection: Connection, version: int) -> bytes | None:
    """A published model, or None if it has been deleted."""
    found: bytes | None = await connection.fetchval("SELECT body FROM model_version WHERE version = $1", version)
    return found


async def publish(connection: Connection, step: ClosedBoundary, version: Version | None) -> None:
    """Store a step and the resulting model; one already stored before a restart stays unchanged."""
    await connection.execute(_STEP, step.boundary, str(step.upto))
    await connection.execute(_TAUGHT, step.boundary)
    if version is not None:
        made = (version.version, version.boundary, str(step.upto), version.body, version.share)
        await connection.execute(_PUBLISH, *made)


async def taught(connection: Connection) -> LearningProgress:
    """How far learning has come."""
    row = await connection.fetchrow(_TAUGHT_SO_FAR)
    return LearningProgress() if row is None else LearningProgress(row["boundary"], row["too_late"] or 0, *row[2:])


async def note_too_late(connection: Connection, count: int) -> None:
    """Store how many promises in total came too late to learn from."""
    await connection.execute(_TOO_LATE, count)


async def replace(connection: Connection, state: bytes, upto: int, version: Version, boundary: float) -> None:
    """Store what was learnt anew in place of all that was learnt before."""
    await connection.execute("DELETE FROM model_version")
    await connection.execute("DELETE FROM learner_step")
    await publish(connection, ClosedBoundary(boundary, upto), version if version.version else None)
    await save_checkpoint(connection, state, boundary, upto)


async def steps(connection: Connection, after: float) -> list[ClosedBoundary]:
    """Steps after a boundary, in order."""
    rows = await connection.fetch(_STEPS, after)
    return [ClosedBoundary(row["boundary"], int(row["upto"])) for row in rows]


async def checkpoint(connection: Connection) -> bytes | None:
    """The learner's stored state, or None before the first."""
    rows = await connection.fetch("SELECT body FROM learner_state ORDER BY part")
    return b"".join(row["body"] for row in rows) if rows else None


async def save_checkpoint(connection: Connection, state: bytes, boundary: float, upto: int) -> None:
    """Replace the stored state and delete the steps and all but new versions; `cut` then deletes the journal's rows."""
    await _save(connection, state)
    await connection.execute(_CUT_UP_TO, str(upto))
    await connection.execute("DELETE FROM learner_step WHERE boundary <= $1", boundary)
    await connection.execute(_FORGET_OLD, KEPT)


async def begin_order(connection: Connection, state: bytes) -> None:
    """Replace the stored state by one that has read nothing of the journal, and forget what named transactions."""
    await _save(connection, state)
    for table in ("journal_lost", "learner_cut", "learner_step"):
        await connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names


async def _save(connection: Connection, state: bytes) -> None:
    await connection.execute("DELETE FROM learner_state")
    for part, start in enumerate(range(0, len(state), PART)):
        await connection.execute("INSERT INTO learner_state VALUES ($1, $2)", part, state[start : start + PART])


async def cut(connection: Connection) -> bool:
    """Delete at most CUT rows of the journal that the checkpoint has made needless; return whether more are left."""
    return bool(await connection.fetchval(_CUT, CUT) == CUT)


async def forget(connection: Connection, tables: Sequence[str] = LEARNT) -> None:
    """Delete all that was learned; the next model is version 1 again."""
    # Not TRUNCATE: the role of a running process need not be allowed that.
    for table in tables:
        await connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names


_CUT_UP_TO: Final = """
INSERT INTO learner_cut (upto) VALUES ($1::text::xid8) ON CONFLICT (id) DO UPDATE SET upto = excluded.upto"""

_CUT: Final = """
WITH gone AS (DELETE FROM journal WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM journal WHERE xid < (SELECT upto FROM learner_cut) ORDER BY xid, id LIMIT $1 FOR UPDATE SKIP LOCKED))
  RETURNING octet_length(entries) AS bytes)
INSERT INTO journal_size SELECT -count(*), -coalesce(sum(bytes), 0) FROM gone RETURNING -rows"""

_NEWEST: Final = """
SELECT version, published_at::text AS published FROM model_version ORDER BY version DESC LIMIT 1"""

_STEP: Final = "INSERT INTO learner_step VALUES ($1, $2::text::xid8) ON CONFLICT DO NOTHING"

_TAUGHT: Final = """
INSERT INTO learner_taught (boundary) VALUES ($1) ON CONFLICT (id) DO UPDATE SET boundary = excluded.boundary"""

_TAUGHT_SO_FAR: Final = """
SELECT boundary, too_late, too_late_at,
  coalesce((SELECT share FROM model_version ORDER BY version DESC LIMIT 1), 1) AS share,
  nullif(base, '-Infinity') AS base,
  CASE WHEN least(since, begun) < 'Infinity' THEN coalesce(anew.share, 0) END AS anew
FROM (VALUES (1)) AS one LEFT JOIN learner_anew AS anew ON true LEFT JOIN learner_taught ON true"""

_TOO_LATE: Final = """
INSERT INTO learner_taught (too_late, too_late_at) VALUES ($1, clock_timestamp())
ON CONFLICT (id) DO UPDATE SET too_late = excluded.too_late, too_late_at = excluded.too_late_at"""

_PUBLISH: Final = """
INSERT INTO model_version (version, boundary, upto, body, share) VALUES ($1, $2, $3::text::xid8, $4, $5)
ON CONFLICT DO NOTHING"""

_STEPS: Final = "SELECT boundary, upto::text AS upto FROM learner_step WHERE boundary > $1 ORDER BY boundary"

_FORGET_OLD: Final = """
DELETE FROM model_version WHERE version <= (SELECT max(version) - $1::bigint FROM model_version)"""
