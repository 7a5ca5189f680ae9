"""Links to the customer's page in the database: one open link a promise, what it opens, and its end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from candor.store.erasing import doomed
from candor.store.unit_of_work import UnitOfWork
from notify_svc.domain.history import NoticeEntry
from notify_svc.store import read_model
from notify_svc.store.notices import entry_of
from notify_svc.store.read_model import PromiseRecord

SHOWN: Final = 20
"""The newest messages that a page shows."""


class Opened(NamedTuple):
    """What a link opens: its promise, the sealed contact, how many seconds old the facts are, and the purposes that the
    customer left."""

    link_id: str
    known: PromiseRecord
    sealed: str | None
    age: float
    left: tuple[str, ...] = ()


class Said(NamedTuple):
    """A message that went out, or may have: when, and its words, "" once they have come to their end."""

    entry: NoticeEntry
    at: datetime
    subject: str
    body: str


async def give(
    uow: UnitOfWork, promises: Mapping[str, str], new: Mapping[str, str], now: datetime, ends: datetime
) -> dict[str, str]:
    """The open link of each promise; `new` are the ids of those that there are not yet."""
    names = sorted(promises)
    if not names:
        return {}
    ids, customers = [new[name] for name in names], [promises[name] for name in names]
    rows = await uow.connection.fetch(_GIVE, ids, names, customers, now, ends)
    return {row["promise_id"]: row["link_id"] for row in rows}


async def revoke(uow: UnitOfWork, link_id: str, by: str, now: datetime) -> bool | None:
    """Whether the link was open until now; None if there is none."""
    found = await uow.connection.fetchrow(_REVOKE, link_id, now, by)
    return None if found is None else bool(found["ended"])


async def opened(uow: UnitOfWork, link_id: str, now: datetime) -> Opened | None:
    """What an open link opens at system time `now`; None for any other link, at the same cost."""
    row = await uow.connection.fetchrow(_OPENED, link_id, now)
    if row is None:
        return None
    return Opened(
        row["link_id"], read_model.known(row), row["sealed"], float(row["age"]), tuple(row["left_purposes"] or ())
    )


async def said(uow: UnitOfWork, promise_id: str) -> tuple[list[Said], int]:
    """The newest messages to a promise's customer, newest first, and how many there are."""
    rows = await uow.connection.fetch(_SAID, promise_id, SHOWN)
    found = [Said(entry_of(row), row["changed_at"], row["subject"], row["body"]) for row in rows]
    return found, rows[0]["all"] if rows else 0


_GIVE: Final = """
INSERT INTO page_link (link_id, promise_id, customer_id, created_at, ends_at)
SELECT a, b, c, $4, $5 FROM unnest($1::text[], $2::text[], $3::text[]) AS new (a, b, c)
ON CONFLICT (promise_id) WHERE revoked_at IS NULL
DO UPDATE SET ends_at = greatest(page_link.ends_at, excluded.ends_at)
RETURNING promise_id, link_id"""

_REVOKE: Final = """
WITH was AS (SELECT link_id, revoked_at FROM page_link WHERE link_id = $1 FOR UPDATE), now_ AS (
  UPDATE page_link SET revoked_at = $2, revoked_by = $3 FROM was
  WHERE page_link.link_id = was.link_id AND was.revoked_at IS NULL)
SELECT revoked_at IS NULL AS ended FROM was"""

_OPENED: Final = f"""
SELECT l.link_id, {read_model.PROMISE_COLUMNS}, c.sealed, c.left_purposes,
  coalesce(f.lag_seconds + extract(epoch FROM clock_timestamp() - f.seen_at), 1e9) AS age
FROM page_link l JOIN promise p USING (promise_id, customer_id) LEFT JOIN episode e USING (promise_id)
  LEFT JOIN customer c ON c.customer_id = l.customer_id LEFT JOIN freshness f ON f.partition = p.partition
WHERE l.link_id = $1 AND l.revoked_at IS NULL AND l.ends_at > $2 AND p.promise IS NOT NULL AND NOT {doomed("p")}
  AND NOT {doomed("l")}"""  # noqa: S608 - constants only

_SAID: Final = """
SELECT notice_id, episode, statement, state, spoken_for, closing, decided_at, told_low, told_high, next_update_by,
  about, changed_at, subject, body, count(*) OVER ()::int AS all FROM notice
WHERE promise_id = $1 AND audience = 'customer' AND state IN ('sent', 'unknown')
ORDER BY decided_at DESC, seq DESC LIMIT $2"""
