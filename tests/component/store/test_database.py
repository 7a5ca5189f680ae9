"""Queries go through sessions that the server keeps from writing."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import text

from candor.store.db import Database
from candor.store.errors import StoreUnavailable


async def test_a_reading_session_reads(database: Database) -> None:
    await database.pool.execute("INSERT INTO effect (id) VALUES ('a')")
    async with database.reading() as session:
        rows = await session.exec(text("SELECT id, n FROM effect"))  # type: ignore[call-overload]
        assert rows.all() == [("a", 1)]


async def test_the_server_keeps_a_reading_session_from_writing(database: Database) -> None:
    with pytest.raises((DBAPIError, StoreUnavailable)):
        async with database.reading() as session:
            await session.exec(text("INSERT INTO effect (id) VALUES ('a')"))  # type: ignore[call-overload]
    assert await database.pool.fetchval("SELECT count(*) FROM effect") == 0


async def test_a_mistake_in_a_query_is_not_called_an_outage(database: Database) -> None:
    with pytest.raises(DBAPIError):
        async with database.reading() as session:
            await session.exec(text("SELECT nothing_like_it FROM effect"))  # type: ignore[call-overload]


async def test_every_connection_has_its_limits(database: Database) -> None:
    for name, value in {
        "statement_timeout": "8s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "5s",
        "TimeZone": "UTC",
    }.items():
        assert await database.pool.fetchval(f"SHOW {name}") == value
        async with database.reading() as session:
            rows = await session.exec(text(f"SHOW {name}"))  # type: ignore[call-overload]
            assert rows.scalar() == value
