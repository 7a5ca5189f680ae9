"""Erases a customer a few rows at a time: a mark in one transaction, the rows in as many as they need.

`begin` writes the mark with all numbers up to which rows are the customer's of before; whatever has a higher one was
said afterwards and stays. The background works the marks off, and a mark goes when nothing of before is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from candor.store import outbox, receipts
from candor.store.erasure import Erasure

if TYPE_CHECKING:
    from candor.store.unit_of_work import UnitOfWork

MOST: Final = 500
"""Rows that one transaction looks for of one part."""
ALL: Final = 2**31
"""As a number of rows: all of them."""
TOGETHER: Final = 100
"""Customers who share one walk through the log or the receipts."""
LOCK: Final = 0x65726173
"""Writers of a service share this lock where a boundary must not be crossed by one of them."""


class Step(NamedTuple):
    """What one step of a part did: rows gone, and whether there may be more."""

    gone: int
    more: bool


class Part(Protocol):
    """One kind of a customer's rows: `step` ends at most `most` of those of before."""

    async def step(self, uow: UnitOfWork, erasure: Erasure, most: int) -> Step: ...


class CustomerRows(NamedTuple):
    """Rows found by customer, each of which goes once what hangs on it is gone.

    `find`: SQL for at most $3 keys of rows of customer $1 born up to $2, locked. `hanging`: DELETEs of at most $2 rows
    that hang on keys $1. `last`: the DELETE of the rows with keys $1 themselves.
    """

    find: str
    hanging: tuple[str, ...]
    last: str

    async def step(self, uow: UnitOfWork, erasure: Erasure, most: int) -> Step:
        """End at most `most` rows, and at most as many of each kind that hangs on them."""
        found = await uow.connection.fetch(self.find, erasure.customer_id, erasure.born, most)
        keys = [row[0] for row in found]
        if not keys:
            return Step(0, False)
        for statement in self.hanging:
            if gone_of(await uow.connection.execute(statement, keys, most)) == most:
                return Step(0, True)
        await uow.connection.execute(self.last, keys)
        return Step(len(keys), len(keys) == most)


class Rows(NamedTuple):
    """Rows of a table with the columns `customer_id` and `born`, on which nothing hangs but what goes with them."""

    table: str

    async def step(self, uow: UnitOfWork, erasure: Erasure, most: int) -> Step:
        """Delete at most `most`."""
        statement = f"""
DELETE FROM {self.table} WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM {self.table} WHERE customer_id = $1 AND born <= $2 LIMIT $3 FOR UPDATE))"""  # noqa: S608
        gone = gone_of(await uow.connection.execute(statement, erasure.customer_id, erasure.born, most))
        return Step(gone, gone == most)


class Boundary:
    """Draws the boundary of what was sent and received once no writer who may not know the mark is under way.

    First part where others write than whoever sets the mark. What the customer says between the two and is answered
    stays in effect; only the log and the answer to a repetition lose it.
    """

    async def step(self, uow: UnitOfWork, erasure: Erasure, most: int) -> Step:  # noqa: ARG002
        """Wait for the writers and move the boundary to here."""
        await hold_off(uow)
        await uow.connection.execute(_BOUNDARY, erasure.customer_id)
        return Step(0, False)


class Letters:
    """Dead letters about the customer, of whichever group."""

    async def step(self, uow: UnitOfWork, erasure: Erasure, most: int) -> Step:
        """Delete at most `most`."""
        gone = gone_of(await uow.connection.execute(_LETTERS, erasure.customer_id, erasure.bound_at, most))
        return Step(0, gone == most)


def create(op: Any, *born: str) -> None:
    """Create the table of marks, and number the rows of the tables `born`; called from a service's migration."""
    for statement in _CREATE:
        op.execute(statement)
    for table in born:
        op.execute(f"ALTER TABLE {table} ADD born bigint NOT NULL DEFAULT nextval('born')")


