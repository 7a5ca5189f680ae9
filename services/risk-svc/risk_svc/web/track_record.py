"""The forecasts' own record out of the database, for the API and the board."""

from __future__ import annotations

import asyncio
from typing import Any, Final, NamedTuple

from candor.store.db import Database
from risk_svc.forecast.evaluation import Group, Record, Track, calibrated, caution, record
from risk_svc.store import queries
from risk_svc.web.api import responses

MOST: Final = 50_000


class Recorded(NamedTuple):
    """The record of the newest scored forecasts, and how many older ones it leaves out."""

    record: Record
    left_out: int


async def read(database: Database, wanted: queries.WantedScores, most: int = MOST) -> Recorded:
    """The record of the newest `most` scored forecasts wanted. Raises StoreUnavailable."""
    async with database.reading() as session:
        scored, left_out = await queries.scores(session, wanted, most)
    # Up to half a second of arithmetic: on the event loop every other request would wait for it.
    return Recorded(await asyncio.to_thread(record, scored), left_out)


def answer(found: Recorded) -> responses.TrackRecord:
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


def _figures(track: Track) -> dict[str, Any]:
    return responses.TrackFigures.model_validate(track, from_attributes=True).model_dump()
