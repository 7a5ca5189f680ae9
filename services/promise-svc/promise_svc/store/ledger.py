"""The ledger's rows, in batches: one SQL statement reads and one writes each kind of row that a batch touches."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import asyncpg
import msgspec

from candor.intake.requests import erasing as requests
from candor.store.erasing import ALL, CustomerRows, Letters, Work, doomed
from candor.store.unit_of_work import UnitOfWork
from promise_svc.domain import Change, ChangeKind, Customer, Promise, State, Terms
from promise_svc.domain.promise import Stated
from promise_svc.store import draft_rows, matters

_terms: Final = msgspec.json.Decoder(Terms)
_states: Final = msgspec.json.Decoder(tuple[Stated, ...])
_encode: Final = msgspec.json.Encoder().encode


async def promises(uow: UnitOfWork, ids: Collection[str]) -> dict[str, Promise]:
    """The existing promises among `ids`, locked in id order; those of customers being erased are erased now."""
    if not ids:
        return {}
    rows = await uow.connection.fetch(_PROMISES, sorted(ids))
    gone = [row["promise_id"] for row in rows if row["doomed"]]
    if gone:
        await uow.connection.execute("DELETE FROM change WHERE promise_id = ANY($1::text[])", gone)
        await uow.connection.execute(requests.OF_PROMISES, gone, ALL)
        await uow.connection.execute(_ERASE_PROMISES, gone)
    return {row["promise_id"]: _promise(row) for row in rows if not row["doomed"]}


async def customers(uow: UnitOfWork, ids: Collection[str]) -> dict[str, Customer]:
    """The known customers among `ids`, locked in id order."""
    if not ids:
        return {}
    rows = await uow.connection.fetch(_CUSTOMERS, sorted(ids))
    return {row["customer_id"]: Customer(**row) for row in rows}


async def add_promises(uow: UnitOfWork, added: Sequence[Promise]) -> None:
    """Insert new promises. Raises asyncpg.UniqueViolationError if another process has just made one of them."""
    if added:
        await uow.connection.execute(_ADD_PROMISES, *_columns([_row(promise) for promise in added]))


async def change_promises(uow: UnitOfWork, changed: Sequence[Promise]) -> None:
    """Write the changeable columns of promises that exist and are locked."""
    if changed:
        rows = [
            (
                *(p.promise_id, p.state, p.version, p.latest_due, p.held_due, p.latest_at, p.held_at, p.completed_at),
                *(p.assigned_at, p.terms.deliverer, p.terms.accepted, p.newest_at, p.first_at, p.first_due, p.made_at),
                _encode(p.states).decode(),
            )
            for p in changed
        ]
        await uow.connection.execute(_CHANGE_PROMISES, *_columns(rows))


async def complete_promises(uow: UnitOfWork, completed: Sequence[Promise]) -> None:
    """Write the terms of promises of which more was told; they exist and are locked."""
    if completed:
        rows = [(p.promise_id, _encode(p.terms).decode(), p.requested_due, p.tolerance_s) for p in completed]
        await uow.connection.execute(_COMPLETE_PROMISES, *_columns(rows))


async def add_changes(uow: UnitOfWork, changes: Sequence[Change]) -> None:
    """Append to the promises' histories."""
    if changes:
        rows = [
            (
                *(c.promise_id, c.version, c.kind, c.at, c.due, c.held_due),
                *(c.asked_by_customer, c.agreed, c.reason, c.verdict, c.completed_at),
                *(c.public_reason, c.deliverer, c.accepted, c.said_at, c.known_due, c.stated),
            )
            for c in changes
        ]
        await uow.connection.execute(_ADD_CHANGES, *_columns(rows))


async def histories(uow: UnitOfWork, ids: Collection[str]) -> dict[str, list[Change]]:
    """All changes of these promises, which are locked."""
    found: dict[str, list[Change]] = {name: [] for name in ids}
    for row in await uow.connection.fetch(_HISTORIES, sorted(ids)) if ids else ():
        found[row["promise_id"]].append(_change(row))
    return found


