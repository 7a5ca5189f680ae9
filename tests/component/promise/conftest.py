"""promise-svc on real PostgreSQL; one app for all tests here, which therefore use names of their own."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from promise_svc.settings import PromiseSettings
from promise_svc.wiring import build
from tests.support.api import Api, Keys, running
from tests.support.clocks import NOON, ManualClock
from tests.support.servers import Databases

SECRET = secrets.token_hex(32)
"""What signs links to the form."""


@pytest.fixture(scope="session")
def promise_clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(autouse=True)
def same_time(promise_clock: ManualClock) -> None:
    """All tests share the clock: each begins at the same time."""
    promise_clock.set(NOON)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def promise_api(
    postgres: str, databases: Databases, promise_clock: ManualClock, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Api]:
    keys = Keys(tmp_path_factory.mktemp("promise"))
    prefix = f"t{secrets.token_hex(5)}"
    (keys.folder / "answers").write_text(SECRET)
    settings = PromiseSettings(
        **{"database_url": postgres, "database_prefix": prefix, "publishing": False, **keys.write()},
        answer_secret_file=keys.folder / "answers",
    )
    async with running(build(settings, promise_clock), keys) as api:
        yield api
    await databases.drop(settings.database)
