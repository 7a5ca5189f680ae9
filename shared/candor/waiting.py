"""A process that starts before its database: it is alive, reports what it waits for, and accepts nothing meanwhile."""

from __future__ import annotations

import asyncio
from typing import Final

import asyncpg
import structlog
from fastapi import APIRouter, FastAPI
from starlette.responses import Response

from candor.installation.addresses import database_address
from candor.ops.health import Health
from candor.ops.settings import Settings
from candor.store.connecting import connect
from candor.store.errors import StoreUnavailable, unavailable
from candor.store.fitness import UnfitDatabaseError, no_entry
from candor.web.app import create_app
from candor.web.http.problems import Problem

TRY_SECONDS: Final = 5.0
PAUSES: Final = (0.1, 2.0)
"""Seconds between two attempts: the first pause, and the limit of its doubling."""
TOLD_EVERY: Final = 10.0
METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
log = structlog.get_logger("candor.waiting")


async def reach(url: str) -> None:
    """Raise StoreUnavailable unless the server of `url` accepts us now; the database itself may still be missing.

    Raises UnfitDatabaseError if this role may not connect, which no waiting changes.
    """
    try:
        connection = await connect(url, timeout=TRY_SECONDS)
    except asyncpg.InvalidCatalogNameError:
        return
    except asyncpg.InsufficientPrivilegeError as error:
        raise UnfitDatabaseError(no_entry(url)) from error
    except Exception as error:
        raise unavailable(error) or error from error
    await connection.close()


class DatabaseWait:
    """Waits for one process's database. `reason` is the last attempt's error; empty once the database is there."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.reason = ""

    async def there(self) -> bool:
        """Try once."""
        try:
            await reach(self._settings.database)
        except StoreUnavailable as error:
            self.reason = error.detail
        else:
            self.reason = ""
        return not self.reason

    async def until_there(self) -> None:
        """Return once the database is there; raise StoreUnavailable after `start_seconds` of the settings."""
        loop = asyncio.get_running_loop()
        begun, told, (pause, longest) = loop.time(), float("-inf"), PAUSES
        about = {"address": database_address(self._settings.database_url)}
        while not await self.there():
            waited = loop.time() - begun
            if waited > self._settings.start_seconds:
                log.critical(
                    "database still unavailable, giving up", **about, reason=self.reason, waited_seconds=round(waited)
                )
                raise StoreUnavailable(self.reason)
            if loop.time() - told > TOLD_EVERY:
                told = loop.time()
                log.warning("waiting for the database", **about, reason=self.reason, waited_seconds=round(waited))
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)
        log.info("database available", **about, waited_seconds=round(loop.time() - begun))

    def app(self) -> FastAPI:
        """Return the interim app: probes, metrics, and 503 to everything else, so that senders retry."""
        made = create_app("Candor, waiting for its database", self._settings)
        health: Health = made.state.health
        health.add("database", self._away)
        routes = APIRouter(include_in_schema=False)

        @routes.api_route("/{path:path}", methods=METHODS)
        async def later(path: str) -> Response:  # noqa: ARG001 - the framework passes it
            raise Problem.unavailable()

        made.include_router(routes)
        return made

    async def _away(self) -> None:
        # Never ready, not even once the database is there: what serves is the app that takes over.
        raise StoreUnavailable(self.reason or "there now, the service is starting")
