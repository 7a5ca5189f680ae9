"""Erasure in `insight`: nothing of the customer stays, and what comes late does not bring them back."""

from __future__ import annotations

from datetime import timedelta

from risk_svc.insight.forgetting import LIVING, TABLES, Forgetting
from risk_svc.worker.partition_state import customer_mark
from tests.support.insight import InsightDesk, gap
from tests.support.risk import DUE, MADE, Story, erased

LATER = MADE + timedelta(hours=2)


async def traces(insight: InsightDesk, *names: str) -> list[str]:
    """Tables in which one of these texts still stands, in any column."""
    found = []
    for table in (*TABLES, "insight_erased", "insight_erasing"):
        raw = "state" if table == "insight_state" else "''::bytea"
        rows = await insight.rows(f"SELECT {table}::text AS whole, {raw} AS raw FROM {table}")
        found += [table for row in rows if any(name in row["whole"] or name.encode() in row["raw"] for name in names)]
    return sorted(set(found))


async def test_everything_of_the_customer_goes_and_a_mark_without_a_name_stays(insight: InsightDesk) -> None:
    story, other = Story("p1", "c1"), Story("p3", "c2")
    await insight.take(
        story.made(), story.revised(DUE + timedelta(hours=1)), story.milestone("departed", 30), other.made()
    )
    await insight.take(story.assigned("crew-8", accepted=True))
    await insight.take(gap("p1", "c1"))
    assert await traces(insight, "p1", "c1") == sorted(TABLES)
    await insight.take(erased("c1"))
    await insight.forget()
    assert await traces(insight, "p1", "c1") == []
    assert await insight.ids() == ["p3"]
    rows = await insight.rows("SELECT customer, version, at FROM insight_erased")
    assert [(row["customer"], row["version"], row["at"]) for row in rows] == [(customer_mark("c1"), 1, DUE.timestamp())]


async def test_erasing_in_the_batch_that_made_the_promise_leaves_nothing(insight: InsightDesk) -> None:
    story = Story("p1", "c1")
    await insight.take(story.made(), story.milestone("departed"), gap("p1", "c1"), erased("c1"))
    await insight.forget()
    assert await traces(insight, "p1", "c1") == []


async def test_late_events_of_an_erased_customer_are_not_taken(insight: InsightDesk) -> None:
    story = Story("p1", "c1")
    made = story.made()
    await insight.take(made, erased("c1", at=DUE))
    await insight.forget()
    await insight.take(
        made, story.milestone("departed", 5), story.notice(), gap("p1", "c1", at=DUE + timedelta(hours=9))
    )
    assert await traces(insight, "p1", "c1") == []


async def test_a_customer_who_comes_back_is_a_customer_again(insight: InsightDesk) -> None:
    await insight.take(Story("p1", "c1").made(), erased("c1", at=MADE + timedelta(hours=1)))
    await insight.take(Story("p9", "c1", start=LATER).made(), gap("p9", "c1", at=LATER))
    await insight.take(erased("c1", at=MADE + timedelta(hours=1)))
    await insight.forget()
    assert await insight.ids() == ["p9"]
    assert (await insight.one("p9"))["gap_version"] == 1
    await insight.take(erased("c1", version=2, at=LATER + timedelta(hours=1)))
    await insight.forget()
    assert await insight.ids() == []


async def test_many_promises_go_some_a_transaction_and_none_counts_meanwhile(insight: InsightDesk) -> None:
    await insight.take(*(Story(f"p{number}", "c1").made() for number in range(7)), Story("q", "c2").made())
    await insight.take(erased("c1", at=MADE + timedelta(hours=1)))
    await insight.take(Story("p3", "c1", start=LATER).made())
    living = f"SELECT promise_id FROM insight_promise WHERE {LIVING} ORDER BY 1"
    assert [row["promise_id"] for row in await insight.rows(living)] == ["p3", "q"]
    sizes = []
    # A new one for each step, as after a kill.
    while await Forgetting(insight.database, 2).step():
        sizes.append(len(await insight.ids()))
    assert sizes == [6, 4, 2, 2]
    assert await insight.ids() == ["p3", "q"]


async def test_an_erased_promises_id_can_be_anothers_before_its_row_is_gone(insight: InsightDesk) -> None:
    await insight.take(Story("p2", "c1").made(), gap("p2", "c1", score=90.0))
    await insight.take(erased("c1", at=MADE + timedelta(hours=1)))
    await insight.take(Story("p2", "c2", start=LATER).made(), Story("p4", "c1", start=LATER).made())
    await insight.forget()
    row = await insight.one("p2")
    assert (row["customer_id"], row["score"]) == ("c2", 0.0)
    assert await insight.ids() == ["p2", "p4"]
