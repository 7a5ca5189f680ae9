"""What customers answered on their pages: taken once a form, and only so many of a link within an hour."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from candor.store.erasing import doomed
from candor.store.unit_of_work import UnitOfWork

SHOWN: Final = 10
"""The newest answers that a page shows."""


class Given(NamedTuple):
    """An answer as its customer gave it, at business time `at`; no words once they have come to their end.

    `question`: what it answers, if that was asked and is still kept; `due`: the time of the option that they took, if
    it had one and its offer is still kept; `offer_state`: the state of that offer, "" without one.
    """

    answer_id: str
    kind: str
    choice: str
    words: str
    at: datetime
    offer_id: str = ""
    clarification_id: str = ""
    question: str = ""
    due: datetime | None = None
    offer_state: str = ""


async def hold(uow: UnitOfWork, customer_id: str, link_id: str, *, alone: bool = False) -> None:
    """Let an erasure of the customer, and answers by the same link, wait until this transaction ends.

    In the consumer's order; whatever the caller reads afterwards is what an erasure before it has left. `alone`: the
    customer's other links wait as well.
    """
    await uow.connection.execute(_ALONE if alone else _BESIDE_OTHERS, customer_id)
    await uow.connection.execute("SELECT FROM page_link WHERE link_id = $1 FOR UPDATE", link_id)


async def within_an_hour(uow: UnitOfWork, link_id: str) -> int:
    """How many answers a link brought within the last hour, by the database's clock."""
    found: int = await uow.connection.fetchval(_HOUR, link_id)
    return found


async def add(uow: UnitOfWork, given: Given, promise_id: str, customer_id: str, link_id: str, form: str) -> bool:
    """Store an answer; False if its form was taken before."""
    said = (given.kind, given.choice, given.words, given.at, given.offer_id, given.clarification_id)
    row = await uow.connection.fetchval(_ADD, given.answer_id, promise_id, customer_id, link_id, form, *said)
    return row is not None


async def known(uow: UnitOfWork, form: str) -> bool:
    """Whether a form was taken."""
    return bool(await uow.connection.fetchval("SELECT EXISTS (SELECT FROM answer WHERE form = $1)", form))


async def sheet_since(uow: UnitOfWork, customer_id: str, since: datetime) -> bool:
    """Whether a customer answered the four questions after business time `since`, by any of their links."""
    return bool(await uow.connection.fetchval(_SHEET_SINCE, customer_id, since))


async def one(uow: UnitOfWork, answer_id: str) -> Given | None:
    """An answer; None if it is gone, or its customer is being erased."""
    row = await uow.connection.fetchrow(_ONE, answer_id)
    return None if row is None else Given(**row)


async def newest(uow: UnitOfWork, promise_id: str) -> list[Given]:
    """The newest answers about a promise, newest first."""
    rows = await uow.connection.fetch(_NEWEST, promise_id, SHOWN)
    return [Given(**row) for row in rows]


_BESIDE_OTHERS: Final = "SELECT FROM customer WHERE customer_id = $1 FOR SHARE"
_ALONE: Final = "SELECT FROM customer WHERE customer_id = $1 FOR NO KEY UPDATE"

_SHEET_SINCE: Final = """
SELECT EXISTS (SELECT FROM answer WHERE customer_id = $1 AND kind = 'sheet' AND at > $2)"""

_HOUR: Final = """
SELECT count(*)::int FROM answer WHERE link_id = $1 AND created_at > statement_timestamp() - interval '1 hour'"""

_ADD: Final = """
INSERT INTO answer (answer_id, promise_id, customer_id, link_id, form, kind, choice, words, at, offer_id,
  clarification_id, words_since)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, CASE WHEN $8 <> '' THEN now() END)
ON CONFLICT (form) DO NOTHING RETURNING answer_id"""

_GIVEN: Final = """
answer_id, kind, choice, words, answer.at, coalesce(question, '') AS question,
  (SELECT (option->>'due')::timestamptz FROM offer, jsonb_array_elements(options) AS option
   WHERE offer.offer_id = answer.offer_id AND option->>'name' = choice LIMIT 1) AS due,
  coalesce((SELECT state FROM offer WHERE offer.offer_id = answer.offer_id), '') AS offer_state
FROM answer LEFT JOIN clarification USING (clarification_id)"""

_ONE: Final = f"""
SELECT {_GIVEN} WHERE answer_id = $1 AND NOT {doomed("answer")}"""

_NEWEST: Final = f"""
SELECT {_GIVEN} WHERE answer.promise_id = $1 ORDER BY seq DESC LIMIT $2"""
