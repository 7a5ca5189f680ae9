"""Looks after letters that wait for a person: gives up what is no longer so, and says when they wait too long."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import structlog

from candor.ops.rounds import Rounds
from candor.store.errors import StoreUnavailable
from candor.store.unit_of_work import UnitOfWork, unit_of_work
from notify_svc import metrics
from notify_svc.briefs import approvals, kept
from notify_svc.delivery.claims import composed
from notify_svc.delivery.reopen import rethink
from notify_svc.domain.approval import Patience
from notify_svc.domain.facts import Reason, Rules
from notify_svc.domain.silence import outdated
from notify_svc.store import approvals as approvals_store
from notify_svc.store import notices, read_model, taking
from notify_svc.store.approvals import WAITS, release_known
from notify_svc.store.read_model import PromiseRecord

if TYPE_CHECKING:
    from candor.ops.clock import Clock
    from candor.store.db import Database
    from notify_svc.compose.reach import Reach

EVERY_SECONDS: Final = 5.0
SOON_SECONDS: Final = 0.1
PAGE: Final = 200
"""Letters that one transaction looks at."""
log = structlog.get_logger("notify.waiting")


class Waiting(Rounds):
    """Several processes may run one each: every step takes what it changes."""

    name = "approvals"

    def __init__(self, database: Database, reach: Reach, clock: Clock, rules: Rules, patience: Patience) -> None:
        super().__init__()
        self._database = database
        self._reach = reach
        self._clock = clock
        self._rules = rules
        self._patience = patience
        self._after = 0

    async def round(self) -> float:
        """Look at some; without the database they wait."""
        try:
            return SOON_SECONDS if await self.once() else EVERY_SECONDS
        except StoreUnavailable as error:
            log.warning("waiting letters not looked at", reason=error.detail, consequence="they are looked at later")
        return EVERY_SECONDS

    async def once(self) -> bool:
        """Look at one page and count; returns whether there is more to do at once."""
        now = self._clock.now()
        async with unit_of_work(self._database) as uow:
            released = await release_known(uow, now, PAGE)
        async with unit_of_work(self._database) as uow:
            lapsed = await taking.lapsed(uow, now, self._rules.owner_takes, PAGE)
            await approvals_store.release(uow, lapsed, now)
        async with unit_of_work(self._database) as uow:
            more = await self._look(uow, now)
        async with unit_of_work(self._database) as uow:
            escalated = await self._escalate(uow, now)
        async with unit_of_work(self._database, durable=False) as uow:
            row = await uow.connection.fetchrow(_COUNT, now, self._patience.wait)
        metrics.APPROVALS_WAITING.set(row["waiting"] if row else 0)
        metrics.APPROVALS_OVERDUE.set(row["overdue"] if row else 0)
        return more or PAGE in (released, len(lapsed), escalated)

    async def _look(self, uow: UnitOfWork, now: datetime) -> bool:
        """Give up letters that the newest facts no longer support; their promises are decided anew."""
        page = await uow.connection.fetch(_PAGE, self._after, PAGE)
        self._after = page[-1]["seq"] if len(page) == PAGE else 0
        # Promises are locked before notices, as the consumer locks them.
        known = await read_model.promises(uow, {row["promise_id"] for row in page})
        rows = await uow.connection.fetch(_LOCKED, [row["notice_id"] for row in page])
        await self._give_up(uow, rows, known, now)
        return len(page) == PAGE

    async def _give_up(self, uow: UnitOfWork, rows: list[Any], known: dict[str, PromiseRecord], now: datetime) -> None:
        customers = await read_model.contacts(uow, {one.customer_id for one in known.values()})
        again: dict[str, PromiseRecord] = {}
        by_reason: dict[Reason, list[str]] = {}
        for row in rows:
            one = known.get(row["promise_id"])
            if one is None:
                # Its customer is being erased, which ends the letter.
                continue
            customer = customers.get(one.customer_id)
            rules = self._reach.rules_of(customer.sealed if customer is not None else None, self._rules)
            said = notices.decided_on(composed(row), row)
            if (against := outdated(said, one.promise, one.gap, now, rules)) is not None:
                by_reason.setdefault(against, []).append(row["notice_id"])
                again[one.promise_id] = one
        for reason, ids in by_reason.items():
            await notices.suppress(uow, ids, reason, now)
        await rethink(uow, again.values(), now)
        await read_model.save_promises(uow, list(again.values()))

    async def _escalate(self, uow: UnitOfWork, now: datetime) -> int:
        """Have the owner told of a letter that has waited long enough, and later the escalation address."""
        steps = 2 if self._patience.escalates else 1
        rows = await uow.connection.fetch(_LATE, now, self._patience.wait, steps, PAGE)
        mails = [
            approvals.told(row["notice_id"], row["promise_id"], row["customer_id"], row["owner"], row["escalated"], now)
            for row in rows
        ]
        await kept.take(uow.connection, [mail for mail in mails if mail is not None])
        if rows:
            consequence = "their customers have not been told; owners hear of it first, then APPROVAL_ESCALATION"
            log.warning("letters wait long for a person", count=len(rows), consequence=consequence)
        return len(rows)


_PAGE: Final = f"""
SELECT seq, notice_id, promise_id FROM notice WHERE {WAITS} AND seq > $1 ORDER BY seq LIMIT $2"""  # noqa: S608 - constants only

_LOCKED: Final = f"""
SELECT notice_id, promise_id, n.statement, spoken_for, decided_at, told_low, told_high, next_update_by, closing,
  evidence->'rests_on' AS rests_on, {notices.BEFORE_COLUMNS}
FROM notice n {notices.BEFORE} WHERE notice_id = ANY($1::text[]) AND {WAITS}
ORDER BY notice_id FOR UPDATE OF n"""  # noqa: S608 - constants only

_SINCE: Final = "greatest(waits_since, snoozed_until)"

_COUNT: Final = f"""
SELECT count(*)::int AS waiting, (count(*) FILTER (WHERE {_SINCE} + $2 <= $1))::int AS overdue
FROM notice WHERE {WAITS}"""  # noqa: S608 - constants only

# Told so many times: none, the owner, the escalation address too.
_LATE: Final = f"""
WITH late AS (
  SELECT notice_id FROM notice
  WHERE {WAITS} AND awaits <> 'owner_first' AND taken_by = '' AND escalated < $3
    AND {_SINCE} + (escalated + 1) * $2::interval <= $1
  ORDER BY seq LIMIT $4 FOR UPDATE SKIP LOCKED), noted AS (
  UPDATE notice SET escalated = escalated + 1 FROM late WHERE notice.notice_id = late.notice_id
  RETURNING notice.notice_id, notice.promise_id, notice.customer_id, notice.escalated)
SELECT noted.*, promise.promise->>'owner' AS owner FROM noted LEFT JOIN promise USING (promise_id)"""  # noqa: S608 - constants only
