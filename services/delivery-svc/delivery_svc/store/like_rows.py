"""Promises whose names lie next to a name, read by an index: neighbours from the front, and from behind."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from candor.store import erasing
from delivery_svc.domain.likeness import Candidate, normal

EACH: Final = 25
"""Neighbours on each side in each order: two hundred names at most, however many promises there are."""


async def near(session: AsyncSession, name: str, each: int = EACH) -> list[Candidate]:
    """The promises with names that begin or end most like a name."""
    key = normal(name)
    if not key:
        return []
    connection = await session.connection()
    rows = await connection.execute(text(_NEAR), {"name": key, "backwards": key[::-1], "each": each})
    return [Candidate(*row) for row in rows]


def _statement() -> str:
    parts = []
    for table, column in (("promise", "promise_id"), ("reference", "ref_id")):
        name = f'public.normal_name({column}) COLLATE "C"'
        for key, value in ((name, "name"), (f'reverse({name}) COLLATE "C"', "backwards")):
            for sign, way in ((">=", "ASC"), ("<", "DESC")):
                beside = f"{key} {sign} CAST(:{value} AS text) ORDER BY {key} {way} LIMIT :each"
                parts.append(f"(SELECT promise_id, {column} AS name FROM {table} WHERE {beside})")  # noqa: S608 - constants
    return f"""
SELECT beside.promise_id, promise.customer_id, beside.name, promise.due
FROM ({" UNION ".join(parts)}) AS beside JOIN promise USING (promise_id)
WHERE NOT {erasing.doomed("promise")}"""  # noqa: S608 - constants


_NEAR: Final = _statement()
