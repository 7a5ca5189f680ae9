"""delivery-svc on real PostgreSQL; one app for all tests here, which therefore use names of their own."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from delivery_svc.settings import DeliverySettings
from delivery_svc.wiring import build
from tests.support.api import Api, Keys, running
from tests.support.clocks import ManualClock
from tests.support.servers import Databases


@pytest.fixture(scope="session")
def delivery_clock() -> ManualClock:
    return ManualClock()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def delivery_api(
    postgres: str, databases: Databases, delivery_clock: ManualClock, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Api]:
    keys = Keys(tmp_path_factory.mktemp("delivery"))
    prefix = f"t{secrets.token_hex(5)}"
    settings = DeliverySettings(database_url=postgres, database_prefix=prefix, publishing=False, **keys.write())
    async with running(build(settings, delivery_clock, consuming=False), keys) as api:
        yield api
    await databases.drop(settings.database)
