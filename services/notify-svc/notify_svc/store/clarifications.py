"""What customers are asked about their need, as promise-svc says it, for their pages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from candor.contracts import ClarificationChanged, Message, Standing
from candor.messaging.newest import newest
from candor.store.unit_of_work import UnitOfWork
from notify_svc.store.read_model import PromiseRecord, columns

SHOWN: Final = 10
"""The oldest open questions that a page shows."""
NAMED: Final = 50
"""The oldest open questions whose ids a letter keeps, to be looked at again before it goes."""


class Asked(NamedTuple):
    """A question that is open, in the words that the customer reads."""

    clarification_id: str
    question: str


class Unanswered(NamedTuple):
    """The oldest open questions about a promise, SHOWN at most, and how many there are."""

    shown: tuple[Asked, ...] = ()
    total: int = 0

    def has(self, clarification_id: str) -> bool:
        """Whether this question is one of those shown."""
        return any(one.clarification_id == clarification_id for one in self.shown)


class Open(NamedTuple):
    """The ids of the oldest open questions about a promise, NAMED at most, and how many there are."""

    ids: tuple[str, ...] = ()
    total: int = 0


NONE_OPEN: Final = Open()


async def take(uow: UnitOfWork, messages: Sequence[Message]) -> None:
    """Keep the newest state of what is asked; what was said before an erasure of its customer is not."""
    # In one order, for whoever locks several.
    if rows := sorted(map(_row, newest(messages))):
        await uow.connection.execute(_TAKE, *columns(rows))


async def open_of(uow: UnitOfWork, promise_id: str) -> Unanswered:
    """What is asked about a promise and not answered yet, the oldest first."""
    rows = await uow.connection.fetch(_OPEN, promise_id, SHOWN)
    shown = tuple(Asked(row["clarification_id"], row["question"]) for row in rows)
    return Unanswered(shown, rows[0]["count"] if rows else 0)


async def open_of_many(uow: UnitOfWork, promise_ids: Collection[str]) -> dict[str, Open]:
    """What is asked about each of several promises; those about which nothing is asked are not in it."""
    rows = await uow.connection.fetch(_OPEN_OF, list(promise_ids)) if promise_ids else []
    return {row["promise_id"]: Open(tuple(row["ids"]), row["total"]) for row in rows}


def still_asked(known: PromiseRecord) -> bool:
    """Whether questions about a promise still matter: it is open, as far as anybody knows."""
    promise, gap = known.promise, known.gap
    if promise is None or promise.withdrawn or promise.disputed or promise.historical or promise.ended is not None:
        return False
    return gap is None or gap.standing is Standing.OPEN


class Due(NamedTuple):
    """A promise about which something is to be asked for once, and its open questions that no letter asked for yet."""

    promise_id: str
    customer_id: str
    ids: tuple[str, ...]
    questions: tuple[str, ...]


class Chased(NamedTuple):
    """Questions of one letter that are open long after it: `owner` is whose promise it is, if anybody's."""

    notice_id: str
    promise_id: str
    customer_id: str
    owner: str | None


async def to_chase(uow: UnitOfWork, after: str, until: datetime, settled: datetime, most: int) -> list[Due]:
    """Promises after this one that are due before `until`, whose open questions were all asked before `settled`."""
    rows = await uow.connection.fetch(_TO_CHASE, after, until, settled, most, SHOWN)
    return [Due(row["promise_id"], row["customer_id"], tuple(row["ids"]), tuple(row["questions"])) for row in rows]


async def chased(uow: UnitOfWork, ids: Sequence[str], notice_id: str) -> None:
    """Note the letter that asks for these."""
    await uow.connection.execute(_CHASED, list(ids), notice_id)


async def long_open(uow: UnitOfWork, before: datetime, most: int) -> list[Chased]:
    """Letters of before this time whose questions are still open, each once."""
    return [Chased(**row) for row in await uow.connection.fetch(_LONG_OPEN, before, most)]


async def open_after(uow: UnitOfWork, notice_id: str) -> list[str]:
    """Those questions of a letter that are still open, as they were asked."""
    return [row["question"] for row in await uow.connection.fetch(_OPEN_AFTER, notice_id)]


