"""What has come to its end is gone, and what it stood for is remembered: nothing counts again, nobody is told twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from candor.contracts import ContactRemoved, Forecast, IncidentStatus, NoticeState, Standing
from candor.contracts.matters import (
    ChallengeState,
    ClarificationState,
    HandoffState,
    OfferOption,
    OfferState,
    PlanState,
    WishState,
)
from candor.store.db import Database
from risk_svc.forecasting.live import PublishedModel
from risk_svc.insight.asking import Place
from risk_svc.insight.challenges import ChallengeFilter, challenges
from risk_svc.insight.offers import OfferFilter, offers
from risk_svc.worker.handlers import RiskHandler
from tests.component.retention.schemas import retention_of, schema_of
from tests.support import notify, risk
from tests.support.clocks import ManualClock
from tests.support.insight import InsightDesk
from tests.support.matters import challenge, claim, clarification, handoff, offer, plan, said, wish
from tests.support.servers import Databases

WORDS = "the fiddly espresso machine of Mrs Secret"


async def aged(database: Database, *columns: str, days: int = 4000) -> None:
    """As if `table.column` had been written so many days ago."""
    for place in columns:
        table, column = place.split(".")
        await database.pool.execute(
            f"UPDATE {table} SET {column} = {column} - make_interval(days => $1) WHERE {column} IS NOT NULL", days
        )


async def holding(database: Database, *tables: str) -> list[str]:
    """The tables in which the words still are, in whatever column."""
    return [
        table
        for table in tables
        for row in await database.pool.fetch(f"SELECT * FROM {table}")
        if any(WORDS in (cell.decode("latin-1") if isinstance(cell, bytes) else str(cell)) for cell in row)
    ]


async def test_a_promise_that_ended_is_emptied_and_no_event_of_it_counts_again(databases: Databases) -> None:
    clock = ManualClock(risk.MADE)
    async with schema_of("risk-svc", databases) as database:
        desk = risk.Desk(database, RiskHandler(risk.taught_by(40), clock, system=clock))
        await desk.load()
        story, opened = risk.Story(), risk.Story("p2", "c2")
        told = [story.made(what=WORDS, labels={"wish": WORDS}), story.milestone("departed", 30, reason=WORDS)]
        told.append(story.milestone("arrived", 30, public_reason=WORDS))
        await desk.take(*told, opened.made(what=WORDS))
        ends = retention_of("risk-svc", database)
        assert (await ends.clear())["promise_state"] == 0
        await aged(database, "promise_state.words_since")
        before = await desk.rows("SELECT promise_id, standing, score, p_slip FROM promise_state ORDER BY 1")
        assert (await ends.clear())["promise_state"] == 1
        assert await holding(database, "promise_state") == ["promise_state"]
        assert await desk.rows("SELECT promise_id, standing, score, p_slip FROM promise_state ORDER BY 1") == before
        kept = await database.pool.fetchval("SELECT state FROM promise_state WHERE promise_id = 'p1'")
        assert WORDS.encode() not in kept
        assert await desk.take(*told) == []
        assert await database.pool.fetchval("SELECT state FROM promise_state WHERE promise_id = 'p1'") == kept
        assert (await ends.clear())["promise_state"] == 0


async def test_only_a_resolved_incident_loses_its_title(databases: Databases) -> None:
    clock = ManualClock(risk.MADE)
    async with schema_of("risk-svc", databases) as database:
        desk = risk.Desk(database, RiskHandler(PublishedModel(), clock, system=clock))
        await desk.load()
        over = risk.incident(IncidentStatus.RESOLVED, incident_id="over", resolved=risk.DUE)
        await desk.take(over, risk.incident(incident_id="open"))
        await aged(database, "incident.words_since")
        assert (await retention_of("risk-svc", database).clear())["incident"] == risk.PARTITIONS
        rows = await desk.rows("SELECT incident_id, data FROM incident")
        titled = {row["incident_id"] for row in rows if b"Snow at EWR" in row["data"]}
        assert titled == {"open"}
        assert (
            await retention_of("risk-svc", database).clear() | {"incident": 0}
            == await retention_of("risk-svc", database).clear()
        )


async def test_what_insight_keeps_loses_its_words_and_keeps_its_figures(databases: Databases) -> None:
    tables = ("insight_promise", "insight_state", "insight_redating", "insight_incident")
    async with schema_of("risk-svc", databases) as database:
        desk = InsightDesk(database)
        story, opened = risk.Story(), risk.Story("p2", "c2")
        over = risk.incident(IncidentStatus.RESOLVED, incident_id="over", resolved=risk.DUE)
        await desk.take(
            story.made(what=WORDS, labels={"wish": WORDS}, owner=WORDS, department=WORDS, deliverer=WORDS),
            story.revised(risk.DUE + timedelta(hours=2), why=WORDS),
            story.milestone("departed", 30, reason=WORDS),
            story.milestone("arrived", 30, public_reason=WORDS),
            opened.made(labels={"wish": WORDS}),
            over,
            risk.incident(incident_id="open"),
        )
        ends = retention_of("risk-svc", database)
        assert {name: count for name, count in (await ends.clear()).items() if count} == {}
        assert await holding(database, *tables) == [*tables[:1] * 2, *tables[1:2] * 2, "insight_redating"]
        await aged(database, *(f"{table}.words_since" for table in tables if table != "insight_state"))
        gone = await ends.clear()
        assert [gone[name] for name in ("insight_promise", "insight_redating", "insight_incident")] == [1, 1, 1]
        # Those of the promise that is still open.
        assert await holding(database, *tables) == ["insight_promise", "insight_state"]
        assert await desk.rows("SELECT title FROM insight_incident ORDER BY incident_id") == [
            {"title": "Snow at EWR"},
            {"title": ""},
        ]
        row = await desk.one()
        assert (row["standing"], row["resets"], row["value"], row["owner"]) == ("kept", 1, 120.0, None)
        assert {name: count for name, count in (await ends.clear()).items() if count} == {}


async def test_of_matters_names_end_once_they_are_over_and_figures_stay(databases: Databases) -> None:
    tables = ("insight_matter", "insight_statement")
    async with schema_of("risk-svc", databases) as database:
        desk = InsightDesk(database)
        await desk.take(
            handoff("h1", HandoffState.DECLINED, department=WORDS, reason=WORDS),
            handoff("h2", department=WORDS),
            claim(channel=WORDS, recipients=9),
            offer("o1", OfferState.TAKEN, 2, OfferOption(WORDS, "goodwill"), taken=WORDS),
            challenge("d1", ChallengeState.SETTLED, 2, department=WORDS, outcome="upheld", reason=WORDS),
            clarification("c1", ClarificationState.ANSWERED, 2, question=WORDS, department=WORDS),
            clarification("c2", question="Which door?", department=WORDS),
            wish("w1", WishState.MET, 2, public_text=WORDS, workaround=WORDS, department=WORDS),
            wish("w2", public_text=WORDS),
            said("s1", "engineering", "product", 1, scope=[WORDS, "ramp"]),
            said("s2", "product", "sales", 2, scope=["ramp"], conditions=[WORDS]),
        )
        ends = retention_of("risk-svc", database)
        assert {name: count for name, count in (await ends.clear()).items() if count} == {}
        await aged(database, *(f"{table}.words_since" for table in tables))
        gone = await ends.clear()
        assert [gone[name] for name in tables] == [6, 2]
        # Those of the hand-off, the question and the wish that are still open.
        assert await holding(database, *tables) == ["insight_matter"] * 3
        before = await desk.rows("SELECT distortion, drift_scope FROM insight_statement WHERE distortion IS NOT NULL")
        # The late one is heard, and what cannot be compared any more keeps its figures.
        await desk.take(said("s3", "product", "sales", 1.5, scope=["ramp"]))
        after = "SELECT distortion, drift_scope FROM insight_statement WHERE statement_id = 's2'"
        assert await desk.rows(after) == before
        [row] = await desk.rows("SELECT recipients, said FROM insight_matter WHERE kind = 'claim'")
        assert row == {"recipients": 9, "said": "available"}
        async with database.reading() as session:
            [offered], _ = await offers(session, OfferFilter(), Place(9))
            [doubted], _ = await challenges(session, ChallengeFilter(), Place(9))
        assert (offered["options"], offered["taken"], offered["state"]) == ([], None, "taken")
        assert (doubted["about"], doubted["outcome"], doubted["department"]) == ("promise", "upheld", None)
        assert doubted["reason"] is None


async def test_of_a_plan_the_department_ends_once_it_is_over_and_what_is_counted_stays(databases: Databases) -> None:
    async with schema_of("risk-svc", databases) as database:
        desk = InsightDesk(database)
        await desk.take(
            plan("open", department=WORDS),
            plan("done", PlanState.DONE, 2, since=2, department=WORDS),
            plan("dropped", PlanState.DROPPED, 2, since=2, department=WORDS),
        )
        await aged(database, "insight_matter.words_since")
        assert (await retention_of("risk-svc", database).clear())["insight_matter"] == 2
        rows = await desk.rows("SELECT matter_id, department, driver, action FROM insight_matter ORDER BY matter_id")
        assert [tuple(row.values()) for row in rows] == [
            ("done", None, "lateness", "add-crew"),
            ("dropped", None, "lateness", "add-crew"),
            ("open", WORDS, "lateness", "add-crew"),
        ]
        assert len(await desk.rows("SELECT FROM insight_driver")) == 3


async def test_the_text_of_a_message_ends_and_it_is_never_said_again(databases: Databases, tmp_path: Any) -> None:
    url = await databases.fresh(notify.prepare)
    async with notify.desk(url, tmp_path) as desk:
        made, contact, late = notify.promise(what=WORDS), notify.contact(), notify.gap(1)
        await desk.take(made, contact, late)
        await desk.later(5)
        assert await desk.send() == 1
        done = notify.gap(3, notify.FINE, Standing.KEPT, at=desk.clock.now(), completed=desk.clock.now())
        await desk.later(1, done)
        await desk.send()
        said = [(row["notice_id"], row["statement"], row["state"]) for row in await desk.notices()]
        assert [one[1:] for one in said] == [("warning", "sent"), ("all_clear", "sent")]
        ends = retention_of("notify-svc", desk.database)
        assert {name: rows for name, rows in (await ends.clear()).items() if rows} == {}
        await aged(desk.database, "notice.words_since", "promise.words_since", "delivery.created_at")
        gone = await ends.clear()
        assert (gone["notice"], gone["delivery"], gone["promise"]) == (2, 2, 1)
        assert await holding(desk.database, "notice", "promise", "delivery", "episode") == []
        # The log sent again, and a gap that is new indeed.
        again = notify.gap(9, notify.LATE, at=desk.clock.now())
        await desk.take(made, contact, late, done, again)
        await desk.later(600)
        assert await desk.send() == 0
        assert [(row["notice_id"], row["statement"], row["state"]) for row in await desk.notices()] == said
        assert len(desk.received()) == 2
    await databases.drop(url)


@pytest.mark.parametrize("state", [NoticeState.PENDING, NoticeState.SENDING])
async def test_a_message_that_still_waits_keeps_its_text(
    state: NoticeState, databases: Databases, tmp_path: Any
) -> None:
    url = await databases.fresh(notify.prepare)
    async with notify.desk(url, tmp_path) as desk:
        await desk.warned(forecast=Forecast(0.9, notify.DUE, notify.DUE + timedelta(hours=1), None, n=412))
        await desk.database.pool.execute("UPDATE notice SET state = $1", state.value)
        await desk.database.pool.execute("UPDATE delivery SET state = $1", state.value)
        await aged(desk.database, "notice.words_since", "delivery.created_at")
        gone = await retention_of("notify-svc", desk.database).clear()
        assert (gone["notice"], gone["delivery"]) == (0, 0)
        assert all(row["body"] and row["recipient"] for row in await desk.notices())
    await databases.drop(url)


async def test_a_contact_that_is_taken_back_is_taken_back_here(databases: Databases, tmp_path: Any) -> None:
    url = await databases.fresh(notify.prepare)
    async with notify.desk(url, tmp_path) as desk:
        await desk.take(notify.promise(), notify.contact(version=1), notify.event(ContactRemoved("c1"), 2))
        await desk.take(notify.contact(version=1))
        row = await desk.database.pool.fetchrow("SELECT sealed, contact_version FROM customer")
        assert row is not None
        assert tuple(row) == (None, 2)
    await databases.drop(url)
