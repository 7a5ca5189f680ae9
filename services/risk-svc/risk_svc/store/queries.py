"""Queries of the read side, through a read-only session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Any, Final, Literal, NamedTuple
from typing import cast as typed

from sqlalchemy import Select, cast, column, func, literal, table, text, union_all
from sqlalchemy import select as sql_select
from sqlalchemy.dialects.postgresql import JSONB, array
from sqlmodel import col, select, tuple_
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from candor.contracts import Standing
from candor.web.http.listings import COUNTED, Total, counted, matching
from risk_svc.domain.gap import BAND_NAMES, BANDS
from risk_svc.forecast.evaluation import UNSTATED, ScoredForecast
from risk_svc.store.counting import SHOWN
from risk_svc.store.search import begins
from risk_svc.store.tables import ForecastScoreRow, IncidentRow, PromiseStateRow

Row = PromiseStateRow
Score: Final = typed(Any, ForecastScoreRow)
TIMES: Final = (Score.completed_at, Score.p50, Score.p80, Score.p90)
Sort = Literal["score", "due", "chance"]
MAX_VALUES: Final = 1000
MAX_INCIDENTS: Final = 5000
MAX_OF_CUSTOMER: Final = 10_000
_INSIGHT: Final = table("insight_promise", column("promise_id"), column("owner"), column("places", JSONB))
_OWNER, _PLACES = _INSIGHT.c.owner, _INSIGHT.c.places
_KNOWN: Final = sql_select(_INSIGHT.c.promise_id)
_OPEN: Final = text("insight_promise.standing = 'open' AND insight_promise.shown")
HEARD_IN: Final = 0
"""Every partition hears of every incident; one of them is asked."""


class GapFilter(NamedTuple):
    """Filters of a list of gaps; None does not filter. `search` is a prefix of a promise or customer id, any case.

    `owner` and `place` (`kind:id`, open promises alone) go by what `insight` has read so far.
    """

    band: str | None = None
    standing: str | None = None
    customer_id: str | None = None
    kind: str | None = None
    min_score: float | None = None
    search: str | None = None
    owner: str | None = None
    place: str | None = None


class ScoreFilter(NamedTuple):
    """Filters of scored forecasts; settled in [since, until); None does not filter."""

    kind: str | None = None
    lead: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def limits(band: str) -> tuple[float, float]:
    """Lowest score of a band, and the first score above it; raises KeyError for an unknown band."""
    names = [name for name, _ in BANDS] + ["severe"]
    tops = [top for _, top in BANDS] + [101.0]
    bounds = dict(zip(names, zip([0.0, *tops], tops, strict=False), strict=True))
    return bounds[band]


def wanted_rows(wanted: GapFilter) -> SelectOfScalar[Row]:
    """The wanted promises, unordered."""
    query = matching(
        select(Row).where(Row.shown),
        (Row.standing, wanted.standing),
        (Row.customer_id, wanted.customer_id),
        (Row.kind, wanted.kind),
    )
    if wanted.min_score is not None:
        query = query.where(col(Row.score) >= wanted.min_score)
    if wanted.band is not None:
        low, high = limits(wanted.band)
        query = query.where(col(Row.score) >= low, col(Row.score) < high)
    if wanted.search is not None:
        query = query.where(begins(wanted.search, Row.promise_id, Row.customer_id))
    if wanted.owner is not None:
        query = query.where(col(Row.promise_id).in_(_KNOWN.where(_OWNER.in_([wanted.owner]))))
    if wanted.place is not None:
        here = cast([wanted.place], JSONB)
        query = query.where(col(Row.promise_id).in_(_KNOWN.where(_OPEN, _PLACES.contains(here))))
    return query


def listing(
    wanted: GapFilter, sort: Sort, after: tuple[Any, ...] | None = None, *, limit: int, skip: int = 0
) -> SelectOfScalar[Row]:
    """At most `limit` of the wanted promises, after a cursor's position or after the first `skip`.

    By gap or risk of delay, highest first, or by promised date, earliest first; cursors work with gap or date only.
    """
    some = _chosen(wanted, sort, after, limit + skip).subquery()
    chosen = sql_select(some.c.promise_id).order_by(*_order(sort, some.c)).offset(skip).limit(limit)
    # Only ids are sorted and skipped; whole rows are read for this page only.
    return select(Row).where(col(Row.promise_id).in_(chosen)).order_by(*_order(sort, Row))


def _chosen(wanted: GapFilter, sort: Sort, after: tuple[Any, ...] | None, most: int) -> Any:
    """The first `most` ids in the requested order, with their sort keys."""
    if sort == "score" and wanted.standing is None and wanted.search is None:
        # The index starts with standing: take the best of each standing, then the best among those.
        each = (wanted._replace(standing=standing.value) for standing in Standing)
        best = (_ids(one, sort, after, most).subquery() for one in each)
        return union_all(*(sql_select(some) for some in best))
    return _ids(wanted, sort, after, most)


def _ids(wanted: GapFilter, sort: Sort, after: tuple[Any, ...] | None, most: int) -> Select[Any]:
    place = {"due": Row.held_due, "chance": Row.p_slip, "score": Row.score}[sort]
    query = wanted_rows(wanted).with_only_columns(col(place), col(Row.promise_id))
    if after is not None:
        here = tuple_(col(place), col(Row.promise_id))
        query = query.where(here > after if sort == "due" else here < after)
    return typed(Select[Any], query.order_by(*_order(sort, Row)).limit(most))


def _order(sort: Sort, of: Any) -> tuple[Any, ...]:
    match sort:
        case "due":
            return (of.held_due, of.promise_id)
        case "chance":
            return (of.p_slip.desc().nulls_last(), of.promise_id.desc())
        case _:
            return (of.score.desc(), of.promise_id.desc())


async def counts(session: AsyncSession) -> dict[str, Any]:
    """Counts of shown promises: open ones by band, slipping and notified; settled ones by standing."""
    rows = (await session.exec(typed(Any, text(SHOWN.query)))).all()
    figures: dict[str, Any] = {"open": 0, "slipping": 0, "warned": 0, "bands": dict.fromkeys(BAND_NAMES, 0)}
    figures["settled"] = dict.fromkeys(("kept", "broken", "cancelled", "withdrawn"), 0)
    for standing, band, slipping, told, count in rows:
        if standing != "open":
            figures["settled"][standing] += count
            continue
        figures["open"] += count
        figures["slipping"] += count * (slipping == "true")
        figures["warned"] += count * (told == "true")
        figures["bands"][BAND_NAMES[int(band)]] += count
    return figures


def number_of(wanted: GapFilter, counts: Mapping[str, Any]) -> Total | None:
    """How many promises a list has, where `counts` say so; None where only their rows do."""
    if wanted != GapFilter(band=wanted.band, standing=wanted.standing):
        return None
    if wanted.standing == Standing.OPEN:
        number = counts["open"] if wanted.band is None else counts["bands"][wanted.band]
    elif wanted.band is not None:
        return None
    else:
        settled = counts["settled"]
        number = settled[wanted.standing] if wanted.standing else counts["open"] + sum(settled.values())
    return Total(min(number, COUNTED), number <= COUNTED)


async def incidents_at(session: AsyncSession, places: Sequence[str], *, live: bool = False) -> Sequence[bytes]:
    """Incidents on any of these places, encoded, with `live` only those in memory; at most MAX_INCIDENTS."""
    if not places:
        return []
    here = select(IncidentRow.data).where(IncidentRow.partition == HEARD_IN)
    if live:
        here = here.where(IncidentRow.live)
    struck = here.where(typed(Any, IncidentRow.places).has_any(array(places)))
    return (await session.exec(struck.limit(MAX_INCIDENTS))).all()


class OpenPromise(NamedTuple):
    """What an open promise adds to its customer's gap."""

    score: float
    promise_id: str
    kind: str
    value: float | None