async def save_customers(uow: UnitOfWork, known: Collection[str], saved: Sequence[Customer]) -> None:
    """Insert or update customers; `known` are those that exist and are locked."""
    for statement, rows in (
        (_ADD_CUSTOMERS, [c for c in saved if c.customer_id not in known]),
        (_CHANGE_CUSTOMERS, [c for c in saved if c.customer_id in known]),
    ):
        if rows:
            values = [(c.customer_id, c.sealed, c.contact_version, c.contact_at, c.erased_at, c.erasures) for c in rows]
            await uow.connection.execute(statement, *_columns(values))


async def has_rows(uow: UnitOfWork, customer_id: str) -> bool:
    """Whether there is any promise to this customer, any draft of one, or any matter or stored request about them."""
    found = await uow.connection.fetchval(_ANYTHING, customer_id)
    return bool(found)


async def with_contact(uow: UnitOfWork, after: str, most: int) -> list[str]:
    """The next `most` customers, staff aside, who have a contact, by id."""
    return [row["customer_id"] for row in await uow.connection.fetch(_WITH_CONTACT, after, most)]


async def contact_over(uow: UnitOfWork, ids: Collection[str], days: float) -> list[str]:
    """Those of `ids` whose contact and whose every promise have been over for `days`."""
    return [row["customer_id"] for row in await uow.connection.fetch(_CONTACT_OVER, list(ids), days)]


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _row(p: Promise) -> tuple[Any, ...]:
    return (
        *(p.promise_id, p.customer_id, p.kind, p.what, p.state, p.version, p.made_at, p.requested_due),
        *(p.first_due, p.latest_due, p.held_due, p.latest_at, p.held_at, p.tolerance_s),
        *(_encode(p.terms).decode(), p.historical, p.completed_at, p.assigned_at, p.newest_at, p.first_at),
        _encode(p.states).decode(),
    )


def _change(row: asyncpg.Record) -> Change:
    values = dict(row)
    values["kind"] = ChangeKind(values["kind"])
    values["verdict"] = None if values["verdict"] is None else State(values["verdict"])
    return Change(**values)


def _promise(row: asyncpg.Record) -> Promise:
    values = dict(row)
    del values["doomed"]
    values["terms"] = _terms.decode(values["terms"])
    values["state"] = State(values["state"])
    values["states"] = _states.decode(values["states"])
    return Promise(**values)


_PROMISES: Final = f"""
SELECT promise_id, customer_id, kind, what, state, version, made_at, requested_due, first_due, latest_due, held_due,
  latest_at, held_at, tolerance_s, terms, historical, completed_at, assigned_at, newest_at, first_at, states,
  {doomed("promise")} AS doomed
FROM promise WHERE promise_id = ANY($1::text[]) ORDER BY promise_id FOR UPDATE"""  # noqa: S608 - constants
_CUSTOMERS: Final = """
SELECT customer_id, sealed, contact_version, contact_at, erased_at, erasures
FROM customer WHERE customer_id = ANY($1::text[]) ORDER BY customer_id FOR UPDATE"""

_ADD_PROMISES: Final = """
INSERT INTO promise (promise_id, customer_id, kind, what, state, version, made_at, requested_due, first_due,
  latest_due, held_due, latest_at, held_at, tolerance_s, terms, historical, completed_at, assigned_at, newest_at,
  first_at, states)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::timestamptz[],
  $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[],
  $13::timestamptz[], $14::int[], $15::jsonb[], $16::boolean[], $17::timestamptz[],
  $18::timestamptz[], $19::timestamptz[], $20::timestamptz[], $21::jsonb[])"""

_CHANGE_PROMISES: Final = """
UPDATE promise SET state = new.state, version = new.version, latest_due = new.latest_due, held_due = new.held_due,
  latest_at = new.latest_at, held_at = new.held_at, completed_at = new.completed_at,
  words_since = now(), assigned_at = new.assigned_at, newest_at = new.newest_at, first_at = new.first_at,
  first_due = new.first_due, made_at = new.made_at, states = new.states,
  terms = CASE WHEN new.assigned_at IS NULL THEN terms
    ELSE terms || jsonb_build_object('deliverer', new.deliverer, 'accepted', new.accepted) END
FROM unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[],
  $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::text[], $11::boolean[], $12::timestamptz[],
  $13::timestamptz[], $14::timestamptz[], $15::timestamptz[], $16::jsonb[])
  AS new (promise_id, state, version, latest_due, held_due, latest_at, held_at, completed_at, assigned_at, deliverer,
    accepted, newest_at, first_at, first_due, made_at, states)
WHERE promise.promise_id = new.promise_id"""

