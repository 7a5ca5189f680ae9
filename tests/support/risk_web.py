"""risk-svc's web role on real servers, with a database of its own and keys of every role."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from candor.ops.clock import Clock
from risk_svc.settings import RiskSettings
from risk_svc.wiring import web
from tests.support.api import Api, Keys, running
from tests.support.servers import Databases


@asynccontextmanager
async def risk_web(
    postgres: str, kafka: str, databases: Databases, folder: Path, clock: Clock
) -> AsyncIterator[tuple[Api, str]]:
    """The app under a client, and the address of its database, for the length of the block."""
    keys, prefix = Keys(folder), f"t{secrets.token_hex(5)}"
    settings = RiskSettings(
        database_url=postgres,
        database_prefix=prefix,
        kafka_bootstrap_servers=kafka,
        topic_prefix=prefix,
        **keys.write(),
    )
    async with running(web(settings, clock), keys) as made:
        yield made, settings.database
    await databases.drop(settings.database)
