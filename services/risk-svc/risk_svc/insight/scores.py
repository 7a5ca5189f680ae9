"""The newest published scores of each promise: kept as they come, and read as its course."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from candor.contracts import Component, FactKind, Standing
from risk_svc.insight.courses import Cause, Course, Happened, Known, Later, Snapshot, course
from risk_svc.insight.forgetting import LIVING

if TYPE_CHECKING:
    from candor.contracts import GapScored
    from candor.store.lease import Connection

KEPT: Final = 48
"""Scores of an open promise that are kept, the newest ones."""
KEPT_ENDED: Final = 2
"""The same of one that has ended: the last before it, and how it ended."""
HIGHEST: Final = 99.99
"""A score so near 100 that its logarithm would be without end counts as this."""


class Movement(NamedTuple):
    """What moved the score of a promise since a moment, and since its customer was told last; None: nothing is known.

    Times are in epoch seconds.
    """

    customer_id: str
    standing: str
    score: float
    as_of: float | None
    since: Course | None
    told: str | None
    told_at: float | None
    since_told: Course | None


async def save(connection: Connection, found: Sequence[tuple[GapScored, int]]) -> None:
    """Add (gap, version), each promise once a transaction; of each promise only the newest are left."""
    if not found:
        return
    ordered = sorted(found, key=lambda one: one[0].promise_id)
    rows = [_row(data, version) for data, version in ordered]
    await connection.execute(_ADD, *(list(column) for column in zip(*rows, strict=True)))
    still = [data.promise_id for data, _ in ordered if data.standing is Standing.OPEN]
    over = [data.promise_id for data, _ in ordered if data.standing is not Standing.OPEN]
    for query, names in ((_CUT, still), (_CUT_ENDED, over)):
        if names:
            await connection.execute(query, names)


async def movement(session: AsyncSession, promise_id: str, since: float) -> Movement | None:
    """What moved a promise's score; None of a promise that is not known or not shown."""
    head = (await session.exec(cast(Any, _HEAD.bindparams(promise=promise_id)))).first()
    if head is None:
        return None
    rows = (await session.exec(cast(Any, _SCORES.bindparams(promise=promise_id)))).all()
    snapshots = await _snapshots(session, rows)
    begin = min(since, head.told_at or since)
    between = (await session.exec(cast(Any, _HAPPENED.bindparams(promise=promise_id, begin=begin)))).all()
    happened = [Happened(row.at, Cause(row.cause), row.name, row.event_id) for row in between]
    told = None if head.told_at is None else course(snapshots, happened, head.told_at)
    return Movement(
        head.customer_id,
        head.standing,
        head.score,
        snapshots[-1].at if snapshots else None,
        course(snapshots, happened, since),
        head.told,
        head.told_at,
        told,
    )


def _row(data: GapScored, version: int) -> tuple[Any, ...]:
    shares = {part.component: part.share for part in data.contributions}
    facts = [[fact.kind.value, fact.event_id, fact.name] for fact in data.facts]
    return (
        data.promise_id,
        version,
        data.as_of.timestamp(),
        data.standing.value,
        data.score,
        json.dumps([round(shares.get(component, 0.0), 6) for component in Component]),
        json.dumps(facts),
    )


async def _snapshots(session: AsyncSession, rows: Sequence[Any]) -> list[Snapshot]:
    """Scores as they were published, with what is known by now of the incidents that were."""
    facts = {event for row in rows for kind, event, _ in json.loads(row.facts) if kind == FactKind.INCIDENT_OPEN}
    found = (await session.exec(cast(Any, _LATER.bindparams(events=sorted(facts))))).all() if facts else []
    later = {one.event_id: Later(one.incident_id, one.later, one.ended) for one in found}
    return [_snapshot(row, later) for row in rows]


def _known(fact: Sequence[str], later: Mapping[str, Later]) -> Known:
    kind, event_id, name = fact
    return Known(kind, event_id, name, later.get(event_id) if kind == FactKind.INCIDENT_OPEN else None)


def _snapshot(row: Any, later: Mapping[str, Later]) -> Snapshot:
    shares, facts = json.loads(row.shares), json.loads(row.facts)
    # Rounded when they were kept; what they say of a score must still be all of it.
    total = sum(shares) or 1.0
    return Snapshot(
        row.at,
        row.standing,
        min(row.score, HIGHEST),
        {str(component): share / total for component, share in zip(Component, shares, strict=True) if share},
        frozenset(_known(fact, later) for fact in facts),
    )


_ADD: Final = """
INSERT INTO insight_score (promise_id, version, at, standing, score, shares, facts)
SELECT id, version, to_timestamp(at), standing, score, shares::jsonb, facts::jsonb
FROM unnest($1::text[], $2::bigint[], $3::float8[], $4::text[], $5::real[], $6::text[], $7::text[])
  AS new (id, version, at, standing, score, shares, facts)
ON CONFLICT DO NOTHING"""
_CUT, _CUT_ENDED = (
    f"""
DELETE FROM insight_score AS one USING unnest($1::text[]) AS named (id)
WHERE one.promise_id = named.id AND one.version < (
  SELECT version FROM insight_score AS newest WHERE newest.promise_id = named.id
  ORDER BY version DESC OFFSET {most - 1} LIMIT 1)"""  # noqa: S608 - constants only
    for most in (KEPT, KEPT_ENDED)
)
_HEAD: Final = text(
    f"""
SELECT customer_id, standing, score::float8 AS score, last_told AS told,
  extract(epoch FROM last_told_at)::float8 AS told_at
FROM insight_promise WHERE promise_id = :promise AND shown AND {LIVING}"""  # noqa: S608
)
_SCORES: Final = text(
    """
SELECT extract(epoch FROM at)::float8 AS at, standing, round(score::numeric, 2)::float8 AS score,
  shares::text AS shares, facts::text AS facts
FROM insight_score WHERE promise_id = :promise ORDER BY version"""
)
# Of steps, new dates and messages the newest; whether a hand-off was accepted is said by its component alone.
_HAPPENED: Final = text(
    """
SELECT * FROM (
  SELECT extract(epoch FROM at)::float8 AS at, 'step_reached' AS cause, milestone AS name,
    source_event AS event_id FROM insight_milestone
  WHERE promise_id = :promise AND status = 'reached' AND at > to_timestamp(:begin)
  UNION ALL
  SELECT extract(epoch FROM at)::float8, 'new_date', asked_by, '' FROM insight_redating
  WHERE promise_id = :promise AND at > to_timestamp(:begin)
  UNION ALL
  SELECT extract(epoch FROM last_told_at)::float8, 'message', last_told, '' FROM insight_promise
  WHERE promise_id = :promise AND last_told_at IS NOT NULL) AS found
ORDER BY at DESC LIMIT 100"""
)
# Of each event of an incident the one that ended it afterwards, or the next one if none did.
_LATER: Final = text(
    """
SELECT DISTINCT ON (known.event_id) known.event_id, known.incident_id, coalesce(next.event_id, '') AS later,
  coalesce(next.resolved, false) AS ended
FROM insight_incident_event AS known LEFT JOIN LATERAL (
  SELECT event_id, resolved FROM insight_incident_event AS one
  WHERE one.incident_id = known.incident_id AND one.version > known.version
  ORDER BY resolved DESC, version LIMIT 1) AS next ON true
WHERE known.event_id = ANY(CAST(:events AS text[])) ORDER BY known.event_id, known.version DESC"""
)