def _row(one: Message) -> tuple[Any, ...]:
    data = one.data
    assert isinstance(data, ClarificationChanged)  # noqa: S101 - the caller has chosen
    ids = (data.clarification_id, data.promise_id, data.customer_id)
    return (*ids, one.envelope.version, data.state.value, data.at, data.question, one.envelope.time)


_TAKE: Final = """
INSERT INTO clarification (clarification_id, promise_id, customer_id, version, state, at, question)
SELECT a, b, c, d, e, f, g FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[],
  $6::timestamptz[], $7::text[], $8::timestamptz[]) AS new (a, b, c, d, e, f, g, said)
WHERE NOT EXISTS (SELECT FROM customer WHERE customer_id = c AND erased_at >= said)
ON CONFLICT (clarification_id) DO UPDATE SET version = excluded.version, state = excluded.state, at = excluded.at,
  question = excluded.question, changed_at = now()
WHERE clarification.version < excluded.version"""

# One that was answered here is not asked again until promise-svc says that it heard of it.
STILL_OPEN: Final = """
state = 'asked' AND NOT EXISTS (SELECT FROM answer WHERE answer.clarification_id = clarification.clarification_id)"""

_OPEN: Final = f"""
SELECT clarification_id, question, count(*) OVER () AS count FROM clarification
WHERE promise_id = $1 AND {STILL_OPEN}
ORDER BY at, clarification_id LIMIT $2"""  # noqa: S608 - constants only

_OPEN_OF: Final = f"""
SELECT promise_id, count(*)::int AS total, (array_agg(clarification_id ORDER BY at, clarification_id))[1:{NAMED}] AS ids
FROM clarification WHERE promise_id = ANY($1::text[]) AND {STILL_OPEN} GROUP BY promise_id"""  # noqa: S608

GONE: Final = f"""
EXISTS (SELECT FROM notice, jsonb_array_elements_text(notice.evidence->'asked') AS named (id)
  WHERE notice_id = $3 AND NOT EXISTS (SELECT FROM clarification WHERE clarification_id = named.id AND {STILL_OPEN}))"""  # noqa: S608
"""Whether the notice $3 names a question that is not open any more."""

# One whose letter was given up, as it was not sent for certain, is asked for again.
_TO_CHASE: Final = f"""
SELECT promise_id, p.customer_id, (array_agg(clarification_id ORDER BY at, clarification_id))[1:$5] AS ids,
  (array_agg(question ORDER BY at, clarification_id))[1:$5] AS questions
FROM clarification JOIN promise p USING (promise_id)
WHERE promise_id > $1 AND {STILL_OPEN} AND p.customer_id = clarification.customer_id
  AND (p.promise->>'held_due')::timestamptz <= $2
  AND (chased_by = '' OR EXISTS (SELECT FROM notice WHERE notice_id = chased_by AND notice.state = 'suppressed'))
GROUP BY promise_id, p.customer_id HAVING max(at) <= $3 ORDER BY promise_id LIMIT $4"""  # noqa: S608 - constants only

_CHASED: Final = "UPDATE clarification SET chased_by = $2, owner_told = false WHERE clarification_id = ANY($1::text[])"

_LONG_OPEN: Final = f"""
WITH late AS (
  SELECT clarification_id FROM clarification JOIN notice ON notice_id = chased_by
  WHERE chased_by <> '' AND NOT owner_told AND {STILL_OPEN.replace("state =", "clarification.state =")}
    AND decided_at <= $1
  ORDER BY clarification_id LIMIT $2 FOR UPDATE OF clarification SKIP LOCKED), told AS (
  UPDATE clarification SET owner_told = true FROM late
  WHERE clarification.clarification_id = late.clarification_id
  RETURNING chased_by, promise_id, clarification.customer_id)
SELECT DISTINCT chased_by AS notice_id, told.promise_id, told.customer_id, p.promise->>'owner' AS owner
FROM told JOIN promise p USING (promise_id)"""  # noqa: S608 - constants only

_OPEN_AFTER: Final = f"""
SELECT question FROM clarification WHERE chased_by = $1 AND {STILL_OPEN} ORDER BY at, clarification_id"""  # noqa: S608
