"""Reads and writes the rows of risk-svc: all changes of a batch are written with one statement per table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from candor.store.erasing import doomed
from risk_svc.domain.frozen_forecasts import ForecastScore
from risk_svc.domain.incidents import Incident, Place
from risk_svc.domain.scoring import is_told
from risk_svc.domain.standings import standing
from risk_svc.domain.state import PromiseState, from_bytes
from risk_svc.domain.support import supported

if TYPE_CHECKING:
    from candor.store.lease import Connection

PLACEHOLDER: Final = "placeholder"
_incident_out: Final = msgspec.msgpack.Encoder()
_incident_in: Final = msgspec.msgpack.Decoder(Incident)


async def promise_page(connection: Connection, partition: int, after: str, most: int) -> list[tuple[str, bytes]]:
    """The next live promises and placeholders of a partition, by id: (id, encoded state)."""
    rows = await connection.fetch(_PROMISES, partition, after, most)
    return [(row["promise_id"], row["state"]) for row in rows]


async def incident_page(connection: Connection, partition: int, after: str, most: int) -> list[Incident]:
    """The next incidents that a partition keeps in memory, by id."""
    rows = await connection.fetch(_INCIDENTS, partition, after, most)
    return [incident_from(row["data"]) for row in rows]


async def find_incidents(connection: Connection, wanted: Sequence[tuple[int, str]]) -> list[tuple[int, Incident]]:
    """Stored incidents by (partition, id); unknown ones are absent."""
    columns = [number for number, _ in wanted], [name for _, name in wanted]
    rows = await connection.fetch(_FIND_INCIDENTS, *columns)
    return [(row["partition"], incident_from(row["data"])) for row in rows]


async def rest_incidents(connection: Connection, resting: Sequence[tuple[int, str]]) -> None:
    """Note (partition, id) of incidents that are no longer kept in memory."""
    if resting:
        await connection.execute(_REST, [number for number, _ in resting], [name for _, name in resting])


def incident_from(raw: bytes) -> Incident:
    """The incident in a stored row."""
    return _incident_in.decode(raw)


async def erasure_page(
    connection: Connection, partition: int, after: bytes, most: int
) -> list[tuple[bytes, int, float]]:
    """The next marks of erased customers: (SHA-256 of the id, version, business time)."""
    rows = await connection.fetch(_ERASURES, partition, after, most)
    return [(row["customer"], row["version"], row["at"]) for row in rows]


async def find(connection: Connection, promise_ids: Sequence[str]) -> dict[str, PromiseState]:
    """Stored promises by id; unknown ids are absent."""
    rows = await connection.fetch("SELECT state FROM promise_state WHERE promise_id = ANY($1::text[])", promise_ids)
    states = (from_bytes(row["state"]) for row in rows)
    return {state.promise_id: state for state in states}


class Saved(NamedTuple):
    """A promise to be saved: its state, the same encoded, and whether it stays in memory."""

    partition: int
    state: PromiseState
    row: bytes
    live: bool


async def save(connection: Connection, changed: Sequence[Saved]) -> None:
    """Upsert changed promises."""
    if not changed:
        return
    columns: list[list[Any]] = [[] for _ in range(13)]
    for item in changed:
        for column, value in zip(columns, _row(item), strict=True):
            column.append(value)
    await connection.execute(_SAVE, *columns)


def _row(item: Saved) -> tuple[Any, ...]:
    state = item.state
    stands = standing(state)
    where = PLACEHOLDER if state.placeholder else stands.value
    return (
        state.promise_id,
        item.partition,
        state.customer_id,
        state.kind,
        where,
        item.live,
        not (state.placeholder or state.historical),
        is_told(state),
        state.view.score,
        state.view.p_slip if supported(state, stands) else None,
        state.held_due,
        item.row,
        state.value,
    )


async def save_incidents(connection: Connection, rows: Iterable[tuple[int, Incident]]) -> None:
    """Upsert (partition, incident) rows."""
    rows = list(rows)
    if rows:
        # One may be in the rows of many partitions: encoded once.
        one_each = {id(incident): incident for _, incident in rows}
        bodies = {key: _incident_out.encode(incident) for key, incident in one_each.items()}
        places = {key: json.dumps([place_name(place) for place in one.affects]) for key, one in one_each.items()}
        await connection.execute(
            _SAVE_INCIDENTS,
            [number for number, _ in rows],
            [incident.incident_id for _, incident in rows],
            [incident.version for _, incident in rows],
            [bodies[id(incident)] for _, incident in rows],
            [places[id(incident)] for _, incident in rows],
        )


def place_name(place: Place) -> str:
    """A place as the engine and the column `places` name it."""
    return ":".join(place)


async def save_scores(connection: Connection, scores: Sequence[ForecastScore]) -> None:
    """Store frozen forecasts with their outcomes; an overruling verdict replaces an earlier outcome."""
    if scores:
        columns: list[list[Any]] = [list(column) for column in zip(*scores, strict=True)]
        await connection.execute(_SAVE_SCORES, *columns)


async def mark_erased(connection: Connection, marks: Sequence[tuple[int, bytes, int, float]]) -> None:
    """Store marks of erased customers: (partition, mark, version, business time)."""
    if marks:
        await connection.execute(_MARK, *(list(column) for column in zip(*marks, strict=True)))


def moment(seconds: float) -> datetime:
    """Epoch seconds as an aware UTC time."""
    return datetime.fromtimestamp(seconds, UTC)


_SAVE: Final = """
INSERT INTO promise_state
  (promise_id, partition, customer_id, kind, standing, live, shown, told, score, p_slip, held_due, state,
   value, words_since)
