"""What came too late to teach is stored and told as soon as the learner has read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from candor.ops.metrics import REGISTRY
from candor.store.unit_of_work import unit_of_work
from risk_svc.forecasting import model_store
from risk_svc.training import rungs
from risk_svc.training.rungs import Marks
from tests.support.api import Api
from tests.support.clocks import ManualClock
from tests.support.learning import DAY, Ticks, drained, holding, write
from tests.support.risk import MADE, Story, entries, flights, opened
from tests.support.risk_web import risk_web
from tests.support.servers import Databases

pytestmark = pytest.mark.asyncio(loop_scope="session")
UNTIL = (MADE + 40 * DAY).replace(minute=0, second=0, microsecond=0)


def counted() -> float:
    return REGISTRY.get_sample_value("candor_promises_too_late_to_teach_total") or 0.0


async def learning(api: Api) -> Any:
    answer = await api.call("GET", "/v1/learning", role="viewer")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.long
async def test_a_second_import_is_counted_and_told_by_the_api(
    postgres: str, kafka: str, databases: Databases, tmp_path: Path, clock: ManualClock, ticks: Ticks
) -> None:
    before = counted()
    async with risk_web(postgres, kafka, databases, tmp_path, clock) as (api, url), opened(url) as database:
        nothing = await learning(api)
        assert nothing == {
            "taught_until": None,
            "teaches_from": None,
            "learning_anew": None,
            "came_too_late": 0,
            "last_too_late_at": None,
            "sample_share": 1.0,
            "model": 0,
        }
        clock.set(MADE + 40 * DAY)
        await write(database, entries([Story("first", "c").made()]))
        learner = await holding(database, clock, ticks)
        await drained(learner, ticks)
        small = await learning(api)
        assert (small["taught_until"], small["came_too_late"]) == (f"{UNTIL:%Y-%m-%dT%H:%M:%SZ}", 0)
        # So much has come since that nothing older is kept.
        await learner.leases.release()
        async with unit_of_work(database) as uow:
            await rungs.mark(uow.connection, Marks(base=UNTIL.timestamp()))
        assert (await learning(api))["teaches_from"] == small["taught_until"]
        learner = await holding(database, clock, ticks)
        await write(database, entries(flights(30)))
        await drained(learner, ticks)
        told = await learning(api)
        assert (told["came_too_late"], told["taught_until"]) == (30, small["taught_until"])
        assert told["last_too_late_at"] is not None
        assert counted() - before == 30
        # A learner that takes over neither forgets them nor counts them twice.
        await learner.leases.release()
        await drained(await holding(database, clock, ticks), ticks)
        assert counted() - before == 30
        async with database.pool.acquire() as connection:
            assert (await model_store.taught(connection)).too_late == 30
