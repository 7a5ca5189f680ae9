"""Acts of commands that change no database: recorded in the audit logs of the services that they are about."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import Final

from candor.errors import OperatorError
from candor.installation.running import at_work, database_server
from candor.ops.database_url import named

SERVICES: Final = ("promise-svc", "delivery-svc", "risk-svc", "notify-svc")


def record(action: str, object_: str, services: Sequence[str] = ()) -> str:
    """Record an act of whoever runs this command in the log of each service, by default of all; skips missing ones.

    Returns why an act is in no log; empty if it is in all, or if nothing runs here that could have one.
    """
    try:
        server = database_server(at_work())
    except OperatorError:
        return ""
    return asyncio.run(_record(server, action, object_, services or SERVICES))


async def _record(server: str, action: str, object_: str, services: Sequence[str]) -> str:
    # Imported here because `candor --help` must not wait for the database's libraries.
    import asyncpg  # noqa: PLC0415

    from candor.store import audit  # noqa: PLC0415
    from candor.store.db import Database  # noqa: PLC0415
    from candor.store.errors import StoreUnavailable  # noqa: PLC0415
    from candor.store.unit_of_work import unit_of_work  # noqa: PLC0415

    prefix = os.environ.get("DATABASE_PREFIX", "candor")
    for service in services:
        try:
            database = await Database.open(named(server, f"{prefix}_{service.removesuffix('-svc')}"), pool_size=1)
        except StoreUnavailable as error:
            if isinstance(error.__cause__, asyncpg.InvalidCatalogNameError):
                continue
            return f"{service}: {error.detail}"
        try:
            async with unit_of_work(database) as uow:
                await audit.write(uow, [audit.Act(audit.of_this_machine(), action, object_)])
        except StoreUnavailable as error:
            return f"{service}: {error.detail}"
        finally:
            await database.close()
    return ""
