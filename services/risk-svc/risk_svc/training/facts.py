"""All that was learnt from, by promise: what learning anew reads, in order of business time."""

from __future__ import annotations

import math
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import structlog

from risk_svc.forecast.view import Entry, PromiseSnapshot
from risk_svc.training.waiting import PROMISE, About

if TYPE_CHECKING:
    from candor.store.lease import Connection

log = structlog.get_logger("risk.learner")
PAGE: Final = 500
"""Promises that are read, or deleted, at once."""
Fact = tuple[float, msgspec.Raw]
"""From when something was known of a promise, and the entry that says it."""


class Place(NamedTuple):
    """A place in the order of reading: the first time of a promise, and its name."""

    first: float = -math.inf
    name: str = ""


class Row(NamedTuple):
    """All that is known of a promise or an incident."""

    place: Place
    facts: list[Fact]


class Change(NamedTuple):
    """What is known of a promise now, and the first time from which that differs from before."""

    row: Row
    since: float


def fact(entry: Entry) -> Fact:
    """An entry as it is kept."""
    return entry.at, msgspec.Raw(_encoder.encode(entry))


def merged(old: Sequence[Fact], found: Iterable[Fact]) -> tuple[list[Fact], float]:
    """Facts after later ones came, each of which replaces those from its time on; and the first time that differs.

    What was kept already changes nothing: who reads the journal again comes to the same.
    """
    kept = list(old)
    for fact in found:
        while kept and kept[-1][0] >= fact[0]:
            kept.pop()
        kept.append(fact)
    same = 0
    for one, other in zip(old, kept, strict=False):
        if one != other:
            break
        same += 1
    return kept, min((facts[same][0] for facts in (old, kept) if same < len(facts)), default=math.inf)


async def keep(connection: Connection, found: Mapping[About, Sequence[Entry]]) -> list[Change]:
    """Keep entries, in the order of the journal; of an erased promise that it is to be forgotten, nothing else."""
    lives = {f"{kind}{name}": _since_erased(own) for (kind, name), own in found.items()}
    gone = [name for name, own in lives.items() if _erased(own[0])]
    if gone:
        await connection.execute("DELETE FROM learnt_fact WHERE name = ANY($1)", gone)
    rows = await connection.fetch(_FOUND, list(lives))
    known = {row["name"]: _facts(row["entries"]) for row in rows}
    changes = []
    for name, own in lives.items():
        kept, since = merged(known.get(name, []), [fact(one) for one in own])
        if since < math.inf:
            changes.append(Change(Row(Place(kept[0][0], name), kept), since))
    if changes:
        kept_rows = [one.row for one in changes]
        places = [[row.place.name for row in kept_rows], [row.place.first for row in kept_rows]]
        await connection.execute(
            _KEEP, *places, [row.facts[-1][0] for row in kept_rows], [_body(row.facts) for row in kept_rows]
        )
    return changes


async def drop(connection: Connection, promises: Collection[str]) -> set[str]:
    """Keep nothing more of these promises; returns those of which something was kept."""
    if not promises:
        return set()
    rows = await connection.fetch(_DROP, [f"{PROMISE}{name}" for name in promises])
    return {row["name"].removeprefix(str(PROMISE)) for row in rows}


async def read(connection: Connection, after: Place, below: Place, still: float) -> list[Row]:
    """The next page of rows after one place and before another of which something was known at `still` or later."""
    rows = await connection.fetch(_READ, *after, *below, still, PAGE)
    return [Row(Place(row["first"], row["name"]), _facts(row["entries"])) for row in rows]


async def trim(connection: Connection, base: float) -> bool:
    """Delete a page of what was over before `base`; returns whether there is more."""
    return int((await connection.execute(_TRIM, base, PAGE)).split()[1]) == PAGE


def entries(facts: Iterable[Fact], since: float) -> list[Entry]:
    """The entries from a time on; one that another release wrote is left out."""
    found: list[Entry] = []
    for at, raw in facts:
        if at >= since:
            try:
                found.append(_entry.decode(raw))
            except msgspec.MsgspecError as error:
                log.error(  # noqa: TRY400
                    "kept entry unreadable",
                    reason=str(error),
                    consequence="not learnt from",
                    do="candor risk rebuild",
                )
    return found


def _since_erased(own: Sequence[Entry]) -> Sequence[Entry]:
    return own[max((n for n, one in enumerate(own) if _erased(one)), default=0) :]


def _erased(entry: Entry) -> bool:
    """Whether by this the promise is to be forgotten, and was not merely withdrawn."""
    return isinstance(entry, PromiseSnapshot) and entry.gone and not entry.view.kind


def _body(facts: Sequence[Fact]) -> bytes:
    return zlib.compress(_encoder.encode(facts), 1)


def _facts(raw: bytes) -> list[Fact]:
    return _decoder.decode(zlib.decompress(raw))


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(list[Fact])
_entry: Final = msgspec.msgpack.Decoder(Entry)

_FOUND: Final = "SELECT name, entries FROM learnt_fact WHERE name = ANY($1::text[])"

_KEEP: Final = """
INSERT INTO learnt_fact (name, first, last, entries)
SELECT * FROM unnest($1::text[], $2::float8[], $3::float8[], $4::bytea[])
ON CONFLICT (name) DO UPDATE SET first = excluded.first, last = excluded.last, entries = excluded.entries"""

_DROP: Final = "DELETE FROM learnt_fact WHERE name = ANY($1::text[]) RETURNING name"

_READ: Final = """
SELECT name, first, entries FROM learnt_fact
WHERE (first, name) > ($1, $2) AND (first, name) < ($3, $4) AND last >= $5 ORDER BY first, name LIMIT $6"""

_TRIM: Final = """
DELETE FROM learnt_fact WHERE name = ANY(ARRAY(
  SELECT name FROM learnt_fact WHERE first < $1 AND last < $1 ORDER BY first, name LIMIT $2))"""
