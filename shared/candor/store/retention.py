"""Deletes old rows that are no longer needed, a few at a time. Never the outbox: its rows are the log."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

from candor.store.errors import StoreUnavailable
from candor.store.unit_of_work import unit_of_work

if TYPE_CHECKING:
    from candor.ops.settings import Settings
    from candor.store.db import Database

log: Final = structlog.get_logger("candor.retention")

BATCH: Final = 2_000
ROUND_SECONDS: Final = 3600.0
AGAIN_SECONDS: Final = 60.0
PAUSE_SECONDS: Final = 0.1


class Rule(NamedTuple):
    """Rows of `table` are deleted once older than `days` by the database's clock; `age` is SQL for their time.

    Without `age` the table has a function of its owner for it, because the process has no right to delete there.
    """

    table: str
    age: str
    days: float
    only: str = "true"


def rules_of(settings: Settings, *, rejected: bool) -> list[Rule]:
    """Return how long rows are kept; `rejected` for services with webhooks. Held dead letters stay until decided."""
    found = [
        Rule("ingest", "received_at", settings.receipts_kept_days),
        Rule(
            "dead_letter",
            "coalesce(replayed_at, created_at)",
            settings.dead_letters_kept_days,
            "state IN ('replayed', 'discarded')",
        ),
    ]
    found.append(Rule("audit_log", "", settings.audit_kept_days))
    return [*found, Rule("rejected", "received_at", settings.rejected_kept_days)] if rejected else found


class Retention:
    """A background that applies its rules every `every` seconds, in transactions of at most `batch` rows.

    Several processes of one service may run it at once: each takes rows that no other has. Once a receipt is deleted, a
    request with its id would be accepted as new, so receipts are kept longer than any sender retries.
    """

    name = "retention"

    def __init__(
        self,
        settings: Settings,
        database: Database,
        *,
        rejected: bool = False,
        batch: int = BATCH,
        every: float = ROUND_SECONDS,
    ) -> None:
        self._database = database
        self._rules = rules_of(settings, rejected=rejected)
        self._batch = batch
        self._every = every
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Run until `stop` is called; if the database is away, retry in a minute."""
        while not self._stopping.is_set():
            pause = self._every
            try:
                await self.clear()
            except StoreUnavailable as error:
                log.warning("old rows not cleared", reason=error.detail, again_in_seconds=AGAIN_SECONDS)
                pause = AGAIN_SECONDS
            await self._wait(pause)

    async def stop(self) -> None:
        """End after the transaction in progress."""
        self._stopping.set()

    async def clear(self) -> dict[str, int]:
        """Run one round; return rows deleted by table. Raises StoreUnavailable."""
        gone = {rule.table: await self._clear(rule) for rule in self._rules}
        if any(gone.values()):
            log.info("old rows cleared", **gone)
        return gone

    async def _clear(self, rule: Rule) -> int:
        total = 0
        while not self._stopping.is_set():
            async with unit_of_work(self._database) as uow:
                gone: int = await uow.connection.fetchval(_statement(rule), rule.days, self._batch)
            total += gone
            if gone < self._batch:
                break
            # Requests come first: pause between two batches so that the disk can serve them.
            await self._wait(PAUSE_SECONDS)
        return total

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return


def _statement(rule: Rule) -> str:
    if not rule.age:
        return "SELECT public.audit_forget($1, $2)"
    # Names come from the rules above, never from outside.
    return f"""
WITH gone AS (
  DELETE FROM {rule.table} WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM {rule.table}
    WHERE {rule.only} AND {rule.age} < now() - make_interval(secs => $1::float8 * 86400)
    LIMIT $2 FOR UPDATE SKIP LOCKED))
  RETURNING 1)
SELECT count(*) FROM gone"""  # noqa: S608
