"""The mark that the read side is being rebuilt, who else is at work on it, and what had been published before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from candor.store.erasing import doomed
from candor.store.lease import LEASE_SECONDS, alive
from candor.store.unit_of_work import unit_of_work
from risk_svc.domain.state import PromiseState, from_bytes

if TYPE_CHECKING:
    from candor.store.db import Database
    from candor.store.lease import Connection

AGAIN: Final = "run `candor risk rebuild --yes` again, as the owner of the database, and let it end"
COPY_SECONDS: Final = 600.0
PUBLISHED: Final = "published_before"


class Unpublished(NamedTuple):
    """A promise whose row may say more than was published; `before`: the row from which that was, None if from none."""

    partition: int
    state: PromiseState
    live: bool
    standing: str
    before: PromiseState | None


class RebuildingError(Exception):
    """Only the rebuild itself may fold now."""


async def is_marked(connection: Connection) -> bool:
    """Whether a rebuild runs, or one was cut off."""
    return bool(await connection.fetchval("SELECT true FROM rebuild"))


async def why_waiting(database: Database) -> str:
    """Why nothing may be folded or learnt now, in a sentence for the person on call; "" if it may."""
    row = await database.pool.fetchrow(_FOUND, timeout=2)
    if row is None:
        return ""
    began = f"a rebuild of the read side began at {row['began']} and has not ended"
    return f"{began}; nothing is scored or said until it has. If none is running, {AGAIN}"


async def ask(database: Database) -> None:
    """Ask workers and learners to release what they hold."""
    async with unit_of_work(database) as uow:
        await uow.connection.execute("INSERT INTO rebuild DEFAULT VALUES ON CONFLICT DO NOTHING")


async def take_back(database: Database) -> None:
    """Let workers and learners go on, unless the read side was emptied."""
    async with unit_of_work(database) as uow:
        await uow.connection.execute("DELETE FROM rebuild WHERE NOT emptied")


async def others(database: Database, groups: Sequence[str], ours: Sequence[str] = ()) -> list[str]:
    """The members of these groups that are alive, as `group member`, without ours."""
    rows = await database.pool.fetch(_OTHERS, list(groups), list(ours), timeout=5)
    return [f"{row['grp']} {row['id']}" for row in rows]


async def remember(connection: Connection) -> None:
    """Keep what had been published; a rebuild that goes on after one that was cut off keeps what that one kept."""
    await connection.execute("SET LOCAL statement_timeout = 0")
    if await connection.fetchval("UPDATE rebuild SET emptied = true WHERE NOT emptied RETURNING true"):
        await connection.execute(f"TRUNCATE {PUBLISHED}")
        await connection.execute(_REMEMBER, timeout=COPY_SECONDS)


async def unpublished(connection: Connection, after: str, most: int) -> list[Unpublished]:
    """At most `most` promises after this id, in their order, that are open, or that ended otherwise than published."""
    rows = await connection.fetch(_UNPUBLISHED, after, most)
    return [_read(row["partition"], row["state"], row["live"], row["before"], row["old"]) for row in rows]


async def end(database: Database) -> None:
    """Say that the read side is whole again, and forget what had been published."""
    async with unit_of_work(database) as uow:
        await uow.connection.execute(f"TRUNCATE {PUBLISHED}")
        await uow.connection.execute("DELETE FROM rebuild")


def _read(partition: int, state: bytes, live: bool, before: str | None, old: bytes | None) -> Unpublished:
    return Unpublished(partition, from_bytes(state), live, before or "", from_bytes(old) if old else None)


_FOUND: Final = "SELECT to_char(began AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC' AS began FROM rebuild"

_OTHERS: Final = f"""
SELECT grp, id FROM member WHERE grp = ANY($1::text[]) AND id <> ALL($2::text[]) AND {alive(str(LEASE_SECONDS))}
ORDER BY 1, 2"""  # noqa: S608 - constants only

# Of one that has ended its standing is enough: nothing else of it is ever published again.
_REMEMBER: Final = f"""
INSERT INTO published_before (promise_id, standing, state)
SELECT promise_id, standing, CASE WHEN live THEN state END FROM promise_state
WHERE shown AND NOT {doomed("promise_state")}"""  # noqa: S608

_UNPUBLISHED: Final = f"""
SELECT now.promise_id, now.partition, now.state, now.live, before.standing AS before, before.state AS old
FROM promise_state AS now LEFT JOIN published_before AS before USING (promise_id)
WHERE now.shown AND now.promise_id > $1 AND (now.live OR before.standing IS DISTINCT FROM now.standing)
  AND NOT {doomed("now")}
ORDER BY now.promise_id LIMIT $2"""  # noqa: S608
