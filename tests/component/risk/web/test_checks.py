"""`POST /v1/checks` on the web role: a draft in, what becomes of similar promises out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from risk_svc.forecast.serialization import model_bytes
from tests.support.api import Api
from tests.support.clocks import ManualClock
from tests.support.drafts import whole
from tests.support.risk_web import risk_web
from tests.support.servers import Databases
from tests.support.taught import taught

pytestmark = pytest.mark.asyncio(loop_scope="session")
NOW = datetime.fromtimestamp(taught().now, UTC)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def api(
    postgres: str, kafka: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Api]:
    folder = tmp_path_factory.mktemp("checks")
    async with risk_web(postgres, kafka, databases, folder, ManualClock(NOW)) as (made, _):
        made.app.state.published.take(model_bytes(taught().model))
        yield made


async def asked(api: Api, body: dict[str, Any], role: str | None = "viewer") -> httpx.Response:
    return await api.call("POST", "/v1/checks", body, role=role)


def draft(hours: float, **fields: Any) -> dict[str, Any]:
    shipped = (NOW + timedelta(hours=15)).isoformat()
    milestones = [{"name": "shipped", "planned": shipped}, {"name": "delivered"}]
    due = (NOW + timedelta(hours=hours)).isoformat()
    return {"kind": "parcel", "due": due, "labels": {"maker": "a"}, "milestones": milestones, **fields}


async def test_a_later_date_is_kept_by_more_and_the_verdict_follows(api: Api) -> None:
    found = [(await asked(api, draft(hours))).json() for hours in (37, 60)]
    assert found[0]["kept_in_time"]["share"] < found[1]["kept_in_time"]["share"]
    assert found[0]["chance"] < found[1]["chance"]
    assert found[0]["verdict"] != found[1]["verdict"]
    for one in found:
        kept = one["kept_in_time"]
        assert one["n"] == kept["n"] > 500
        assert kept["low"] < kept["share"] < kept["high"]
        assert one["model"] == taught().model.version
        assert one["basis"] == "parcel"
        assert one["advice"].endswith(".")


async def test_the_answer_is_a_curve_over_dates_with_the_date_that_meets_the_target(api: Api) -> None:
    found = (await asked(api, draft(48, tolerance_s=3600))).json()
    for name in ("share", "low", "high"):
        shares = [point["kept"][name] for point in found["curve"]]
        assert shares == sorted(shares)
    chances = [point["chance"] for point in found["curve"]]
    assert chances == sorted(chances)
    assert found["curve"][0]["kept"]["share"] < 0.05
    assert found["curve"][-1]["kept"]["share"] > 0.9
    dates = {one["share"]: one["due"] for one in found["reached"]}
    assert found["target_due"] == dates[found["target"]] == dates[0.8]
    known = [date for date in dates.values() if date]
    assert known == sorted(known)
    at_target = (datetime.fromisoformat(found["target_due"]) - NOW).total_seconds() / 3600
    again = (await asked(api, draft(at_target, tolerance_s=3600))).json()
    assert again["kept_in_time"]["share"] == pytest.approx(0.8, abs=0.001)
    assert again["verdict"] == "sound"


async def test_who_got_worse_is_told_from_who_did_not(api: Api) -> None:
    shares = {maker: (await asked(api, draft(48, labels={"maker": maker}))).json()["chance"] for maker in "ac"}
    assert shares["c"] < shares["a"] - 0.05


async def test_without_history_the_answer_says_so_and_tells_no_figure(api: Api) -> None:
    found = (await asked(api, draft(48, kind="never-seen"))).json()
    assert found["verdict"] == "too_little_history"
    assert found["advice"] == "No history yet: no promise of this kind has come due."
    assert (found["kept_in_time"], found["chance"], found["target_due"]) == (None, None, None)
    assert (found["curve"], found["reached"], found["why"]) == ([], [], [])
    assert (found["base_rate"], found["n"]) == (None, 0)


async def test_the_whole_body_of_a_promise_can_be_sent_as_it_is(api: Api) -> None:
    body = whole(NOW + timedelta(hours=48))
    answer = await asked(api, body)
    assert (answer.status_code, answer.json()["verdict"]) == (200, "too_little_history"), answer.text
    for name in sorted(body.keys() - {"kind", "due"}):
        left = {field: value for field, value in body.items() if field != name}
        assert (await asked(api, left)).status_code == 200, f"without {name}"


@pytest.mark.parametrize("name", ["milestones", "depends_on", "references", "scope"])
async def test_each_part_of_a_promise_can_be_sent_with_all_its_fields(api: Api, name: str) -> None:
    answer = await asked(api, draft(48) | {name: whole(NOW)[name]})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "unused",
    [
        {"scope": [{"item": "parcel", "weight": 2.0, "supported": False}]},
        {"value": 12.5, "currency": "EUR", "zone": "Europe/Berlin", "made_at": "2013-03-08T12:00:00Z"},
        {"what": 7, "scope": "everything", "not_a_field": None},
    ],
)
async def test_what_no_forecast_uses_changes_nothing(api: Api, unused: dict[str, Any]) -> None:
    plain, more = [(await asked(api, draft(48, **fields))).json() for fields in ({}, unused)]
    assert more == plain
    told = [step | {"told": True} for step in draft(48)["milestones"]]
    assert (await asked(api, draft(48, milestones=told))).json() == plain


@pytest.mark.parametrize("days", [0.001, 60_000])
async def test_dates_close_by_and_far_away_are_answered(api: Api, days: float) -> None:
    planned = [{"name": "a", "planned": "1970-01-01T00:00:00Z"}, {"name": "b", "planned": "2200-12-31T23:59:59Z"}]
    answer = await asked(api, draft(days * 24, tolerance_s=315_360_000, milestones=planned))
    assert (answer.status_code, answer.json()["basis"]) == (200, "parcel"), answer.text


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"due": "2020-01-01T00:00:00Z"}, "/due"),
        ({"due": "soon"}, "/due"),
        ({"kind": ""}, "/kind"),
        ({"labels": {"weight": []}}, "/labels/weight"),
        ({"milestones": [{"name": "a"}, {"name": "a"}]}, "/milestones"),
        ({"milestones": [{"name": "a", "planned": "2013-03-08"}]}, "/milestones/0/planned"),
        ({"depends_on": [{"kind": "site"}]}, "/depends_on/0/id"),
        ({"tolerance_s": -1}, "/tolerance_s"),
    ],
)
async def test_a_bad_draft_is_refused_by_field(api: Api, change: dict[str, Any], pointer: str) -> None:
    found = await asked(api, draft(48) | change)
    assert found.status_code == 422
    assert found.json()["code"] == "invalid_field"
    assert found.json()["errors"][0]["pointer"] == pointer


async def test_nobody_without_a_key_may_ask(api: Api) -> None:
    assert (await asked(api, draft(48), role=None)).status_code == 401
