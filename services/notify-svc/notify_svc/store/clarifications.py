"""What customers are asked about their need, as promise-svc says it, for their pages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

from candor.contracts import ClarificationChanged, Message
from candor.messaging.newest import newest
from candor.store.unit_of_work import UnitOfWork
from notify_svc.store.read_model import columns

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
