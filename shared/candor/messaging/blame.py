"""Whether what was being done caused an error, or the environment did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from candor.messaging.failures import Failure, classify, describe
from candor.store.errors import StoreUnavailable

if TYPE_CHECKING:
    from candor.store.db import Database


async def outage(error: Exception, database: Database) -> bool:
    """Whether to wait for better times: a limit of ours was reached through our fault only if the database is well."""
    if classify(error) is not Failure.LIMIT:
        return classify(error) is Failure.WAIT
    try:
        await database.check()
    except StoreUnavailable:
        return True
    return False


def why(error: Exception) -> str:
    """Return what is to be said of `error`; without any text of customers."""
    return error.detail if isinstance(error, StoreUnavailable) else describe(error)