def doomed(table: str) -> str:
    """SQL: this row of `table` is of a customer being erased, and of before."""
    # The name is one of our own tables.
    return f"""EXISTS (SELECT FROM erasure
      WHERE erasure.customer_id = {table}.customer_id AND {table}.born <= erasure.born)"""


async def hold_off(uow: UnitOfWork) -> None:
    """Wait for writers under way, and make others wait until this transaction ends."""
    await uow.connection.execute(f"SELECT pg_advisory_xact_lock({LOCK})")


async def writing(uow: UnitOfWork) -> None:
    """Make whoever draws a boundary wait until this transaction ends."""
    await uow.connection.execute(f"SELECT pg_advisory_xact_lock_shared({LOCK})")


async def begin(uow: UnitOfWork, customer_id: str, version: int, at: datetime) -> Erasure:
    """Mark a customer; an erasure that is still under way begins anew, up to now."""
    row = await uow.connection.fetchrow(_BEGIN, customer_id, version, at)
    assert row is not None  # noqa: S101 - an upsert returns its row
    return Erasure(*row)


async def under_way(uow: UnitOfWork, customer_id: str) -> Erasure | None:
    """The mark of a customer whose rows are not all gone yet."""
    row = await uow.connection.fetchrow(f"SELECT {COLUMNS} FROM erasure WHERE customer_id = $1", customer_id)  # noqa: S608
    return None if row is None else Erasure(*row)


class Work:
    """The parts of a service's erasures in their order; `kept`: it keeps what it sent and whose requests it took."""

    def __init__(self, parts: Sequence[Part], *, kept: bool, most: int = 0) -> None:
        self.parts = tuple(parts)
        self.most = most or MOST
        self._walks = (outbox.Walk(), receipts.Walk()) if kept else ()

    async def first(self, uow: UnitOfWork, mark: Erasure) -> Step:
        """Do the first step of each part in the transaction of the mark; with few rows that is all there is to do."""
        gone = 0
        while True:
            part = mark.part
            following, step = await self._step(uow, [mark])
            gone += step.gone
            if not following:
                return Step(gone, False)
            (mark,) = following
            if mark.part == part:
                return Step(gone, True)

    async def step(self, uow: UnitOfWork) -> int:
        """Do one step for the customer who has waited longest; return the number of customers it was done for."""
        together = await self._next(uow)
        if together:
            await self._step(uow, together)
        return len(together)

    async def postpone(self, uow: UnitOfWork) -> str:
        """Let the others go before whoever has waited longest; returns whom."""
        name: str | None = await uow.connection.fetchval(_POSTPONE)
        return name or ""

    async def _next(self, uow: UnitOfWork) -> list[Erasure]:
        # One process at a time: a step is short, and two would only wait for each other's rows.
        if not await uow.connection.fetchval(f"SELECT pg_try_advisory_xact_lock({LOCK + 1})"):
            return []
        rows = await uow.connection.fetch(_OLDEST)
        found = [Erasure(*row) for row in rows]
        if not found or found[0].part < len(self.parts):
            return found
        # Whoever is furthest in a walk goes on first, so that those who came meanwhile begin the next one together.
        await uow.connection.execute(_WAITS, found[0].customer_id)
        rows = await uow.connection.fetch(_WALKING, found[0].part, TOGETHER)
        return [Erasure(*row) for row in rows]

    async def _step(self, uow: UnitOfWork, together: Sequence[Erasure]) -> tuple[list[Erasure], Step]:
        """Do the next step of these, who are at one place; return those who have something left, at what follows."""
        number = together[0].part
        if number < len(self.parts):
            (erasure,) = together
            step = await self.parts[number].step(uow, erasure, self.most)
            moved = erasure._replace(part=number + (not step.more), gone=erasure.gone + step.gone)
            return await self._moved(uow, [moved]), step
        place = await self._walks[number - len(self.parts)].step(uow, together, self.most)
        if place is None:
            moved_on = [one._replace(part=one.part + 1, place=0) for one in together]
        else:
            moved_on = [one._replace(place=place) for one in together]
        return await self._moved(uow, moved_on), Step(0, place is not None)

    async def _moved(self, uow: UnitOfWork, moved: Sequence[Erasure]) -> list[Erasure]:
        end = len(self.parts) + len(self._walks)
        through = [one.customer_id for one in moved if one.part >= end]
        left = [one for one in moved if one.part < end]
        if through:
            await uow.connection.execute("DELETE FROM erasure WHERE customer_id = ANY($1::text[])", through)
        if left:
            columns = zip(*((one.customer_id, one.part, one.place, one.gone) for one in left), strict=True)
            await uow.connection.execute(_MOVE, *(list(column) for column in columns))
        return left


