"""The read model and the episodes, read and written in batches with one statement each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec

from candor.store.erasing import Letters, Rows, Work, doomed
from candor.store.unit_of_work import UnitOfWork
from notify_svc.domain.facts import Episode, Gap, Promise

_promise: Final = msgspec.json.Decoder(Promise)
_gap: Final = msgspec.json.Decoder(Gap)
_episode: Final = msgspec.json.Decoder(Episode)


@dataclass(slots=True, kw_only=True)
class PromiseRecord:
    """One promise as notify-svc knows it; `decided_gap` is the newest gap that was decided on."""

    promise_id: str
    customer_id: str
    partition: int
    promise_version: int = 0
    promise: Promise | None = None
    gap_version: int = 0
    gap: Gap | None = None
    check_at: datetime | None = None
    episode: Episode = field(default_factory=Episode)
    decided_gap: int = 0


@dataclass(slots=True)
class Customer:
    """The sealed contact of a customer, or of staff under `staff/` and their id; without a contact, the row marks that
    it was removed or erased. `refused_on` names the channels on which the address was refused; since `stopped_at` they
    want no messages, and none for `left_purposes`, both of which are only read here."""

    customer_id: str
    contact_version: int = 0
    sealed: str | None = None
    refused_on: list[str] = field(default_factory=list)
    erased_at: datetime | None = None
    erased_version: int = 0
    stopped_at: datetime | None = None
    left_purposes: list[str] = field(default_factory=list)


async def customers(uow: UnitOfWork, ids: Collection[str]) -> dict[str, Customer]:
    """The known customers among `ids`, locked in id order."""
    rows = await uow.connection.fetch(_CUSTOMERS, sorted(ids)) if ids else []
    return {row["customer_id"]: Customer(**row) for row in rows}


async def contacts(uow: UnitOfWork, ids: Collection[str]) -> dict[str, Customer]:
    """Contacts of staff, who are of another partition; not locked, as the last check before sending sees changes."""
    rows = await uow.connection.fetch(_CONTACTS, list(ids)) if ids else []
    return {row["customer_id"]: Customer(**row) for row in rows}


async def save_customers(uow: UnitOfWork, saved: Sequence[Customer]) -> None:
    """Insert or update customers."""
    if saved:
        rows = [
            (c.customer_id, c.contact_version, c.sealed, ",".join(c.refused_on), c.erased_at, c.erased_version)
            for c in sorted(saved, key=lambda c: c.customer_id)
        ]
        await uow.connection.execute(_SAVE_CUSTOMERS, *columns(rows))


async def promises(uow: UnitOfWork, ids: Collection[str]) -> dict[str, PromiseRecord]:
    """The named promises, locked in id order, without those of customers being erased."""
    if not ids:
        return {}
    rows = await uow.connection.fetch(_PROMISES, list(ids))
    return {row["promise_id"]: known(row) for row in rows}


async def due(
    uow: UnitOfWork, partitions: Collection[int], now: datetime, limit: int, without: Collection[str] = ()
) -> dict[str, int]:
    """Promises of these partitions whose decision time alone may have changed, the most overdue first."""
    rows = await uow.connection.fetch(_DUE, list(partitions), now, limit, list(without))
    return {row["promise_id"]: row["partition"] for row in rows}


async def existing(uow: UnitOfWork, promise_ids: Collection[str]) -> set[str]:
    """Those of these promises that are known."""
    rows = await uow.connection.fetch(_EXISTING, list(promise_ids))
    return {row["promise_id"] for row in rows}


async def save_promises(uow: UnitOfWork, saved: Sequence[PromiseRecord]) -> None:
    """Insert or update promises with their newest gaps, and the episodes of those that were decided on."""
    if not saved:
        return
    ordered = sorted(saved, key=lambda item: item.promise_id)
    rows = [
        (
            *(k.promise_id, k.customer_id, k.partition, k.promise_version, _text(k.promise)),
            *(k.gap_version, _text(k.gap), k.check_at),
        )
        for k in ordered
    ]
    await uow.connection.execute(_SAVE_PROMISES, *columns(rows))
    episodes = [(k.promise_id, k.customer_id, k.decided_gap, _text(k.episode)) for k in ordered if k.gap]
    if episodes:
        await uow.connection.execute(_SAVE_EPISODES, *columns(episodes))


async def end_doomed(uow: UnitOfWork, ids: Collection[str]) -> None:
    """Delete those of these promises whose customer is being erased, so that their ids are free."""
    if ids:
        rows = await uow.connection.fetch(_DOOMED, sorted(ids))
        if rows:
            for table in _OF_A_PROMISE:
                statement = f"DELETE FROM {table} WHERE promise_id = ANY($1::text[])"  # noqa: S608 - our own names
                await uow.connection.execute(statement, [row["promise_id"] for row in rows])


def erasures(most: int = 0) -> Work:
    """How customers are erased here: promises, links to pages and answers there, episodes, notices and deliveries."""
    parts = (
        Rows("promise"),
        Rows("page_link"),
        Rows("answer"),
        Rows("phone_call"),
        Rows("offer"),
        Rows("clarification"),
        Rows("wish"),
        Rows("mail_report"),
        Rows("episode"),
        Rows("notice"),
        Letters(),
    )
    return Work(parts, kept=False, most=most)


async def refuse(uow: UnitOfWork, customer_id: str, channel: str) -> None:
    """Record that the address does not exist on `channel`; it is not tried again until a new contact comes."""
    await uow.connection.execute(_REFUSE, customer_id, channel)


async def freshen(uow: UnitOfWork, ages: Mapping[int, float]) -> None:
    """Save how many seconds old the facts of these partitions are; all senders wait where they are too old."""
    await uow.connection.execute(_FRESHEN, list(ages), [min(age, 1e9) for age in ages.values()])


def known(row: Any) -> PromiseRecord:
    """A promise from a row of `_PROMISES`' columns."""
    return PromiseRecord(
        promise_id=row["promise_id"],
        customer_id=row["customer_id"],
        partition=row["partition"],
        promise_version=row["promise_version"],
        promise=_promise.decode(row["promise"]) if row["promise"] else None,
        gap_version=row["gap_version"],
        gap=_gap.decode(row["gap"]) if row["gap"] else None,
        check_at=row["check_at"],
        episode=_episode.decode(row["state"]) if row["state"] else Episode(),
        decided_gap=row["decided_gap"] or 0,
    )


def columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """Rows as the column arrays that unnest expects."""
    return [list(column) for column in zip(*rows, strict=True)]


def _text(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


_OF_A_PROMISE: Final = (
    *("mail_report", "notice", "episode", "page_link", "answer", "phone_call", "offer", "clarification"),
    *("wish", "promise"),
)

PROMISE_COLUMNS: Final = """
p.promise_id, p.customer_id, p.partition, p.promise_version, p.promise, p.gap_version, p.gap, p.check_at, e.state,
e.gap_version AS decided_gap"""

# By name: a column that a later release adds must not reach a class of this one.
_CONTACTS: Final = """
SELECT customer_id, contact_version, sealed, refused_on, erased_at, erased_version, stopped_at, left_purposes
FROM customer WHERE customer_id = ANY($1::text[])"""

_CUSTOMERS: Final = f"{_CONTACTS} ORDER BY customer_id FOR UPDATE"

_SAVE_CUSTOMERS: Final = """
INSERT INTO customer (customer_id, contact_version, sealed, refused_on, erased_at, erased_version)
SELECT a, b, c, coalesce(string_to_array(nullif(d, ''), ','), '{}'), e, f
FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[], $6::bigint[]) AS new (a, b, c, d, e, f)
ON CONFLICT (customer_id) DO UPDATE SET contact_version = excluded.contact_version, sealed = excluded.sealed,
  refused_on = excluded.refused_on, erased_at = excluded.erased_at, erased_version = excluded.erased_version"""

_PROMISES: Final = f"""
SELECT {PROMISE_COLUMNS} FROM promise p LEFT JOIN episode e USING (promise_id)
WHERE p.promise_id = ANY($1::text[]) AND NOT {doomed("p")} ORDER BY p.promise_id FOR UPDATE OF p"""  # noqa: S608 - constants only

_DOOMED: Final = f"""
SELECT promise_id FROM promise WHERE promise_id = ANY($1::text[]) AND {doomed("promise")}
ORDER BY promise_id FOR UPDATE"""  # noqa: S608 - constants only

_EXISTING: Final = "SELECT promise_id FROM promise WHERE promise_id = ANY($1::text[])"

_DUE: Final = """
SELECT promise_id, partition FROM promise
WHERE partition = ANY($1::int[]) AND check_at <= $2 AND promise_id <> ALL($4::text[]) ORDER BY check_at LIMIT $3"""

_SAVE_PROMISES: Final = """
INSERT INTO promise (promise_id, customer_id, partition, promise_version, promise, gap_version, gap, check_at,
  words_since)
SELECT a, b, c, d, e, f, g, h,
  CASE WHEN g->>'standing' <> 'open' OR (e->>'historical')::bool OR (e->>'withdrawn')::bool THEN now() END
FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::jsonb[], $6::bigint[], $7::jsonb[], $8::timestamptz[])
  AS new (a, b, c, d, e, f, g, h)
ON CONFLICT (promise_id) DO UPDATE SET promise_version = excluded.promise_version, promise = excluded.promise,
  gap_version = excluded.gap_version, gap = excluded.gap, check_at = excluded.check_at,
  words_since = excluded.words_since"""

_SAVE_EPISODES: Final = """
INSERT INTO episode (promise_id, customer_id, gap_version, state)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::jsonb[])
ON CONFLICT (promise_id) DO UPDATE SET gap_version = excluded.gap_version, state = excluded.state"""

_REFUSE: Final = """
UPDATE customer SET refused_on = array_append(array_remove(refused_on, $2), $2) WHERE customer_id = $1"""

_FRESHEN: Final = """
INSERT INTO freshness (partition, lag_seconds, seen_at)
SELECT number, age, clock_timestamp() FROM unnest($1::int[], $2::float8[]) AS said (number, age)
ON CONFLICT (partition) DO UPDATE SET lag_seconds = excluded.lag_seconds, seen_at = excluded.seen_at"""
