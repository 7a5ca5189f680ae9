"""Erasure: nothing of the customer stays, and what comes late does not bring them back."""

from __future__ import annotations

from datetime import timedelta

from candor.store.eraser import Eraser
from risk_svc.store import erasures
from risk_svc.worker.partition_state import customer_mark
from tests.support.clocks import ManualClock
from tests.support.risk import DUE, MADE, Desk, Story, erased

EVERYWHERE = ("promise_state", "incident", "erased", "journal", "forecast_score")


async def traces(desk: Desk, *names: str) -> list[str]:
    """Tables in which one of these texts still stands, in any column."""
    found = []
    for table in EVERYWHERE:
        rows = await desk.rows(f"SELECT {table}::text AS whole, {_bytes(table)} AS raw FROM {table}")
        found += [table for row in rows if any(name in row["whole"] or name.encode() in row["raw"] for name in names)]
    return found


def _bytes(table: str) -> str:
    return {"promise_state": "state", "incident": "data", "journal": "entries"}.get(table, "''::bytea")


async def test_everything_of_the_customer_goes(desk: Desk, clock: ManualClock) -> None:
    first, second, other = Story("p1", "c1"), Story("p2", "c1"), Story("p3", "c2")
    await desk.take(first.made(), second.made(), other.made())
    await desk.take(first.milestone("departed", 30), first.milestone("arrived", 30))
    clock.set(DUE)
    assert await traces(desk, "c1", "p1", "p2") != []
    assert await desk.take(erased("c1")) == []
    await desk.end_erasures()
    assert await traces(desk, "c1", "p1", "p2") == []
    assert [row["promise_id"] for row in await desk.rows("SELECT promise_id FROM promise_state")] == ["p3"]
    assert desk.handler.cache.promises == 1
    clock.set(DUE + timedelta(days=9))
    assert {item.envelope.subject for item in await desk.take(tick=True)} <= {"p3"}


async def test_erasing_in_the_batch_that_made_the_promise_leaves_nothing(desk: Desk, clock: ManualClock) -> None:
    clock.set(DUE)
    story = Story("p1", "c1")
    assert await desk.take(story.made(), story.milestone("departed"), erased("c1")) == []
    assert await traces(desk, "c1", "p1") == []
    assert desk.handler.cache.promises == 0


async def test_late_events_of_an_erased_customer_are_not_taken_even_after_a_reload(desk: Desk) -> None:
    story = Story("p1", "c1")
    made = story.made()
    await desk.take(made, erased("c1", at=DUE))
    await desk.end_erasures()
    for _ in range(2):
        assert await desk.take(made, story.milestone("departed", 5), story.notice()) == []
        await desk.load()
    assert await traces(desk, "c1", "p1") == []


async def test_a_customer_who_comes_back_is_a_customer_again(desk: Desk, clock: ManualClock) -> None:
    await desk.take(Story("p1", "c1").made(), erased("c1", at=MADE + timedelta(hours=1)))
    clock.set(MADE + timedelta(hours=2))
    back = Story("p9", "c1", start=MADE + timedelta(hours=2))
    assert len(await desk.take(back.made())) == 1
    assert await desk.take(erased("c1", at=MADE + timedelta(hours=1))) == []
    assert desk.handler.cache.promises == 1
    await desk.take(erased("c1", version=2, at=MADE + timedelta(hours=3)))
    assert desk.handler.cache.promises == 0


async def test_only_a_mark_without_a_name_stays(desk: Desk) -> None:
    await desk.take(erased("c1"))
    rows = await desk.rows("SELECT customer, version, at FROM erased")
    assert [(row["customer"], row["version"], row["at"]) for row in rows] == [(customer_mark("c1"), 1, DUE.timestamp())]


async def test_until_its_rows_are_gone_an_erased_promise_is_nowhere_taken_for_a_living_one(
    desk: Desk, clock: ManualClock
) -> None:
    stories = [Story(f"p{number}", "c1") for number in range(7)]
    await desk.take(*(story.made() for story in stories), Story("q", "c2").made())
    clock.set(MADE + timedelta(hours=2))
    await desk.take(erased("c1", at=MADE + timedelta(hours=1)))
    assert len(await desk.rows("SELECT FROM promise_state")) == 8
    await desk.load()
    assert desk.handler.cache.promises == 1
    again = Story("p3", "c1", start=MADE + timedelta(hours=2))
    assert len(await desk.take(again.made())) == 1
    left = "SELECT promise_id FROM promise_state ORDER BY promise_id"
    sizes = []
    eraser = Eraser(desk.database, erasures.work(2))
    while await eraser.step():
        sizes.append(len(await desk.rows(left)))
    assert len(set(sizes)) >= 3
    assert [row["promise_id"] for row in await desk.rows(left)] == ["p3", "q"]
    assert desk.handler.cache.promises == 2


async def test_an_erased_promise_under_whose_id_one_is_made_in_the_same_batch_makes_room(
    desk: Desk, clock: ManualClock
) -> None:
    await desk.take(Story("p1", "c1").made())
    clock.set(MADE + timedelta(hours=2))
    back = Story("p1", "c1", start=MADE + timedelta(hours=2))
    await desk.take(erased("c1", at=MADE + timedelta(hours=1)), back.made())
    await desk.end_erasures()
    assert [row["promise_id"] for row in await desk.rows("SELECT promise_id FROM promise_state")] == ["p1"]


async def test_an_erased_promises_id_can_be_anothers_before_its_row_is_gone(desk: Desk, clock: ManualClock) -> None:
    await desk.take(Story("p1", "c1").made(), Story("p2", "c1").made())
    clock.set(MADE + timedelta(hours=2))
    await desk.take(erased("c1", at=MADE + timedelta(hours=1)))
    await desk.take(Story("p2", "c2", start=MADE + timedelta(hours=2)).made())
    await desk.end_erasures()
    assert [row["customer_id"] for row in await desk.rows("SELECT customer_id FROM promise_state")] == ["c2"]
    for _ in range(2):
        assert desk.handler.cache.promises == 1
        await desk.load()
