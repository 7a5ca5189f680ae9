"""Measures what finding a customer's events in the log would cost intake: ways to index it beside none at all.

    python -m bench.log_index [--rows 40000] [--keys 60]

Rows are inserted as group commit does, four a transaction with `--keys` customers each, in rounds in which each way has
its turn: a machine that is busy for a while is so for all of them. Only the shape of what is inserted is the outbox's:
the tables are made here, so that one can be compared with another.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import asyncpg
import typer

from candor.installation.folder import Folder
from candor.local.postgres import PostgresServer

CUSTOMERS: Final = 200_000
A_TRANSACTION: Final = 4
ROUNDS: Final = 20
WAYS: Final = {
    "no index": "",
    "index on (partition, id)": "CREATE INDEX ON log (partition, id)",
    "GIN": "CREATE INDEX ON log USING gin (keys)",
    "GIN without a pending list": "CREATE INDEX ON log USING gin (keys) WITH (fastupdate = off)",
    "table of (customer, row)": "CREATE TABLE found (customer bigint, id bigint, PRIMARY KEY (customer, id))",
}
_LOG: Final = """
CREATE TABLE log (id bigserial PRIMARY KEY, partition int NOT NULL, keys text[] NOT NULL, records bytea NOT NULL)"""
_INSERT: Final = """
INSERT INTO log (partition, keys, records)
SELECT partition, string_to_array(keys, ','), records FROM unnest($1::int[], $2::text[], $3::bytea[])
  AS new (partition, keys, records) RETURNING id"""
_FOUND: Final = "INSERT INTO found SELECT * FROM unnest($1::bigint[], $2::bigint[]) ON CONFLICT DO NOTHING"


class Way:
    """One way to index the log, with tables of its own, and the seconds that each transaction took."""

    def __init__(self, name: str, schema: str, keys: int) -> None:
        self.name = name
        self.seconds: list[float] = []
        self._schema = schema
        self._keys = keys
        self._chance, self._record = random.Random(1), os.urandom(600)

    async def create(self, connection: Any) -> None:
        """Make the tables."""
        await connection.execute(
            f"CREATE SCHEMA {self._schema}; SET search_path = {self._schema}; {_LOG}; {WAYS[self.name]}"
        )

    async def insert(self, connection: Any, transactions: int) -> None:
        """Insert rows in so many transactions."""
        await connection.execute(f"SET search_path = {self._schema}")
        for _ in range(transactions):
            begun = time.perf_counter()
            async with connection.transaction():
                await self._rows(connection)
            self.seconds.append(time.perf_counter() - begun)

    async def _rows(self, connection: Any) -> None:
        chance = self._chance
        names = [[f"customer-{chance.randrange(CUSTOMERS)}" for _ in range(self._keys)] for _ in range(A_TRANSACTION)]
        await connection.execute("SET LOCAL synchronous_commit = off")
        numbers = [chance.randrange(4) for _ in names]
        joined = [",".join(one) for one in names]
        ids = await connection.fetch(_INSERT, numbers, joined, [self._record] * len(names))
        if "found" in WAYS[self.name]:
            own = zip(ids, names, strict=True)
            pairs = [(zlib.crc32(name.encode()), row["id"]) for row, held in own for name in held]
            await connection.execute(_FOUND, *(list(column) for column in zip(*pairs, strict=True)))


async def compare(url: str, rows: int, keys: int) -> None:
    """Print a line for each way."""
    connection = await asyncpg.connect(url, statement_cache_size=0)
    typer.echo(f"{rows:,} rows, {A_TRANSACTION} a transaction, {keys} customers a row; milliseconds a transaction")
    ways = [Way(name, f"way_{number}", keys) for number, name in enumerate(WAYS)]
    for way in ways:
        await way.create(connection)
    for _ in range(ROUNDS):
        for way in ways:
            await way.insert(connection, max(1, rows // A_TRANSACTION // ROUNDS))
    for way in ways:
        typer.echo(f"{way.name:28} mean, p50, p99, most: {figures(sorted(way.seconds))}")
    await connection.close()


def figures(seconds: list[float]) -> str:
    """Milliseconds of sorted times."""
    mean, middle, high = sum(seconds) / len(seconds), seconds[len(seconds) // 2], seconds[len(seconds) * 99 // 100]
    return " ".join(f"{1000 * one:9.2f}" for one in (mean, middle, high, seconds[-1]))


def main(rows: int = 40_000, keys: int = 60) -> None:
    """Start a server, compare on it, stop it."""
    with TemporaryDirectory() as folder:
        server = PostgresServer(Folder.at(Path(folder) / "server"), None)
        url = server.start()
        try:
            asyncio.run(compare(f"{url}/postgres", rows, keys))
        finally:
            server.stop()


if __name__ == "__main__":
    typer.run(main)
