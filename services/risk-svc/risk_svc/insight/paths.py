"""Where messages changed on their way, asked of the tables: by kind of hop, by statement, and along one path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from candor.web.http.listings import COUNTED, Total
from risk_svc.insight.asking import Place
from risk_svc.insight.forgetting import LIVING, living
from risk_svc.insight.hearing import Said, chains, main, passed, path_of
from risk_svc.insight.measures.distortion import Path, Slot, Thresholds, threshold_of
from risk_svc.insight.measures.figure import Figure, Unit, mean_of, share
from risk_svc.insight.measures.hop_records import variance_ratio_of
from risk_svc.insight.statements import COMPARED, SAID, said_of

NEWEST: Final = 10_000
"""Of the statements that a filter finds the newest, of which the figures by kind of hop are."""
DRIFTS: Final = tuple(f"drift_{slot}" for slot in Slot)
PASSED: Final = (
    *("statement_id", "promise_id", "capability_id", "customer_id", "kind", "said_by", "said_to", "at"),
    *("heard", "heard_from", "due_in", "due_out", "days", "distortion", *DRIFTS, "threshold"),
    *("past_threshold", "imposed", "waits", "unlike_units"),
)
"""The columns of a statement in the list."""


class HopFilter(NamedTuple):
    """Which statements; None does not filter. `department`: who said it."""

    promise_id: str | None = None
    kind: str | None = None
    department: str | None = None
    min_distortion: float | None = None


class HopRecord(NamedTuple):
    """A kind of hop: mean distortion, mean signed drift by slot, days by which dates moved, Var(out) / Var(in).

    `sources`: whom its speakers had heard. `imposed`: the share of impositions among what was said of another team's
    work.
    """

    said_by: str
    said_to: str
    sources: list[str]
    n: int
    distortion: Figure
    drifts: dict[Slot, Figure]
    days: Figure
    variance_ratio: Figure
    imposed: Figure


class Records(NamedTuple):
    """Kinds of hops, the largest mean distortion first, and how many statements they are of."""

    hops: list[HopRecord]
    number: Total


class PromisePath(NamedTuple):
    """The main path of a promise: its statements, what became of the message, and the statements as rows.

    `kind` is None while the promise is not known. `number`: how many statements there are about it.
    """

    customer_id: str | None
    kind: str | None
    chain: list[Said]
    path: Path
    rows: dict[str, Mapping[str, Any]]
    number: Total
    thresholds: Thresholds


async def records(session: AsyncSession, wanted: HopFilter) -> Records:
    """The record of each kind of hop, from the newest statements that a filter finds."""
    asked = text(_RECORDS.format(where=_where(wanted))).bindparams(**_values(wanted))
    rows: Sequence[Any] = (await session.exec(cast(Any, asked))).all()
    found = sorted((_record(row._mapping) for row in rows), key=rank, reverse=True)
    number = sum(one.n for one in found)
    return Records(found, Total(min(number, NEWEST), number < NEWEST))


def rank(one: HopRecord) -> tuple[float, str]:
    """The place of a kind of hop; one with too little history comes after all that have enough."""
    return (-1.0 if one.distortion.value is None else one.distortion.value), name(one)


def name(one: HopRecord) -> str:
    """The name of a kind of hop, such as sales>customer."""
    return f"{one.said_by}>{one.said_to}"


async def statements(
    session: AsyncSession, wanted: HopFilter, place: Place, thresholds: Thresholds
) -> tuple[list[dict[str, Any]], Total]:
    """A page of statements, the largest distortion first, and how many there are."""
    where, values = _where(wanted), _values(wanted)
    past = " AND (distortion, statement_id) < (:place, :name)" if place.after else ""
    asked = text(_STATEMENTS.format(where=where + past)).bindparams(**values, most=place.most, skip=place.skip)
    if place.after:
        asked = asked.bindparams(**dict(zip(("place", "name"), place.after, strict=True)))
    rows: Sequence[Any] = (await session.exec(cast(Any, asked))).all()
    counted = text(_COUNT.format(where=where)).bindparams(**values)
    number = (await session.exec(cast(Any, counted))).one()[0]
    return [{**row._mapping, **_past(row._mapping, thresholds)} for row in rows], Total.of(number)


def _past(row: Mapping[str, Any], thresholds: Thresholds) -> dict[str, Any]:
    least = threshold_of(thresholds, row["said_by"], row["said_to"])
    return {"threshold": least, "past_threshold": row["distortion"] >= least}


async def of_promise(session: AsyncSession, promise_id: str, thresholds: Thresholds) -> PromisePath | None:
    """The path of a promise; None if nothing is known of it."""
    known = (await session.exec(cast(Any, _PROMISE.bindparams(id=promise_id)))).first()
    rows: Sequence[Any] = (await session.exec(cast(Any, _OF_PROMISE.bindparams(subject=f"promise:{promise_id}")))).all()
    if known is None and not rows:
        return None
    by = {row.statement_id: row._mapping for row in rows[:COMPARED]}
    chain = main(chains(said_of(row) for row in by.values()))
    customer = known.customer_id if known is not None else rows[0].customer_id
    kind = None if known is None else known.kind
    number = Total.of(len(rows), COMPARED)
    return PromisePath(customer, kind, chain, path_of(chain, thresholds), by, number, thresholds)


def along(found: PromisePath) -> list[dict[str, Any]]:
    """The hops of a path as the list has its statements."""
    items = []
    for one in passed(found.chain):
        row = found.rows[one.statement_id]
        drifts = {f"drift_{slot}": found_drift(one.hop.drifts, slot) for slot in Slot}
        values = {
            **{key: row[key] for key in ("statement_id", "promise_id", "capability_id", "customer_id")},
            **{key: row[key] for key in ("said_by", "said_to", "at", "imposed")},
            "kind": found.kind,
            "heard": one.heard,
            "heard_from": one.hop.source,
            "due_in": moment(one.due_in),
            "due_out": moment(one.due_out),
            "days": one.hop.days,
            "distortion": one.hop.distortion,
            **drifts,
            "waits": found.kind is None,
            "unlike_units": one.unlike,
        }
        values |= _past(values, found.thresholds)
        items.append({key: values[key] for key in PASSED})
    return items


def found_drift(drifts: Mapping[Slot, Any], slot: Slot) -> float | None:
    """The signed drift of a slot; None where it was never spoken of."""
    return drifts[slot].signed if slot in drifts else None


def moment(seconds: float | None) -> datetime | None:
    """Epoch seconds as a time."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _record(row: Mapping[str, Any]) -> HopRecord:
    return HopRecord(
        row["said_by"],
        row["said_to"],
        row["sources"],
        row["n"],
        mean_of(row["n"], row["distortion"], row["distortion_sd"], Unit.PART),
        {
            slot: mean_of(row[f"drift_{slot}_n"], row[f"drift_{slot}"], row[f"drift_{slot}_sd"], Unit.PART)
            for slot in Slot
        },
        mean_of(row["days_n"], row["days"], row["days_sd"], Unit.DAYS),
        variance_ratio_of(row["pairs"], row["var_in"], row["var_out"], row["r"]),
        share(row["imposed"], row["imposed_n"]),
    )