async def open_of(session: AsyncSession, customer_id: str) -> list[OpenPromise]:
    """The open promises of a customer; at most MAX_OF_CUSTOMER + 1."""
    columns = (col(one) for one in (Row.score, Row.promise_id, Row.kind, Row.value))
    wanted = wanted_rows(GapFilter(standing="open", customer_id=customer_id)).with_only_columns(*columns)
    rows = (await session.exec(typed(Any, sql_select(wanted.limit(MAX_OF_CUSTOMER + 1).subquery())))).all()
    return [OpenPromise(*row) for row in rows]


async def shown_of(session: AsyncSession, customer_id: str) -> Total:
    """How many promises of a customer are shown."""
    return await counted(session, wanted_rows(GapFilter(customer_id=customer_id)))


async def usual_values(session: AsyncSession, kinds: Iterable[str]) -> dict[str, float]:
    """The median value of each promise type, from 1,000 promises with a value; types without any are absent."""
    found = {}
    for kind in sorted(set(kinds)):
        known = select(Row.value).where(Row.shown, Row.kind == kind, col(Row.value).is_not(None))
        values = (await session.exec(known.limit(MAX_VALUES))).all()
        if values:
            found[kind] = median(value for value in values if value is not None)
    return found


async def scores(session: AsyncSession, wanted: ScoreFilter, most: int) -> tuple[list[ScoredForecast], int]:
    """The newest scored forecasts, newest first, and how many older ones were left out; at most COUNTED are counted."""
    found = sql_select(
        Score.promise_id, Score.lead, Score.kind, Score.p, Score.base, Score.outcome,
        func.date_part("epoch", Score.settled_at), *(_hours(column) for column in TIMES)
    ).order_by(Score.settled_at.desc(), Score.promise_id, Score.lead)  # fmt: skip
    rows = (await session.exec(typed(Any, _filtered(found, wanted).limit(most)))).all()
    older = 0
    if len(rows) == most:
        left = _filtered(sql_select(literal(1)).select_from(Score), wanted).limit(most + COUNTED).subquery()
        older = (await session.exec(typed(Any, sql_select(func.count()).select_from(left)))).one()[0] - most
    return [ScoredForecast._make((*row[:8], tuple(row[8:]), UNSTATED)) for row in rows], older


def _filtered(query: Select[Any], wanted: ScoreFilter) -> Select[Any]:
    if wanted.kind is not None:
        query = query.where(Score.kind == wanted.kind)
    if wanted.lead is not None:
        query = query.where(Score.lead == wanted.lead)
    if wanted.since is not None:
        query = query.where(Score.settled_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(Score.settled_at < wanted.until)
    return query


def _hours(column: Any) -> Any:
    """Hours from issue; null if either time is null."""
    return func.date_part("epoch", column - Score.issued_at) / 3600
