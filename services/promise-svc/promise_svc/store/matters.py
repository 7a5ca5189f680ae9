"""Rows of matters and their entries, in batches: one SQL statement reads and one writes each kind of row."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import asyncpg
import msgspec

from candor.store.erasing import CustomerRows, Step, doomed
from candor.store.erasure import Erasure
from candor.store.unit_of_work import UnitOfWork
from promise_svc.domain import MACHINES, Enter, Entry, Kind, Matter

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode
Key = tuple[Kind, str]
MOVING: Final = (Kind.HANDOFF, Kind.OFFER)
"""Kinds whose entries may change their promise."""


class Known(NamedTuple):
    """A matter that exists, its entries, and the number by which they are found; 0 for one that is new."""

    matter: Matter
    entries: list[Entry]
    born: int


async def load(
    uow: UnitOfWork, keys: Collection[Key], promises: Collection[str], asked: Collection[tuple[str, str]] = ()
) -> dict[Key, Known]:
    """The existing matters among `keys`, those that wait for one of `promises`, and open hand-offs of what is `asked`.

    `asked`: promises, each with a deliverer. They are locked in order of their keys; those of customers being erased
    are erased now.
    """
    if not keys and not promises:
        return {}
    kinds, names = _parts(keys)
    rows = await uow.connection.fetch(_MATTERS, kinds, names, sorted(promises), *_parts(asked))
    gone = [row["born"] for row in rows if row["doomed"]]
    if gone:
        await uow.connection.execute(_ERASE, gone)
    living = {row["born"]: row for row in rows if not row["doomed"]}
    entries: dict[int, list[Entry]] = {born: [] for born in living}
    for row in await uow.connection.fetch(_ENTRIES, list(living)) if living else ():
        entries[row["matter"]].append(_entry(row))
    found = {}
    for born, row in living.items():
        matter = _matter(row)
        found[matter.kind, matter.matter_id] = Known(matter, entries[born], born)
    return found


async def promises_of(uow: UnitOfWork, commands: Sequence[Enter]) -> set[str]:
    """The promises that these are about, or that the hand-offs and offers are about that they go on with."""
    named = {one.promise_id for one in commands if one.promise_id is not None}
    later = sorted((str(one.kind), one.matter_id) for one in commands if one.kind in MOVING and not one.begins)
    kinds, ids = [kind for kind, _ in later], [name for _, name in later]
    for row in await uow.connection.fetch(_PROMISES, kinds, ids) if later else ():
        named.add(row["promise_id"])
    return named


async def registers(uow: UnitOfWork, capabilities: Collection[str]) -> dict[str, list[Entry]]:
    """What the register says of each of these capabilities, in the order in which it came."""
    found: dict[str, list[Entry]] = {name: [] for name in capabilities}
    for row in await uow.connection.fetch(_REGISTERS, sorted(capabilities)) if capabilities else ():
        found[row["matter_id"]].append(_entry(row))
    return found


async def save(
    uow: UnitOfWork, known: Mapping[Key, Known], saved: Iterable[Matter], entries: Mapping[Key, Sequence[Entry]]
) -> None:
    """Write matters, new or locked, and their new entries.

    Raises asyncpg.UniqueViolationError if another process has just made one of them.
    """
    matters = {(matter.kind, matter.matter_id): matter for matter in saved}
    if not matters:
        return
    born = {key: known[key].born for key in matters if key in known}
    added = [_row(matters[key]) for key in sorted(matters.keys() - born.keys())]
    changed = [_row(matters[key]) for key in sorted(born)]
    if added:
        for row in await uow.connection.fetch(_ADD, *_columns(added)):
            born[Kind(row["kind"]), row["matter_id"]] = row["born"]
    if changed:
        await uow.connection.execute(_CHANGE, *_columns(changed))
    gone = [born[key] for key, one in matters.items() if one.state == MACHINES[one.kind].gone]
    if gone:
        await uow.connection.execute(_EMPTY, gone)
    lines = [
        (born[key], one.number, one.action, one.at, _encode(one.content).decode(), _encode(one.words).decode())
        for key in sorted(entries)
        for one in entries[key]
    ]
    if lines:
        await uow.connection.execute(_ADD_ENTRIES, *_columns(lines))


def _parts(pairs: Collection[tuple[str, str]]) -> list[list[str]]:
    return [list(part) for part in zip(*sorted(pairs), strict=True)] if pairs else [[], []]


def _entry(row: asyncpg.Record) -> Entry:
    return Entry(row["number"], row["action"], row["at"], _decode(row["content"]), _decode(row["words"]))


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _row(m: Matter) -> tuple[Any, ...]:
    return (
        *(m.kind, m.matter_id, m.customer_id or None, m.promise_id, m.capability_id, m.content.get("deliverer")),
        *(m.state, m.version, m.at, m.ends_at, _encode(m.content).decode(), _encode(m.words).decode()),
    )


def _matter(row: asyncpg.Record) -> Matter:
    return Matter(
        kind=Kind(row["kind"]),
        matter_id=row["matter_id"],
        customer_id=row["customer_id"] or "",
        promise_id=row["promise_id"],
        capability_id=row["capability_id"],
        state=row["state"],
        version=row["version"],
        at=row["at"],
        content=_decode(row["content"]),
        words=_decode(row["words"]),
    )


_MATTERS: Final = f"""
SELECT kind, matter_id, customer_id, promise_id, capability_id, state, version, at, content, words, born,
  {doomed("matter")} AS doomed
