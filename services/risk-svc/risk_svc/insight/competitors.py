"""Our lead times beside those that sources state of competitors: sampled by pages, counted off the event loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from risk_svc.insight.forgetting import LIVING
from risk_svc.insight.matter_rows import DAY
from risk_svc.insight.measures.quantiles import beside, quantile
from risk_svc.insight.sheets import Row, figure_body

if TYPE_CHECKING:
    from candor.store.db import Database

SHEET: Final = "competitor"
PAGE: Final = 5_000
MOST: Final = 100_000
"""Completed promises that are looked at; of more those that were completed last."""
MOST_STATED: Final = 1_000
"""Stated lead times that are compared; of more the newest."""
QUANTILES: Final = {"low": 0.1, "typical": 0.5, "high": 0.9}
"""Which of our quantiles stands beside each part of what is stated."""


class Stated(NamedTuple):
    """A stated lead time: of which promises, and the typical one in days."""

    lead_time_id: str
    kind: str
    labels: dict[str, Any]
    typical: float


class Took(NamedTuple):
    """A completed promise: how long was promised, and how long it took, in days from when it was made."""

    kind: str
    labels: dict[str, Any]
    promised: float
    actual: float


async def sheets_of(database: Database) -> dict[str, list[Row]]:
    """`competitor`: a row for each stated lead time, named by its id; promises are read only if there are any."""
    stated = [_stated(row) for row in await database.pool.fetch(_STATED, MOST_STATED)]
    took: list[Took] = []
    kinds = sorted({one.kind for one in stated})
    place: tuple[Any, str] = (None, "")
    read = 0
    while stated and read < MOST:
        rows = await database.pool.fetch(_TOOK, *place, PAGE)
        took += [_took(row) for row in rows if row["kind"] in kinds]
        read += len(rows)
        if len(rows) < PAGE:
            break
        place = (rows[-1]["ended_at"], rows[-1]["promise_id"])
    return {SHEET: await asyncio.to_thread(compared, stated, took)}


def compared(stated: Sequence[Stated], took: Iterable[Took]) -> list[Row]:
    """What we promised and what it took for the type and labels of each stated lead time."""
    by_kind: dict[str, list[Took]] = {}
    for one in took:
        by_kind.setdefault(one.kind, []).append(one)
    rows = []
    for theirs in stated:
        ours = [one for one in by_kind.get(theirs.kind, ()) if theirs.labels.items() <= one.labels.items()]
        promised, actual = _figures([one.promised for one in ours]), _figures([one.actual for one in ours])
        body = {
            **{f"promised_{name}": figure_body(figure) for name, figure in promised.items()},
            **{f"actual_{name}": figure_body(figure) for name, figure in actual.items()},
            "beside": beside(actual["typical"], theirs.typical).value,
        }
        rows.append(Row(theirs.lead_time_id, 0.0, body))
    return rows


def _figures(days: Sequence[float]) -> Mapping[str, Any]:
    values = np.array(days, np.float64)
    return {name: quantile(values, share) for name, share in QUANTILES.items()}


def _stated(row: Any) -> Stated:
    said = json.loads(row["content"])
    return Stated(row["matter_id"], said["promise_kind"], said["labels"], said["typical_s"] / DAY)


def _took(row: Any) -> Took:
    return Took(row["kind"], json.loads(row["labels"]), row["promised"], row["actual"])


_STATED: Final = """
SELECT matter_id, content::text AS content FROM insight_matter
WHERE kind = 'lead_time' AND state = 'registered' ORDER BY at DESC, matter_id DESC LIMIT $1"""
# Once its words have ended, a promise would seem to have no labels.
_TOOK: Final = f"""
SELECT promise_id, ended_at, kind, labels::text AS labels,
  extract(epoch FROM first_due - made_at)::float8 / {DAY} AS promised,
  extract(epoch FROM completed_at - made_at)::float8 / {DAY} AS actual
FROM insight_promise
WHERE ended_at IS NOT NULL AND completed_at IS NOT NULL AND made_at IS NOT NULL AND shown AND words_since IS NOT NULL
  AND {LIVING} AND ($1::timestamptz IS NULL OR (ended_at, promise_id) < ($1::timestamptz, $2::text))
ORDER BY ended_at DESC, promise_id DESC LIMIT $3"""  # noqa: S608 - constants only
