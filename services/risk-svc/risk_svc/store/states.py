"""Reads and writes the rows of risk-svc: all changes of a batch are written with one statement per table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from candor.store.erasing import doomed
from risk_svc.domain.frozen_forecasts import ForecastScore
from risk_svc.domain.incidents import Incident
from risk_svc.domain.scoring import is_told
from risk_svc.domain.state import PromiseState, from_bytes, standing, to_bytes
from risk_svc.domain.support import supported

if TYPE_CHECKING:
    from candor.store.lease import Connection

PLACEHOLDER: Final = "placeholder"
_incident_out: Final = msgspec.msgpack.Encoder()
_incident_in: Final = msgspec.msgpack.Decoder(Incident)


async def live_states(connection: Connection, partition: int) -> list[PromiseState]:
    """Open promises and placeholders of a partition."""
    rows = await connection.fetch(_LIVE, partition)
    return [from_bytes(row["state"]) for row in rows]


async def incidents(connection: Connection, partition: int) -> list[Incident]:
    """All incidents known to a partition."""
    rows = await connection.fetch("SELECT data FROM incident WHERE partition = $1", partition)
    return [incident_from(row["data"]) for row in rows]


def incident_from(raw: bytes) -> Incident:
    """The incident in a stored row."""
    return _incident_in.decode(raw)


async def erasures(connection: Connection, partition: int) -> dict[bytes, tuple[int, float]]:
    """Marks of erased customers: (version, business time) by SHA-256 of the id."""
    rows = await connection.fetch("SELECT customer, version, at FROM erased WHERE partition = $1", partition)
    return {row["customer"]: (row["version"], row["at"]) for row in rows}


async def find(connection: Connection, promise_ids: Sequence[str]) -> dict[str, PromiseState]:
    """Stored promises by id; unknown ids are absent."""
    rows = await connection.fetch("SELECT state FROM promise_state WHERE promise_id = ANY($1::text[])", promise_ids)
    states = (from_bytes(row["state"]) for row in rows)
    return {state.promise_id: state for state in states}


async def save(connection: Connection, changed: Sequence[tuple[int, PromiseState]]) -> None:
    """Upsert (partition, state) rows."""
    if not changed:
        return
    columns: list[list[Any]] = [[] for _ in range(13)]
    for number, state in changed:
        for column, value in zip(columns, _row(number, state), strict=True):
            column.append(value)
    await connection.execute(_SAVE, *columns)


def _row(number: int, state: PromiseState) -> tuple[Any, ...]:
    stands = standing(state)
    where = PLACEHOLDER if state.placeholder else stands.value
    return (
        state.promise_id,
        number,
        state.customer_id,
        state.kind,
        where,
        where in (PLACEHOLDER, "open"),
        not (state.placeholder or state.historical),
        is_told(state),
        state.view.score,
        state.view.p_slip if supported(state, stands) else None,
        state.held_due,
        to_bytes(state),
        state.value,
    )


async def save_incidents(connection: Connection, rows: Iterable[tuple[int, Incident]]) -> None:
    """Upsert (partition, incident) rows."""
    rows = list(rows)
    if rows:
        await connection.execute(
            _SAVE_INCIDENTS,
            [number for number, _ in rows],
            [incident.incident_id for _, incident in rows],
            [incident.version for _, incident in rows],
            [_incident_out.encode(incident) for _, incident in rows],
        )


async def save_scores(connection: Connection, scores: Sequence[ForecastScore]) -> None:
    """Store frozen forecasts with their outcomes; an overruling verdict replaces an earlier outcome."""
    if scores:
        columns: list[list[Any]] = [list(column) for column in zip(*scores, strict=True)]
        await connection.execute(_SAVE_SCORES, *columns)


async def mark_erased(connection: Connection, number: int, mark: bytes, version: int, at: float) -> None:
    """Store the mark of an erased customer."""
    await connection.execute(_MARK, number, mark, version, at)


def moment(seconds: float) -> datetime:
    """Epoch seconds as an aware UTC time."""
    return datetime.fromtimestamp(seconds, UTC)


_LIVE: Final = f"""
SELECT state FROM promise_state WHERE partition = $1 AND live AND NOT {doomed("promise_state")}"""  # noqa: S608

_SAVE: Final = """
INSERT INTO promise_state
  (promise_id, partition, customer_id, kind, standing, live, shown, told, score, p_slip, held_due, state,
   value, words_since)
SELECT id, number, customer, kind, standing, live, shown, told, score, p_slip, to_timestamp(due), state, value,
  CASE WHEN live THEN NULL ELSE now() END
FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::bool[], $8::bool[],
  $9::real[], $10::real[], $11::float8[], $12::bytea[], $13::float8[])
  AS new (id, number, customer, kind, standing, live, shown, told, score, p_slip, due, state, value)
ON CONFLICT (promise_id) DO UPDATE SET
  partition = excluded.partition, customer_id = excluded.customer_id, kind = excluded.kind,
  standing = excluded.standing, live = excluded.live, shown = excluded.shown, told = excluded.told,
  score = excluded.score, p_slip = excluded.p_slip, held_due = excluded.held_due, state = excluded.state,
  value = excluded.value,
  words_since = CASE WHEN excluded.live THEN NULL ELSE now() END"""

_SAVE_INCIDENTS: Final = """
INSERT INTO incident (partition, incident_id, version, data)
SELECT * FROM unnest($1::int[], $2::text[], $3::int[], $4::bytea[])
ON CONFLICT (partition, incident_id) DO UPDATE SET version = excluded.version, data = excluded.data,
  words_since = now()"""

_SAVE_SCORES: Final = """
INSERT INTO forecast_score (promise_id, lead, kind, p, base, outcome, settled_at,
  issued_at, p50, p80, p90, completed_at, made_at, model, n)
SELECT id, lead, kind, p, base, outcome, to_timestamp(settled),
  to_timestamp(issued), to_timestamp(p50), to_timestamp(p80), to_timestamp(p90), to_timestamp(completed),
  to_timestamp(made), model, n
FROM unnest($1::text[], $2::text[], $3::text[], $4::real[], $5::real[], $6::int[], $7::float8[],
  $8::float8[], $9::float8[], $10::float8[], $11::float8[], $12::float8[], $13::float8[], $14::int[], $15::int[])
  AS new (id, lead, kind, p, base, outcome, settled, issued, p50, p80, p90, completed, made, model, n)
ON CONFLICT (promise_id, lead) DO UPDATE SET outcome = excluded.outcome, settled_at = excluded.settled_at,
  completed_at = excluded.completed_at"""

_MARK: Final = """
INSERT INTO erased (partition, customer, version, at) VALUES ($1, $2, $3, $4)
ON CONFLICT (partition, customer) DO UPDATE SET version = excluded.version, at = excluded.at"""