def _where(wanted: HopFilter) -> str:
    filters = {
        "promise_id": "subject = 'promise:' || CAST(:promise_id AS text)",
        "kind": "kind = CAST(:kind AS text)",
        "department": "said_by = CAST(:department AS text)",
        "min_distortion": "distortion >= CAST(:min_distortion AS float8)",
    }
    return "".join(f" AND {filters[key]}" for key in _values(wanted))


def _values(wanted: HopFilter) -> dict[str, Any]:
    return {key: value for key, value in wanted._asdict().items() if value is not None}


_FROM: Final = f"FROM insight_statement WHERE distortion IS NOT NULL AND {living('insight_statement')}{{where}}"
_MEANS: Final = ", ".join(
    f"count({one})::int AS {one}_n, avg({one}) AS {one}, stddev_samp({one}) AS {one}_sd"
    for one in ("distortion", "days", *DRIFTS)
)
# Of what is said of another team's work: whether it had not accepted by then. A promise without a hand-off was
# accepted, or not, from the start.
_IMPOSED: Final = """(SELECT CASE WHEN known.deliverer IS NULL OR known.deliverer IN ('', said.said_by) THEN NULL
  ELSE NOT known.accepted OR coalesce((
    SELECT min(handed.changed_at) FROM insight_matter AS handed
    WHERE handed.promise_id = said.promise_id AND handed.kind = 'handoff' AND handed.state = 'accepted') > said.at,
  false) END
  FROM insight_promise AS known WHERE known.promise_id = said.promise_id AND known.standing <> 'placeholder')"""
_DAYS: Final = "extract(epoch FROM due_out - due_in)::float8 / 86400 AS days"
# Dates in seconds: equal ones then have a variance of exactly 0.
_RECORDS: Final = f"""
WITH passed AS MATERIALIZED (
  SELECT said_by, said_to, heard_from, distortion, {", ".join(DRIFTS)}, {_DAYS},
    extract(epoch FROM due_in - made_at)::float8 AS date_in, extract(epoch FROM due_out - made_at)::float8 AS date_out,
    {_IMPOSED} AS imposed
  FROM (SELECT * {_FROM} ORDER BY at DESC, statement_id DESC LIMIT {NEWEST}) AS said)
SELECT said_by, said_to, array_agg(DISTINCT heard_from) AS sources, count(*)::int AS n, {_MEANS},
  count(imposed)::int AS imposed_n, (count(*) FILTER (WHERE imposed))::int AS imposed,
  regr_count(date_out, date_in)::int AS pairs,
  var_pop(date_in) FILTER (WHERE date_out IS NOT NULL) AS var_in,
  var_pop(date_out) FILTER (WHERE date_in IS NOT NULL) AS var_out, corr(date_out, date_in) AS r
FROM passed GROUP BY said_by, said_to"""  # noqa: S608 - constants
_STATEMENTS: Final = f"""
SELECT statement_id, promise_id, capability_id, customer_id, kind, said_by, said_to, at, heard, heard_from, due_in,
  due_out, {_DAYS}, distortion, {", ".join(DRIFTS)}, {_IMPOSED} AS imposed,
  kind IS NULL AND promise_id IS NOT NULL AS waits, coalesce(unlike_units, false) AS unlike_units
FROM (SELECT * {_FROM} ORDER BY distortion DESC, statement_id DESC LIMIT :most OFFSET :skip) AS said
ORDER BY distortion DESC, statement_id DESC"""  # noqa: S608 - constants
_COUNT: Final = f"SELECT count(*) FROM (SELECT {_FROM} LIMIT {COUNTED + 1}) AS found"  # noqa: S608
_PROMISE: Final = text(f"""
SELECT customer_id, kind FROM insight_promise WHERE promise_id = :id AND standing <> 'placeholder' AND {LIVING}""")  # noqa: S608
_OF_PROMISE: Final = text(f"""
SELECT {SAID}, promise_id, capability_id, customer_id, {_IMPOSED} AS imposed FROM insight_statement AS said
WHERE subject = :subject AND {living("said")}
ORDER BY at DESC, statement_id DESC LIMIT {COMPARED + 1}""")  # noqa: S608
