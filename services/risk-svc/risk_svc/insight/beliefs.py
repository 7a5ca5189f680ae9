"""What leadership, staff and customers each believe, as sheets: read by pages, compared off the event loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from risk_svc.insight.forgetting import LIVING, living
from risk_svc.insight.matter_rows import RATED
from risk_svc.insight.measures.figure import Figure, share
from risk_svc.insight.measures.perception import Comparison, Sheets, perception, trends
from risk_svc.insight.sheets import Row, due_body, figure_body

if TYPE_CHECKING:
    from datetime import datetime

    from candor.store.db import Database

PAGE: Final = 5_000
MOST: Final = 100_000
"""Answer sheets that are compared; of more the newest."""
TREND_DAYS: Final = 90.0
"""What was answered in this time before the newest answer is compared with what was answered before it."""
KEPT_DAYS: Final = 730.0
"""Older answers than this before the newest one are no longer what anybody believes. Assumed."""
SIDES: Final = ("leadership", "staff", "customers")
SEED: Final = 1_985
DAY: Final = 86_400.0
Answer = tuple[str, str, int, int, float]
"""Side, question, rating, people, and when, in epoch seconds."""


async def sheets_of(database: Database, now: datetime) -> dict[str, list[Row]]:
    """`perception`: a row a question and side; `perception:pairs`: a row a question and pair of sides.

    What is open and overdue at the moment `now` of business time is not kept.
    """
    answers = await _answers(database)
    [counted] = await database.pool.fetch(_KEPT, now)
    kept = share(counted["kept"], counted["judged"])._replace(open=counted["overdue"])
    return await asyncio.to_thread(compared, answers, kept)


def compared(answers: Sequence[Answer], kept: Figure) -> dict[str, list[Row]]:
    """The same, of answers that are given."""
    sheets = _columns(answers)
    newest = float(sheets.at.max(initial=0.0))
    found = perception(sheets, kept, SEED)
    trend = {one.first.removesuffix(" now") + one.item: one for one in trends(sheets, newest - TREND_DAYS * DAY, SEED)}
    rows = []
    for cell in found.cells:
        moved = trend.get(cell.group + cell.item)
        body = {
            "question": cell.item,
            "side": cell.group,
            "top": figure_body(cell.top),
            "rating": figure_body(cell.rating),
            "suppressed": cell.top.too_little_history,
            "trend": None if moved is None else figure_body(moved.top),
            "kept": due_body(kept),
        }
        rows.append(Row(f"{cell.item}:{cell.group}", _place(cell.item, cell.group), body))
    pairs = [Row(f"{one.item}:{one.first}:{one.second}", _apart(one), _pair(one)) for one in found.comparisons]
    return {"perception": rows, "perception:pairs": pairs}


def _pair(one: Comparison) -> dict[str, Any]:
    return {
        "question": one.item,
        "first": one.first,
        "second": one.second,
        "top": figure_body(one.top),
        "distance": figure_body(one.distance),
        "verdict": one.verdict.value,
    }


def _apart(one: Comparison) -> float:
    return -1.0 if one.distance.value is None else one.distance.value


def _place(question: str, side: str) -> float:
    """Questions and sides in the order in which they are asked, the first with the highest rank."""
    return float(-(RATED.index(question) * len(SIDES) + SIDES.index(side)))


def _columns(answers: Iterable[Answer]) -> Sheets:
    sides, items, ratings, people, at = ([*column] for column in (zip(*answers, strict=True) if answers else [()] * 5))
    return Sheets(sides, items, np.array(ratings, np.int64), np.array(people, np.int64), np.array(at, np.float64))


async def _answers(database: Database) -> list[Answer]:
    found: list[Answer] = []
    place: tuple[Any, str] = (None, "")
    read = 0
    while read < MOST:
        rows = await database.pool.fetch(_SHEETS, *place, PAGE)
        for row in rows:
            said = json.loads(row["content"])
            found += [
                (said["side"], name, rating, said["people"], row["said"]) for name, rating in said["ratings"].items()
            ]
        read += len(rows)
        if len(rows) < PAGE:
            break
        place = (rows[-1]["at"], rows[-1]["matter_id"])
    newest = max((one[-1] for one in found), default=0.0)
    return [one for one in found if one[-1] >= newest - KEPT_DAYS * DAY]


_SHEETS: Final = f"""
SELECT matter_id, at, extract(epoch FROM at)::float8 AS said, content::text AS content FROM insight_matter
WHERE kind = 'sheet' AND state = 'answered' AND {living("insight_matter")}
  AND ($1::timestamptz IS NULL OR (at, matter_id) < ($1::timestamptz, $2::text))
ORDER BY at DESC, matter_id DESC LIMIT $3"""  # noqa: S608 - constants only
_KEPT: Final = f"""
SELECT count(*) FILTER (WHERE standing = 'kept')::int AS kept, count(*)::int AS judged,
  count(*) FILTER (WHERE standing = 'open')::int AS overdue
FROM insight_promise WHERE shown AND {LIVING} AND (standing IN ('kept', 'broken', 'cancelled')
  OR standing = 'open' AND held_due + tolerance_s * interval '1 second' < $1)"""  # noqa: S608