_COMPLETE_PROMISES: Final = """
UPDATE promise SET terms = new.terms, requested_due = new.requested_due, tolerance_s = new.tolerance_s
FROM unnest($1::text[], $2::jsonb[], $3::timestamptz[], $4::int[])
  AS new (promise_id, terms, requested_due, tolerance_s)
WHERE promise.promise_id = new.promise_id"""

_ADD_CHANGES: Final = """
INSERT INTO change (promise_id, version, kind, at, due, held_due, asked_by_customer, agreed, reason, verdict,
  completed_at, public_reason, deliverer, accepted, said_at, known_due, stated)
SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[],
  $7::boolean[], $8::boolean[], $9::text[], $10::text[], $11::timestamptz[], $12::text[], $13::text[],
  $14::boolean[], $15::timestamptz[], $16::timestamptz[], $17::boolean[])"""
_HISTORIES: Final = """
SELECT promise_id, version, kind, at, due, held_due, asked_by_customer, agreed, reason, verdict, completed_at,
  public_reason, deliverer, accepted, said_at, known_due, stated
FROM change WHERE promise_id = ANY($1::text[]) ORDER BY promise_id, version"""

_ADD_CUSTOMERS: Final = """
INSERT INTO customer (customer_id, sealed, contact_version, contact_at, erased_at, erasures)
SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[], $5::timestamptz[], $6::int[])"""

_CHANGE_CUSTOMERS: Final = """
UPDATE customer SET sealed = new.sealed, contact_version = new.contact_version, contact_at = new.contact_at,
  erased_at = new.erased_at, erasures = new.erasures, words_since = now()
FROM unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[], $5::timestamptz[], $6::int[])
  AS new (customer_id, sealed, contact_version, contact_at, erased_at, erasures)
WHERE customer.customer_id = new.customer_id"""

_WITH_CONTACT: Final = """
SELECT customer_id FROM customer WHERE sealed IS NOT NULL AND customer_id NOT LIKE 'staff/%' AND customer_id > $1
ORDER BY customer_id LIMIT $2"""

_CONTACT_OVER: Final = """
SELECT customer_id FROM customer
WHERE customer_id = ANY($1::text[]) AND sealed IS NOT NULL
  AND words_since < now() - make_interval(secs => $2::float8 * 86400)
  AND NOT EXISTS (
    SELECT FROM promise WHERE promise.customer_id = customer.customer_id
      AND (promise.words_since >= now() - make_interval(secs => $2::float8 * 86400)
        OR state = 'made' AND greatest(held_due, latest_due) >= now() - make_interval(secs => $2::float8 * 86400)))
ORDER BY customer_id"""

_ANYTHING: Final = """
SELECT EXISTS (SELECT FROM promise WHERE customer_id = $1) OR EXISTS (SELECT FROM matter WHERE customer_id = $1)
  OR EXISTS (SELECT FROM draft WHERE customer_id = $1)
  OR EXISTS (SELECT FROM request WHERE about @> ARRAY['customer/' || $1::text])"""

_ERASE_PROMISES: Final = "DELETE FROM promise WHERE promise_id = ANY($1::text[])"

ERASED: Final = CustomerRows(
    find="SELECT promise_id FROM promise WHERE customer_id = $1 AND born <= $2 LIMIT $3 FOR UPDATE",
    hanging=(
        # Not locked before: the service's role may delete from it and change nothing; its promises are locked.
        """
DELETE FROM change WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM change WHERE promise_id = ANY($1::text[]) LIMIT $2))""",
        requests.OF_PROMISES,
    ),
    last=_ERASE_PROMISES,
)


def erasures() -> Work:
    """How customers are erased here: matters, drafts, promises, dead letters, requests, what was sent, and receipts."""
    return Work((matters.Erased(), draft_rows.Erased(), ERASED, Letters(), requests.StoredRequests()), kept=True)
