"""Customers whose contact changed: their promises are looked at again, some at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from candor.store.unit_of_work import UnitOfWork

MOST: Final = 500
"""Promises that one transaction looks at again because of new contacts."""


async def note(uow: UnitOfWork, customers: Mapping[str, int]) -> None:
    """Remember customers, each with its partition; one that is under way begins anew."""
    if customers:
        names = sorted(customers)
        await uow.connection.execute(_NOTE, names, [customers[name] for name in names])


async def following(uow: UnitOfWork, partitions: Collection[int]) -> dict[str, list[str]]:
    """Take the next promises of those who have waited longest, at most `MOST`, by customer; moves them on."""
    waiting = await uow.connection.fetch(_WAITING, list(partitions), MOST)
    found: dict[str, list[str]] = {}
    room = MOST
    for row in waiting:
        ids = [one["promise_id"] for one in await uow.connection.fetch(_NEXT, row["customer_id"], row["after"], room)]
        found[row["customer_id"]] = ids
        room -= len(ids)
        if room <= 0:
            await uow.connection.execute(_ON, row["customer_id"], ids[-1])
            break
        await uow.connection.execute("DELETE FROM new_contact WHERE customer_id = $1", row["customer_id"])
    return found


async def drop(uow: UnitOfWork, customers: Collection[str]) -> None:
    """Forget customers who have been erased."""
    if customers:
        await uow.connection.execute("DELETE FROM new_contact WHERE customer_id = ANY($1::text[])", sorted(customers))


_NOTE: Final = """
INSERT INTO new_contact (customer_id, partition, after)
SELECT a, b, '' FROM unnest($1::text[], $2::int[]) AS new (a, b)
ON CONFLICT (customer_id) DO UPDATE SET after = ''"""

_WAITING: Final = """
SELECT customer_id, after FROM new_contact WHERE partition = ANY($1::int[]) ORDER BY turn LIMIT $2"""

_NEXT: Final = """
SELECT promise_id FROM promise WHERE customer_id = $1 AND promise_id > $2 ORDER BY promise_id LIMIT $3"""

_ON: Final = "UPDATE new_contact SET after = $2, turn = nextval('born') WHERE customer_id = $1"
