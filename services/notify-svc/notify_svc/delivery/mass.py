"""A mass of letters waits for a person: found before anything is claimed, held in the database, released or dropped."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

from candor.store.unit_of_work import UnitOfWork, unit_of_work
from notify_svc import metrics
from notify_svc.delivery.reopen import rethink
from notify_svc.domain.facts import Reason
from notify_svc.store import notices, read_model

if TYPE_CHECKING:
    from candor.store.db import Database

HOUR: Final = timedelta(hours=1)
LOOK_SECONDS: Final = 1.0
COUNTED_SECONDS: Final = 600.0
"""How long the number of customers with open promises is good for."""
SHARE_OF_TIME: Final = 0.05
"""Of the sender's time, what looking may take: with very many letters it looks less often."""
PAGE: Final = 5_000
DROPPED: Final = 500
"""Letters that one transaction drops."""
log = structlog.get_logger("notify.mass")


@dataclass(frozen=True, slots=True)
class Limit:
    """Letters within an hour to more than `share` of the customers with open promises, and to more than `least`.

    With a share of 1 nothing is a mass.
    """

    share: float = 0.5
    least: int = 500


class Hold(NamedTuple):
    """What is held: since when (system time), and letters to how many of how many customers were due within an hour.

    `held_since` is None while nothing is held; `passed_until` is the business time up to which a person let all pass.
    """

    held_since: datetime | None
    customers: int
    of_customers: int
    passed_until: datetime | None
    drop_upto: int
    changed_by: str


async def read(uow: UnitOfWork) -> Hold:
    """The hold as it stands."""
    return Hold(*await uow.connection.fetchrow(_READ))  # type: ignore[misc]


async def release(uow: UnitOfWork, who: str) -> bool:
    """Let what is held go out, each message after a last check, and for an hour whatever comes; False if none is."""
    return (await uow.connection.execute(_RELEASE, who)) == "UPDATE 1"


async def drop(uow: UnitOfWork, who: str) -> bool:
    """Have the letters that are held now suppressed, by and by; the hold stays. False if nothing is held."""
    return (await uow.connection.execute(_DROP, who)) == "UPDATE 1"


class Guard:
    """Looks, before a sender claims, whether what is due is a mass, and drops what a person wants dropped."""

    def __init__(
        self, database: Database, limit: Limit | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._limit = limit or Limit()
        self._monotonic = monotonic
        self._not_before = float("-inf")
        self._counted = float("-inf")
        self._customers = 0
        self.held: Hold | None = None

    async def look(self, now: datetime) -> None:
        """Hold letters to customers if those due within an hour are a mass; `now` is business time."""
        begun = self._monotonic()
        if begun < self._not_before:
            return
        async with unit_of_work(self._database, durable=False) as uow:
            # The hour begins here, by the business clock of whoever sends: who releases may have another.
            await uow.connection.execute(_BEGIN_HOUR, now + HOUR)
            hold = await read(uow)
            passed = hold.passed_until is not None and now < hold.passed_until
            quiet = hold.held_since is not None or passed or self._limit.share >= 1
            # What went out while a person let all pass was looked at: it is no part of the next mass.
            since = max(now - HOUR, hold.passed_until or now - HOUR)
            due = 0 if quiet else await uow.connection.fetchval(_DUE, since)
        if due > self._limit.least and due > self._limit.share * (of := await self._count(begun)):
            async with unit_of_work(self._database) as uow:
                await uow.connection.execute(_HOLD, due, of)
                hold = await read(uow)
            consequence = "messages to customers wait until a person releases or drops them"
            log.error("mass of messages held", customers=due, of_customers=of, consequence=consequence)
        await self._tell(hold, now)
        self._not_before = (
            begun if hold.drop_upto else begun + max(LOOK_SECONDS, (self._monotonic() - begun) / SHARE_OF_TIME)
        )

    async def _tell(self, hold: Hold, now: datetime) -> None:
        self.held = hold if hold.held_since is not None else None
        metrics.MASS_HELD.set(hold.customers if self.held else 0)
        if hold.drop_upto:
            await self._drop_some(hold.drop_upto, now)

    async def _count(self, now: float) -> int:
        """The customers with open promises, in pages; each a transaction of its own."""
        if now - self._counted < COUNTED_SECONDS:
            return self._customers
        found, after = 0, ""
        while True:
            async with unit_of_work(self._database, durable=False) as uow:
                page = await uow.connection.fetch(_OPEN, after, PAGE)
            found += len(page)
            if len(page) < PAGE:
                break
            after = page[-1]["customer_id"]
        self._counted, self._customers = now, found
        return found

    async def _drop_some(self, upto: int, now: datetime) -> None:
        async with unit_of_work(self._database) as uow:
            rows = await uow.connection.fetch(_DROPPING, upto, DROPPED)
            if not rows:
                await uow.connection.execute("UPDATE mass_hold SET drop_upto = 0 WHERE drop_upto = $1", upto)
                return
            known = await read_model.promises(uow, {row["promise_id"] for row in rows})
            await notices.suppress(uow, [row["notice_id"] for row in rows], Reason.DROPPED, now)
            await rethink(uow, known.values(), now)
            for one in known.values():
                # Dropped is dropped: only what happens next is looked at again.
                one.check_at = None
            await read_model.save_promises(uow, list(known.values()))


NOT_HELD: Final = """
(notice.audience = 'owner' OR NOT EXISTS (SELECT FROM mass_hold WHERE held_since IS NOT NULL))"""

_READ: Final = "SELECT held_since, customers, of_customers, passed_until, drop_upto, changed_by FROM mass_hold"

_RELEASE: Final = """
UPDATE mass_hold SET held_since = NULL, drop_upto = 0, released = true, changed_by = $1
WHERE held_since IS NOT NULL"""

_BEGIN_HOUR: Final = "UPDATE mass_hold SET released = false, passed_until = $1 WHERE released"

_DROP: Final = """
UPDATE mass_hold SET drop_upto = (SELECT coalesce(max(seq), 0) FROM notice), changed_by = $1
WHERE held_since IS NOT NULL"""

_HOLD: Final = """
UPDATE mass_hold SET held_since = clock_timestamp(), customers = $1, of_customers = $2, changed_by = ''
WHERE held_since IS NULL"""

_DUE: Final = """
SELECT count(DISTINCT customer_id)::int FROM (
  SELECT customer_id FROM notice
  WHERE audience = 'customer' AND state IN ('sending', 'sent', 'unknown') AND changed_at > $1
  UNION ALL SELECT customer_id FROM notice WHERE audience = 'customer' AND state = 'pending') AS letters"""

_OPEN: Final = """
SELECT DISTINCT customer_id FROM promise WHERE words_since IS NULL AND gap IS NOT NULL AND customer_id > $1
ORDER BY customer_id LIMIT $2"""

_DROPPING: Final = """
SELECT notice_id, promise_id FROM notice WHERE audience = 'customer' AND state = 'pending' AND seq <= $1
ORDER BY seq LIMIT $2"""
