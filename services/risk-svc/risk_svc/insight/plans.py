"""Plans to close a gap: what became of their drivers, and what was tried for each driver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple, cast

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from candor.contracts import Component
from candor.web.http.listings import Total
from risk_svc.insight.asking import Listing, Place, given, page
from risk_svc.insight.drivers import driver_of
from risk_svc.insight.forgetting import LIVING, living
from risk_svc.insight.measures.drivers import ActionRecord, Outcome, Tried, fall, outcome, records

State = Literal["open", "overdue", "done", "dropped", "all"]
Sort = Literal["due", "newest"]
ITEM: Final = (
    *("plan_id", "promise_id", "customer_id", "department", "driver", "action", "state", "at", "changed_at"),
    *("since", "due", "promise_kind", "promise_standing", "promise_due", "score", "now", "before", "after", "fall"),
    *("outcome", "beside"),
)
"""The columns of a plan in the list."""
NEWEST: Final = 5_000
"""Of the plans that were done the newest, of which the record of actions is."""


class PlanFilter(NamedTuple):
    """Which plans; None does not filter. One that is open after its date is overdue."""

    state: State = "open"
    promise_id: str | None = None
    customer_id: str | None = None
    department: str | None = None
    driver: Component | None = None
    action: str | None = None


async def plans(
    session: AsyncSession, wanted: PlanFilter, sort: Sort, now: datetime, place: Place
) -> tuple[list[dict[str, Any]], Total]:
    """A page of plans at a moment, by date or newest first, and how many there are."""
    where, values = given(wanted, COLUMNS)
    listing = Listing(_COLUMNS, _FROM, *_ORDERS[sort], _BESIDE)
    rows, number = await page(session, listing, STATES[wanted.state] + where, {**values, "moment": now}, place)
    return [_item(row, now) for row in rows], number


async def actions(session: AsyncSession, driver: Component | None, now: datetime) -> list[ActionRecord]:
    """What was tried for a driver, or for all: best lower end of the share that fell first."""
    values = {} if driver is None else {"driver": driver.value}
    asked = _TRIED.format(where="" if driver is None else " AND one.driver = :driver")
    rows: Sequence[Any] = (await session.exec(cast(Any, text(asked).bindparams(**values)))).all()
    return records(_tried(row._mapping, now) for row in rows)


def rank(item: dict[str, Any], sort: Sort) -> tuple[float, str]:
    """The place of a plan in the list, for a cursor."""
    return item["due" if sort == "due" else "at"].timestamp(), item["plan_id"]


def _item(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    tried = _tried(row, now)
    before, after = (None if row[name] is None else round(row[name], 4) for name in ("own_before", "own_after"))
    said = {"before": before, "after": after, "fall": tried.fall, "beside": tried.beside}
    said["outcome"] = None if row["ended"] is None else tried.outcome
    return {name: said[name] if name in said else row[name] for name in ITEM}


def _tried(row: Mapping[str, Any], now: datetime) -> Tried:
    """A plan with what its driver did; one whose driver is not followed is unknown."""
    ended = None if row["ended"] is None else row["ended"].timestamp()
    own, other = (None if row[f"{one}driver"] is None else driver_of(row, one) for one in ("own_", "other_"))
    found, beside = (None if one is None else outcome(one, ended, now.timestamp()) for one in (own, other))
    down = None if own is None else fall(own)
    return Tried(row["driver"], row["action"], found or Outcome.UNKNOWN, down, beside)


COLUMNS: Final = {
    name: f"one.{name} = CAST(:{name} AS text)"
    for name in ("promise_id", "customer_id", "department", "driver", "action")
}
STATES: Final[dict[State, str]] = {
    "open": " AND one.state = 'open'",
    "overdue": " AND one.state = 'open' AND one.due <= :moment",
    "done": " AND one.state = 'done'",
    "dropped": " AND one.state = 'dropped'",
    "all": "",
}
_ORDERS: Final[dict[Sort, tuple[str, str]]] = {
    "due": ("one.due, one.matter_id", "(one.due, one.matter_id) > (to_timestamp(:place), :name)"),
    "newest": ("one.at DESC, one.matter_id DESC", "(one.at, one.matter_id) < (to_timestamp(:place), :name)"),
}
_SEEN: Final = (
    "driver",
    "at",
    "over",
    *(f"{one}{of}" for one in ("before", "after") for of in ("", "_at", "_version")),
)
_ENDED: Final = "CASE WHEN one.state <> 'open' THEN one.since END AS ended"
_OWN: Final = ", ".join(f"own.{name} AS own_{name}" for name in _SEEN)
_OTHER: Final = ", ".join(f"other.{name} AS other_{name}" for name in _SEEN)
# What was planned about meanwhile did not fall by itself.
_DRIVERS: Final = f"""
LEFT JOIN insight_driver AS own ON own.plan_id = one.matter_id AND NOT own.beside
LEFT JOIN insight_driver AS other ON other.plan_id = one.matter_id AND other.beside AND {living("other")}
  AND NOT EXISTS (
    SELECT FROM insight_driver AS planned WHERE planned.promise_id = other.promise_id AND NOT planned.beside
      AND planned.driver = other.driver AND planned.at <= coalesce(other.after_at, planned.at))"""
_NOW: Final = " ".join(f"WHEN '{component}' THEN known.{component}" for component in Component)
_COLUMNS: Final = f"""one.matter_id AS plan_id, one.promise_id, one.customer_id, one.department, one.driver, one.action,
  CASE WHEN one.state = 'open' AND one.due <= :moment THEN 'overdue' ELSE one.state END AS state, one.at,
  one.changed_at, one.since, one.due, known.kind AS promise_kind, known.standing AS promise_standing,
  known.held_due AS promise_due, round(known.score::numeric, 2)::float8 AS score,
  round((CASE one.driver {_NOW} END)::numeric, 4)::float8 AS now, {_ENDED}, {_OWN}, {_OTHER}"""
_FROM: Final = f"FROM insight_matter AS one WHERE one.kind = 'plan' AND {living('one')}"
_BESIDE: Final = f"""LEFT JOIN (
  SELECT promise_id, kind, standing, held_due, score, {", ".join(Component)} FROM insight_promise
  WHERE standing <> 'placeholder' AND {LIVING}) AS known USING (promise_id) {_DRIVERS}"""  # noqa: S608
_TRIED: Final = f"""
SELECT one.driver, one.action, {_ENDED}, {_OWN}, {_OTHER} FROM (
  SELECT one.* {_FROM} AND one.state = 'done'{{where}}
  ORDER BY one.since DESC, one.matter_id DESC LIMIT {NEWEST}) AS one
{_DRIVERS}"""  # noqa: S608 - constants
