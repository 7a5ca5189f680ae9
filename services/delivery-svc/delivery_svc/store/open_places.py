"""How many open incidents affect each place: counted as incidents change, never by reading them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final

from candor.store.unit_of_work import UnitOfWork
from delivery_svc.domain import NamespacedId


async def known(uow: UnitOfWork, places: Collection[NamespacedId]) -> Counter[NamespacedId]:
    """How many open incidents affect each of these places. Not locked: at one moment there may be a few more."""
    if not places:
        return Counter()
    rows = await uow.connection.fetch(_KNOWN, *_columns(places))
    return Counter({NamespacedId(row["kind"], row["id"]): row["open"] for row in rows})


async def count(uow: UnitOfWork, changes: Mapping[NamespacedId, int]) -> None:
    """Add `changes` to what is counted; the incidents that caused them are locked."""
    moved = {place: change for place, change in changes.items() if change}
    if not moved:
        return
    # In one order everywhere, so that two transactions never wait for each other's rows.
    order = sorted(moved)
    await uow.connection.execute(_LOCK, *_columns(order))
    for statement, those in (
        (_MORE, [place for place in order if moved[place] > 0]),
        (_FEWER, [place for place in order if moved[place] < 0]),
        (_NONE, [place for place in order if moved[place] < 0]),
    ):
        if those:
            columns = _columns(those) if statement is _NONE else (*_columns(those), [moved[place] for place in those])
            await uow.connection.execute(statement, *columns)


def _columns(places: Collection[NamespacedId]) -> tuple[list[str], list[str]]:
    return [place.space for place in places], [place.id for place in places]


_KNOWN: Final = """
SELECT kind, id, open FROM open_place JOIN unnest($1::text[], $2::text[]) AS asked (kind, id) USING (kind, id)"""
_LOCK: Final = """
SELECT FROM open_place JOIN unnest($1::text[], $2::text[]) AS asked (kind, id) USING (kind, id)
ORDER BY kind COLLATE "C", id COLLATE "C" FOR UPDATE OF open_place"""
_MORE: Final = """
INSERT INTO open_place AS known (kind, id, open)
SELECT * FROM unnest($1::text[], $2::text[], $3::int[]) AS new (kind, id, open)
ORDER BY kind COLLATE "C", id COLLATE "C"
ON CONFLICT (kind, id) DO UPDATE SET open = known.open + excluded.open"""
_FEWER: Final = """
UPDATE open_place SET open = open_place.open + new.change
FROM unnest($1::text[], $2::text[], $3::int[]) AS new (kind, id, change)
WHERE open_place.kind = new.kind AND open_place.id = new.id"""
_NONE: Final = """
DELETE FROM open_place USING unnest($1::text[], $2::text[]) AS new (kind, id)
WHERE open_place.kind = new.kind AND open_place.id = new.id AND open <= 0"""
