"""Whether a PostgreSQL database can do what Candor needs of it; asked once, before the schema is touched."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg

from candor.ops.database_url import database_of
from candor.store.connecting import connect

CONNECT_SECONDS: Final = 5.0
SHARED: Final = (
    "DATABASE_URL leads through a pooler that shares connections between transactions, but leases, deadlines and "
    "prepared statements need their own: set pool_mode = session (PgBouncer), or name the server itself"
)


class UnfitDatabaseError(Exception):
    """This database would lose or refuse something later; the text says what mends it."""


def give_rights(service: str, role: str) -> str:
    """What gives a role the rights that it lacks."""
    return f"run `candor migrate {service} --grants {role}` as the owner of the database"


def no_entry(url: str, service: str = "SERVICE") -> str:
    """Why a role that may not connect cannot, and what mends it."""
    name, role = database_of(url), urlsplit(url).username or "ROLE"
    return f"the role {role} may not connect to the database {name}: {give_rights(service, role)}"


async def check_fitness(url: str) -> None:
    """Raise UnfitDatabaseError for another encoding than UTF-8, or a pooler that shares connections."""
    first = await connect(url, timeout=CONNECT_SECONDS, statement_cache_size=0)
    try:
        encoding, one = await _asked(first)
        if encoding != "UTF8":
            raise UnfitDatabaseError(
                f"the database is encoded as {encoding}, which cannot hold every text: "
                "make it anew with ENCODING 'UTF8' TEMPLATE template0, or let Candor make it"
            )
        second = await connect(url, timeout=CONNECT_SECONDS, statement_cache_size=0)
        try:
            _, other = await _asked(second)
        finally:
            await second.close()
    finally:
        await first.close()
    if one == other:
        # Two open connections with one server process: the first lost it as soon as its transaction was over.
        raise UnfitDatabaseError(SHARED)


async def _asked(connection: Any) -> tuple[str, int]:
    # In one transaction: between two, such a pooler may go on with another process.
    try:
        await connection.execute("BEGIN")
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        if "pooling mode" in str(error):
            raise UnfitDatabaseError(SHARED) from None
        raise
    row = await connection.fetchrow("SELECT current_setting('server_encoding') AS encoding, pg_backend_pid() AS pid")
    await connection.execute("COMMIT")
    return row["encoding"], row["pid"]