SELECT id, number, customer, kind, standing, live, shown, told, score, p_slip, to_timestamp(due), state, value,
  CASE WHEN standing IN ('open', 'placeholder') THEN NULL ELSE now() END
FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::bool[], $8::bool[],
  $9::real[], $10::real[], $11::float8[], $12::bytea[], $13::float8[])
  AS new (id, number, customer, kind, standing, live, shown, told, score, p_slip, due, state, value)
ON CONFLICT (promise_id) DO UPDATE SET
  partition = excluded.partition, customer_id = excluded.customer_id, kind = excluded.kind,
  standing = excluded.standing, live = excluded.live, shown = excluded.shown, told = excluded.told,
  score = excluded.score, p_slip = excluded.p_slip, held_due = excluded.held_due, state = excluded.state,
  value = excluded.value,
  words_since = CASE WHEN excluded.standing IN ('open', 'placeholder') THEN NULL ELSE now() END"""

_SAVE_INCIDENTS: Final = """
INSERT INTO incident (partition, incident_id, version, data, places)
SELECT number, id, version, data, places::jsonb
FROM unnest($1::int[], $2::text[], $3::int[], $4::bytea[], $5::text[]) AS new (number, id, version, data, places)
ON CONFLICT (partition, incident_id) DO UPDATE SET version = excluded.version, data = excluded.data,
  places = excluded.places, words_since = now(), live = true"""

_PROMISES: Final = f"""
SELECT promise_id, state FROM promise_state
WHERE partition = $1 AND live AND promise_id COLLATE "C" > $2 AND NOT {doomed("promise_state")}
ORDER BY promise_id COLLATE "C" LIMIT $3"""  # noqa: S608

_INCIDENTS: Final = """
SELECT data FROM incident WHERE partition = $1 AND live AND incident_id > $2 ORDER BY incident_id LIMIT $3"""

_ERASURES: Final = """
SELECT customer, version, at FROM erased WHERE partition = $1 AND customer > $2 ORDER BY customer LIMIT $3"""

_FIND_INCIDENTS: Final = """
SELECT partition, data FROM incident
JOIN unnest($1::int[], $2::text[]) AS wanted (partition, incident_id) USING (partition, incident_id)"""

_REST: Final = """
UPDATE incident SET live = false FROM unnest($1::int[], $2::text[]) AS resting (partition, incident_id)
WHERE (incident.partition, incident.incident_id) = (resting.partition, resting.incident_id)"""

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
INSERT INTO erased (partition, customer, version, at)
SELECT * FROM unnest($1::int[], $2::bytea[], $3::int[], $4::float8[])
ON CONFLICT (partition, customer) DO UPDATE SET version = excluded.version, at = excluded.at"""
