"""What reviews complain of by month, beside the measured share of late promises whose customers were warned before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from candor.contracts.market import Tag
from risk_svc.insight.forgetting import LIVING
from risk_svc.insight.measures.figure import Figure, share
from risk_svc.insight.reviews import SOURCE, WARNED_AT, ReviewFilter, conditions

MONTHS: Final = 24
"""Months that are shown, up to that of the newest review or late promise."""
MOST_REVIEWS: Final = 20_000
"""Reviews that the figures are of; of more the newest."""
MOST_ENDED: Final = 20_000
"""Promises that ended last, among which the late ones are looked for."""
COLUMNS: Final = ("reviews", "untagged", "by_machine", "failures", *(tag.value for tag in Tag))


class Month(NamedTuple):
    """A month, such as 2026-03: its reviews by tag, and its late promises by the date that customers held.

    `failure` is the share of tagged reviews that complain of failure to communicate, of which `by_machine` were tagged
    by machine; `warned` that of late promises whose customers were warned before that date.
    """

    month: str
    reviews: int
    untagged: int
    by_machine: int
    failure: Figure
    tags: dict[str, int]
    warned: Figure


class Months(NamedTuple):
    """Months, newest first; `exact` False: there are more reviews or ended promises than were counted."""

    months: list[Month]
    exact: bool


async def months(session: AsyncSession, wanted: ReviewFilter) -> Months:
    """The months of the reviews that a filter finds; promises are those whose labels say its product and place."""
    where, values = conditions(wanted._replace(tag=None))
    reading = text(_REVIEWS.format(where=where)).bindparams(**values)
    labels = {name: value for name in ("product", "place") if (value := getattr(wanted, name)) is not None}
    several = [f" AND one.labels->>'{name}' = CAST(:{name} AS text)" for name in labels]
    late = text(_LATE.format(where="".join(several))).bindparams(**labels)
    said = (await session.exec(cast(Any, reading))).all()
    ended = (await session.exec(cast(Any, late))).all()
    exact = sum(row.reviews for row in said) <= MOST_REVIEWS and all(row.ended <= MOST_ENDED for row in ended)
    return Months(_joined(said, ended), exact)


def _joined(said: Iterable[Any], ended: Iterable[Any]) -> list[Month]:
    by_month: dict[str, dict[str, int]] = {}
    for row in said:
        by_month.setdefault(row.month, {}).update({name: getattr(row, name) for name in COLUMNS})
    for row in ended:
        if row.month is not None:
            by_month.setdefault(row.month, {}).update({"late": row.late, "warned": row.warned})
    first = _before(max(by_month, default="0001-01"), MONTHS)
    return [month_of(name, by_month[name]) for name in sorted(by_month, reverse=True) if name > first]


def month_of(month: str, counts: dict[str, int]) -> Month:
    """The figures of a month, from its counts; what is not there is 0."""
    reviews, untagged = counts.get("reviews", 0), counts.get("untagged", 0)
    return Month(
        month,
        reviews,
        untagged,
        counts.get("by_machine", 0),
        share(counts.get("failures", 0), reviews - untagged),
        {tag.value: counts.get(tag.value, 0) for tag in Tag},
        share(counts.get("warned", 0), counts.get("late", 0)),
    )


def _before(month: str, several: int) -> str:
    """The month that lies so many months before another."""
    year, number = (int(part) for part in month.split("-"))
    count = max(0, year * 12 + number - 1 - several)
    return f"{count // 12:04d}-{count % 12 + 1:02d}"


_MONTH: Final = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM')"
_TAGS: Final = ", ".join(
    f"(count(*) FILTER (WHERE content->'tags' @> '[\"{tag.value}\"]'))::int AS {tag.value}" for tag in Tag
)
_REVIEWS: Final = f"""
SELECT {_MONTH.format("at")} AS month, count(*)::int AS reviews,
  (count(*) FILTER (WHERE verdict IS NULL))::int AS untagged,
  (count(*) FILTER (WHERE content->>'tagged_by' = 'machine'))::int AS by_machine,
  (count(*) FILTER (WHERE verdict = 'failure'))::int AS failures, {_TAGS}
FROM (SELECT at, verdict, content {SOURCE}{{where}}
  ORDER BY one.at DESC, one.matter_id DESC LIMIT {MOST_REVIEWS + 1}) AS newest
GROUP BY 1"""  # noqa: S608 - constants only
_LATE: Final = f"""
WITH ended AS (
  SELECT standing IN ('broken', 'cancelled') AND shown AS late, labels, held_due,
    {WARNED_AT.format("insight_promise")} AS warned_at
  FROM insight_promise WHERE ended_at IS NOT NULL AND {LIVING} ORDER BY ended_at DESC LIMIT {MOST_ENDED + 1})
SELECT month, count(*)::int AS late, (count(*) FILTER (WHERE warned_at <= held_due))::int AS warned,
  (SELECT count(*) FROM ended)::int AS ended
FROM (SELECT {_MONTH.format("held_due")} AS month, * FROM ended AS one WHERE late{{where}}) AS late
GROUP BY GROUPING SETS ((month), ())"""  # noqa: S608 - constants only
