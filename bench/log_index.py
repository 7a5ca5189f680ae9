"""Measures what finding a customer's events in the log would cost intake: ways to index it beside none at all.

    python -m bench.log_index [--rows 40000] [--keys 60]

Each round inserts rows as group commit does, four a transaction with `--keys` customers each, into a fresh table. Only
the shape of what is inserted is the outbox's: the table is made here, so that one can be compared with another.
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
WAYS: Final = {
    "no index": (),
    "index on (partition, id)": ("CREATE INDEX found ON log (partition, id)",),
    "GIN": ("CREATE INDEX found ON log USING gin (keys)",),
    "GIN without a pending list": ("CREATE INDEX found ON log USING gin (keys) WITH (fastupdate = off)",),
    "table of (customer, row)": ("CREATE TABLE found (customer bigint, id bigint, PRIMARY KEY (customer, id))",),
}
_LOG: Final = """
CREATE TABLE log (id bigserial PRIMARY KEY, partition int NOT NULL, keys text[] NOT NULL, records bytea NOT NULL)"""
_INSERT: Final = """
INSERT INTO log (partition, keys, records)
SELECT partition, string_to_array(keys, ','), records FROM unnest($1::int[], $2::text[], $3::bytea[])
  AS new (partition, keys, records) RETURNING id"""
_FOUND: Final = "INSERT INTO found SELECT * FROM unnest($1::bigint[], $2::bigint[]) ON CONFLICT DO NOTHING"


async def measured(connection: Any, way: str, rows: int, keys: int) -> list[float]:
    """Seconds of each transaction."""
    await connection.execute("DROP TABLE IF EXISTS log; DROP TABLE IF EXISTS found")
    for statement in (_LOG, *WAYS[way]):
        await connection.execute(statement)
    chance, record, seconds = random.Random(1), os.urandom(600), []
    for _ in range(rows // A_TRANSACTION):
        names = [[f"customer-{chance.randrange(CUSTOMERS)}" for _ in range(keys)] for _ in range(A_TRANSACTION)]
        numbers = [chance.randrange(4) for _ in names]
        begun = time.perf_counter()
        async with connection.transaction():
            await connection.execute("SET LOCAL synchronous_commit = off")
            ids = await connection.fetch(_INSERT, numbers, [",".join(one) for one in names], [record] * len(names))
            if way.startswith("table"):
                pairs = [
                    (zlib.crc32(name.encode()), row["id"]) for row, own in zip(ids, names, strict=True) for name in own
                ]
                await connection.execute(_FOUND, *(list(column) for column in zip(*pairs, strict=True)))
        seconds.append(time.perf_counter() - begun)
    return sorted(seconds)


async def compare(url: str, rows: int, keys: int) -> None:
    """Print a line for each way."""
    connection = await asyncpg.connect(url)
    typer.echo(f"{rows:,} rows, {A_TRANSACTION} a transaction, {keys} customers a row; milliseconds a transaction")
    for way in WAYS:
        seconds = await measured(connection, way, rows, keys)
        mean, middle, high = sum(seconds) / len(seconds), seconds[len(seconds) // 2], seconds[len(seconds) * 99 // 100]
        figures = " ".join(f"{1000 * one:9.2f}" for one in (mean, middle, high, seconds[-1]))
        typer.echo(f"{way:28} mean, p50, p99, most: {figures}")
    await connection.close()


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
