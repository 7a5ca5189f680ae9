"""A delivery-svc that takes webhooks of given senders, without Kafka."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from candor.intake.source import Source
from delivery_svc.settings import DeliverySettings
from delivery_svc.wiring import build
from tests.support.api import Api, Keys, running
from tests.support.clocks import ManualClock
from tests.support.servers import Databases


@asynccontextmanager
async def taking(
    postgres: str,
    databases: Databases,
    folder: Path,
    senders: Mapping[str, Any],
    *,
    clock: ManualClock | None = None,
    file: Path | None = None,
    sources: Sequence[Source] = (),
) -> AsyncIterator[Api]:
    """The running service; `file` is its SOURCES_FILE, `sources` are added to its own. Its database is dropped."""
    keys = Keys(folder)
    values = keys.write()
    values["webhook_secrets_file"].write_bytes(msgspec.json.encode({"sources": senders}))
    prefix = f"t{secrets.token_hex(5)}"
    named: dict[str, Any] = {"database_url": postgres, "database_prefix": prefix, "sources_file": file}
    settings = DeliverySettings(publishing=False, **named, **values)
    app = build(settings, clock or ManualClock(), consuming=False, sources=sources)
    async with running(app, keys) as api:
        yield api
    await databases.drop(settings.database)
