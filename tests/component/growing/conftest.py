"""The grounds of these tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from candor.messaging.topics import ensure_topics
from candor.store.db import Database
from tests.component.growing.grounds import SENDER, Grounds
from tests.support.foundation import fresh_foundation, settings_for
from tests.support.ledger.book import GROUP, fresh_ledger
from tests.support.ledger.book import settings_for as ledger_settings
from tests.support.servers import Databases


@pytest_asyncio.fixture(loop_scope="session")
async def grounds(databases: Databases, kafka: str, topic_prefix: str) -> AsyncIterator[Grounds]:
    async with fresh_foundation(databases) as sender, fresh_ledger(databases) as url:
        settings = settings_for(sender.url, kafka, topic_prefix)
        await ensure_topics(settings)
        reader = await Database.open(url)
        found = {SENDER: settings, GROUP: ledger_settings(kafka, topic_prefix)}
        yield Grounds(found, {SENDER: sender, GROUP: reader}, settings)
        await reader.close()