def gone_of(status: str) -> int:
    """The number of rows in the server's answer to a statement."""
    return int(status.rpartition(" ")[2])


COLUMNS: Final = "customer_id, version, at, part, place, born, sent, blocks, bound_at, gone"

_CREATE: Final = (
    "CREATE SEQUENCE born",
    """
CREATE TABLE erasure (
  customer_id text PRIMARY KEY,
  version bigint NOT NULL,
  at timestamptz NOT NULL,
  part int NOT NULL DEFAULT 0,
  place bigint NOT NULL DEFAULT 0,
  born bigint NOT NULL,
  sent bigint NOT NULL,
  blocks bigint NOT NULL,
  bound_at timestamptz NOT NULL,
  gone bigint NOT NULL DEFAULT 0,
  turn_at timestamptz NOT NULL DEFAULT clock_timestamp())""",
    "CREATE INDEX erasure_turn ON erasure (turn_at)",
    "CREATE INDEX erasure_place ON erasure (part, place)",
    "CREATE INDEX dead_letter_key ON dead_letter (key)",
    # By the moment of the row itself: a transaction may have begun long before it wrote.
    "ALTER TABLE ingest ALTER received_at SET DEFAULT clock_timestamp()",
)

_BEGIN: Final = f"""
INSERT INTO erasure (customer_id, version, at, born, sent, blocks, bound_at)
SELECT $1, $2, $3, nextval('born'), nextval('outbox_id_seq'),
  pg_relation_size('ingest') / current_setting('block_size')::bigint, clock_timestamp()
ON CONFLICT (customer_id) DO UPDATE SET version = excluded.version, at = excluded.at, part = 0, place = 0,
  born = excluded.born, sent = excluded.sent, blocks = excluded.blocks, bound_at = excluded.bound_at
RETURNING {COLUMNS}"""

_BOUNDARY: Final = """
UPDATE erasure SET sent = nextval('outbox_id_seq'), bound_at = clock_timestamp(),
  blocks = pg_relation_size('ingest') / current_setting('block_size')::bigint
WHERE customer_id = $1"""

_OLDEST: Final = f"SELECT {COLUMNS} FROM erasure ORDER BY turn_at LIMIT 1 FOR UPDATE"  # noqa: S608

_POSTPONE: Final = """
UPDATE erasure SET turn_at = clock_timestamp()
WHERE customer_id = (SELECT customer_id FROM erasure ORDER BY turn_at LIMIT 1) RETURNING customer_id"""

_WAITS: Final = "UPDATE erasure SET turn_at = clock_timestamp() WHERE customer_id = $1"

_WALKING: Final = f"""
SELECT {COLUMNS} FROM erasure WHERE part = $1 AND place = (SELECT max(place) FROM erasure WHERE part = $1)
ORDER BY customer_id LIMIT $2 FOR UPDATE"""  # noqa: S608

_MOVE: Final = """
UPDATE erasure SET part = new.part, place = new.place, gone = new.gone, turn_at = clock_timestamp()
FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[]) AS new (customer_id, part, place, gone)
WHERE erasure.customer_id = new.customer_id"""

_LETTERS: Final = """
DELETE FROM dead_letter WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM dead_letter WHERE key = $1 AND created_at <= $2 LIMIT $3 FOR UPDATE))"""
