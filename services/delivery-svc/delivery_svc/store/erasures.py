"""Erased customers: the mark that outlives the erasure, and the rows that go with it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime
from typing import Final

from candor.contracts import Message
from candor.intake.requests import erasing as requests
from candor.store import erasing
from candor.store.erasing import ALL, Boundary, CustomerRows, Letters, Work
from candor.store.unit_of_work import UnitOfWork


def customer_mark(customer_id: str) -> bytes:
    """The mark kept of an erased customer's id."""
    return hashlib.sha256(customer_id.encode()).digest()


async def erased_at(uow: UnitOfWork, customer_ids: Collection[str]) -> dict[str, datetime]:
    """When those of these customers who were erased were: what was said up to then does not come back."""
    marks = {customer_mark(name): name for name in customer_ids}
    rows = await uow.connection.fetch("SELECT customer, at FROM erased WHERE customer = ANY($1::bytea[])", list(marks))
    return {marks[row["customer"]]: row["at"] for row in rows}


async def mark(uow: UnitOfWork, message: Message) -> None:
    """Mark a customer as erased, unless this event is older than the newest mark; the rows go by and by."""
    name, envelope = message.envelope.subject, message.envelope
    if await uow.connection.fetchval(_MARK, customer_mark(name), envelope.version, envelope.time):
        await erasing.begin(uow, name, envelope.version, envelope.time)


async def end_doomed(uow: UnitOfWork, promise_ids: Collection[str]) -> bool:
    """Erase those of these promises whose customer is being erased; return whether there were any."""
    rows = await uow.connection.fetch(_DOOMED, list(promise_ids))
    if rows:
        ids = [row["promise_id"] for row in rows]
        for statement in (*HANGING, PROMISES.last):
            await uow.connection.execute(statement, *([ids] if statement is PROMISES.last else [ids, ALL]))
    return bool(rows)


def work(most: int = 0) -> Work:
    """How customers are erased here."""
    return Work((Boundary(), PROMISES, Letters(), requests.StoredRequests()), kept=True, most=most)


_MARK: Final = """
INSERT INTO erased (customer, version, at) VALUES ($1, $2, $3)
ON CONFLICT (customer) DO UPDATE SET version = excluded.version, at = excluded.at WHERE erased.at < excluded.at
RETURNING true"""

_DOOMED: Final = f"""
SELECT promise_id FROM promise WHERE promise_id = ANY($1::text[]) AND {erasing.doomed("promise")}
ORDER BY promise_id FOR UPDATE"""  # noqa: S608 - constants

# A parked report whose reference also names somebody else's promise waits for that one.
HANGING: Final = (
    requests.OF_PROMISES,
    requests.OF_REFERENCES,
    """
DELETE FROM parked WHERE parked_id = ANY(ARRAY(
  SELECT parked_id FROM reference JOIN parked USING (system, ref_id) WHERE reference.promise_id = ANY($1::text[])
    AND NOT EXISTS (SELECT FROM reference AS other WHERE other.system = parked.system
      AND other.ref_id = parked.ref_id AND other.promise_id <> ALL($1::text[])) LIMIT $2))""",
    *(
        f"""
DELETE FROM {table} WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM {table} WHERE promise_id = ANY($1::text[]) LIMIT $2 FOR UPDATE))"""  # noqa: S608 - constants
        for table in ("parked", "match", "reference", "milestone")
    ),
)
PROMISES: Final = CustomerRows(
    find="SELECT promise_id FROM promise WHERE customer_id = $1 AND born <= $2 LIMIT $3 FOR UPDATE",
    hanging=HANGING,
    last="DELETE FROM promise WHERE promise_id = ANY($1::text[])",
)
