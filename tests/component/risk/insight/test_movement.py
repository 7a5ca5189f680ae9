"""What moved a score, over HTTP: kept as scores are published, bounded, and never of whom was forgotten."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace

from candor.contracts import Component, Fact, FactKind, IncidentStatus, Message, Standing, Statement
from risk_svc.insight.scores import KEPT
from risk_svc.web.api.movement_responses import MovementOut
from risk_svc.web.api.routes.movement import EXAMPLE
from tests.support.api import Api
from tests.support.insight import InsightDesk, gap
from tests.support.risk import DEPARTS, MADE, Story, erased, incident

H = timedelta(hours=1)
NOW = MADE + 30 * H
TABLES = (
    "insight_promise, insight_state, insight_milestone, insight_redating, insight_score, insight_erased, "
    "insight_incident, insight_incident_event"
)
STORM = Fact(kind=FactKind.INCIDENT_OPEN, event_id="w1", name="snow", at=MADE)
L, I, C = Component.LATENESS, Component.INCIDENTS, Component.SILENCE  # noqa: E741


@pytest_asyncio.fixture(loop_scope="session")
async def desk(served: tuple[Api, InsightDesk]) -> InsightDesk:
    _, desk = served
    await desk.database.pool.execute(f"TRUNCATE {TABLES}, insight_erasing")
    return desk


async def ask(api: Api, promise: str = "p1", **params: Any) -> Any:
    answer = await api.call("GET", f"/v1/gaps/{promise}/movement", role="viewer", params=params or None)
    assert answer.status_code == 200, answer.text
    return answer.json()


def scored(version: int, hour: float, score: float, parts: dict[Component, float], **more: Any) -> Message:
    return gap(version=version, score=score, at=MADE + timedelta(hours=hour), parts=parts, **more)


def stormy() -> list[Message]:
    """Forecast late at hour 5; a storm begins at 8 and ends at 20; the customer was warned at 12.5."""
    story = Story()
    return [
        story.made(),
        scored(1, 1, 10.0, {L: 0.1}),
        scored(2, 5, 40.0, {L: 0.5}),
        scored(3, 8, 60.0, {L: 0.5, I: 0.5}, facts=[STORM]),
        story.notice(at=MADE + 12.5 * H),
        scored(4, 13, 60.0, {L: 0.5, I: 0.5}, facts=[STORM]),
        scored(5, 20, 40.0, {L: 0.5}),
        incident(resolved=MADE + 20 * H, status=IncidentStatus.RESOLVED, version=3, opened=MADE + 8 * H),
        incident(status=IncidentStatus.CHANGED, version=2, opened=MADE + 8 * H),
        incident(opened=MADE + 8 * H),
    ]


async def test_it_says_which_component_moved_it_by_how_much_and_by_which_event(api: Api, desk: InsightDesk) -> None:
    await taken(desk, stormy())
    # The last day begins at hour 6, when the score of hour 5 held.
    found = await ask(api)
    assert (found["score"], found["standing"], found["told"]) == (40.0, "open", "warning")
    course = found["course"]
    assert (course["since"], course["score_before"], course["change"], course["whole"]) == (
        stamp(5),
        40.0,
        0.0,
        True,
    )
    ended, began = course["moves"]
    assert (ended["at"], ended["change"], began["at"], began["change"]) == (stamp(20), -20.0, stamp(8), 20.0)
    assert {part["component"]: (part["cause"], part["name"], part["event_id"]) for part in ended["parts"]}[I] == (
        "incident_ended",
        "snow",
        "w3",
    )
    assert {part["cause"] for part in began["parts"] if part["component"] == I} == {"incident_began"}
    assert sum(part["points"] for part in course["parts"]) == pytest.approx(course["change"], abs=1e-3)
    for one in (ended, began):
        assert sum(part["points"] for part in one["parts"]) == pytest.approx(one["change"], abs=1e-3)


async def test_since_the_customer_was_told_it_says_what_moved_it_then(api: Api, desk: InsightDesk) -> None:
    await taken(desk, stormy())
    found = await ask(api)
    told = found["course_since_told"]
    assert (found["told_at"], told["since"], told["score_before"], told["change"]) == (
        stamp(12.5),
        stamp(8),
        60.0,
        -20.0,
    )


async def test_since_any_time_and_since_before_all_that_is_known(api: Api, desk: InsightDesk) -> None:
    await taken(desk, stormy())
    hours = {6: (40.0, True), 8: (60.0, True), 1: (10.0, True), -5: (10.0, False), 29: (40.0, True)}
    for hour, (before, whole) in hours.items():
        course = (await ask(api, since=(MADE + hour * H).isoformat()))["course"]
        assert (course["score_before"], course["whole"]) == (before, whole)
        assert course["score_before"] + course["change"] == pytest.approx(40.0)
    late = (await ask(api, since=stamp(1)))["course"]
    assert late["parts"][0]["component"] == L
    assert late["moves"][-1]["parts"] == [
        {"component": "lateness", "points": 30.0, "cause": "forecast", "name": "", "event_id": ""}
    ]


async def test_what_happened_beside_facts_is_named_too(api: Api, desk: InsightDesk) -> None:
    story = Story()
    silent = scored(1, 1, 50.0, {L: 0.4, C: 0.5})
    await desk.take(story.made(), silent, story.notice(Statement.UPDATE, at=MADE + 2 * H))
    await desk.take(scored(2, 3, 30.0, {L: 0.4}))
    departed = story.milestone("departed")
    await desk.take(departed, gap(version=3, score=5.0, parts={L: 0.05}, at=DEPARTS + H))
    found = (await ask(api, since=stamp(1)))["course"]
    causes = {(part["cause"], part["name"]) for one in found["moves"] for part in one["parts"] if part["points"] < -1}
    assert causes == {("message", "update"), ("step_reached", "departed")}
    named = {part["event_id"] for one in found["moves"] for part in one["parts"] if part["cause"] == "step_reached"}
    assert named == {departed.data.source_event}  # type: ignore[attr-defined]


async def test_a_change_of_an_incident_is_no_end_of_it(api: Api, desk: InsightDesk) -> None:
    worse = replace(STORM, event_id="w2")
    await taken(desk, [*stormy()[:4], incident(opened=MADE + 8 * H)])
    changed = incident(status=IncidentStatus.CHANGED, version=2, severity=0.4, opened=MADE + 8 * H)
    await taken(desk, [changed, scored(4, 14, 50.0, {L: 0.5, I: 0.25}, facts=[worse])])
    newest = (await ask(api))["course"]["moves"][0]
    assert [(part["cause"], part["event_id"]) for part in newest["parts"] if part["component"] == I] == [
        ("incident_changed", "w2")
    ]


async def test_only_the_newest_scores_are_kept_and_of_an_end_the_last_two(api: Api, desk: InsightDesk) -> None:
    story = Story()
    await desk.take(story.made())
    for version in range(1, KEPT + 11):
        await desk.take(scored(version, version / 10, 10.0 + version, {L: 0.5}))
    stored = await desk.rows("SELECT version FROM insight_score ORDER BY version")
    assert [row["version"] for row in stored] == [*range(11, KEPT + 11)]
    course = (await ask(api, since=stamp(0)))["course"]
    assert (course["whole"], len(course["moves"]), course["score_before"]) == (False, KEPT - 1, 21.0)
    await desk.take(story.milestone("departed"), story.milestone("arrived"))
    await desk.take(scored(99, 9, 0.0, {}, standing=Standing.KEPT, p_slip=None))
    assert len(await desk.rows("SELECT FROM insight_score")) == 2
    found = await ask(api)
    assert (found["standing"], found["score"]) == ("kept", 0.0)
    assert [part["cause"] for one in found["course"]["moves"] for part in one["parts"]] == ["ended"]


async def test_of_several_scores_in_one_transaction_the_newest_is_kept(api: Api, desk: InsightDesk) -> None:
    await desk.take(*stormy())
    assert [row["version"] for row in await desk.rows("SELECT version FROM insight_score")] == [5]
    assert ((await ask(api))["course"]["whole"], (await ask(api))["score"]) == (False, 40.0)


async def test_what_comes_twice_or_late_is_kept_once_and_in_its_order(api: Api, desk: InsightDesk) -> None:
    await taken(desk, [*stormy()[:2], *reversed(stormy()[2:]), *stormy()[1:]])
    assert [row["version"] for row in await desk.rows("SELECT version FROM insight_score ORDER BY version")] == [
        *range(1, 6)
    ]
    whole = (await ask(api, since=stamp(1)))["course"]
    assert [one["change"] for one in whole["moves"]] == [-20.0, 20.0, 30.0]


async def test_it_comes_as_csv_and_its_example_is_an_answer(api: Api, desk: InsightDesk) -> None:
    await taken(desk, stormy())
    answer = await api.call("GET", "/v1/gaps/p1/movement", role="viewer", params={"format": "csv"})
    rows = [row for row in csv.DictReader(io.StringIO(answer.text)) if row["component"] == I]
    assert [(row["cause"], row["event_id"]) for row in rows] == [("incident_ended", "w3"), ("incident_began", "w1")]
    assert MovementOut.model_validate(EXAMPLE).model_dump(mode="json").keys() == EXAMPLE.keys()
    assert MovementOut.model_validate(await ask(api)).course is not None


async def test_of_nobody_and_of_whom_was_forgotten_there_is_nothing(api: Api, desk: InsightDesk) -> None:
    await taken(desk, stormy())
    await desk.take(erased("c1", at=MADE + 40 * H))
    for name in ("p1", "p9"):
        answer = await api.call("GET", f"/v1/gaps/{name}/movement", role="viewer")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    await desk.forget()
    assert await desk.rows("SELECT FROM insight_score") == []


async def test_a_promise_without_a_score_so_far_has_no_course(api: Api, desk: InsightDesk) -> None:
    await desk.take(Story().made())
    found = await ask(api)
    assert (found["course"], found["course_since_told"], found["as_of"]) == (None, None, None)


@pytest.mark.parametrize("asked", ["since=yesterday", "format=xls", "limit=5"])
async def test_what_it_does_not_know_is_refused(api: Api, desk: InsightDesk, asked: str) -> None:
    await desk.take(Story().made())
    answer = await api.call("GET", f"/v1/gaps/p1/movement?{asked}", role="viewer")
    assert answer.status_code == 422
    assert (await api.call("GET", "/v1/gaps/p1/movement", role=None)).status_code == 401


async def taken(desk: InsightDesk, messages: list[Message]) -> None:
    """Each in a transaction of its own."""
    for one in messages:
        await desk.take(one)


def stamp(hour: float) -> str:
    moment: datetime = MADE + timedelta(hours=hour)
    return moment.isoformat().replace("+00:00", "Z")
