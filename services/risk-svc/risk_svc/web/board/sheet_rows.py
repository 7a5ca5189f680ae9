"""Reads sheets of `insight` for the pages about them: few rows, as they were worked out last."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

from candor.store.db import Database
from risk_svc.insight import reading
from risk_svc.insight.reading import Wanted

SECONDS: Final = 10.0
"""How often a page reads them again; they are worked out no more often."""


class Made(NamedTuple):
    """The rows of a sheet, highest rank first, and when they were worked out; None: not once so far."""

    at: datetime | None
    promises: int
    rows: list[dict[str, Any]]


async def read(database: Database, sheet: str, most: int = 200) -> Made:
    """The first `most` rows of a sheet. Raises StoreUnavailable."""
    async with database.reading() as session:
        found = await reading.page(session, sheet, Wanted(), None, most)
    return Made(found.made_at, found.promises, [body for _, _, body in found.rows])
