"""The forecasts' own record out of the database, for the API and the board."""

from __future__ import annotations

import asyncio
from typing import Any, Final, NamedTuple

from candor.store.db import Database
from risk_svc.forecast.evaluation import Evaluation, Group, Measures, calibrated, caution, evaluate_all
from risk_svc.store import queries
from risk_svc.web.api import responses

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


def answer(found: RecentRecord) -> responses.TrackRecord:
    """The record as the API tells it."""
    whole = found.record
    return responses.TrackRecord(
        **_figures(whole.overall),
        calibrated=calibrated(whole.overall),
        caution=caution(whole),
        left_out=found.left_out,
        period=whole.period,
        over_time=[responses.TrackSpan(start=span.start, **_figures(span.track)) for span in whole.over_time],
        by_lead=[_group(group) for group in whole.by_lead],
        by_class=[_group(group) for group in whole.by_class],
    )


def _group(group: Group) -> responses.TrackGroup:
    return responses.TrackGroup(name=group.name, **_figures(group.track))


def _figures(track: Measures) -> dict[str, Any]:
    return responses.TrackFigures.model_validate(track, from_attributes=True).model_dump()
