"""The background that works out the sheets: reads and writes by pages, computes off the event loop, then shows."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import structlog

from candor.ops.clock import SystemClock
from candor.ops.garbage import OldGarbage
from candor.ops.rounds import Rounds
from candor.store.errors import StoreUnavailable
from candor.store.unit_of_work import unit_of_work
from risk_svc import metrics
from risk_svc.insight import beliefs, competitors, on_time, rates, sheets, unmet_claims, wishes, words, worked
from risk_svc.insight.durations import Gathered, bias_sheets
from risk_svc.insight.forgetting import LIVING, living
from risk_svc.insight.measures.contact import Words
from risk_svc.insight.measures.distortion import THRESHOLD, Thresholds
from risk_svc.insight.measures.figure import LEAST
from risk_svc.insight.measures.punctuality import Tally
from risk_svc.insight.reasons import Reasons
from risk_svc.insight.sheets import Ended, Money, Open, Row
from risk_svc.insight.stakes import Stake, Stakes
from risk_svc.insight.standings import Standings
from risk_svc.insight.surprises import Surprises
from risk_svc.insight.unmet_claims import Unmet

if TYPE_CHECKING:
    from datetime import datetime

    from candor.store.db import Database

log: Final = structlog.get_logger("risk.insight")
SYSTEM_NOW: Final = SystemClock().now
PAGE: Final = 5_000
WRITTEN: Final = 500
LEAST_SECONDS: Final = 10.0
SHARE: Final = 20
"""Each part rests this many times as long as it worked: together they take no more than a tenth of a core."""
MOST_OPEN: Final = 500_000
"""Open promises that the figures are of; more would take more memory than a process has."""


class Run(NamedTuple):
    """One working out of sheets: its number, and when it began.

    Whoever is erased from `since` on, the database's time, may be among what it reads, and is not shown. `begun` is
    this process's monotonic time.
    """

    number: int
    since: datetime
    begun: float


class Beside(NamedTuple):
    """What figures of open promises rest on beside them: the largest gap of each customer and their words."""

    stakes: Stakes
    unmet: Sequence[Unmet]
    gaps: Mapping[str, Open]
    said: Words


class Reckoning(Rounds):
    """Works out all sheets again and again while `ours` says that it is this process's turn."""

    name = "reckoning"

    def __init__(
        self,
        database: Database,
        ours: Callable[[], bool],
        *,
        rates: Mapping[str, float],
        loss_share: float,
        persons: bool = False,
        thresholds: Thresholds | None = None,
        now: Callable[[], datetime] = SYSTEM_NOW,
    ) -> None:
        super().__init__()
        self._now = now
        self._database = database
        self._ours = ours
        self._rates = rates
        self._loss_share = loss_share
        self._persons = persons
        self._thresholds = json.dumps(dict(thresholds or {}))
        self._ended_due = -math.inf
        self._garbage = OldGarbage()

    async def round(self) -> float:
        """Do it once where it is this process's turn; without the database the last figures remain."""
        if not self._ours():
            metrics.WISHES_DUE.set(0)
            return LEAST_SECONDS
        try:
            took = await self._timed(self._reckon_open)
            # Those that have ended are many and change little: they have a pace of their own.
            if time.monotonic() >= self._ended_due:
                self._ended_due = time.monotonic() + SHARE * await self._timed(self._reckon_ended)
        except StoreUnavailable as error:
            log.warning("figures not worked out", reason=error.detail)
            return LEAST_SECONDS
        # Columns of all promises were in memory, and are not any more.
        self._garbage.collect()
        return max(LEAST_SECONDS, SHARE * took)

    async def reckon(self) -> None:
        """Work out all sheets once."""
        await self._reckon_open()
        await self._reckon_ended()

    async def _timed(self, work: Callable[[], Awaitable[None]]) -> float:
        begun = time.monotonic()
        await work()
        took = time.monotonic() - begun
        metrics.RECKONING_SECONDS.observe(took)
        return took

    async def _reckon_open(self) -> None:
        metrics.WISHES_DUE.set(await wishes.number_due(self._database, self._now()))
        run = await self._begin()
        still: list[Open] = []
        async for page in self._open():
            still += page
            if len(still) >= MOST_OPEN:
                break
        gaps = words.wide(still)
        said = await words.heard(self._database, [*gaps])
        beside = Beside(await self._stakes(), await unmet_claims.read(self._database), gaps, said)
        money = sheets.money_of(still, self._rates, self._loss_share)
        async with unit_of_work(self._database) as uow:
            await rates.save(uow.connection, money.rates)
        await self._shown(run, len(still), await asyncio.to_thread(self._of_open, still, beside, money))

    async def _reckon_ended(self) -> None:
        run = await self._begin()
        counts: dict[str, dict[str, Tally]] = {by: {} for by in on_time.GROUPS}
        took, reasons = Gathered(), Reasons()
        stood = Standings(self._now().timestamp(), persons=self._persons)
        late = {row["kind"]: row["late"] for row in await self._database.pool.fetch(_LATE)}
        surprised = Surprises(late)
        judged = 0
        async for page in self._ended():
            judged += len(page)
            counts = await asyncio.to_thread(_more, counts, (took, reasons, stood, surprised), page)
        async for page in self._unended():
            judged += sum(one.overdue for one in page)
            counts = await asyncio.to_thread(_more, counts, (took, reasons, stood), page)
        found = {f"punctuality:{by}": on_time.punctual(tallied, by) for by, tallied in counts.items()}
        for row in found["punctuality:team"]:
            row.body["reasons"] = reasons.of(row.name)
        found |= await asyncio.to_thread(bias_sheets, took, persons=self._persons)
        found |= stood.sheets() | surprised.sheets()
        found |= await beliefs.sheets_of(self._database, self._now())
        found |= await worked.sheets_of(self._database, self._now())
        found |= await competitors.sheets_of(self._database)
        await self._shown(run, judged, found)

    async def _begin(self) -> Run:
        begun = time.monotonic()
        since = await self._database.pool.fetchval("SELECT clock_timestamp()")
        return Run(await self._database.pool.fetchval("SELECT nextval('born')"), since, begun)

    async def _shown(self, run: Run, promises: int, found: Mapping[str, Sequence[Row]]) -> None:
        for sheet, rows in found.items():
            await self._write(sheet, run.number, rows)
        for sheet in found:
            await self._show(sheet, run, promises)
        await self._clear()

    async def _stakes(self) -> Stakes:
        found: dict[str, Stake] = {}
        after = ""
        while rows := await self._database.pool.fetch(_ACCOUNTS, after, PAGE):
            found |= {row["matter_id"]: Stake(row["renews_at"], row["exposure"], row["currency"]) for row in rows}
            after = rows[-1]["matter_id"]
            if len(found) >= MOST_OPEN:
                break
        repairs = [row["days"] for row in await self._database.pool.fetch(_REPAIRS)]
        return Stakes(found, self._now().timestamp(), np.array(repairs, np.float64))

    def _of_open(self, promises: Sequence[Open], beside: Beside, money: Money) -> dict[str, list[Row]]:
        now = beside.stakes.now
        found = {f"rollup:{by}": sheets.rolled_up(promises, by, money) for by in sheets.BY}
        told = unmet_claims.accounts_of(beside.unmet)
        stood = sheets.accounts(promises, found["rollup:customer"], money, beside.stakes, told)
        found["account"], found["value_at_risk"], found["renewal"] = stood.accounts, stood.totals, stood.renewals
        for row in found["rollup:department"]:
            row.body.update(sheets.risk_body(stood.departments.get(row.name)))
        found["spread"] = unmet_claims.spread_rows(beside.unmet, stood.claims, money.currency or None, now)
        found["silence"] = words.silence_rows(beside.gaps, beside.said, now)
        marks = words.marks(found["silence"])
        for row in found["account"]:
            row.body.update(marks.get(row.name, words.UNHEARD))
        return found

    async def _open(self) -> AsyncIterator[list[Open]]:
        hit = {row["place"]: row["incident_id"] for row in await self._database.pool.fetch(_HIT)}
        async for rows in self._pages(_OPEN, self._thresholds):
            yield [_open_of(row, hit) for row in rows]

    async def _ended(self) -> AsyncIterator[list[Ended]]:
        async for rows in self._pages(_ENDED):
            yield [Ended(*(row[name] for name in Ended._fields)) for row in rows]

    async def _unended(self) -> AsyncIterator[list[Ended]]:
        """Open promises as they are now, of which those count that are overdue."""
        read = 0
        async for rows in self._pages(_UNENDED, self._now()):
            yield [Ended(*(row[name] for name in Ended._fields)) for row in rows]
            read += len(rows)
            if read >= MOST_OPEN:
                return

    async def _pages(self, query: str, *values: str | datetime) -> AsyncIterator[list[Any]]:
        after = ""
        while True:
            rows = await self._database.pool.fetch(query, after, PAGE, *values)
            if rows:
                yield rows
            if len(rows) < PAGE:
                return
            after = rows[-1]["promise_id"]

    async def _write(self, sheet: str, run: int, rows: Sequence[Row]) -> None:
        for first in range(0, len(rows), WRITTEN):
            some = rows[first : first + WRITTEN]
            async with unit_of_work(self._database, durable=False) as uow:
                await uow.connection.execute(
                    _WRITE,
                    sheet,
                    run,
                    [row.name for row in some],
                    [row.rank for row in some],
                    [row.customer_id for row in some],
                    [json.dumps(row.body) for row in some],
                )

    async def _show(self, sheet: str, run: Run, promises: int) -> None:
        took = time.monotonic() - run.begun
        async with unit_of_work(self._database) as uow:
            await uow.connection.execute(_FORGOTTEN, sheet, run.number, run.since)
            await uow.connection.execute(_SHOW, sheet, run.number, took, promises)

    async def _clear(self) -> None:
        """Delete the rows of earlier runs, some a transaction."""
        gone = 1
        while gone:
            async with unit_of_work(self._database, durable=False) as uow:
                gone = int((await uow.connection.execute(_CLEAR, PAGE)).rpartition(" ")[2])


