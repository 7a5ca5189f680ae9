"""Reads and writes the rows of `insight`: all changes of a batch with one statement a table."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from candor.contracts import Message
from risk_svc.domain.incidents import Incident, incident_of
from risk_svc.domain.state import PromiseState, from_bytes, to_bytes
from risk_svc.insight.picture import GAP, MILESTONE, PROMISE, Redating, gap_row, kept, milestone_row, promise_row
from risk_svc.store.states import place_name

if TYPE_CHECKING:
    from candor.contracts import GapScored
    from candor.store.lease import Connection
    from risk_svc.domain.state import StepState

Columns = Sequence[tuple[str, str]]


async def find(connection: Connection, promise_ids: Collection[str]) -> dict[str, PromiseState]:
    """Stored promises by id; unknown ids are absent."""
    rows = await connection.fetch(_FIND, sorted(promise_ids))
    states = (from_bytes(row["state"]) for row in rows)
    return {state.promise_id: state for state in states}


async def save_promises(connection: Connection, states: Sequence[PromiseState]) -> None:
    """Upsert changed promises, with what the next event is folded into."""
    if states:
        await connection.execute(_SAVE, *turned(PROMISE, [promise_row(state) for state in states]))
        bodies = [to_bytes(kept(state)) for state in states]
        await connection.execute(_SAVE_STATES, [state.promise_id for state in states], bodies)


async def save_gaps(connection: Connection, found: Iterable[tuple[GapScored, int]]) -> None:
    """Take in (gap, version), each promise once; an older version than what is known changes nothing."""
    rows = [gap_row(data, version) for data, version in found]
    if rows:
        await connection.execute(_SAVE_GAPS, *turned(GAP, rows))


async def remove_milestones(connection: Connection, places: Sequence[tuple[str, str]]) -> None:
    """Remove steps (promise, name) of which every report was taken back."""
    if places:
        await connection.execute(_REMOVE_MILESTONES, *(list(column) for column in zip(*sorted(places), strict=True)))


async def save_milestones(connection: Connection, steps: Iterable[tuple[str, StepState]]) -> None:
    """Upsert (promise id, step)."""
    rows = [milestone_row(promise_id, step) for promise_id, step in steps]
    if rows:
        await connection.execute(_SAVE_MILESTONES, *turned(MILESTONE, rows))


async def save_redatings(connection: Connection, found: Sequence[Redating]) -> None:
    """Add new dates that were told."""
    if found:
        await connection.execute(_SAVE_REDATINGS, *(list(column) for column in zip(*found, strict=True)))


async def save_incidents(connection: Connection, messages: Iterable[Message]) -> None:
    """Keep the newest snapshot of each incident, and which events it came by."""
    found = [incident_of(message.envelope, message.data) for message in messages]  # type: ignore[arg-type]
    newest: dict[str, Incident] = {}
    for one in found:
        if one.version > (newest[one.incident_id].version if one.incident_id in newest else 0):
            newest[one.incident_id] = one
    rows = [_incident_row(newest[name]) for name in sorted(newest)]
    if rows:
        await connection.execute(_SAVE_INCIDENTS, *(list(column) for column in zip(*rows, strict=True)))
        events = sorted((one.incident_id, one.version, one.source_event, one.until is not None) for one in found)
        await connection.execute(_SAVE_EVENTS, *(list(column) for column in zip(*events, strict=True)))


async def existing(connection: Connection, promise_ids: Collection[str]) -> set[str]:
    """Those of these promises of which there is a row."""
    rows = await connection.fetch(_EXISTING, sorted(promise_ids))
    return {row["promise_id"] for row in rows}


def _incident_row(one: Incident) -> tuple[Any, ...]:
    places = json.dumps([place_name(place) for place in one.affects])
    return (
        one.incident_id,
        one.version,
        one.severity,
        one.category,
        one.title,
        places,
        one.since,
        one.expected_end,
        one.until,
    )


def turned(columns: Columns, rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """Rows as one list a column, for SQL that takes arrays."""
    # In the order of ids: two processes then wait for each other's rows in one direction only.
    turned = [list(column) for column in zip(*sorted(rows, key=lambda row: row[:2]), strict=True)]
    assert len(turned) == len(columns)  # noqa: S101 - a row is made beside its columns
    return turned


def upsert(table: str, columns: Columns, key: int, also: tuple[str, str] | None = None, only: str = "") -> str:
    """SQL that upserts rows given as one array a column; the first `key` columns are the key.

    Documents come as texts and times as epoch seconds. `also`: a column more, and the SQL of its value.
    """
    sent = {"timestamptz": "float8", "jsonb": "text"}
    given = ", ".join(f"${place}::{sent.get(kind, kind)}[]" for place, (_, kind) in enumerate(columns, 1))
    names = ", ".join(name for name, _ in columns)
    taken = {"timestamptz": "to_timestamp({})", "jsonb": "{}::jsonb"}
    values = ", ".join(taken.get(kind, "{}").format(name) for name, kind in columns)
    keys = ", ".join(name for name, _ in columns[:key])
    more, its = also or ("", "")
    written = [name for name, _ in columns] + [more] * bool(also)
    updated = ", ".join(f"{name} = excluded.{name}" for name in written[key:])
    return f"""
