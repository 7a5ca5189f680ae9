"""What the tables of `insight` say of promises, milestones, new dates, gaps and incidents."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from candor.contracts import (
    AskedBy,
    Component,
    Message,
    MilestonesRestated,
    NoticeState,
    PromiseRestated,
    PromiseState,
    RestatedStep,
    Revision,
    ScopeItem,
    Standing,
    Verdict,
    message,
)
from tests.support.insight import InsightDesk, gap
from tests.support.risk import ARRIVES, DEPARTS, DUE, MADE, Story, again, incident

M = timedelta(minutes=1)


async def test_a_promise_has_its_three_dates_whose_it_is_and_what_it_is_worth(insight: InsightDesk) -> None:
    wanted = DUE - timedelta(hours=1)
    await insight.take(
        Story().made(requested_due=wanted, department="sales", deliverer="crew-7", owner="ann", currency="EUR")
    )
    row = await insight.one()
    assert (row["requested_due"], row["first_due"], row["latest_due"], row["held_due"]) == (wanted, DUE, DUE, DUE)
    assert [row[name] for name in ("customer_id", "kind", "department", "deliverer", "owner")] == [
        "c1",
        "flight",
        "sales",
        "crew-7",
        "ann",
    ]
    assert (row["value"], row["currency"], row["standing"], row["shown"]) == (120.0, "EUR", "open", True)
    assert (row["labels"], row["places"]) == (
        '{"carrier": "XA", "distance": 719.0, "destination": "ORD"}',
        '["site:EWR"]',
    )
    assert (row["completed_at"], row["ended_at"], row["missing"]) == (None, None, None)


@pytest.mark.parametrize(
    ("late", "standing"), [(0, "kept"), (15, "kept"), (16, "broken")], ids=["in time", "at the deadline", "too late"]
)
async def test_it_ends_with_its_last_step(insight: InsightDesk, late: int, standing: str) -> None:
    story = Story()
    await insight.take(story.made(), story.milestone("departed", late), story.milestone("arrived", late))
    row = await insight.one()
    done = ARRIVES + late * M
    assert (row["standing"], row["completed_at"], row["ended_at"], row["missing"]) == (standing, done, done, 0.0)


async def test_what_was_not_delivered_is_said_of_one_that_has_ended(insight: InsightDesk) -> None:
    story = Story()
    scope = [ScopeItem("seat", 3.0), ScopeItem("meal", 1.0)]
    await insight.take(story.made(scope=scope), story.milestone("departed", delivered={"seat": 1.0, "meal": 0.0}))
    assert (await insight.one())["missing"] is None
    await insight.take(story.milestone("arrived"))
    assert (await insight.one())["missing"] == pytest.approx(0.25)


async def test_a_verdict_and_a_withdrawal_end_a_promise(insight: InsightDesk) -> None:
    judged, called_off = Story("p1"), Story("p2")
    await insight.take(judged.made(), judged.settled(Verdict.DISPUTED), called_off.made(), called_off.withdrawn())
    assert (await insight.one("p1"))["standing"] == "broken"
    row = await insight.one("p2")
    assert (row["standing"], row["ended_at"], row["missing"]) == ("withdrawn", MADE, None)


async def test_each_new_date_says_who_asked_and_what_it_moved(insight: InsightDesk) -> None:
    story = Story()
    later, last = DUE + 30 * M, DUE + 90 * M
    await insight.take(story.made(), story.revised(later, held=False), story.revised(last))
    rows = await insight.rows("SELECT * FROM insight_redating ORDER BY version")
    assert [(row["version"], row["asked_by"], row["agreed"], row["reason"]) for row in rows] == [
        (2, "company", False, "crew"),
        (3, "company", True, "crew"),
    ]
    assert [(row["before"], row["after"]) for row in rows] == [(DUE, later), (later, last)]
    row = await insight.one()
    assert (row["resets"], row["first_due"], row["latest_due"], row["held_due"]) == (2, DUE, last, last)


async def test_a_date_that_comes_late_is_kept_among_the_others_and_what_ended_is_as_it_is_restated(
    insight: InsightDesk,
) -> None:
    story = Story()
    later, last = DUE + 30 * M, DUE + 90 * M
    late = PromiseRestated(
        promise_id="p1",
        customer_id="c1",
        state=PromiseState.KEPT,
        latest_due=last,
        held_due=last,
        revisions=2,
        ended_at=last + M,
        completed_at=last,
        revision=Revision(DUE, later, AskedBy.CUSTOMER, True, "away"),
    )
    end = PromiseRestated(
        promise_id="p1", customer_id="c1", state=PromiseState.KEPT, latest_due=last, held_due=last, revisions=2
    )
    said = [message(f"late-{n}", "promise-svc", MADE, "c1", n, data) for n, data in ((4, late), (5, end))]
    await insight.take(story.made(), story.revised(last), story.settled(Verdict.BROKEN, last), *said)
    rows = await insight.rows("SELECT * FROM insight_redating ORDER BY version")
    assert [(row["version"], row["asked_by"], row["reason"], row["before"], row["after"]) for row in rows] == [
        (2, "company", "crew", DUE, last),
        (4, "customer", "away", DUE, later),
    ]
    row = await insight.one()
    assert (row["standing"], row["resets"], row["held_due"]) == ("kept", 2, last)


async def test_a_step_that_was_taken_back_is_as_its_other_reports_say_or_gone(insight: InsightDesk) -> None:
    story = Story()
    steps = [RestatedStep("departed", []), RestatedStep("loaded", [])]
    told = MilestonesRestated(promise_id="p1", customer_id="c1", steps=steps)
    await insight.take(story.made(), story.milestone("departed", 25), story.milestone("loaded", 10))
    assert len(await insight.rows("SELECT * FROM insight_milestone")) == 3
    await insight.take(message("undo", "delivery-svc/ana", MADE, "c1", 3, told))
    rows = await insight.rows("SELECT * FROM insight_milestone ORDER BY planned")
    assert [(row["milestone"], row["planned"], row["at"], row["status"]) for row in rows] == [
        ("departed", DEPARTS, None, "pending"),
        ("arrived", ARRIVES, None, "pending"),
    ]


async def test_milestones_keep_the_first_plan_beside_what_came(insight: InsightDesk) -> None:
    story = Story()
    plan = DEPARTS + 20 * M
    await insight.take(story.made(), story.milestone("departed", 25, planned=plan))
    rows = await insight.rows("SELECT * FROM insight_milestone ORDER BY planned")
    assert [(row["milestone"], row["planned"], row["expected"], row["at"], row["status"]) for row in rows] == [
        ("departed", DEPARTS, plan, DEPARTS + 25 * M, "reached"),
        ("arrived", ARRIVES, None, None, "pending"),
    ]


async def test_the_newest_gap_counts_and_changes_no_fact(insight: InsightDesk) -> None:
    parts = {Component.LATENESS: 0.6, Component.INCIDENTS: 0.25}
    await insight.take(Story().made(), gap(version=9, score=61.5, p_slip=0.8, parts=parts))
    await insight.take(gap(version=8, score=3.0, p_slip=0.1))
    row = await insight.one()
    assert (row["gap_version"], row["score"], row["n"], row["standing"]) == (9, 61.5, 50, "open")
    assert [round(row[name], 2) for name in ("p_slip", "lateness", "incidents", "scope", "silence", "unbacked")] == [
        0.8,
        0.6,
        0.25,
        0,
        0,
        0,
    ]
    await insight.take(gap(version=10, score=0.0, p_slip=None, standing=Standing.KEPT, parts={}))
    row = await insight.one()
    assert (row["p_slip"], row["lateness"], row["score"]) == (None, 0.0, 0.0)


async def test_a_gap_or_a_report_before_its_promise_waits_for_it(insight: InsightDesk) -> None:
    story = Story()
    made = story.made()
    await insight.take(gap(version=4, score=50.0))
    await insight.take(story.milestone("departed", 40))
    row = await insight.one()
    assert (row["standing"], row["shown"], row["score"]) == ("placeholder", False, 50.0)
    await insight.take(made)
    row = await insight.one()
    assert (row["standing"], row["shown"], row["score"], row["kind"]) == ("open", True, 50.0, "flight")


async def test_history_counts_once_it_has_ended_and_never_as_open(insight: InsightDesk) -> None:
    story = Story()
    await insight.take(story.made(historical=True))
    assert (await insight.one())["shown"] is False
    await insight.take(story.milestone("departed", historical=True), story.milestone("arrived", historical=True))
    row = await insight.one()
    assert (row["shown"], row["standing"]) == (True, "kept")


async def test_whether_the_customer_was_told_is_known(insight: InsightDesk) -> None:
    story = Story()
    await insight.take(story.made(), story.notice(state=NoticeState.PENDING))
    assert (await insight.one())["told"] is False
    await insight.take(story.notice(version=2))
    assert (await insight.one())["told"] is True


async def test_of_an_incident_the_newest_picture_is_kept_by_one_partition(insight: InsightDesk) -> None:
    await insight.take(incident(version=2, severity=0.9), incident(version=1, severity=0.2))
    await insight.take(incident(version=1, severity=0.2))
    [row] = await insight.rows("SELECT * FROM insight_incident")
    assert (row["version"], round(row["severity"], 2), row["places"], row["resolved_at"]) == (
        2,
        0.9,
        '["site:EWR"]',
        None,
    )


async def test_a_repeated_event_changes_nothing(insight: InsightDesk) -> None:
    story = Story()
    messages = [story.made(), story.revised(DUE + 30 * M), story.milestone("departed", 10), gap(version=3)]
    await insight.take(*messages)
    before = [await insight.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES]
    await insight.take(*messages)
    assert [await insight.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES] == before
    assert insight.rejected == []


async def test_an_event_lost_on_the_way_is_a_dead_letter(insight: InsightDesk) -> None:
    story = Story()
    made, second, third = story.made(), story.revised(DUE + M), story.revised(DUE + 2 * M)
    await insight.take(made, third)
    assert insight.rejected == [(third.envelope.id, "version_gap")]
    await insight.take(second, third)
    assert (await insight.one())["latest_due"] == DUE + 2 * M


async def test_a_promise_whose_beginning_kafka_no_longer_has_is_left_out_until_it_comes_again(
    insight: InsightDesk,
) -> None:
    story = Story()
    made, revised = story.made(), story.revised(DUE + M)
    step = again(story.milestone("departed"), 7)
    await insight.take(revised, step)
    assert (await insight.ids(), insight.rejected) == ([], [])
    await insight.take(made, revised)
    assert (await insight.one())["resets"] == 1


async def test_the_order_across_topics_does_not_matter(insight: InsightDesk, pytestconfig: pytest.Config) -> None:
    rng = random.Random(pytestconfig.option.seed)
    told: list[dict[str, object]] = []
    for number in range(6):
        name = f"q{number}"
        streams = streams_of(name)
        while streams:
            stream = rng.choice(streams)
            await insight.take(stream.pop(0))
            streams = [left for left in streams if left]
        row = await insight.one(name)
        told.append({key: value for key, value in row.items() if key not in ("promise_id", "born", "words_since")})
    assert told == [told[0]] * 6


def streams_of(name: str) -> list[list[Message]]:
    """A promise's events by topic, each topic in its order."""
    story = Story(name)
    ledger = [story.made(), story.revised(DUE + 30 * M)]
    steps = [story.milestone("departed", 20), story.milestone("arrived", 20)]
    return [ledger, steps, [gap(name, version=1), gap(name, version=2, score=70.0)], [story.notice(notice_id=name)]]


TABLES = ("insight_promise", "insight_state", "insight_milestone", "insight_redating")
