"""What `insight` follows of plans: their drivers by the gaps that are published, and one beside each without a plan."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from candor.contracts import Component, Message, Standing
from candor.contracts.matters import PlanState
from risk_svc.insight import drivers
from risk_svc.insight.measures.drivers import Driver, see, until
from tests.support.insight import InsightDesk, gap
from tests.support.matters import plan
from tests.support.risk import MADE, Story, erased

DAY = timedelta(days=1)


def scored(day: float, x: float, name: str = "p1", customer: str = "c1", **fields: Any) -> Message:
    """A gap whose lateness is x, so many days after MADE."""
    parts = {Component.LATENESS: x}
    return gap(name, customer, version=1 + int(day * 1000), at=MADE + day * DAY, parts=parts, **fields)


async def followed(insight: InsightDesk, *, beside: bool = False) -> dict[str, Any]:
    rows = await insight.rows("SELECT * FROM insight_driver WHERE beside = $1 ORDER BY plan_id", beside)
    return {row["plan_id"]: row for row in rows}


async def test_a_driver_is_followed_from_when_its_plan_was_opened(insight: InsightDesk) -> None:
    await insight.take(Story().made(), scored(0.5, 0.75))
    await insight.take(plan())
    await insight.take(scored(2, 0.5), scored(1.5, 0.875))
    await insight.take(plan(state=PlanState.DONE, version=2, since=3), scored(9, 0.25), scored(11, 1.0))
    row = (await followed(insight))["pl1"]
    assert (row["before"], row["before_at"], row["driver"]) == (0.75, MADE + 0.5 * DAY, "lateness")
    # What comes later than 7 days after it was done does not count.
    assert (row["after"], row["after_at"], row["over"]) == (0.25, MADE + 9 * DAY, False)
    [known] = await insight.rows("SELECT state, since, action, driver, due FROM insight_matter WHERE kind = 'plan'")
    assert (known["state"], known["since"], known["action"]) == ("done", MADE + 3 * DAY, "add-crew")


async def test_what_was_scored_in_the_batch_in_which_the_plan_comes_counts_by_its_time(insight: InsightDesk) -> None:
    await insight.take(Story().made(), scored(0.5, 0.75))
    # The gap of after the plan is written over the one of before in the same transaction.
    await insight.take(scored(2, 0.25), plan())
    row = (await followed(insight))["pl1"]
    assert (row["before"], row["after"]) == (0.75, 0.25)


async def test_a_plan_before_any_gap_waits_for_the_one_of_its_time(insight: InsightDesk) -> None:
    await insight.take(plan())
    assert (await followed(insight))["pl1"]["before"] is None
    await insight.take(scored(2, 0.25))
    assert (await followed(insight))["pl1"]["before"] is None
    await insight.take(scored(0.5, 0.75))
    row = (await followed(insight))["pl1"]
    assert (row["before"], row["after"]) == (0.75, 0.25)


async def test_a_promise_that_ended_is_over(insight: InsightDesk) -> None:
    await insight.take(Story().made(), scored(0.5, 0.75), plan())
    await insight.take(scored(3, 0.0, standing=Standing.KEPT, p_slip=None))
    row = (await followed(insight))["pl1"]
    assert (row["over"], row["after"]) == (True, 0.0)


def others(*xs: float, kind: str = "flight") -> list[Message]:
    """Open promises q0, q1, … with this lateness."""
    found = []
    for number, x in enumerate(xs):
        found += [Story(f"q{number}", "c2").made(kind=kind), scored(0.5, x, f"q{number}", "c2")]
    return found


async def test_the_likest_promise_about_which_nothing_is_planned_stands_beside_it(insight: InsightDesk) -> None:
    await insight.take(*others(0.9, 0.7, 0.05, 0.8), Story().made(), scored(0.5, 0.75))
    await insight.take(plan("other", customer="c2", promise_id="q3"))
    await insight.take(plan())
    row = (await followed(insight, beside=True))["pl1"]
    assert (row["promise_id"], row["customer_id"], row["plan_customer"]) == ("q1", "c2", "c1")
    assert (row["at"], row["before"], row["after"]) == (MADE + DAY, pytest.approx(0.7), pytest.approx(0.7))
    # It is followed in the same way, and its own plan is another matter.
    await insight.take(scored(4, 0.125, "q1", "c2"), plan(state=PlanState.DONE, version=2, since=2))
    await insight.take(scored(10, 1.0, "q1", "c2"))
    assert (await followed(insight, beside=True))["pl1"]["after"] == 0.125


@pytest.mark.parametrize(
    "unlike",
    [
        others(0.05),
        others(0.75, kind="train"),
        [Story("q0", "c2").made(), scored(1.5, 0.75, "q0", "c2")],
        [*others(0.75), erased("c2", at=MADE + 0.9 * DAY)],
    ],
    ids=["not late", "of another type", "scored since", "forgotten"],
)
async def test_what_is_not_like_it_is_not_beside_it(insight: InsightDesk, unlike: list[Message]) -> None:
    for one in unlike:
        await insight.take(one)
    await insight.take(Story().made(), scored(0.5, 0.75), plan())
    assert await followed(insight, beside=True) == {}
    assert (await followed(insight))["pl1"]["before"] == 0.75


async def test_a_driver_that_is_not_there_has_none_beside_it(insight: InsightDesk) -> None:
    await insight.take(*others(0.05, 0.75), Story().made(), scored(0.5, 0.05), plan())
    assert await followed(insight, beside=True) == {}


async def test_of_a_promise_only_so_many_are_followed_and_for_so_many_plans_one_is_looked_for(
    insight: InsightDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drivers, "COMPARED", 2)
    await insight.take(*others(*[0.75] * 6), Story().made(), scored(0.5, 0.75))
    await insight.take(*(plan(f"pl{number:02}") for number in range(drivers.MOST - 1)))
    assert len(await followed(insight)) == drivers.MOST - 1
    assert len(await followed(insight, beside=True)) == 2
    await insight.take(*(plan(f"more{number}") for number in range(3)))
    assert len(await followed(insight)) == drivers.MOST
    assert len(await insight.rows("SELECT FROM insight_matter WHERE kind = 'plan'")) == drivers.MOST + 2


async def test_a_forgotten_customer_leaves_neither_drivers_nor_what_stood_beside_them(insight: InsightDesk) -> None:
    await insight.take(*others(0.75), Story().made(), scored(0.5, 0.75), plan())
    await insight.take(*others(0.5), Story("r0", "c3").made(), scored(0.5, 0.5, "r0", "c3"))
    await insight.take(plan("pl3", customer="c3", promise_id="r0"))
    assert len(await followed(insight, beside=True)) == 2
    await insight.take(erased("c1", at=MADE + 9 * DAY))
    await insight.forget(1)
    assert list(await followed(insight)) == ["pl3"]
    assert list(await followed(insight, beside=True)) == ["pl3"]
    await insight.take(erased("c2", at=MADE + 9 * DAY))
    await insight.forget(1)
    assert await followed(insight, beside=True) == {}


async def test_an_id_used_again_after_an_erasure_is_another_plan(insight: InsightDesk) -> None:
    await insight.take(Story().made(), scored(0.5, 0.75), plan())
    await insight.take(erased("c1", at=MADE + 9 * DAY))
    await insight.take(plan(day=20, driver=Component.SCOPE))
    row = (await followed(insight))["pl1"]
    assert (row["driver"], row["before"], row["at"]) == ("scope", None, MADE + 20 * DAY)
    await insight.forget()
    assert (await followed(insight))["pl1"] == row


STANDINGS = (Standing.OPEN, Standing.OPEN, Standing.OPEN, Standing.BROKEN, Standing.WITHDRAWN)


async def test_in_any_order_and_any_batches_the_row_is_the_fold_of_all_gaps(
    insight: InsightDesk, pytestconfig: pytest.Config
) -> None:
    rng = random.Random(pytestconfig.option.seed)
    for turn in range(8):
        await insight.database.pool.execute("TRUNCATE insight_driver, insight_matter, insight_promise")
        component = rng.choice(list(Component))
        await insight.take(plan(driver=component), plan(state=PlanState.DONE, version=2, since=3, driver=component))
        days = [round(rng.uniform(0, 14), 3) for _ in range(10)]
        gaps = [
            gap(
                version=1 + int(day * 1000),
                at=MADE + day * DAY,
                parts={component: rng.randint(0, 8) / 8},
                standing=rng.choice(STANDINGS),
                p_slip=None,
            )
            for day in days
        ]
        driver = Driver(component, (MADE + DAY).timestamp())
        for one in gaps:
            driver = see(driver, drivers.score_of(one), until((MADE + 3 * DAY).timestamp()))
        left = gaps + rng.sample(gaps, 4)
        rng.shuffle(left)
        while left:
            size = rng.randint(1, 4)
            await insight.take(*left[:size])
            left = left[size:]
        [row] = await insight.rows("SELECT * FROM insight_driver")
        assert drivers.driver_of(row) == driver, turn


async def test_gaps_of_promises_without_a_plan_leave_no_row(insight: InsightDesk) -> None:
    await insight.take(*others(0.75, 0.5), scored(1, 0.25))
    assert await insight.rows("SELECT * FROM insight_driver") == []


@pytest.mark.parametrize("component", list(Component))
async def test_each_component_is_taken_from_its_own_place(insight: InsightDesk, component: Component) -> None:
    parts = {one: (at + 1) / 8 for at, one in enumerate(Component)}
    await insight.take(Story().made(), gap(version=1, at=MADE, parts=parts))
    # Once as it stands in the row of the promise, once as it comes.
    await insight.take(plan(driver=component))
    assert (await followed(insight))["pl1"]["before"] == parts[component]
    await insight.take(gap(version=2, at=MADE + 2 * DAY, parts={one: x / 2 for one, x in parts.items()}))
    assert (await followed(insight))["pl1"]["after"] == parts[component] / 2


@pytest.mark.parametrize("component", list(Component))
async def test_beside_it_the_same_component_is_followed(insight: InsightDesk, component: Component) -> None:
    parts = {one: (at + 1) / 8 for at, one in enumerate(Component)}
    await insight.take(Story().made(), gap(version=1, at=MADE, parts=parts))
    await insight.take(Story("q0", "c2").made(), gap("q0", "c2", version=1, at=MADE, parts=parts))
    await insight.take(plan(driver=component))
    row = (await followed(insight, beside=True))["pl1"]
    assert (row["promise_id"], row["driver"], row["before"]) == ("q0", component, parts[component])
