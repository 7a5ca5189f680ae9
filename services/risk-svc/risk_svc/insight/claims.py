"""Claims beside the register as it stood when they were made, also where the register is heard of later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import structlog

from risk_svc.insight.steps import AGAIN_SECONDS, Steps

if TYPE_CHECKING:
    from candor.store.db import Database
    from candor.store.lease import Connection
    from candor.store.unit_of_work import UnitOfWork

log: Final = structlog.get_logger("risk.insight")
PAGE: Final = 500


async def hold(connection: Connection) -> None:
    """Wait for other processes that write of capabilities; called before any row is locked.

    What a claim is compared with, and a statement about a capability, comes in several partitions: two processes might
    else each not see what the other is writing.
    """
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext('insight_capability'))")


async def compare(connection: Connection, claim_ids: Sequence[str]) -> None:
    """Give these claims the verdict that the register of their time has."""
    if claim_ids:
        await connection.execute(_COMPARE, list(claim_ids))


class Comparing(Steps):
    """A background that compares the claims of a capability anew after its register changed, some a transaction."""

    name = "comparing claims"

    def __init__(self, database: Database, most: int = PAGE) -> None:
        super().__init__(database, most)

    def _interrupted(self, reason: str) -> None:
        log.warning("comparing claims interrupted", reason=reason, again_in_seconds=AGAIN_SECONDS)

    async def _next(self, uow: UnitOfWork) -> bool:
        found = await uow.connection.fetchrow(_NEXT)
        if found is None:
            return False
        await hold(uow.connection)
        wanted = (found["capability_id"], found["looked"], self._most)
        names = [row["matter_id"] for row in await uow.connection.fetch(_SOME, *wanted)]
        await compare(uow.connection, names)
        looked = names[-1] if len(names) == self._most else None
        await uow.connection.execute(_LOOKED, found["capability_id"], found["version"], looked)
        return True


AT_THE_TIME: Final = " AND stood.at <= claim.at"
THERE: Final = f"""
SELECT one->>'status' FROM jsonb_array_elements((
  SELECT statuses FROM insight_capability AS stood
  WHERE stood.capability_id = claim.capability_id{AT_THE_TIME}
  ORDER BY stood.at DESC, stood.version DESC LIMIT 1)) AS one
WHERE coalesce(one->>'region' = claim.content->>'region', one->>'region' IS NULL)
  AND coalesce(one->>'edition' = claim.content->>'edition', one->>'edition' IS NULL)
ORDER BY one->>'region' IS NULL, one->>'edition' IS NULL LIMIT 1"""  # noqa: S608
"""SQL: what the register had of a `claim` when it was made; without AT_THE_TIME, what it has of it now."""
LEVELS: Final = "'{none,planned,beta,available}'::text[]"
# What the event said stays where the register of that time was not heard of, as on an installation that is older than
# what Kafka still has; and where the words of the claim have ended.
_COMPARE: Final = f"""
WITH judged AS (
  SELECT claim.matter_id, ({THERE}) AS there, claim.said FROM insight_matter AS claim
  WHERE claim.kind = 'claim' AND claim.matter_id = ANY($1::text[]) AND claim.words_since IS NOT NULL)
UPDATE insight_matter AS claim SET verdict = CASE
    WHEN judged.said = 'left_out' THEN CASE WHEN there = 'available' THEN 'under_claim' ELSE 'supported' END
    WHEN array_position({LEVELS}, judged.said) > array_position({LEVELS}, there) THEN 'over_claim'
    WHEN array_position({LEVELS}, judged.said) < array_position({LEVELS}, there) THEN 'under_claim'
    ELSE 'supported' END
FROM judged WHERE claim.kind = 'claim' AND claim.matter_id = judged.matter_id AND there IS NOT NULL"""  # noqa: S608
_NEXT: Final = """
SELECT capability_id, version, looked FROM insight_capability WHERE looked IS NOT NULL
ORDER BY capability_id, version LIMIT 1 FOR UPDATE SKIP LOCKED"""
_SOME: Final = """
SELECT matter_id FROM insight_matter WHERE kind = 'claim' AND capability_id = $1 AND matter_id > $2
ORDER BY matter_id LIMIT $3"""
_LOOKED: Final = "UPDATE insight_capability SET looked = $3 WHERE capability_id = $1 AND version = $2"