INSERT INTO {table} ({", ".join(written)}) SELECT {values}{", " * bool(also)}{its} FROM unnest({given}) AS new ({names})
ON CONFLICT ({keys}) DO UPDATE SET {updated} {only}"""  # noqa: S608 - names of our own columns


_FIND: Final = "SELECT state FROM insight_state WHERE promise_id = ANY($1::text[])"
_EXISTING: Final = "SELECT promise_id FROM insight_promise WHERE promise_id = ANY($1::text[])"
_OVER: Final = ("words_since", "CASE WHEN standing IN ('open', 'placeholder') THEN NULL ELSE now() END")
# Of a promise with many messages the first are no longer known.
_SAVE: Final = upsert("insight_promise", PROMISE, 1, _OVER).replace(
    "warned_at = excluded.warned_at", "warned_at = least(insight_promise.warned_at, excluded.warned_at)"
)
_SAVE_STATES: Final = """
INSERT INTO insight_state (promise_id, state) SELECT * FROM unnest($1::text[], $2::bytea[])
ON CONFLICT (promise_id) DO UPDATE SET state = excluded.state"""
_SAVE_GAPS: Final = upsert(
    "insight_promise", GAP, 1, only="WHERE insight_promise.gap_version < excluded.gap_version"
).replace("customer_id = excluded.customer_id, ", "")
_SAVE_MILESTONES: Final = upsert("insight_milestone", MILESTONE, 2)
_REMOVE_MILESTONES: Final = """
DELETE FROM insight_milestone USING unnest($1::text[], $2::text[]) AS gone (promise_id, milestone)
WHERE insight_milestone.promise_id = gone.promise_id AND insight_milestone.milestone = gone.milestone"""
_SAVE_REDATINGS: Final = """
INSERT INTO insight_redating (promise_id, version, asked_by, agreed, reason, at, before, after)
SELECT id, version, asked, agreed, reason, to_timestamp(at), to_timestamp(before), to_timestamp(after)
FROM unnest($1::text[], $2::int[], $3::text[], $4::bool[], $5::text[], $6::float8[], $7::float8[], $8::float8[])
  AS new (id, version, asked, agreed, reason, at, before, after)
ON CONFLICT DO NOTHING"""
_SAVE_INCIDENTS: Final = """
INSERT INTO insight_incident AS known
  (incident_id, version, severity, category, title, places, opened_at, expected_end, resolved_at)
SELECT id, version, severity, category, title, places::jsonb, to_timestamp(opened), to_timestamp(ends),
  to_timestamp(resolved)
FROM unnest($1::text[], $2::int[], $3::real[], $4::text[], $5::text[], $6::text[], $7::float8[], $8::float8[],
  $9::float8[]) AS new (id, version, severity, category, title, places, opened, ends, resolved)
ON CONFLICT (incident_id) DO UPDATE SET version = excluded.version, severity = excluded.severity,
  category = excluded.category, title = excluded.title, places = excluded.places, opened_at = excluded.opened_at,
  expected_end = excluded.expected_end, resolved_at = excluded.resolved_at, words_since = now()
WHERE known.version < excluded.version"""
_SAVE_EVENTS: Final = """
INSERT INTO insight_incident_event (incident_id, version, event_id, resolved)
SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::bool[])
ON CONFLICT DO NOTHING"""
