"""The forecasts' own record, from what workers wrote to what the API tells, on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from candor.contracts import Verdict
from candor.store.db import Database
from candor.store.unit_of_work import unit_of_work
from risk_svc import metrics
from risk_svc.domain.frozen_forecasts import ForecastScore, given_up_at
from risk_svc.forecast.evaluation import ENOUGH
from risk_svc.store import queries, states
from risk_svc.web import track_record
from risk_svc.web.api import presenters
from risk_svc.web.figures import Figures
from tests.support.api import Api
from tests.support.clocks import ManualClock
from tests.support.risk import DUE, MADE, MADE_S, Desk, Story, opened
from tests.support.risk_web import risk_web
from tests.support.servers import Databases

pytestmark = pytest.mark.asyncio(loop_scope="session")
HOUR = 3600.0


def score(number: int, kind: str = "parcel", lead: str = "made", day: int = 0, **fields: Any) -> ForecastScore:
    """One of two slips, and was said to: .8 and .2 beside a base rate of .5; it took ten hours, P80 says eleven."""
    issued = MADE_S + day * 86400.0
    made = ForecastScore(
        f"{kind}-{number}", lead, kind, 0.8 - 0.6 * (number % 2), 0.5, 1 - number % 2, issued + 12 * HOUR, issued,
        issued + 9 * HOUR, issued + 11 * HOUR, None, issued + 10 * HOUR, issued, 7, 40,
    )  # fmt: skip
    return made._replace(**fields)


async def save(database: Database, scores: Sequence[ForecastScore]) -> None:
    async with unit_of_work(database) as uow:
        await states.save_scores(uow.connection, scores)


PARCELS = [score(n, day=n % 5) for n in range(2 * ENOUGH)]
HALFWAY = [score(n, lead="left50", day=n % 5) for n in range(2 * ENOUGH)]
CRATES = [score(n, "crate", day=9) for n in range(ENOUGH - 1)]
OLD = [score(n, "old", day=-400, issued_at=None, p50=None, p80=None, completed_at=None) for n in range(3)]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def api(
    postgres: str, kafka: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Api]:
    folder = tmp_path_factory.mktemp("record")
    async with risk_web(postgres, kafka, databases, folder, ManualClock(DUE)) as (made, url):
        async with opened(url) as database:
            await save(database, [*PARCELS, *HALFWAY, *CRATES, *OLD])
        yield made


async def get(api: Api, **params: Any) -> Any:
    answer = await api.call("GET", "/v1/track-record", role="viewer", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_one_class_has_skill_its_interval_calibration_and_coverage(api: Api) -> None:
    found = await get(api, **{"class": "parcel"})
    assert (found["n"], found["promises"], found["enough"], found["left_out"]) == (120, 60, True, 0)
    assert found["skill"] == pytest.approx(1 - 0.04 / 0.25, abs=1e-6)
    low, high = found["skill_interval"]
    assert low <= found["skill"] <= high
    assert found["calibration_error"] == pytest.approx(0.2, abs=1e-6)
    assert found["slipped"] == found["base_rate"] == 0.5
    assert [(one["low"], one["n"], one["observed"]) for one in found["reliability"]] == [(0.2, 60, 0.0), (0.8, 60, 1.0)]
    # P90 said that it might never come: nothing to hold it to.
    assert [(one["level"], one["n"], one["covered"]) for one in found["coverage"]] == [(0.5, 120, 0.0), (0.8, 120, 1.0)]
    assert [one["pinball"] for one in found["coverage"]] == pytest.approx([0.5, 0.2])
    assert found["calibrated"] is None
    assert found["too_little_history"] is None


async def test_it_is_split_by_time_lead_and_class(api: Api) -> None:
    found = await get(api, since="2013-01-01T00:00:00Z")
    assert found["n"] == 120 + len(CRATES)
    assert found["period"] == "day"
    assert [(one["start"], one["n"]) for one in found["over_time"]] == [
        *((f"2013-02-0{day}", 24) for day in range(5, 10)),
        ("2013-02-14", 29),
    ]
    assert [(one["name"], one["n"]) for one in found["by_lead"]] == [("made", 89), ("left50", 60)]
    assert [(one["name"], one["enough"]) for one in found["by_class"]] == [("parcel", True), ("crate", False)]


async def test_too_little_history_says_so_and_shows_what_was_observed(api: Api) -> None:
    found = await get(api, kind="crate")
    assert (found["enough"], found["skill"], found["skill_interval"], found["calibration_error"]) == (
        False,
        None,
        None,
        None,
    )
    said = "too little history (29 settled, 30 are needed); {slipped} of 29 forecasts were about one that slipped"
    assert found["too_little_history"] == said.format(slipped=round(found["slipped"] * 29))
    assert found["base_rate"] is None
    nothing = await get(api, kind="nobody")
    assert (nothing["n"], nothing["base_rate"], nothing["over_time"]) == (0, None, [])
    assert nothing["too_little_history"] == "too little history (0 settled, 30 are needed)"


@pytest.mark.parametrize(
    ("params", "n"),
    [
        ({"lead": "left50"}, 60),
        ({"kind": "parcel", "class": "parcel", "lead": "made"}, 60),
        ({"until": "2013-02-05T18:00:00Z"}, len(OLD)),
        ({"until": "2013-02-05T19:00:01+01:00"}, len(OLD) + 24),
        ({"since": "2013-02-14T00:00:00Z"}, len(CRATES)),
        ({"since": "2013-02-06T00:00:00Z", "until": "2013-02-07T00:00:00Z"}, 24),
    ],
)
async def test_filters_leave_only_what_was_asked_for(api: Api, params: dict[str, str], n: int) -> None:
    assert (await get(api, **params))["n"] == n


@pytest.mark.parametrize(
    "params",
    [
        {"kind": "parcel", "class": "crate"},
        {"since": "yesterday"},
        {"since": "2013-02-05T18:00:00"},
        {"since": "0001-01-01T00:00:00+14:00"},
        {"until": "9999-12-31T23:59:59-14:00"},
        {"since": "2013-02-06T00:00:00Z", "until": "2013-02-06T00:00:00Z"},
        {"lead": "x" * 65},
        {"class": "x" * 257},
        {"class": "a\x00b"},
        {"lead": "a\x00b"},
    ],
)
async def test_bad_questions_are_refused_by_parameter(api: Api, params: dict[str, str]) -> None:
    answer = await api.call("GET", "/v1/track-record", role="viewer", params=params)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_scores_of_before_have_no_issue_and_count_for_what_they_kept(api: Api) -> None:
    found = await get(api, kind="old")
    assert (found["n"], found["coverage"], found["pinball"]) == (3, [], None)


async def test_only_the_newest_count_and_the_others_are_said_to_be_left_out(api: Api) -> None:
    found = await track_record.read(api.app.state.database, queries.ScoreFilter(), most=len(CRATES) + 24)
    assert found.left_out == 120 - 24 + len(OLD)
    assert [group.name for group in found.record.by_class] == ["crate", "parcel"]
    assert presenters.track_record(found).left_out == found.left_out
    just = await track_record.read(api.app.state.database, queries.ScoreFilter(kind="crate"), most=len(CRATES))
    assert (just.record.overall.n, just.left_out) == (len(CRATES), 0)


async def test_the_record_becomes_metrics(api: Api) -> None:
    await Figures(api.app.state.database).measure()
    whole = await get(api)
    assert metrics.FORECAST_CALIBRATION_ERROR._value.get() == pytest.approx(whole["calibration_error"])
    assert metrics.FORECAST_MISCALIBRATED._value.get() == 0
    covered = {level["level"]: level for level in whole["coverage"]}
    assert metrics.FORECAST_COVERED.labels("0.8")._value.get() == covered[0.8]["covered"]
    assert metrics.FORECASTS_COMPLETED.labels("0.8")._value.get() == covered[0.8]["n"]


async def test_a_settled_promise_leaves_its_forecast_as_it_was_issued(desk: Desk, clock: ManualClock) -> None:
    story = Story()
    await desk.take(story.made())
    [state] = [one for part in desk.handler.cache.partitions.values() for one in part.states.values()]
    [kept] = state.view.frozen
    clock.set(DUE)
    await desk.take(story.milestone("departed", 40), story.milestone("arrived", 40))
    [row] = await desk.rows("SELECT * FROM forecast_score")
    arrived = DUE + timedelta(minutes=25)
    assert (row["issued_at"], row["made_at"], row["completed_at"], row["outcome"]) == (MADE, MADE, arrived, 1)
    assert [row[name] for name in ("p50", "p80", "p90")] == [
        None if at is None else datetime.fromtimestamp(at, UTC) for at in (kept.p50, kept.p80, kept.p90)
    ]
    assert row["p50"] is not None
    assert (row["model"], row["n"]) == (kept.model, kept.n)


async def test_a_verdict_that_overrules_replaces_outcome_and_completion_only(desk: Desk, clock: ManualClock) -> None:
    story = Story()
    await desk.take(story.made())
    clock.set(DUE)
    await desk.take(story.milestone("departed", 40), story.milestone("arrived", 40))
    [before] = await desk.rows("SELECT * FROM forecast_score")
    clock.advance(timedelta(hours=3))
    done = DUE - timedelta(minutes=5)
    await desk.take(story.settled(Verdict.KEPT, done))
    [after] = await desk.rows("SELECT * FROM forecast_score")
    assert (after["outcome"], after["completed_at"], after["settled_at"]) == (0, done, clock.now())
    same = set(before) - {"outcome", "completed_at", "settled_at"}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}


async def test_what_never_came_is_in_the_record_once_it_is_given_up(desk: Desk, clock: ManualClock) -> None:
    story = Story()
    await desk.take(story.made())
    [state] = [one for part in desk.handler.cache.partitions.values() for one in part.states.values()]
    clock.set(datetime.fromtimestamp(given_up_at(state) + 1, UTC))
    await desk.take(tick=True)
    [row] = await desk.rows("SELECT lead, outcome, completed_at FROM forecast_score")
    assert row == {"lead": "made", "outcome": 1, "completed_at": None}
    clock.advance(timedelta(hours=1))
    await desk.take(story.milestone("departed", 40), story.milestone("arrived", 3000))
    [row] = await desk.rows("SELECT outcome, completed_at FROM forecast_score")
    assert (row["outcome"], row["completed_at"]) == (1, DUE - timedelta(minutes=15) + timedelta(minutes=3000))


async def test_history_leaves_nothing_in_the_record(desk: Desk, clock: ManualClock) -> None:
    story = Story()
    await desk.take(story.made(historical=True))
    clock.advance(timedelta(days=40))
    await desk.take(tick=True)
    assert await desk.rows("SELECT lead FROM forecast_score") == []
