"""Takes rows of the outbox apart whose records are of several partitions since these were grown.

What stays keeps its id; what goes to a new partition gets one below 0, which is lower than that of anything written
there later, and in the order of what it comes from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import structlog

from candor.records.packing import Row, repack, unpack
from candor.records.partitioner import partition_of
from candor.records.wire import UnreadableError

if TYPE_CHECKING:
    from candor.store.db import Connection
    from candor.store.moving import Growth

MOST: Final = 200
"""Rows that one transaction looks at: nobody writes meanwhile."""
IDS: Final = 2**44
"""More rows than an outbox ever has."""
log: Final = structlog.get_logger("candor.partitions")


class ErasingError(Exception):
    """Customers are being erased, whose walk through the rows must not miss one that gets another id."""


class Piece(NamedTuple):
    """A part of the row `old`; with the same id what is left of it."""

    old: int
    id: int
    row: Row


async def page(
    connection: Connection, growth: Growth, topics: Sequence[str], after: int, upto: int, unsent: bool
) -> int:
    """Split the next rows of these topics after the id `after`; return the id up to which all is done.

    Nobody else reads or writes rows until the transaction ends. Raises ErasingError.
    """
    # In this order, as the eraser does.
    await connection.execute("LOCK TABLE erasure, outbox IN EXCLUSIVE MODE")
    if await connection.fetchval("SELECT EXISTS (SELECT FROM erasure)"):
        raise ErasingError("customers are being erased")
    rows = await connection.fetch(_UNSENT if unsent else _ROWS, after, upto, list(topics), MOST)
    pieces = [piece for row in rows for piece in _pieces(row, growth)]
    for statement, changed in (
        (_CHANGE, [piece for piece in pieces if piece.old == piece.id]),
        (_ADD, [piece for piece in pieces if piece.old != piece.id]),
    ):
        if changed:
            await connection.execute(statement, *_columns(changed))
    return rows[-1]["id"] if len(rows) == MOST else upto


def _pieces(row: Any, growth: Growth) -> list[Piece]:
    """What a row becomes; nothing if it stays as it is."""
    try:
        records = unpack(row["records"])
    except UnreadableError:
        log.error("damaged outbox row left in its old partition", row=row["id"], partition=row["partition"])  # noqa: TRY400
        return []
    parts: dict[int, list[Any]] = {}
    for record in records:
        parts.setdefault(partition_of(record.key, growth.to), []).append(record)
    if [*parts] in ([], [row["partition"]]):
        return []
    stays = row["partition"] if row["partition"] in parts else next(iter(parts))
    return [
        Piece(row["id"], row["id"] if number == stays else row["id"] % IDS - number * IDS, packed)
        for number, part in parts.items()
        for packed in [repack(part, row["topic"], number)]
    ]


def _columns(pieces: Sequence[Piece]) -> list[list[Any]]:
    found = [
        (piece.old, piece.id, piece.row.partition, piece.row.events, ",".join(piece.row.keys), piece.row.records)
        for piece in pieces
    ]
    return [list(column) for column in zip(*found, strict=True)]


_FIND: Final = """
SELECT id, topic, partition, records FROM outbox
WHERE id > $1 AND id <= $2 AND topic = ANY($3::text[]) {} ORDER BY id LIMIT $4"""
_ROWS: Final = _FIND.format("")
_UNSENT: Final = _FIND.format("AND published_at IS NULL")

_NEW: Final = """
unnest($1::bigint[], $2::bigint[], $3::int[], $4::int[], $5::text[], $6::bytea[])
  AS new (old, id, partition, events, keys, records)"""

_CHANGE: Final = f"""
UPDATE outbox SET partition = new.partition, events = new.events, keys = string_to_array(new.keys, ','),
  records = new.records
FROM {_NEW} WHERE outbox.id = new.id"""  # noqa: S608 - constants only

# Before the change of what is left would do as well: nothing but these columns differs.
_ADD: Final = f"""
INSERT INTO outbox SELECT made.* FROM {_NEW} JOIN outbox ON outbox.id = new.old
CROSS JOIN LATERAL jsonb_populate_record(outbox, jsonb_build_object('id', new.id, 'partition', new.partition,
  'events', new.events, 'keys', string_to_array(new.keys, ','), 'records', new.records::text)) AS made"""  # noqa: S608
