"""Work that one transaction could not finish: how far the incidents of a partition have come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from risk_svc.domain.incidents import Place

if TYPE_CHECKING:
    from candor.store.lease import Connection


class Reach(msgspec.Struct, array_like=True):
    """How far the promises that an incident touches were scored anew, in the order of their ids, as on a circle.

    It begins after `stop` and has come to `reached`; once `wrapped` it has passed the end and goes on up to `stop`.
    `places` are all that the incident hit since it began.
    """

    places: list[Place]
    version: int = 0
    reached: str = ""
    stop: str = ""
    wrapped: bool = False
    traceparent: str = ""


class Row(NamedTuple):
    """One row of the table; `data` is None once the work is done."""

    partition: int
    incident_id: str
    data: Reach | None


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Reach).decode


async def page(connection: Connection, partition: int, after: str, most: int) -> list[Row]:
    """The next rows of a partition after an incident."""
    rows = await connection.fetch(_PAGE, partition, after, most)
    return [Row(partition, row["incident_id"], _decode(row["data"])) for row in rows]


async def save(connection: Connection, rows: Iterable[Row]) -> None:
    """Write what is not done, delete what is."""
    left, done = list[Row](), list[Row]()
    for row in rows:
        (done if row.data is None else left).append(row)
    if left:
        await connection.execute(_SAVE, *_keys(left), [_encode(row.data) for row in left])
    if done:
        await connection.execute(_DELETE, *_keys(done))


def _keys(rows: Sequence[Row]) -> tuple[list[int], list[str]]:
    return [row.partition for row in rows], [row.incident_id for row in rows]


_PAGE: Final = """
SELECT incident_id, data FROM work WHERE partition = $1 AND incident_id > $2 ORDER BY incident_id LIMIT $3"""

_SAVE: Final = """
INSERT INTO work (partition, incident_id, data) SELECT * FROM unnest($1::int[], $2::text[], $3::bytea[])
ON CONFLICT (partition, incident_id) DO UPDATE SET data = excluded.data"""

_DELETE: Final = """
DELETE FROM work USING unnest($1::int[], $2::text[]) AS done (partition, incident_id)
WHERE (work.partition, work.incident_id) = (done.partition, done.incident_id)"""
