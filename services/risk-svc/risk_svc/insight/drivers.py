"""Follows the component of the gap that each plan is to close, and one like it about which nothing was planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from candor.contracts import Component, Message
from risk_svc.insight.forgetting import LIVING
from risk_svc.insight.measures.drivers import NOTICEABLE, OPEN, Driver, Score, Seen, see, until
from risk_svc.store.states import PLACEHOLDER

if TYPE_CHECKING:
    from candor.store.lease import Connection

MOST: Final = 16
"""Components followed of one promise; a further plan is listed without what its driver did."""
LOOKED_AT: Final = 500
"""Open promises that are looked through for one like that of a plan, by id from its own on."""
COMPARED: Final = 16
"""Plans of a transaction for which one is looked for; the others stand alone."""


async def standing(connection: Connection, plans: Sequence[Message]) -> list[Score]:
    """The newest gaps known of the promises that these plans are about."""
    names = sorted({one.data.promise_id for one in plans})  # type: ignore[attr-defined]
    rows = await connection.fetch(_STANDING, names) if names else []
    return [_stored(row) for row in rows]


def score_of(message: Message) -> Score:
    """A published gap."""
    data: Any = message.data
    parts = {part.component.value: part.x for part in data.contributions}
    return Score(data.promise_id, data.as_of.timestamp(), message.envelope.version, data.standing.value, parts)


async def begin(connection: Connection, plan_ids: Sequence[str]) -> None:
    """Follow the drivers of those of these plans that are new."""
    if plan_ids:
        await connection.execute(_BEGIN, list(plan_ids))


async def follow(connection: Connection, scores: Sequence[Score]) -> None:
    """Take in these scores, in whatever order they come; then find one beside each driver first seen with them."""
    if not scores:
        return
    by: dict[str, list[Score]] = {}
    for score in scores:
        by.setdefault(score.promise_id, []).append(score)
    changed, new = [], []
    for row in await connection.fetch(_DRIVERS, sorted(by)):
        known = driver_of(row)
        driver = known
        ended = None if row["ended"] is None else row["ended"].timestamp()
        for score in by[row["promise_id"]]:
            driver = see(driver, score, until(ended))
        if driver != known:
            changed.append((row["plan_id"], row["beside"], *_values(driver)))
        if known.before is None and driver.before is not None and driver.before.x >= NOTICEABLE and not row["beside"]:
            new.append(row["plan_id"])
    if changed:
        await connection.execute(_SAVE, *(list(column) for column in zip(*changed, strict=True)))
    for plan_id in new[:COMPARED]:
        await connection.execute(_BESIDE, plan_id)


def driver_of(row: Mapping[str, Any], prefix: str = "") -> Driver:
    """The driver that a row has."""
    return Driver(
        row[f"{prefix}driver"],
        row[f"{prefix}at"].timestamp(),
        _seen(row, f"{prefix}before"),
        _seen(row, f"{prefix}after"),
        row[f"{prefix}over"],
    )


def _seen(row: Mapping[str, Any], name: str) -> Seen | None:
    if row[name] is None:
        return None
    return Seen(row[f"{name}_version"], row[f"{name}_at"].timestamp(), row[name])


def _values(driver: Driver) -> tuple[Any, ...]:
    found: list[Any] = []
    for seen in (driver.before, driver.after):
        found += (None, None, None) if seen is None else (seen.x, datetime.fromtimestamp(seen.at, UTC), seen.version)
    return *found, driver.over


def _stored(row: Mapping[str, Any]) -> Score:
    parts = {component.value: row[component.value] for component in Component}
    # Until insight has heard of its promise, a gap says nothing else of it than that it was scored.
    stands = OPEN if row["standing"] == PLACEHOLDER else row["standing"]
    return Score(row["promise_id"], row["scored_at"].timestamp(), row["gap_version"], stands, parts)


_PARTS: Final = ", ".join(component.value for component in Component)
_STANDING: Final = f"""
SELECT promise_id, gap_version, scored_at, standing, {_PARTS} FROM insight_promise
WHERE promise_id = ANY($1::text[]) AND scored_at IS NOT NULL AND {LIVING}"""  # noqa: S608 - constants
_BEGIN: Final = f"""
INSERT INTO insight_driver (plan_id, beside, plan_customer, customer_id, promise_id, driver, at)
SELECT matter_id, false, customer_id, customer_id, promise_id, driver, at FROM (
  SELECT plan.*, row_number() OVER (PARTITION BY promise_id ORDER BY at, matter_id) AS place,
    (SELECT count(*) FROM insight_driver AS known WHERE known.promise_id = plan.promise_id) AS many
  FROM insight_matter AS plan
  WHERE kind = 'plan' AND matter_id = ANY($1::text[])
    AND NOT EXISTS (
      SELECT FROM insight_driver AS known WHERE known.plan_id = plan.matter_id AND NOT known.beside)) AS one
