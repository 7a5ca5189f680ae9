"""What was offered to customers about their promises, as promise-svc says it, for their pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from candor.contracts import Message, OfferChanged
from candor.store.unit_of_work import UnitOfWork
from notify_svc.store.read_model import columns

SHOWN: Final = 3
"""The newest open offers that a page shows."""


class Option(msgspec.Struct, frozen=True):
    """What a customer may take, by its name; `due` is the time that would then be promised."""

    name: str
    due: datetime | None = None


class Offer(NamedTuple):
    """An open offer; `key` names it as it stands, so that nothing is taken that was changed meanwhile."""

    offer_id: str
    key: str
    options: tuple[Option, ...]


async def take(uow: UnitOfWork, messages: Sequence[Message]) -> None:
    """Keep the newest state of offers; what was said before an erasure of its customer is not."""
    newest: dict[str, Message] = {}
    for one in messages:
        before = newest.get(one.envelope.subject)
        if before is None or before.envelope.version < one.envelope.version:
            newest[one.envelope.subject] = one
    if newest:
        await uow.connection.execute(_TAKE, *columns([_row(one) for _, one in sorted(newest.items())]))


async def open_of(uow: UnitOfWork, promise_id: str) -> tuple[Offer, ...]:
    """The newest open offers about a promise of which the customer took nothing yet, newest first."""
    rows = await uow.connection.fetch(_OPEN, promise_id, SHOWN)
    return tuple(
        Offer(row["offer_id"], f"{row['offer_id']}:{row['version']}", _options(row["options"])) for row in rows
    )


def _row(one: Message) -> tuple[Any, ...]:
    data = one.data
    assert isinstance(data, OfferChanged)  # noqa: S101 - the caller has chosen
    options = msgspec.json.encode([Option(option.name, option.due) for option in data.options]).decode()
    version, time = one.envelope.version, one.envelope.time
    return (data.offer_id, data.promise_id, data.customer_id, version, data.state.value, data.at, options, time)


def _options(text: str) -> tuple[Option, ...]:
    return tuple(msgspec.json.decode(text, type=list[Option]))


_TAKE: Final = """
INSERT INTO offer (offer_id, promise_id, customer_id, version, state, at, options)
SELECT a, b, c, d, e, f, g FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[],
  $6::timestamptz[], $7::jsonb[], $8::timestamptz[]) AS new (a, b, c, d, e, f, g, said)
WHERE NOT EXISTS (SELECT FROM customer WHERE customer_id = c AND erased_at >= said)
ON CONFLICT (offer_id) DO UPDATE SET version = excluded.version, state = excluded.state, at = excluded.at,
  options = excluded.options, changed_at = now()
WHERE offer.version < excluded.version"""

_OPEN: Final = """
SELECT offer_id, version, options::text AS options FROM offer
WHERE promise_id = $1 AND state = 'offered' AND NOT EXISTS (SELECT FROM answer WHERE answer.offer_id = offer.offer_id)
ORDER BY at DESC, offer_id LIMIT $2"""
