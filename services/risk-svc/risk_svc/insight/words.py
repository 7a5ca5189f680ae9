"""When customers spoke last, and who has fallen silent over an open gap.

A customer's word is what they said or asked themselves: a promise with the date that they asked for, a new date that
they asked for or agreed to, an offer that they took or declined, an answer to what we asked about their need, an answer
sheet, and a statement of theirs. Of a day only the last word counts. A challenge is an employee's, and a claim or a
message is the company's: neither is a word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from risk_svc.insight.forgetting import living
from risk_svc.insight.measures.contact import LONG, OPEN, Silent, Words, silences
from risk_svc.insight.sheets import Open, Row, figure_body

if TYPE_CHECKING:
    from candor.store.db import Database

CUSTOMER: Final = "customer"
"""Who says a statement of the customer's own, among the hops."""
PAGE: Final = 500
NEWEST: Final = 20
"""Words of a customer from which the usual interval is known, the newest of each sort."""
Verdict = Literal["silent", "not_silent", "too_little_history"]
UNHEARD: Final[dict[str, Any]] = {"contact": None, "silence": None, "last_word_at": None}
"""What is said of the words of a customer without an open gap that is wide enough."""


def wide(promises: Sequence[Open], least: float = OPEN) -> dict[str, Open]:
    """By customer, the promise with the largest gap, of those whose largest gap is at least `least`."""
    found: dict[str, Open] = {}
    for one in promises:
        known = found.get(one.customer_id)
        if one.score >= least and (known is None or (one.score, one.promise_id) > (known.score, known.promise_id)):
            found[one.customer_id] = one
    return found


async def heard(database: Database, customers: Sequence[str]) -> Words:
    """The newest words of these customers, read by pages. Raises StoreUnavailable."""
    names: list[str] = []
    times: list[float] = []
    ordered = sorted(customers)
    for first in range(0, len(ordered), PAGE):
        for row in await database.pool.fetch(_WORDS, ordered[first : first + PAGE]):
            names.append(row["customer_id"])
            times.append(row["at"])
    return Words(names, np.array(times, np.float64))


def silence_rows(gaps: Mapping[str, Open], words: Words, now: float) -> list[Row]:
    """Each customer with a wide gap: how long they have been silent, longest first, too little history last."""
    found = silences(words, {name: one.score for name, one in gaps.items()}, now)
    return [_row(one, gaps[one.customer], now) for one in found]


def verdict_of(one: Silent) -> Verdict:
    """Whether a customer is silent: for LONG usual intervals."""
    if one.silence.too_little_history:
        return "too_little_history"
    return "silent" if (one.silence.value or 0.0) >= LONG else "not_silent"


def marks(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """By customer, what an account's row says of their words."""
    return {
        row.name: {
            "contact": row.body["verdict"],
            "silence": row.body["silence"],
            "last_word_at": row.body["last_word_at"],
        }
        for row in rows
    }


def _row(one: Silent, widest: Open, now: float) -> Row:
    last = None if one.days is None else datetime.fromtimestamp(now - 86_400 * one.days, UTC).isoformat()
    body = {
        "customer_id": one.customer,
        "verdict": verdict_of(one),
        "silence": figure_body(one.silence),
        "days": None if one.days is None else round(one.days, 2),
        "last_word_at": last,
        "score": round(one.score, 2),
        "worst": widest.promise_id,
    }
    return Row(one.customer, -1.0 if one.silence.value is None else one.silence.value, body, one.customer)


_WORDS: Final = f"""
SELECT named.customer_id, extract(epoch FROM max(said.at))::float8 AS at
FROM unnest($1::text[]) AS named (customer_id), LATERAL (
  (SELECT made_at AS at FROM insight_promise WHERE customer_id = named.customer_id AND requested_due IS NOT NULL
     AND made_at IS NOT NULL AND {living("insight_promise")} ORDER BY made_at DESC LIMIT {NEWEST})
  UNION ALL
  (SELECT moved.at FROM insight_promise JOIN insight_redating AS moved USING (promise_id)
   WHERE customer_id = named.customer_id AND resets > 0 AND (moved.asked_by = 'customer' OR moved.agreed)
     AND {living("insight_promise")} ORDER BY moved.at DESC LIMIT {NEWEST})
  UNION ALL
  (SELECT changed_at FROM insight_matter WHERE customer_id = named.customer_id
     AND (kind = 'sheet' OR kind = 'offer' AND state IN ('taken', 'declined')
       OR kind = 'clarification' AND state = 'answered') AND {living("insight_matter")}
   ORDER BY changed_at DESC LIMIT {NEWEST})
  UNION ALL
  (SELECT said.at FROM insight_statement AS said WHERE customer_id = named.customer_id
     AND said_by = '{CUSTOMER}' AND {living("said")} ORDER BY said.at DESC LIMIT {NEWEST})) AS said
GROUP BY named.customer_id, date_trunc('day', said.at, 'UTC')"""  # noqa: S608 - constants only
