"""Deletes or empties old rows, a few at a time: words have an end, what identifies a fact has none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import structlog

from candor.ops.rounds import Rounds
from candor.records.origin import FOREIGN
from candor.store import metrics
from candor.store.errors import StoreUnavailable
from candor.store.grants import UNCHANGING
from candor.store.unit_of_work import UnitOfWork, unit_of_work

if TYPE_CHECKING:
    from candor.ops.retention_settings import RetentionSettings
    from candor.store.db import Database

log: Final = structlog.get_logger("candor.retention")

BATCH: Final = 2_000
ROUND_SECONDS: Final = 3600.0
AGAIN_SECONDS: Final = 60.0
PAUSE_SECONDS: Final = 0.1


class Step(NamedTuple):
    """What one transaction of a rule did: rows changed, and whether there may be more."""

    gone: int
    more: bool


class Expiry(Protocol):
    """Rows of `table` that end after `days`: `step` ends at most `most` of them in the caller's transaction."""

    @property
    def name(self) -> str: ...

    @property
    def table(self) -> str: ...

    @property
    def days(self) -> float: ...

    async def step(self, uow: UnitOfWork, most: int) -> Step: ...


class Rule(NamedTuple):
    """Rows of `table` are deleted once older than `days` by the database's clock; `age` is SQL for their time.

    With `empty`, assignments in SQL, they are emptied instead; `only` must then no longer hold of them. `says` tells
    two rules of one table apart.
    """

    table: str
    age: str
    days: float
    only: str = "true"
    empty: str = ""
    says: str = ""

    @property
    def name(self) -> str:
        return self.says or self.table

    def candidates(self) -> str:
        """The rows that have come to their end, as SQL."""
        # Names come from the services' own rules, never from outside.
        return f"""SELECT ctid FROM {self.table}
  WHERE {self.only} AND {self.age} < now() - make_interval(secs => $1::float8 * 86400)
  LIMIT $2 {self.lock}"""  # noqa: S608

    @property
    def lock(self) -> str:
        """How rows are kept from other processes: none that a role may not change can be locked, nor need be."""
        return "" if self.table in UNCHANGING else "FOR UPDATE SKIP LOCKED"

    async def step(self, uow: UnitOfWork, most: int) -> Step:
        """End at most `most` rows that no other process is at."""
        begins = f"UPDATE {self.table} SET {self.empty}" if self.empty else f"DELETE FROM {self.table}"  # noqa: S608
        statement = f"{begins} WHERE ctid = ANY(ARRAY({self.candidates()}))"
        status: str = await uow.connection.execute(statement, self.days, most)
        gone = int(status.rpartition(" ")[2])
        return Step(gone, gone == most)


class AuditRule(NamedTuple):
    """The audit log's rows end by a function of the table's owner: a process may have no right to delete there."""

    days: float
    name: str = "audit_log"
    table: str = "audit_log"

    async def step(self, uow: UnitOfWork, most: int) -> Step:
        """End at most `most` rows."""
        gone: int = await uow.connection.fetchval("SELECT public.audit_forget($1, $2)", self.days, most)
        return Step(gone, gone == most)


def common_rules(settings: RetentionSettings) -> list[Expiry]:
    """The rules of the tables that every service has; a dead letter of ours stays until decided, or for very long."""
    strange = ", ".join(f"'{reason}'" for reason in sorted(FOREIGN))
    return [
        Rule("ingest", "received_at", settings.receipts_kept_days),
        Rule("dead_letter", DECIDED_AT, settings.dead_letters_kept_days, DECIDED),
        Rule(
            "dead_letter",
            "created_at",
            settings.dead_letters_kept_days,
            f"state = 'held' AND reason IN ({strange})",
            says="dead_letter_foreign",
        ),
        Rule(
            "dead_letter",
            "created_at",
            settings.undecided_letters_kept_days,
            "state = 'held'",
            says="dead_letter_undecided",
        ),
        AuditRule(settings.audit_kept_days),
        Rule("rate", "since", RATE_DAYS),
    ]


def rejected_rule(settings: RetentionSettings) -> Rule:
    """The rule of rejected webhooks, for services that take webhooks."""
    return Rule("rejected", "received_at", settings.rejected_kept_days)


def request_rule(settings: RetentionSettings) -> Rule:
    """The rule of stored requests, for services that take webhooks."""
    return Rule("request", "received_at", settings.requests_kept_days)


def outbox_rule(settings: RetentionSettings) -> Rule:
    """The rule of services that keep what they sent, as the log from which others can be built again."""
    return Rule("outbox", "created_at", settings.outbox_kept_days, "published_at IS NOT NULL")


def create(op: Any, *, log_kept: bool = False) -> None:
    """Create the indexes of the common rules; called from a service's migration."""
    for statement in (*_INDEXES, *(_LOG if log_kept else ())):
        op.execute(statement)


class Retention(Rounds):
    """A background that applies its rules every `every` seconds, in transactions of at most `batch` rows.

    Several processes of one service may run it at once: each takes rows that no other has. Once a receipt is deleted, a
    request with its id would be accepted as new, so receipts are kept longer than any sender retries.
    """

    name = "retention"

    def __init__(
        self,
        settings: RetentionSettings,
        database: Database,
        own: Sequence[Expiry] = (),
        *,
        batch: int = BATCH,
        every: float = ROUND_SECONDS,
    ) -> None:
        super().__init__()
        self._database = database
        self.rules: tuple[Expiry, ...] = (*common_rules(settings), *own)
        self._batch = batch
        self._every = every

    async def round(self) -> float:
        """Clear once; if the database is away, again in a minute."""
        try:
            await self.clear()
        except StoreUnavailable as error:
            log.warning("old rows not cleared", reason=error.detail, again_in_seconds=AGAIN_SECONDS)
            return AGAIN_SECONDS
        return self._every

    async def clear(self) -> dict[str, int]:
        """Run one round; return rows deleted or emptied by rule. Raises StoreUnavailable."""
        gone = {rule.name: await self._clear(rule) for rule in self.rules}
        if any(gone.values()):
            log.info("old rows cleared", **{name: rows for name, rows in gone.items() if rows})
        return gone

    async def _clear(self, rule: Expiry) -> int:
        total = 0
        while not self._stopping.is_set():
            async with unit_of_work(self._database) as uow:
                step = await rule.step(uow, self._batch)
            # Counted once committed: a round that was cut off counts what it did, and the next one the rest.
            metrics.ROWS_EXPIRED.labels(rule.name).inc(step.gone)
            total += step.gone
            if not step.more:
                break
            # Requests come first: pause between two batches so that the disk can serve them.
            await self.rest(PAUSE_SECONDS)
        return total


RATE_DAYS: Final = 1 / 24
DECIDED_AT: Final = "coalesce(replayed_at, created_at)"
DECIDED: Final = "state IN ('replayed', 'discarded')"
_INDEXES: Final = (
    f"CREATE INDEX dead_letter_decided ON dead_letter (({DECIDED_AT})) WHERE {DECIDED}",
    "CREATE INDEX dead_letter_held ON dead_letter (created_at) WHERE state = 'held'",
    # BRIN: a bucket is written ten times a second, and must not cost an entry of an index each time.
    "CREATE INDEX rate_since ON rate USING brin (since) WITH (pages_per_range = 8)",
)
# Rows lie in the order in which they were written: a few pages locate the old ones, and intake pays nothing.
_LOG: Final = ("CREATE INDEX outbox_created ON outbox USING brin (created_at) WITH (pages_per_range = 32)",)
