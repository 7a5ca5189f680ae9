"""Asks the database of one service, as that service is configured, for a command of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from candor.errors import OperatorError
from candor.installation.running import at_work, database_url

if TYPE_CHECKING:
    from candor.ops.settings import Settings
    from candor.store.db import Database

T = TypeVar("T")


def ask_database(kind: type[Settings], ask: Callable[[Database], Awaitable[T]]) -> T:
    """Return what `ask` returns of the database that `kind` names; raises OperatorError while it is away."""
    # Imported here because `candor --help` must not wait for the database's libraries.
    from candor.ops.loading import load  # noqa: PLC0415
    from candor.store.db import Database  # noqa: PLC0415
    from candor.store.errors import StoreUnavailable  # noqa: PLC0415

    async def asked() -> T:
        settings = load(kind, database_url=database_url(at_work()))
        database = await Database.open(settings.database, partitions=settings.partitions, pool_size=1)
        try:
            return await ask(database)
        finally:
            await database.close()

    try:
        return asyncio.run(asked())
    except StoreUnavailable as error:
        raise OperatorError(f"the database is away ({error}): start it with `candor up`") from error
