"""However much is known of a promise, an answer about it is at most 2 MiB and says what it leaves out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from candor.store.unit_of_work import unit_of_work
from risk_svc.domain.incidents import Incident
from risk_svc.domain.state import StepState, StepStatus, from_bytes, to_bytes
from risk_svc.store import queries
from risk_svc.store.states import save_incidents
from risk_svc.worker.handlers import RiskHandler
from tests.support.api import Api
from tests.support.clocks import ManualClock
from tests.support.lists import copied
from tests.support.risk import DEPARTS, EWR, MADE, Desk, Story, opened, taught_by
from tests.support.risk_web import risk_web
from tests.support.servers import Databases

pytestmark = pytest.mark.asyncio(loop_scope="session")
LARGEST = 2 * 1024 * 1024
INCIDENTS, STEPS, PROMISES = 3000, 600, 120
NOW = DEPARTS + timedelta(hours=2)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def api(
    postgres: str, kafka: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Api]:
    """A promise on a place with 3,000 incidents, with 600 missed steps that its customer knows; copied."""
    clock = ManualClock(NOW)
    async with risk_web(postgres, kafka, databases, tmp_path_factory.mktemp("risk"), clock) as (made, url):
        async with opened(url) as database:
            desk = Desk(database, RiskHandler(taught_by(), clock, system=clock))
            await desk.load()
            await desk.take(Story("p1", "c1").made())
            [row] = await desk.rows("SELECT state FROM promise_state")
            state = from_bytes(row["state"])
            state.steps = [missed(number) for number in range(STEPS)]
            await database.pool.execute("UPDATE promise_state SET state = $1", to_bytes(state))
            struck = [(queries.HEARD_IN, hit(n)) for n in range(INCIDENTS)]
            async with unit_of_work(database) as uow:
                await save_incidents(uow.connection, [*struck, (queries.HEARD_IN, hit(0, "far", "ORD"))])
            await copied(database.pool, "promise_state", "'promise_id', 'p' || n, 'score', n % 90", PROMISES)
        yield made


def missed(number: int) -> StepState:
    at = MADE.timestamp() + number
    reason = "é" * 120
    return StepState(
        name=f"{number:05} " + "é" * 34, status=StepStatus.MISSED, at=at, told=True, reason=reason,
        public_reason="é" * 300,
    )  # fmt: skip


def hit(number: int, name: str = "", place: str = EWR.id) -> Incident:
    return Incident(
        incident_id=name or f"i{number}",
        version=1,
        severity=number / INCIDENTS,
        category="snow",
        title="é" * 200,
        affects=[(EWR.kind, place)] * 10,
        since=MADE.timestamp() + number,
        until=None if number % 2 else MADE.timestamp() + number + 1,
        expected_end=None,
        source_event=f"w{number}",
        public_title="é" * 200,
    )


async def get(api: Api, path: str) -> tuple[Any, int, str | None]:
    answer = await api.call("GET", path, role="viewer")
    assert answer.status_code == 200, answer.text
    return answer.json(), len(answer.content), answer.links.get("next", {}).get("url")


@pytest.mark.parametrize("sort", ["score", "due"])
async def test_lists(api: Api, sort: str) -> None:
    page, size, following = await get(api, f"/v1/gaps?limit=200&sort={sort}")
    assert (len(page["items"]), page["total"], following) == (PROMISES, PROMISES, None)
    assert {(len(one["missed_steps"]), one["missed_steps_more"]) for one in page["items"]} == {(20, STEPS - 20)}
    assert size <= LARGEST / 2


async def test_one_promise(api: Api) -> None:
    found, size, _ = await get(api, "/v1/gaps/p1")
    assert size <= LARGEST
    assert (len(found["facts"]), found["facts_more"]) == (16, STEPS + INCIDENTS // 2 - 16)
    assert (len(found["milestones"]), found["milestones_more"]) == (500, STEPS - 500)
    assert (len(found["incidents"]), found["incidents_more"]) == (16, INCIDENTS - 16)
    assert [fact["kind"] for fact in found["facts"]] == ["milestone_missed"] * 8 + ["incident_open"] * 8
    # The open ones that weigh most, in the order in which they began.
    assert [one["incident_id"] for one in found["incidents"]] == [f"i{n}" for n in range(INCIDENTS - 31, INCIDENTS, 2)]


async def test_a_customer_with_many_promises(api: Api) -> None:
    found, size, _ = await get(api, "/v1/customers/c1/gap")
    assert (found["promises"], found["open"]) == (PROMISES, PROMISES)
    assert found["worst"]["missed_steps_more"] == STEPS - 20
    assert size < 100_000
