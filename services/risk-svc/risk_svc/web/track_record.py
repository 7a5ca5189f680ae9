"""The forecasts' own record out of the database, for the API and the board."""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple

from candor.store.db import Database
from risk_svc.forecast.evaluation import Evaluation, evaluate_all
from risk_svc.store import queries

MOST: Final = 50_000


class RecentRecord(NamedTuple):
    """The record of the newest scored forecasts, and how many older ones it leaves out."""

    record: Evaluation
    left_out: int


async def read(database: Database, wanted: queries.ScoreFilter, most: int = MOST) -> RecentRecord:
    """The record of the newest `most` scored forecasts wanted. Raises StoreUnavailable."""
    async with database.reading() as session:
        scored, left_out = await queries.scores(session, wanted, most)
    # Up to half a second of arithmetic: on the event loop every other request would wait for it.
    return RecentRecord(await asyncio.to_thread(evaluate_all, scored), left_out)
