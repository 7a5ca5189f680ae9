"""What mails in our mailbox said of messages, and how far the mailbox was read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from candor.store.unit_of_work import UnitOfWork
from notify_svc.channels.email.imap import Place
from notify_svc.store.read_model import columns


class Told(NamedTuple):
    """A delivery by e-mail that a mail is about; `recipient` is the keyed hash of its address."""

    delivery_id: str
    notice_id: str
    promise_id: str
    customer_id: str
    addressee: str
    recipient: str


async def about(uow: UnitOfWork, ids: Sequence[str]) -> list[Told]:
    """The deliveries of the mails with these ids, by promise: one, or each that a joint letter told of."""
    rows = await uow.connection.fetch(_ABOUT, list(ids))
    return [Told(**row) for row in rows]


async def keep(uow: UnitOfWork, mail: str, said: str, code: str, told: Sequence[Told]) -> int:
    """Keep what the mail with this hash said of messages; how many it was news of."""
    rows = [(f"{mail}:{one.notice_id}", one.notice_id, one.promise_id, one.customer_id, said, code) for one in told]
    kept = await uow.connection.fetch(_KEEP, *columns(rows))
    return len(kept)


async def place(uow: UnitOfWork, mailbox: str) -> Place:
    """How far a mailbox was read."""
    row: Any = await uow.connection.fetchrow("SELECT validity, uid FROM mailbox WHERE mailbox = $1", mailbox)
    return Place(row["validity"], row["uid"]) if row else Place()


async def move(uow: UnitOfWork, mailbox: str, to: Place) -> None:
    """Note how far a mailbox was read; never back, unless its UIDs began anew."""
    await uow.connection.execute(_MOVE, mailbox, to.validity, to.uid)


_ABOUT: Final = """
SELECT delivery_id, notice_id, promise_id, notice.customer_id, addressee, recipient
FROM notice JOIN delivery USING (notice_id)
WHERE delivery.channel = 'email' AND (notice_id = ANY($1::text[]) OR (joint <> '' AND joint = ANY($1::text[])))
  AND delivery.state IN ('sent', 'unknown', 'failed', 'suppressed') AND delivery.attempts > 0
ORDER BY promise_id, notice_id LIMIT 200"""

_KEEP: Final = """
INSERT INTO mail_report (report_id, notice_id, promise_id, customer_id, said, code)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
ON CONFLICT DO NOTHING RETURNING report_id"""

_MOVE: Final = """
INSERT INTO mailbox (mailbox, validity, uid) VALUES ($1, $2, $3)
ON CONFLICT (mailbox) DO UPDATE SET validity = excluded.validity, uid = excluded.uid
WHERE mailbox.validity <> excluded.validity OR mailbox.uid < excluded.uid"""
