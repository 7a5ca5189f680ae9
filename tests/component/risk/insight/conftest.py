"""The tables of `insight`: in a database of its own for each test, or beside the role that serves for a module."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from candor.store.db import Database
from tests.support.api import Api
from tests.support.clocks import ManualClock
from tests.support.insight import InsightDesk
from tests.support.risk import MADE, opened
from tests.support.risk_web import risk_web
from tests.support.servers import Databases


@pytest.fixture
def insight(risk_database: Database) -> InsightDesk:
    return InsightDesk(risk_database)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(
    request: pytest.FixtureRequest,
    postgres: str,
    kafka: str,
    databases: Databases,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[Api, InsightDesk]]:
    """The role that serves, and what insight keeps beside it; its clock stands at the module's NOW, else at MADE."""
    clock = ManualClock(getattr(request.module, "NOW", MADE))
    folder = tmp_path_factory.mktemp("insight")
    async with risk_web(postgres, kafka, databases, folder, clock) as (api, url), opened(url) as database:
        yield api, InsightDesk(database)


@pytest.fixture
def api(served: tuple[Api, InsightDesk]) -> Api:
    return served[0]