FROM matter
WHERE born IN (
  SELECT born FROM matter JOIN unnest($1::text[], $2::text[]) AS named (kind, matter_id) USING (kind, matter_id)
  UNION SELECT born FROM matter WHERE promise_id = ANY($3::text[]) AND customer_id IS NULL
  UNION SELECT born FROM matter JOIN unnest($4::text[], $5::text[]) AS asked (promise_id, deliverer)
    USING (promise_id, deliverer) WHERE kind = 'handoff' AND state IN ('requested', 'countered'))
ORDER BY kind, matter_id FOR UPDATE"""  # noqa: S608 - constants
_PROMISES: Final = """
SELECT promise_id FROM matter JOIN unnest($1::text[], $2::text[]) AS named (kind, matter_id) USING (kind, matter_id)
WHERE promise_id IS NOT NULL"""
_ENTRIES: Final = """
SELECT matter, number, action, at, content, words FROM matter_entry WHERE matter = ANY($1::bigint[])
ORDER BY matter, number"""
_REGISTERS: Final = """
SELECT matter_id, number, action, entry.at, entry.content, entry.words
FROM matter JOIN matter_entry AS entry ON entry.matter = matter.born
WHERE kind = 'capability' AND matter_id = ANY($1::text[]) ORDER BY matter_id, number"""

_ADD: Final = """
INSERT INTO matter (kind, matter_id, customer_id, promise_id, capability_id, deliverer, state, version, at, ends_at,
  content, words)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[],
  $9::timestamptz[], $10::timestamptz[], $11::jsonb[], $12::jsonb[])
RETURNING kind, matter_id, born"""
_CHANGE: Final = """
UPDATE matter SET customer_id = new.customer_id, promise_id = new.promise_id, deliverer = new.deliverer,
  state = new.state, version = new.version, at = new.at, ends_at = new.ends_at, content = new.content,
  words = new.words, words_since = now()
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[],
  $9::timestamptz[], $10::timestamptz[], $11::jsonb[], $12::jsonb[])
  AS new (kind, matter_id, customer_id, promise_id, capability_id, deliverer, state, version, at, ends_at, content,
    words)
WHERE matter.kind = new.kind AND matter.matter_id = new.matter_id"""
_ADD_ENTRIES: Final = """
INSERT INTO matter_entry (matter, number, action, at, content, words)
SELECT * FROM unnest($1::bigint[], $2::int[], $3::text[], $4::timestamptz[], $5::jsonb[], $6::jsonb[])"""
_EMPTY: Final = """
UPDATE matter_entry SET content = '{}', words = '{}', words_since = NULL WHERE matter = ANY($1::bigint[])"""
_ERASE: Final = "DELETE FROM matter WHERE born = ANY($1::bigint[])"

_ROWS: Final = CustomerRows(
    find="SELECT born FROM matter WHERE customer_id = $1 AND born <= $2 LIMIT $3 FOR UPDATE",
    hanging=(
        """
DELETE FROM matter_entry WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM matter_entry WHERE matter = ANY($1::bigint[]) LIMIT $2))""",
    ),
    last=_ERASE,
)


class Erased:
    """A customer's matters; they are not counted among the promises that were erased."""

    async def step(self, uow: UnitOfWork, erasure: Erasure, most: int) -> Step:
        """End at most `most` matters."""
        step = await _ROWS.step(uow, erasure, most)
        return Step(0, step.more)
