"""Statements in the tables, and what became of the message at each: worked out anew for whatever they are about."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Final

from risk_svc.insight.hearing import Passage, Said, passages
from risk_svc.insight.matter_rows import STATEMENT
from risk_svc.insight.measures.distortion import Slot
from risk_svc.insight.rows import turned, upsert

if TYPE_CHECKING:
    from candor.store.lease import Connection

COMPARED: Final = 200
"""Of one promise or capability the newest statements, which are compared with each other; older ones are only kept."""
PASSED: Final = (
    ("heard", "text"),
    ("heard_from", "text"),
    ("due_in", "timestamptz"),
    ("due_out", "timestamptz"),
    ("distortion", "float8"),
    *((f"drift_{slot}", "float8") for slot in Slot),
    ("unlike_units", "bool"),
)
"""The columns of what became of a message, in the order of `_passed`."""
SAID: Final = """statement_id, said_by, said_to, at, due, scope::text, certainty, conditions::text, unit,
  CASE WHEN words_since IS NOT NULL THEN quantity END AS quantity"""
"""The columns that `said_of` reads. Once words have ended the unit has, without which a quantity says nothing."""


async def save(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Upsert statements by the values of STATEMENT; an older version than what is known changes nothing."""
    await connection.execute(_SAVE, *turned(STATEMENT, rows))


async def adopt(connection: Connection, promise_ids: Collection[str]) -> None:
    """Give what waits for these promises their type and the time they were made, as far as they are known."""
    if promise_ids:
        await connection.execute(_ADOPT, sorted(promise_ids))


async def compare(connection: Connection, subjects: Collection[str]) -> None:
    """Work out anew what became of the messages about each of these subjects."""
    found: dict[str, list[Said]] = {}
    for row in await connection.fetch(_NEWEST, sorted(subjects), COMPARED + 1):
        found.setdefault(row["subject"], []).append(said_of(row))
    rows = []
    for subject, said in found.items():
        if len(said) > COMPARED:
            # The newest come first.
            oldest = said.pop()
            await connection.execute(_SPARE, subject, oldest.at, oldest.statement_id)
        made = passages(said)
        by = {one.statement_id: one.said_by for one in said}
        rows += [(one.statement_id, *_passed(made.get(one.statement_id), by)) for one in said]
    await connection.execute(_PASSED, *turned((("statement_id", "text"), *PASSED), rows))


def said_of(row: Any) -> Said:
    """A statement from its row."""
    return Said(
        row["statement_id"],
        row["said_by"],
        row["said_to"],
        row["at"].timestamp(),
        None if row["due"] is None else row["due"].timestamp(),
        _names(row["scope"]),
        row["quantity"],
        row["certainty"],
        _names(row["conditions"]),
        row["unit"],
    )


def _passed(one: Passage | None, by: dict[str, str]) -> tuple[Any, ...]:
    if one is None:
        return (None,) * len(PASSED)
    signed = (one.hop.drifts[slot].signed if slot in one.hop.drifts else None for slot in Slot)
    return (one.heard, by[one.heard], one.due_in, one.due_out, one.hop.distortion, *signed, one.unlike)


def _names(text: str | None) -> frozenset[str] | None:
    return None if text is None else frozenset(json.loads(text))


_SAVE: Final = upsert(
    "insight_statement", STATEMENT, 1, ("words_since", "now()"), "WHERE insight_statement.version < excluded.version"
)
_ADOPT: Final = """
UPDATE insight_statement SET kind = known.kind, made_at = known.made_at FROM insight_promise AS known
WHERE insight_statement.kind IS NULL AND insight_statement.promise_id = ANY($1::text[])
  AND known.promise_id = insight_statement.promise_id AND known.standing <> 'placeholder'"""
_NEWEST: Final = f"""
SELECT wanted.subject, one.* FROM unnest($1::text[]) AS wanted (subject), LATERAL (
  SELECT {SAID} FROM insight_statement WHERE insight_statement.subject = wanted.subject
  ORDER BY at DESC, statement_id DESC LIMIT $2) AS one
ORDER BY wanted.subject, at DESC, statement_id DESC"""  # noqa: S608 - constants
_SPARE: Final = f"""
UPDATE insight_statement SET {", ".join(f"{name} = NULL" for name, _ in PASSED)}
WHERE subject = $1 AND (at, statement_id) <= (to_timestamp($2::float8), $3::text) AND heard IS NOT NULL"""  # noqa: S608
# One whose names have ended can be compared no more: its figures stay.
_NEW: Final = ", ".join(
    f"{name} = {f'to_timestamp(new.{name})' if kind == 'timestamptz' else f'new.{name}'}" for name, kind in PASSED
)
_GIVEN: Final = ", ".join(
    f"${place}::{'float8' if kind == 'timestamptz' else kind}[]" for place, (_, kind) in enumerate(PASSED, 2)
)
_PASSED: Final = f"""
UPDATE insight_statement SET {_NEW}
FROM unnest($1::text[], {_GIVEN}) AS new (statement_id, {", ".join(name for name, _ in PASSED)})
WHERE insight_statement.statement_id = new.statement_id AND words_since IS NOT NULL
  AND (insight_statement.heard, insight_statement.distortion, insight_statement.unlike_units)
    IS DISTINCT FROM (new.heard, new.distortion, new.unlike_units)"""  # noqa: S608
