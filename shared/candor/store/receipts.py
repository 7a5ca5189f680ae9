"""Accepted requests and their answers: makes ingress idempotent, whichever kind of id the sender uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from candor.store.db import Transaction
    from candor.store.erasure import Erasure
    from candor.store.unit_of_work import UnitOfWork


class Receipt(NamedTuple):
    """One accepted request: its sender, the sender's id for it (event id, webhook id, Idempotency-Key) and its body.

    `key`: the customer concerned, so that erasing a customer empties the answer; "" if there is none.
    """

    source: str
    event_id: str
    body_sha256: bytes
    key: str = ""


class Answer(NamedTuple):
    """The answer that was given: HTTP status and body."""

    status: int
    body: bytes


async def answered(uow: UnitOfWork, receipts: Sequence[Receipt]) -> dict[tuple[str, str], tuple[bytes, Answer]]:
    """Return earlier answers to these ids: (source, event id) → (SHA-256 of the earlier body, earlier answer)."""
    rows = await uow.connection.fetch(
        _ANSWERED, [receipt.source for receipt in receipts], [receipt.event_id for receipt in receipts]
    )
    return {
        (row["source"], row["event_id"]): (row["body_sha256"], Answer(row["status"], row["response"])) for row in rows
    }


async def remember(uow: UnitOfWork, entries: Sequence[tuple[Receipt, Answer]]) -> None:
    """Save receipts with their answers.

    If two requests with the same id arrive at once, the later transaction fails with UniqueViolationError, is retried
    by the group commit and then finds the first one's answer.
    """
    await uow.connection.execute(
        _REMEMBER,
        [receipt.source for receipt, _ in entries],
        [receipt.event_id for receipt, _ in entries],
        [receipt.body_sha256 for receipt, _ in entries],
        [receipt.key for receipt, _ in entries],
        [answer.status for _, answer in entries],
        [answer.body for _, answer in entries],
    )


class Walk:
    """Empties the answers about customers and forgets whom they were about; the ids stay, so that repeats count once.

    It goes through the table's blocks in their order: receipts are never moved, and no index is paid for with each.
    """

    async def step(self, uow: Transaction, together: Sequence[Erasure], most: int) -> int | None:
        """Look at the next blocks, a quarter of `most`; return the block that comes then, None at the end."""
        block = together[0].place
        following = block + max(1, most // 4)
        bounds = [one.bound_at for one in together]
        await uow.connection.execute(_ERASE, [one.customer_id for one in together], bounds, (block, 0), (following, 0))
        return following if following <= max(one.blocks for one in together) else None


_ANSWERED: Final = """
SELECT ingest.source, ingest.event_id, body_sha256, status, response
FROM ingest JOIN unnest($1::text[], $2::text[]) AS asked (source, event_id) USING (source, event_id)"""

_REMEMBER: Final = """
INSERT INTO ingest (source, event_id, body_sha256, key, status, response)
SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::int[], $6::bytea[])"""

_ERASE: Final = """
UPDATE ingest SET response = '', body_sha256 = '', key = ''
FROM unnest($1::text[], $2::timestamptz[]) AS wanted (customer, bound)
WHERE ingest.ctid >= $3::tid AND ingest.ctid < $4::tid AND key = customer AND received_at <= bound"""