def _more(
    counts: dict[str, dict[str, Tally]],
    others: Sequence[Gathered | Reasons | Standings | Surprises],
    page: Sequence[Ended],
) -> dict[str, dict[str, Tally]]:
    for one in others:
        one.add(page)
    return {by: on_time.added([tallied, on_time.counted(page, by)]) for by, tallied in counts.items()}


def _open_of(row: Any, hit: Mapping[str, str]) -> Open:
    places: list[str] = json.loads(row["places"])
    incident = next((hit[place] for place in places if place in hit), None)
    values = {name: row[name] for name in Open._fields if name not in ("labels", "incident")}
    return Open(**values, labels=json.loads(row["labels"]), incident=incident)


_OPEN: Final = f"""
SELECT promise_id, customer_id, department, kind, deliverer, labels::text AS labels, score, p_slip, value, currency,
  last_told, extract(epoch FROM last_told_at)::float8 AS last_told_at, places::text AS places, (
    SELECT said_by || '>' || said_to FROM insight_statement AS said
    WHERE said.subject = 'promise:' || insight_promise.promise_id
      AND distortion >= coalesce(($3::text::jsonb->>(said_by || '>' || said_to))::float8, {THRESHOLD})
    ORDER BY at, statement_id LIMIT 1) AS hop
FROM insight_promise WHERE standing = 'open' AND shown AND promise_id > $1 AND {LIVING} ORDER BY promise_id LIMIT $2"""  # noqa: S608
_HIT: Final = """
SELECT place, min(incident_id) AS incident_id FROM insight_incident, jsonb_array_elements_text(places) AS place
WHERE resolved_at IS NULL GROUP BY place LIMIT 50000"""
_ACCOUNTS: Final = f"""
SELECT matter_id, extract(epoch FROM ends_at)::float8 AS renews_at, exposure, currency FROM insight_matter
WHERE kind = 'account' AND matter_id > $1 AND {living("insight_matter")} ORDER BY matter_id LIMIT $2"""  # noqa: S608
# Among the newest that have ended, those that were completed after the date that the customer held.
_REPAIRS: Final = f"""
SELECT days FROM (
  SELECT extract(epoch FROM completed_at - held_due)::float8 / 86400 AS days,
    completed_at > held_due + tolerance_s * interval '1 second' AS late
  FROM insight_promise WHERE ended_at IS NOT NULL AND shown AND {LIVING} ORDER BY ended_at DESC LIMIT 20000) AS newest
WHERE late"""  # noqa: S608
# Of each promise type with enough late ones among the newest that have ended, their 90 % quantile.
_LATE: Final = f"""
SELECT kind, percentile_cont(.9) WITHIN GROUP (ORDER BY late)::float8 AS late FROM (
  SELECT kind, extract(epoch FROM completed_at - held_due)::float8 - tolerance_s AS late
  FROM insight_promise WHERE ended_at IS NOT NULL AND shown AND {LIVING} ORDER BY ended_at DESC LIMIT 20000) AS newest
WHERE late > 0 GROUP BY kind HAVING count(*) >= {LEAST}"""  # noqa: S608
_JUDGED: Final = """
SELECT promise_id, customer_id, department, owner, deliverer, kind, extract(epoch FROM made_at)::float8 AS made,
  extract(epoch FROM requested_due)::float8 AS requested, extract(epoch FROM first_due)::float8 AS first,
  extract(epoch FROM latest_due)::float8 AS latest, tolerance_s::float8 AS tolerance,
  extract(epoch FROM completed_at)::float8 AS done, missing,
  coalesce(moves.ours, 0) AS ours, coalesce(moves.agreed, 0) AS agreed,
  coalesce(steps.planned, '{{}}') AS planned, coalesce(steps.reached, '{{}}') AS reached,
  coalesce(moves.reasons, '{{}}') AS reasons, standing = 'kept' AS kept, extract(epoch FROM {ended})::float8 AS ended,
  extract(epoch FROM held_due)::float8 AS held, extract(epoch FROM expected_from)::float8 AS expected_from,
  extract(epoch FROM expected_until)::float8 AS expected_until, told_before, standing = 'open' AS open
FROM (
  SELECT promise_id, customer_id, department, owner, deliverer, kind, made_at, requested_due, first_due, latest_due,
    tolerance_s, completed_at, missing, resets, standing, ended_at, held_due, expected_from, expected_until, told_before
  FROM insight_promise WHERE {which} AND shown AND promise_id > $1 AND {living}
  ORDER BY promise_id LIMIT $2) AS one
LEFT JOIN LATERAL (
  SELECT count(*)::int AS ours, count(*) FILTER (WHERE agreed)::int AS agreed, array_agg(reason) AS reasons
  FROM insight_redating
  WHERE insight_redating.promise_id = one.promise_id AND asked_by = 'company' AND one.resets > 0) AS moves ON true
LEFT JOIN LATERAL (
  SELECT array_agg(extract(epoch FROM planned)::float8) AS planned,
    array_agg(CASE WHEN status = 'reached' THEN extract(epoch FROM at)::float8 END) AS reached
  FROM insight_milestone WHERE insight_milestone.promise_id = one.promise_id AND planned IS NOT NULL) AS steps ON true
ORDER BY promise_id"""
_ENDED: Final = _JUDGED.format(which="standing IN ('kept', 'broken', 'cancelled')", ended="ended_at", living=LIVING)
_UNENDED: Final = _JUDGED.format(which="standing = 'open'", ended="$3::timestamptz", living=LIVING)
_WRITE: Final = """
INSERT INTO insight_figure (sheet, run, name, rank, customer_id, body)
SELECT $1, $2, name, rank, customer, body::jsonb
FROM unnest($3::text[], $4::float8[], $5::text[], $6::text[]) AS new (name, rank, customer, body)"""
_FORGOTTEN: Final = """
DELETE FROM insight_figure WHERE sheet = $1 AND run = $2 AND customer_id IS NOT NULL
  AND sha256(convert_to(customer_id, 'UTF8')) IN (SELECT customer FROM insight_erased WHERE noted_at >= $3)"""
_SHOW: Final = """
INSERT INTO insight_sheet (sheet, run, made_at, took_s, promises) VALUES ($1, $2, now(), $3, $4)
ON CONFLICT (sheet) DO UPDATE SET run = excluded.run, made_at = excluded.made_at, took_s = excluded.took_s,
  promises = excluded.promises"""
_CLEAR: Final = """
DELETE FROM insight_figure WHERE ctid = ANY(ARRAY(
  SELECT one.ctid FROM insight_figure AS one JOIN insight_sheet USING (sheet)
  WHERE one.run < insight_sheet.run LIMIT $1))"""
