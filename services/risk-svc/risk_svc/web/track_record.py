"""Reads forecast accuracy from the database, for the API and the board."""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple

from candor.store.db import Database
from risk_svc.forecast.evaluation import Evaluation, evaluate_all
from risk_svc.store import queries

MOST: Final = 50_000


class RecentRecord(NamedTuple):
    """The accuracy of the newest scored forecasts, and how many older ones are left out."""

    record: Evaluation
    left_out: int


async def read(database: Database, wanted: queries.ScoreFilter, most: int = MOST) -> RecentRecord:
    """The accuracy of the newest `most` scored forecasts that match. Raises StoreUnavailable."""
    async with database.reading() as session:
        scored, left_out = await queries.scores(session, wanted, most)
    # Takes up to half a second: on the event loop it would block every other request.
    return RecentRecord(await asyncio.to_thread(evaluate_all, scored), left_out)