WHERE place + many <= {MOST}"""  # noqa: S608 - constants
ENDED: Final = "CASE WHEN plan.state <> 'open' THEN plan.since END"
"""SQL: when a plan ended."""
_DRIVERS: Final = f"""
SELECT plan_id, beside, driver.promise_id, driver.driver, driver.at, before, before_at, before_version, after, after_at,
  after_version, over, {ENDED} AS ended
FROM insight_driver AS driver JOIN insight_matter AS plan ON plan.kind = 'plan' AND plan.matter_id = driver.plan_id
WHERE driver.promise_id = ANY($1::text[]) ORDER BY plan_id, beside FOR UPDATE OF driver"""  # noqa: S608 - constants
_SAVE: Final = """
UPDATE insight_driver AS one SET before = new.before, before_at = new.before_at, before_version = new.before_version,
  after = new.after, after_at = new.after_at, after_version = new.after_version, over = new.over
FROM unnest($1::text[], $2::bool[], $3::real[], $4::timestamptz[], $5::bigint[], $6::real[], $7::timestamptz[],
  $8::bigint[], $9::bool[]) AS new (plan_id, beside, before, before_at, before_version, after, after_at,
  after_version, over)
WHERE one.plan_id = new.plan_id AND one.beside = new.beside"""
_X: Final = " ".join(f"WHEN '{component}' THEN {component}" for component in Component)
_SOME: Final = f"""
SELECT promise_id, customer_id, kind, scored_at, gap_version, {_PARTS} FROM insight_promise
WHERE standing = 'open' AND shown AND {LIVING} AND promise_id"""  # noqa: S608 - constants
# The likest of some open promises of the same type, whose component stood as high, and of which there is no such plan.
_BESIDE: Final = f"""
WITH plan AS (
  SELECT driver.*, kind FROM insight_driver AS driver JOIN insight_promise USING (promise_id)
  WHERE plan_id = $1 AND NOT beside),
near AS (
  ({_SOME} > (SELECT promise_id FROM plan) ORDER BY promise_id LIMIT {LOOKED_AT})
  UNION ALL ({_SOME} < (SELECT promise_id FROM plan) ORDER BY promise_id LIMIT {LOOKED_AT})),
likest AS (
  SELECT one.*, CASE plan.driver {_X} END AS x FROM plan JOIN near AS one ON one.kind = plan.kind
    AND one.scored_at <= plan.at
  WHERE NOT EXISTS (
    SELECT FROM insight_driver AS other WHERE other.promise_id = one.promise_id AND other.driver = plan.driver
      AND NOT other.beside)
    AND (SELECT count(*) FROM insight_driver AS known WHERE known.promise_id = one.promise_id) < {MOST})
INSERT INTO insight_driver (plan_id, beside, plan_customer, customer_id, promise_id, driver, at, before, before_at,
  before_version, after, after_at, after_version)
SELECT plan.plan_id, true, plan.plan_customer, likest.customer_id, likest.promise_id, plan.driver, plan.at, likest.x,
  likest.scored_at, likest.gap_version, likest.x, likest.scored_at, likest.gap_version
FROM plan, likest WHERE likest.x >= {NOTICEABLE}
ORDER BY abs(likest.x - plan.before), likest.promise_id LIMIT 1
ON CONFLICT DO NOTHING"""  # noqa: S608 - constants
