"""One running Candor for all tests of a module that move its clock by hand; each uses customers of its own.

Not for longer: the next module may keep this event loop waiting, and leases would be lost.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.clocks import ManualClock
from tests.support.town import Town, whole_town


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(kafka: str, postgres: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with whole_town(kafka, postgres, tmp_path_factory.mktemp("town"), ManualClock()) as made:
        yield made
