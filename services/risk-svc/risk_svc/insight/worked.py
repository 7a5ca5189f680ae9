"""What kept promises had in common, as sheets: read by pages, matched and tested off the event loop."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from risk_svc.insight.forgetting import LIVING
from risk_svc.insight.measures.factors import Checklist, Judged, checklist, factors
from risk_svc.insight.measures.figure import LEAST
from risk_svc.insight.sheets import Row, due_body

if TYPE_CHECKING:
    from candor.store.db import Database

PAGE: Final = 5_000
MOST: Final = 100_000
"""Promises that are matched; of more those that ended or became overdue last."""
LOOKED_AT: Final = 500_000
"""Overdue promises that these are chosen from."""
MOST_LABELS: Final = 40
"""Label values that are tried; of more the most frequent."""
LATER: Final = 0.6
"""The checklist is made of what ended before this share of the promises was made, and judged by the others. Assumed."""
DAY: Final = 86_400.0


class Ended(NamedTuple):
    """A promise that was kept or not, with what was known when it was made; times in epoch seconds.

    `open`: it has not ended, and is not kept since the date that its customer holds and the tolerance passed, at
    `ended`.
    """

    kind: str
    kept: bool
    made: float
    first: float
    requested: float | None
    ended: float
    owner: bool
    deliverer: bool
    accepted: bool
    valued: bool
    steps: int
    labels: dict[str, Any]
    open: bool = False


OWN: Final[dict[str, Callable[[Ended], bool]]] = {
    "has an owner": lambda one: one.owner,
    "its deliverer has accepted": lambda one: one.deliverer and one.accepted,
    "its value is known": lambda one: one.valued,
    "the date the customer asked for is known": lambda one: one.requested is not None,
    "promised later than the customer asked for": lambda one: one.requested is not None and one.first > one.requested,
    "has a plan of steps": lambda one: one.steps > 0,
    "has three planned steps or more": lambda one: one.steps > 2,
}
"""What a promise may have, by its words."""


async def sheets_of(database: Database, now: datetime) -> dict[str, list[Row]]:
    """`factor`: a row a factor that was tried, the strongest first; `checklist`: one row. `now` is business time."""
    found = [*await _ended_last(database), *await _overdue_last(database, now)]
    return await asyncio.to_thread(lambda: tried(newest(found)))


def newest(found: Sequence[Ended]) -> list[Ended]:
    """Those that ended or became overdue last, up to MOST, the last one first.

    By an array: a list of so many rows is sorted in one step, which would hold up every other thread.
    """
    ended = np.fromiter((one.ended for one in found), np.float64, len(found))
    return [found[at] for at in np.argsort(-ended, kind="stable")[:MOST]]


async def _ended_last(database: Database) -> list[Ended]:
    """The promises that ended last, up to MOST."""
    found: list[Ended] = []
    place: tuple[Any, str] = (None, "")
    while len(found) < MOST:
        rows = await database.pool.fetch(_ENDED, *place, PAGE)
        found += [_ended(row) for row in rows]
        if len(rows) < PAGE:
            break
        place = (rows[-1]["at"], rows[-1]["promise_id"])
    return found


async def _overdue_last(database: Database, now: datetime) -> list[Ended]:
    """The open promises that became overdue last, up to MOST of LOOKED_AT."""
    found: list[Ended] = []
    after, read = "", 0
    while read < LOOKED_AT:
        rows = await database.pool.fetch(_OVERDUE, after, now, PAGE)
        found += [_ended(row) for row in rows]
        read += len(rows)
        if len(found) > 2 * MOST:
            found = await asyncio.to_thread(newest, found)
        if len(rows) < PAGE:
            break
        after = rows[-1]["promise_id"]
    return found


def tried(ended: Sequence[Ended]) -> dict[str, list[Row]]:
    """The same, of promises that are given."""
    judged = _judged(ended)
    since = float(np.quantile(judged.made, LATER)) if len(ended) else 0.0
    rows = [
        Row(
            one.name,
            -float(place),
            {
                "name": one.name,
                "lift": due_body(one.lift),
                "q": None if one.q is None else round(one.q, 6),
                "holds": one.holds,
            },
        )
        for place, one in enumerate(factors(judged))
    ]
    return {"factor": rows, "checklist": [_checklist(checklist(judged, since), since)]}


def _checklist(found: Checklist, since: float) -> Row:
    body = {
        "items": found.items,
        "since": datetime.fromtimestamp(since, UTC).isoformat(),
        "lift": due_body(found.lift),
        "with_all": due_body(found.with_all),
        "without": due_body(found.without),
    }
    return Row("checklist", 0.0, body)


def _judged(ended: Sequence[Ended]) -> Judged:
    tests = [*OWN.items()]
    counted = Counter((name, _label(value)) for one in ended for name, value in one.labels.items())
    usual = [pair for pair, many in counted.most_common(MOST_LABELS) if LEAST <= many <= len(ended) - LEAST]
    names = [words for words, _ in tests] + [f"{name} is {value}" for name, value in usual]
    table = np.zeros((len(ended), len(names)), np.bool_)
    for row, one in enumerate(ended):
        said = {(name, _label(value)) for name, value in one.labels.items()}
        table[row] = [test(one) for _, test in tests] + [pair in said for pair in usual]
    return Judged(
        [one.kind for one in ended],
        np.array([(one.first - one.made) / DAY for one in ended], np.float64),
        np.array([one.kept for one in ended], np.bool_),
        np.array([one.made for one in ended], np.float64),
        np.array([one.ended for one in ended], np.float64),
        names,
        table,
        np.array([one.open for one in ended], np.bool_),
    )


def _label(value: Any) -> str:
    """The value of a label as it was sent: true, not True."""
    return value if isinstance(value, str) else json.dumps(value)


def _ended(row: Any) -> Ended:
    values = {name: row[name] for name in Ended._fields if name != "labels"}
    return Ended(**values, labels=json.loads(row["labels"]))


_WHOLE: Final = """
SELECT promise_id, {at} AS at, kind, standing = 'kept' AS kept, extract(epoch FROM made_at)::float8 AS made,
  extract(epoch FROM first_due)::float8 AS first, extract(epoch FROM requested_due)::float8 AS requested,
  extract(epoch FROM {at})::float8 AS ended, owner IS NOT NULL AS owner, deliverer IS NOT NULL AS deliverer,
  accepted, value IS NOT NULL AS valued, labels::text AS labels, standing = 'open' AS open,
  (SELECT count(*) FROM insight_milestone AS step
   WHERE step.promise_id = insight_promise.promise_id AND planned IS NOT NULL)::int AS steps
FROM insight_promise"""
# Once its words have ended, a promise would seem to have had no owner, deliverer or labels.
_ENDED: Final = f"""{_WHOLE.format(at="ended_at")}
WHERE ended_at IS NOT NULL AND standing IN ('kept', 'broken', 'cancelled') AND shown AND made_at IS NOT NULL
  AND words_since IS NOT NULL AND {LIVING}
  AND ($1::timestamptz IS NULL OR (ended_at, promise_id) < ($1::timestamptz, $2::text))
ORDER BY ended_at DESC, promise_id DESC LIMIT $3"""
_BROKE: Final = "held_due + tolerance_s * interval '1 second'"
"""SQL: when an open promise became overdue."""
_OVERDUE: Final = f"""{_WHOLE.format(at=_BROKE)}
WHERE standing = 'open' AND shown AND promise_id > $1 AND {_BROKE} < $2::timestamptz AND made_at IS NOT NULL
  AND {LIVING}
ORDER BY promise_id LIMIT $3"""
