"""Rows by the million: a table's indexes are made after its rows, as a restore would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

INDEXES: Final = """
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS made
FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid
WHERE i.indrelid = $1::text::regclass AND c.oid IS NULL"""


@asynccontextmanager
async def filling(connection: asyncpg.Connection[Any], table: str) -> AsyncIterator[None]:
    """Take away the indexes of `table` that hold no constraint for the length of the block."""
    indexes = await connection.fetch(INDEXES, table)
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['name']}")
    yield
    await connection.execute("SET maintenance_work_mem = '256MB'")
    for index in indexes:
        await connection.execute(index["made"])


async def until(connection: asyncpg.Connection[Any], query: str, least: int) -> None:
    """Return once the number that `query` asks for is at least `least`."""
    while await connection.fetchval(query) < least:  # noqa: ASYNC110 - another process does it
        await asyncio.sleep(0.1)


async def database_size(connection: asyncpg.Connection[Any]) -> int:
    """Bytes of the database on the disk."""
    size: int = await connection.fetchval("SELECT pg_database_size(current_database())")
    return size
