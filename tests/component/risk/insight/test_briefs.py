"""The weekly briefs as insight makes them: one of all and one of each department, each once, and none too late."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from candor.calendar import Weekly
from candor.contracts import BriefMade, decode
from candor.records.packing import unpack
from risk_svc.insight.briefs import Briefs
from risk_svc.insight.reckoning import Reckoning
from tests.support.clocks import ManualClock
from tests.support.insight import InsightDesk, gap
from tests.support.risk import Story

DUE = datetime(2026, 3, 2, 8, tzinfo=UTC)
"""A Monday."""


def maker(
    insight: InsightDesk, *, after: timedelta = timedelta(0), ours: bool = True, when: str = "mon 08:00"
) -> Briefs:
    return Briefs(insight.database, lambda: ours, ManualClock(DUE + after), when)


async def known(insight: InsightDesk) -> None:
    """A gap of sales and one of success, and the figures of both, of a company that was there the day before."""
    await maker(insight, after=timedelta(days=-1)).round()
    for name, customer, department in (("p1", "c1", "sales"), ("p2", "c2", "success")):
        await insight.take(Story(name, customer).made(department=department), gap(name, customer, score=60.0))
    await Reckoning(insight.database, lambda: True, rates={}, loss_share=0.5).reckon()


async def sent(insight: InsightDesk) -> list[BriefMade]:
    rows = await insight.rows("SELECT records FROM outbox WHERE topic = 'briefs' ORDER BY id")
    records = [record for row in rows for record in unpack(row["records"])]
    messages = [decode("briefs", one.headers, one.value) for one in records]
    found = [one.data for one in messages]
    assert all(isinstance(one, BriefMade) for one in found)
    assert all(one.envelope.time == DUE and not one.envelope.historical for one in messages)
    return found  # type: ignore[return-value]


async def test_there_is_one_of_all_and_one_of_each_department(insight: InsightDesk) -> None:
    await known(insight)
    await maker(insight, after=timedelta(minutes=1)).round()
    found = {one.brief_id: one for one in await sent(insight)}
    assert [*found] == ["2026-W10", "2026-W10.sales", "2026-W10.success"]
    assert [one.department for one in found.values()] == [None, "sales", "success"]
    gaps, money = found["2026-W10.sales"].sections
    assert [one.path for one in money.sentences] == ["/board/groups?by=department"]
    assert [(one.text, one.path) for one in gaps.sentences] == [
        ("sales has a gap of 60 of 100 over 1 open promise. Its widest is p1.", "/board/groups?by=department")
    ]


async def test_a_new_installation_makes_none_of_a_time_before_it_looked(insight: InsightDesk) -> None:
    for name, customer in (("p1", "c1"), ("p2", "c2")):
        await insight.take(Story(name, customer).made(department="sales"), gap(name, customer, score=60.0))
    await Reckoning(insight.database, lambda: True, rates={}, loss_share=0.5).reckon()
    # Started three hours after its first Monday's brief was due, in the midst of its history.
    await maker(insight, after=timedelta(hours=3)).round()
    await maker(insight, after=timedelta(hours=5)).round()
    assert await sent(insight) == []
    week = ManualClock(DUE + timedelta(days=7, minutes=1))
    await Briefs(insight.database, lambda: True, week, "mon 08:00").round()
    found = [row["brief_id"] for row in await insight.rows("SELECT brief_id FROM insight_brief ORDER BY brief_id")]
    assert found == ["2026-W11", "2026-W11.sales", "first-look"]


async def test_where_briefs_were_made_before_none_is_left_out(insight: InsightDesk) -> None:
    await known(insight)
    await insight.rows("DELETE FROM insight_brief")
    await insight.rows("INSERT INTO insight_brief (brief_id) VALUES ('2026-W09')")
    await maker(insight, after=timedelta(hours=3)).round()
    assert [one.brief_id for one in await sent(insight)] == ["2026-W10", "2026-W10.sales", "2026-W10.success"]


async def test_each_is_made_once_whoever_makes_it(insight: InsightDesk) -> None:
    await known(insight)
    makers = [maker(insight) for _ in range(3)]
    await asyncio.gather(*(one.round() for one in makers))
    await makers[0].round()
    # Another process after a restart, hours later.
    await maker(insight, after=timedelta(hours=23)).round()
    assert len(await sent(insight)) == 3


async def test_what_a_killed_process_left_out_is_made_by_the_next_one(insight: InsightDesk) -> None:
    await known(insight)
    await insight.database.pool.execute("INSERT INTO insight_brief (brief_id) VALUES ('2026-W10'), ('2026-W10.sales')")
    await maker(insight).round()
    assert [one.brief_id for one in await sent(insight)] == ["2026-W10.success"]


async def test_a_day_later_it_is_too_late(insight: InsightDesk) -> None:
    await known(insight)
    await maker(insight, after=timedelta(days=1, seconds=1)).round()
    assert await sent(insight) == []
    # The next week's is another one.
    next_week = maker(insight, after=timedelta(days=7))
    assert await next_week.make(DUE + timedelta(days=7)) == 3


async def test_before_figures_were_worked_out_it_waits_for_them(insight: InsightDesk) -> None:
    waiting = maker(insight)
    assert await waiting.make(DUE) == 0
    await known(insight)
    assert await waiting.make(DUE) == 3


async def test_it_is_made_where_it_is_this_processes_turn_and_asked_for(insight: InsightDesk) -> None:
    await known(insight)
    await maker(insight, ours=False).round()
    await maker(insight, when="").round()
    assert await sent(insight) == []
    assert Weekly.of("mon 08:00").last(DUE) == DUE
