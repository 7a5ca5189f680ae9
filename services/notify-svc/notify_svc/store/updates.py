"""Whether we wrote by the time that we had named for a next message: a promise of ours, judged once it has passed."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from candor.store.unit_of_work import UnitOfWork

MOST: Final = 500
"""Times that one transaction judges."""


class UpdateState(StrEnum):
    """What became of a next update: written in time, or not; `not_needed`: it was done or withdrawn by then, or the
    customer wants no updates any more."""

    KEPT = "kept"
    BROKEN = "broken"
    NOT_NEEDED = "not_needed"


class Tally(NamedTuple):
    """How many next updates about a promise were written in time, and how many were not."""

    kept: int
    broken: int


async def judge(uow: UnitOfWork, now: datetime, most: int = MOST) -> Counter[str]:
    """Judge at most `most` next updates whose time had passed at business time `now`; their number by state."""
    rows = await uow.connection.fetch(_JUDGE, now, most)
    return Counter(row["update_state"] for row in rows)


async def of_promise(uow: UnitOfWork, promise_id: str) -> Tally:
    """What became of the next updates about a promise."""
    rows = await uow.connection.fetch(_OF_PROMISE, promise_id)
    found = {row["update_state"]: row["count"] for row in rows}
    return Tally(found.get(UpdateState.KEPT, 0), found.get(UpdateState.BROKEN, 0))


# A message that may not have gone out promised nothing for certain, and keeps nothing.
_JUDGE: Final = """
WITH due AS (
  SELECT notice_id, promise_id, customer_id, decided_at, seq, next_update_by FROM notice
  WHERE audience = 'customer' AND state = 'sent' AND update_state = '' AND next_update_by < $1
  ORDER BY next_update_by LIMIT $2 FOR UPDATE SKIP LOCKED)
UPDATE notice SET update_state = CASE
  WHEN EXISTS (SELECT FROM notice AS later WHERE later.promise_id = due.promise_id AND later.audience = 'customer'
    AND later.state = 'sent' AND later.changed_at <= due.next_update_by
    AND (later.decided_at, later.seq) > (due.decided_at, due.seq)) THEN 'kept'
  WHEN EXISTS (SELECT FROM promise WHERE promise.promise_id = due.promise_id
    AND ((promise.promise->>'withdrawn')::bool OR (promise.gap->>'completed_at')::timestamptz <= due.next_update_by))
    THEN 'not_needed'
  WHEN EXISTS (SELECT FROM customer WHERE customer.customer_id = due.customer_id
    AND (stopped_at IS NOT NULL OR 'updates' = ANY(left_purposes))) THEN 'not_needed'
  WHEN EXISTS (SELECT FROM notice AS later WHERE later.promise_id = due.promise_id AND later.audience = 'customer'
    AND later.state = 'suppressed' AND later.reason = 'purpose_not_wanted' AND later.spoken_for = 'update_due'
    AND (later.decided_at, later.seq) > (due.decided_at, due.seq)) THEN 'not_needed'
  ELSE 'broken' END
FROM due WHERE notice.notice_id = due.notice_id RETURNING notice.update_state"""

_OF_PROMISE: Final = """
SELECT update_state, count(*)::int AS count FROM notice
WHERE promise_id = $1 AND audience = 'customer' AND update_state <> '' GROUP BY update_state"""
