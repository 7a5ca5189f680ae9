"""Wishes of customers, as promise-svc says them, for their pages and letters."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

from candor.contracts import Message, WishChanged
from candor.messaging.newest import newest
from candor.store.unit_of_work import UnitOfWork
from notify_svc.domain.wished import Wished
from notify_svc.store.read_model import columns

SHOWN: Final = 10
"""The open wishes that a page shows, those that are looked at again first."""


class Unmet(NamedTuple):
    """Open wishes of a customer that they may read, SHOWN at most, and how many there are."""

    shown: tuple[Wished, ...] = ()
    total: int = 0


async def take(uow: UnitOfWork, messages: Sequence[Message]) -> None:
    """Keep the newest state of wishes; what was said before an erasure of its customer is not."""
    # In one order, for whoever locks several.
    if rows := sorted(map(_row, newest(messages))):
        await uow.connection.execute(_TAKE, *columns(rows))


async def open_of(uow: UnitOfWork, customer_id: str, promise_id: str) -> Unmet:
    """The open wishes about a promise, and those of its customer that are about none."""
    rows = await uow.connection.fetch(_OPEN, customer_id, promise_id, SHOWN)
    return Unmet(tuple(map(_wished, rows)), rows[0]["count"] if rows else 0)


async def first_of_many(uow: UnitOfWork, promise_ids: Collection[str]) -> dict[str, Wished]:
    """Of each of several promises the open wish about it that is looked at again first; those without are not in it."""
    rows = await uow.connection.fetch(_FIRST_OF, list(promise_ids)) if promise_ids else []
    return {row["promise_id"]: _wished(row) for row in rows}


def _wished(row: Any) -> Wished:
    key = f"{row['wish_id']}:{row['version']}"
    return Wished(key, row["public_text"], row["workaround"], row["look_again_on"])


def _row(one: Message) -> tuple[Any, ...]:
    data = one.data
    assert isinstance(data, WishChanged)  # noqa: S101 - the caller has chosen
    ids = (data.wish_id, data.promise_id or "", data.customer_id)
    words = (data.public_text or "", data.workaround or "")
    return (*ids, one.envelope.version, data.state.value, data.at, *words, data.look_again_on, one.envelope.time)


_TAKE: Final = """
INSERT INTO wish (wish_id, promise_id, customer_id, version, state, at, public_text, workaround, look_again_on, said_at)
SELECT a, b, c, d, e, f, g, h, i, said FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[],
  $6::timestamptz[], $7::text[], $8::text[], $9::date[], $10::timestamptz[]) AS new (a, b, c, d, e, f, g, h, i, said)
WHERE NOT EXISTS (SELECT FROM customer WHERE customer_id = c AND erased_at >= said)
ON CONFLICT (wish_id) DO UPDATE SET version = excluded.version, state = excluded.state, at = excluded.at,
  public_text = excluded.public_text, workaround = excluded.workaround, look_again_on = excluded.look_again_on,
  said_at = excluded.said_at, changed_at = now()
WHERE wish.version < excluded.version"""

READ: Final = "state = 'open' AND public_text <> ''"
"""Wishes that a customer may read of."""
_COLUMNS: Final = "wish_id, promise_id, version, public_text, workaround, look_again_on"
_OPEN: Final = f"""
SELECT {_COLUMNS}, count(*) OVER () AS count FROM wish
WHERE customer_id = $1 AND promise_id IN ('', $2) AND {READ}
ORDER BY look_again_on, wish_id LIMIT $3"""  # noqa: S608 - constants only
_FIRST_OF: Final = f"""
SELECT DISTINCT ON (promise_id) {_COLUMNS} FROM wish
WHERE promise_id = ANY($1::text[]) AND promise_id <> '' AND {READ}
ORDER BY promise_id, look_again_on, wish_id"""  # noqa: S608 - constants only

GONE: Final = f"""
EXISTS (SELECT FROM notice, jsonb_array_elements_text(notice.evidence->'wishes') AS named (key)
  WHERE notice_id = $3 AND NOT EXISTS (SELECT FROM wish
    WHERE wish_id = regexp_replace(named.key, ':[0-9]+$', '') AND named.key = wish_id || ':' || version
      AND {READ}))"""  # noqa: S608 - constants only
"""Whether the notice $3 names a wish that is not open any more as it was."""
