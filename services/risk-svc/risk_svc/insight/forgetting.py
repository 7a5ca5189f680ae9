"""Customers who are to be forgotten: a mark with the batch that says so, their rows by and by (ADR 0058).

insight reads at its own pace, so it has marks of its own: a row that it writes later than the worker's mark may still
be of before.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import structlog

from candor.contracts import Envelope
from candor.store.erasing import MOST
from risk_svc import metrics
from risk_svc.insight.steps import AGAIN_SECONDS, Steps
from risk_svc.worker.partition_state import customer_mark

if TYPE_CHECKING:
    from candor.store.db import Database
    from candor.store.lease import Connection
    from candor.store.unit_of_work import UnitOfWork

log: Final = structlog.get_logger("risk.insight")
TABLES: Final = (
    *("insight_state", "insight_milestone", "insight_redating", "insight_change", "insight_score"),
    "insight_promise",
)
MATTERS: Final = (
    ("insight_matter", "customer_id"),
    ("insight_statement", "customer_id"),
    ("insight_driver", "customer_id"),
    ("insight_driver", "plan_customer"),
)
"""What is kept of a customer beside promises, and the column that names them."""
Marks = dict[str, tuple[int, float]]
"""By customer, the version and business time (epoch seconds) of the newest erasure."""


def living(table: str) -> str:
    """SQL: this row of `table` is not of a customer who is being forgotten."""
    return f"""NOT EXISTS (SELECT FROM insight_erasing AS gone
  WHERE gone.customer_id = {table}.customer_id AND {table}.born <= gone.born)"""


LIVING: Final = living("insight_promise")


async def marks(connection: Connection, customers: Collection[str]) -> Marks:
    """The erasures of these customers; those never erased are absent."""
    names = {customer_mark(customer): customer for customer in customers}
    rows = await connection.fetch(_MARKS, list(names))
    return {names[row["customer"]]: (row["version"], row["at"]) for row in rows}


async def begin(connection: Connection, erased: Mapping[str, Envelope]) -> None:
    """Mark customers: what there is of them until now is as good as gone."""
    for customer, envelope in sorted(erased.items()):
        mark = customer_mark(customer)
        await connection.execute(_MARK, mark, envelope.version, envelope.time.timestamp())
        await connection.execute(_BEGIN, customer)
        await connection.execute("DELETE FROM insight_figure WHERE customer_id = $1", customer)


def is_past(marks: Marks, envelope: Envelope) -> bool:
    """Whether an event is about a customer who was erased after it was made."""
    mark = marks.get(envelope.key)
    return mark is not None and envelope.time.timestamp() <= mark[1]


async def end_doomed(connection: Connection, promise_ids: Collection[str]) -> None:
    """Delete those of these promises whose customer is being forgotten."""
    rows = await connection.fetch(_DOOMED, sorted(promise_ids))
    await _end(connection, [row["promise_id"] for row in rows])


async def end_doomed_matters(connection: Connection, names: Sequence[tuple[str, str]]) -> None:
    """The same of matters, by kind and id."""
    kinds, ids = zip(*sorted(names), strict=True)
    await connection.execute(_DOOMED_MATTERS, list(kinds), list(ids))


async def end_doomed_statements(connection: Connection, names: Collection[str]) -> None:
    """The same of statements."""
    await connection.execute(_DOOMED_STATEMENTS, sorted(names))


async def _end(connection: Connection, ids: Collection[str]) -> None:
    if ids:
        for table in TABLES:
            await connection.execute(f"DELETE FROM {table} WHERE promise_id = ANY($1::text[])", ids)  # noqa: S608


class Forgetting(Steps):
    """A background that deletes what marks have left, at most `most` promises a transaction; a kill leaves the mark."""

    name = "forgetting"

    def __init__(self, database: Database, most: int = MOST) -> None:
        super().__init__(database, most)

    def _interrupted(self, reason: str) -> None:
        log.warning("forgetting interrupted", reason=reason, again_in_seconds=AGAIN_SECONDS)

    async def _next(self, uow: UnitOfWork) -> bool:
        waiting = await uow.connection.fetchval(_WAITING)
        metrics.INSIGHT_FORGETTING.set(waiting)
        found = await uow.connection.fetchrow(_NEXT) if waiting else None
        if found is None:
            return False
        rows = await uow.connection.fetch(_SOME, found["customer_id"], found["born"], self._most)
        await _end(uow.connection, [row["promise_id"] for row in rows])
        left = self._most - len(rows)
        for query in _MATTERS:
            if left:
                gone: str = await uow.connection.execute(query, found["customer_id"], found["born"], left)
                left -= int(gone.rpartition(" ")[2])
        if left:
            await uow.connection.execute("DELETE FROM insight_erasing WHERE customer_id = $1", found["customer_id"])
        return True


_MARKS: Final = "SELECT customer, version, at FROM insight_erased WHERE customer = ANY($1::bytea[])"
_MARK: Final = """
INSERT INTO insight_erased (customer, version, at, noted_at) VALUES ($1, $2, $3, clock_timestamp())
ON CONFLICT (customer) DO UPDATE SET version = excluded.version, at = excluded.at, noted_at = clock_timestamp()"""
_BEGIN: Final = """
INSERT INTO insight_erasing (customer_id, born) VALUES ($1, nextval('born'))
ON CONFLICT (customer_id) DO UPDATE SET born = excluded.born"""
_DOOMED: Final = """
SELECT promise_id FROM insight_promise AS one JOIN insight_erasing AS gone USING (customer_id)
WHERE promise_id = ANY($1::text[]) AND one.born <= gone.born ORDER BY promise_id FOR UPDATE OF one"""
_DOOMED_MATTERS: Final = """
WITH ended AS (
  DELETE FROM insight_matter AS one
  USING insight_erasing AS gone, unnest($1::text[], $2::text[]) AS named (kind, matter_id)
  WHERE one.customer_id = gone.customer_id AND one.born <= gone.born AND one.kind = named.kind
    AND one.matter_id = named.matter_id
  RETURNING one.kind, one.matter_id)
DELETE FROM insight_driver AS one USING ended WHERE ended.kind = 'plan' AND one.plan_id = ended.matter_id"""
_DOOMED_STATEMENTS: Final = """
DELETE FROM insight_statement AS one USING insight_erasing AS gone
WHERE one.customer_id = gone.customer_id AND one.born <= gone.born AND one.statement_id = ANY($1::text[])"""
_WAITING: Final = "SELECT count(*) FROM (SELECT FROM insight_erasing LIMIT 1000) AS marks"
_NEXT: Final = "SELECT customer_id, born FROM insight_erasing ORDER BY born LIMIT 1 FOR UPDATE SKIP LOCKED"
_SOME: Final = "SELECT promise_id FROM insight_promise WHERE customer_id = $1 AND born <= $2 LIMIT $3 FOR UPDATE"
_MATTERS: Final = tuple(
    f"""DELETE FROM {table} WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM {table} WHERE {column} = $1 AND born <= $2 LIMIT $3 FOR UPDATE))"""  # noqa: S608
    for table, column in MATTERS
)
