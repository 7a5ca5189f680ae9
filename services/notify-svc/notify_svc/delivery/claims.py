"""Who sends which notice: claims with an epoch and a lease by the database's clock; every step is in the row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from candor.contracts import NoticeState, Statement
from candor.store.unit_of_work import UnitOfWork
from notify_svc.domain.facts import Announcement, Reason
from notify_svc.domain.owner import Audience
from notify_svc.store.notices import CHANGED, announce

LONGEST_BACKOFF: Final = 3600.0
FIRST_BACKOFF: Final = 5.0


@dataclass(frozen=True, slots=True)
class Claim:
    """A notice that this process may try to send while its epoch and lease stand; `addressee` is whose address.

    Without `public_words` its text may quote what is internal.
    """

    notice_id: str
    promise_id: str
    customer_id: str
    epoch: int
    attempts: int
    statement: Statement
    spoken_for: Reason
    told: Announcement
    subject: str
    body: str
    html: str
    reply_to: str
    audience: Audience
    addressee: str
    ahead_of: str | None
    public_words: bool


def backoff(attempts: int) -> float:
    """Seconds until the next try after `attempts` of them: 5, 10, 20 … at most an hour."""
    return min(FIRST_BACKOFF * 2.0 ** min(max(attempts - 1, 0), 30), LONGEST_BACKOFF)


async def claim(
    uow: UnitOfWork, owner: str, limit: int, lease_seconds: float, freshest: float, now: datetime
) -> list[Claim]:
    """Claim at most `limit` notices that are due, of partitions whose input is fresh, while sending is on.

    A customer's waits until the owner's ahead of it is settled, at most until its time is up, and keeps which it was.
    Where many wait, bad news that nobody has heard yet goes before updates and all-clears.
    """
    rows = await uow.connection.fetch(_CLAIM, owner, limit, lease_seconds, freshest, now)
    announce(uow, rows)
    return [_claim(row) for row in rows]


async def finalise(uow: UnitOfWork, held: Claim, lease_seconds: float, freshest: float) -> bool:
    """Commit that DATA begins; False: the claim is lost, sending was stopped or input lags, and nothing may be sent."""
    row = await uow.connection.fetchrow(_FINAL, held.notice_id, held.epoch, lease_seconds, freshest)
    return row is not None


async def finish(
    uow: UnitOfWork,
    held: Claim,
    state: NoticeState,
    reason: Reason,
    now: datetime,
    *,
    retry_seconds: float = 0,
    smtp_code: int = 0,
    recipient: str = "",
) -> bool:
    """Write what became of a claim; False: somebody else has decided meanwhile.

    A late 250 still turns `unknown` into `sent`: nothing was sent again since, and now it is known.
    """
    rows = await uow.connection.fetch(
        _FINISH, held.notice_id, held.epoch, state.value, reason.value, now, retry_seconds, smtp_code, recipient
    )
    announce(uow, rows)
    return bool(rows)


async def expire(uow: UnitOfWork, now: datetime) -> int:
    """Claims whose lease ran out: before DATA they are provably unsent and wait again, after it nobody knows."""
    rows = await uow.connection.fetch(_EXPIRE, now)
    announce(uow, rows)
    return len(rows)


def _claim(row: Any) -> Claim:
    statement = Statement(row["statement"])
    return Claim(
        row["notice_id"],
        row["promise_id"],
        row["customer_id"],
        row["claim_epoch"],
        row["attempts"],
        statement,
        Reason(row["spoken_for"]),
        Announcement(statement, row["decided_at"], row["told_low"], row["told_high"], row["next_update_by"]),
        row["subject"],
        row["body"],
        row["html"],
        row["reply_to"],
        Audience(row["audience"]),
        row["addressee"],
        row["ahead_of"],
        row["public_words"],
    )


# What was behind when it was last measured may be as much later by now.
_FRESH: Final = """
EXISTS (SELECT FROM promise p JOIN freshness f USING (partition) WHERE p.promise_id = notice.promise_id
  AND f.lag_seconds + extract(epoch FROM clock_timestamp() - f.seen_at) <= $4)"""

_CLAIM: Final = f"""
UPDATE notice SET state = 'sending', reason = 'claimed', phase = 'claimed', claimed_by = $1, attempts = attempts + 1,
  claim_epoch = claim_epoch + 1, lease_until = clock_timestamp() + make_interval(secs => $3), changed_at = $5,
  version = version + 1,
  owner = CASE WHEN owner_wait_until IS NULL THEN owner
    WHEN EXISTS (SELECT FROM notice o WHERE o.ahead_of = notice.notice_id AND o.state = 'sent') THEN 'owner_told'
    ELSE 'owner_not_reached' END
WHERE notice_id IN (
  SELECT notice_id FROM notice
  WHERE state = 'pending' AND next_try_at <= clock_timestamp() AND {_FRESH}
    AND EXISTS (SELECT FROM switch WHERE sending AND NOT killed)
    AND NOT EXISTS (SELECT FROM notice s
      WHERE s.promise_id = notice.promise_id AND s.addressee = notice.addressee AND s.state = 'sending')
    AND (owner_wait_until IS NULL OR owner_wait_until <= $5 OR NOT EXISTS (SELECT FROM notice o
      WHERE o.ahead_of = notice.notice_id AND o.state IN ('pending', 'sending', 'unknown', 'held')))
  ORDER BY statement IN ('warning', 'cancelled') DESC, next_try_at LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING {CHANGED}, notice.claim_epoch, notice.attempts, notice.spoken_for, notice.decided_at, notice.subject,
  notice.body, notice.html, notice.reply_to, notice.addressee, notice.ahead_of, notice.public_words"""  # noqa: S608 - constants only

_FINAL: Final = f"""
UPDATE notice SET phase = 'final', lease_until = clock_timestamp() + make_interval(secs => $3)
WHERE notice_id = $1 AND claim_epoch = $2 AND state = 'sending' AND phase = 'claimed'
  AND lease_until > clock_timestamp() AND EXISTS (SELECT FROM switch WHERE sending AND NOT killed) AND {_FRESH}
RETURNING notice_id"""  # noqa: S608 - constants only

_FINISH: Final = f"""
UPDATE notice SET state = $3, reason = $4, changed_at = $5, version = version + 1, lease_until = NULL,
  phase = CASE WHEN $3 IN ('sent', 'unknown') THEN phase ELSE '' END,
  next_try_at = clock_timestamp() + make_interval(secs => $6), smtp_code = $7,
  recipient = CASE WHEN $8 = '' THEN recipient ELSE $8 END,
  unknown_since = CASE WHEN $3 = 'unknown' THEN clock_timestamp() END
WHERE notice_id = $1 AND claim_epoch = $2 AND (state = 'sending' OR (state = 'unknown' AND $3 = 'sent'))
RETURNING {CHANGED}"""  # noqa: S608 - constants only

_EXPIRE: Final = f"""
UPDATE notice SET state = CASE WHEN phase = 'final' THEN 'unknown' ELSE 'pending' END,
  reason = CASE WHEN phase = 'final' THEN 'outcome_unknown' ELSE 'claim_expired' END,
  unknown_since = CASE WHEN phase = 'final' THEN clock_timestamp() END,
  phase = CASE WHEN phase = 'final' THEN phase ELSE '' END,
  lease_until = NULL, changed_at = $1, version = version + 1
WHERE notice_id IN (
  SELECT notice_id FROM notice WHERE state = 'sending' AND lease_until < clock_timestamp()
  LIMIT 500 FOR UPDATE SKIP LOCKED)
RETURNING {CHANGED}"""  # noqa: S608 - constants only
