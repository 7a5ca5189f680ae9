"""A service's outbox full of rows that were sent long ago, and its receipts."""

from __future__ import annotations

from typing import Any, Final

import asyncpg

from bench.scale.bulk import filling
from bench.scale.promises import made
from candor.records.packing import pack

PATTERNS: Final = 1_000
RECEIPTS: Final = 6
"""One receipt for so many outbox rows: what is kept for 30 days beside what is kept for two years."""
CHUNK: Final = 1_000_000

TEMPLATES: Final = """
CREATE TEMP TABLE pattern (n bigint, topic text, partition int, events int, keys text[], records bytea)"""
ROWS: Final = """
INSERT INTO outbox (topic, partition, events, keys, records, created_at, published_at)
SELECT topic, partition, events, keys, records, now() - interval '1 day', now() - interval '1 day'
FROM generate_series($1::bigint, $2::bigint) AS number JOIN pattern ON n = number % $3::bigint"""
RECEIPT: Final = """
INSERT INTO ingest (source, event_id, body_sha256, key, status, response, received_at)
SELECT 'filler', 'event-' || number, decode(md5(number::text) || md5(number::text), 'hex'), 'cust-' || number % 1000,
  201, convert_to(repeat('x', 200), 'UTF8'), now() - interval '1 day'
FROM generate_series(1, $1::bigint) AS number"""


async def fill(connection: asyncpg.Connection[Any], count: int, partitions: int) -> None:
    """Write `count` sent rows of a thousand customers, and receipts beside them."""
    patterns = min(PATTERNS, count)
    packed = [pack([made(f"old-{n}", f"cust-{n}")], partitions)[0] for n in range(patterns)]
    await connection.execute(TEMPLATES)
    columns = ("n", "topic", "partition", "events", "keys", "records")
    rows = [(n, row.topic, row.partition, row.events, list(row.keys), row.records) for n, row in enumerate(packed)]
    await connection.copy_records_to_table("pattern", records=rows, columns=columns)
    await connection.execute("ANALYZE pattern")
    async with filling(connection, "outbox"):
        for start in range(0, count, CHUNK):
            await connection.execute(ROWS, start, min(count, start + CHUNK) - 1, patterns)
    async with filling(connection, "ingest"):
        await connection.execute(RECEIPT, max(1, count // RECEIPTS))
    await connection.execute("ANALYZE outbox; ANALYZE ingest")
