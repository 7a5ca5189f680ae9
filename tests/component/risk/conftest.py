"""risk-svc on a real database of its own for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from candor.store.db import Database
from risk_svc.forecasting.live import PublishedModel
from risk_svc.worker.handlers import RiskHandler
from tests.support.clocks import ManualClock
from tests.support.learning import Ticks
from tests.support.risk import MADE, Desk, opened, prepare, taught_by
from tests.support.servers import Databases


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MADE)


@pytest_asyncio.fixture(loop_scope="session")
async def risk_url(databases: Databases) -> AsyncIterator[str]:
    url = await databases.fresh(prepare)
    yield url
    await databases.drop(url)


@pytest_asyncio.fixture(loop_scope="session")
async def risk_database(risk_url: str) -> AsyncIterator[Database]:
    async with opened(risk_url) as database:
        yield database


@pytest.fixture
def taught() -> PublishedModel:
    """A model that has seen 800 flights."""
    return taught_by()


@pytest_asyncio.fixture(loop_scope="session")
async def desk(risk_database: Database, clock: ManualClock, taught: PublishedModel) -> Desk:
    made = Desk(risk_database, RiskHandler(taught, clock, system=clock))
    await made.load()
    return made


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()
