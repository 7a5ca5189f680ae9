"""What was offered to customers about their promises, as promise-svc says it, for their pages."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from candor.contracts import Message, OfferChanged
from candor.messaging.newest import newest
from candor.store.unit_of_work import UnitOfWork
from notify_svc.domain.offered import Offered
from notify_svc.store.read_model import columns

SHOWN: Final = 3
"""The newest open offers that a page and a letter show."""


class Option(msgspec.Struct, frozen=True):
    """What a customer may take, by its name; `due` is the time that would then be promised."""

    name: str
    due: datetime | None = None


class Offer(NamedTuple):
    """An open offer; `key` names it as it stands, so that nothing is taken that was changed meanwhile."""

    offer_id: str
    key: str
    options: tuple[Option, ...]

    def offered(self) -> Iterator[Offered]:
        """Its options as a letter names them."""
        return (Offered(self.key, option.name, option.due) for option in self.options)


async def take(uow: UnitOfWork, messages: Sequence[Message]) -> None:
    """Keep the newest state of offers; what was said before an erasure of its customer is not."""
    # In one order, for whoever locks several.
    if rows := sorted(map(_row, newest(messages))):
        await uow.connection.execute(_TAKE, *columns(rows))


async def open_of(uow: UnitOfWork, promise_id: str) -> tuple[Offer, ...]:
    """The newest open offers about a promise of which the customer took nothing yet, newest first."""
    return (await open_of_many(uow, [promise_id])).get(promise_id, ())


async def open_of_many(uow: UnitOfWork, promise_ids: Collection[str]) -> dict[str, tuple[Offer, ...]]:
    """The same of several promises; those without an open offer are not in it."""
    found: dict[str, list[Offer]] = {}
    for row in await uow.connection.fetch(_OPEN_OF, list(promise_ids)) if promise_ids else []:
        offer = Offer(row["offer_id"], f"{row['offer_id']}:{row['version']}", _options(row["options"]))
        found.setdefault(row["promise_id"], []).append(offer)
    return {promise_id: tuple(offers) for promise_id, offers in found.items()}


def _row(one: Message) -> tuple[Any, ...]:
    data = one.data
    assert isinstance(data, OfferChanged)  # noqa: S101 - the caller has chosen
    options = msgspec.json.encode([Option(option.name, option.due) for option in data.options]).decode()
    version, time = one.envelope.version, one.envelope.time
    named = (data.offer_id, data.promise_id, data.customer_id)
    return (*named, version, data.state.value, data.at, options, time, data.taken or "")


def _options(text: str) -> tuple[Option, ...]:
    return tuple(msgspec.json.decode(text, type=list[Option]))


_TAKE: Final = """
INSERT INTO offer (offer_id, promise_id, customer_id, version, state, at, options, said_at, taken)
SELECT a, b, c, d, e, f, g, said, taken FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[],
  $6::timestamptz[], $7::jsonb[], $8::timestamptz[], $9::text[]) AS new (a, b, c, d, e, f, g, said, taken)
WHERE NOT EXISTS (SELECT FROM customer WHERE customer_id = c AND erased_at >= said)
ON CONFLICT (offer_id) DO UPDATE SET version = excluded.version, state = excluded.state, at = excluded.at,
  options = excluded.options, said_at = excluded.said_at, taken = excluded.taken, changed_at = now()
WHERE offer.version < excluded.version"""

STILL_OPEN: Final = "state = 'offered' AND NOT EXISTS (SELECT FROM answer WHERE answer.offer_id = offer.offer_id)"
_OPEN_OF: Final = f"""
SELECT found.* FROM unnest($1::text[]) AS asked (promise_id), LATERAL (
  SELECT offer_id, promise_id, version, options::text AS options FROM offer
  WHERE promise_id = asked.promise_id AND {STILL_OPEN} ORDER BY at DESC, offer_id LIMIT {SHOWN}) AS found"""  # noqa: S608

GONE: Final = f"""
EXISTS (SELECT FROM notice, jsonb_array_elements_text(notice.evidence->'offers') AS named (key)
  WHERE notice_id = $3 AND NOT EXISTS (SELECT FROM offer
    WHERE offer_id = regexp_replace(named.key, ':[0-9]+$', '') AND named.key = offer_id || ':' || version
      AND {STILL_OPEN}))"""  # noqa: S608 - constants only
"""Whether the notice $3 names an option that is not offered any more as it was."""
