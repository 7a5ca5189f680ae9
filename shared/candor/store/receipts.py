"""Accepted requests and their answers: makes ingress idempotent, whichever kind of id the sender uses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
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


async def erase(uow: UnitOfWork, keys: Collection[str]) -> int:
    """Empty the answers about `keys` and forget whom they were about; the ids stay, so that repeats count once."""
    status: str = await uow.connection.execute(_ERASE, list(keys))
    return int(status.rpartition(" ")[2])


_ANSWERED: Final = """
SELECT ingest.source, ingest.event_id, body_sha256, status, response
FROM ingest JOIN unnest($1::text[], $2::text[]) AS asked (source, event_id) USING (source, event_id)"""

_REMEMBER: Final = """
INSERT INTO ingest (source, event_id, body_sha256, key, status, response)
SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::int[], $6::bytea[])"""

_ERASE: Final = "UPDATE ingest SET response = '', body_sha256 = '', key = '' WHERE key = ANY($1::text[])"
