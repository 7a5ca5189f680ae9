"""All that waits for its promise as one list: what other systems said of it, statements, and challenges to those."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Boolean, DateTime, String, column, text
from sqlalchemy.types import TypeEngine
from sqlmodel import select
from sqlmodel.sql.expression import SelectOfScalar

_MOMENT: Final = DateTime(timezone=True)
_TYPES: Final[dict[str, TypeEngine[Any]]] = {
    **dict.fromkeys(("said_at", "due", "completed_at", "settled_at", "waiting_at"), _MOMENT),
    **dict.fromkeys(("agreed", "historical"), Boolean()),
}
COLUMNS: Final = (
    *("waiting_id", "promise_id", "kind", "said_at", "due", "asked_by", "agreed", "reason", "public_reason"),
    *("verdict", "completed_at", "settled_at", "said_by", "said_to", "source", "source_event", "historical"),
    "waiting_at",
)
# Of a matter that waits `words_since` is when it was said or last went on: its words do not end before it does.
_OF_MATTERS: Final = {
    **{"waiting_id": "matter_id", "promise_id": "promise_id", "kind": "kind", "said_at": "at"},
    **{"due": "(content->>'due')::timestamptz", "reason": "words->>'reason'"},
    **{"said_by": "content->>'said_by'", "said_to": "content->>'said_to'", "waiting_at": "words_since"},
}
_NULLS: Final = {DateTime: "NULL::timestamptz", Boolean: "NULL::boolean", String: "NULL::text"}


def _type(name: str) -> TypeEngine[Any]:
    return _TYPES.get(name, String())


def _named(values: Mapping[str, str]) -> str:
    return ", ".join(f"{values.get(one, _NULLS[type(_type(one))])} AS {one}" for one in COLUMNS)


_OF_SYSTEMS: Final = {one: one for one in COLUMNS if one not in ("said_by", "said_to")}
_SQL: Final = f"""
SELECT {_named(_OF_SYSTEMS)} FROM waiting
UNION ALL SELECT {_named(_OF_MATTERS)} FROM matter
WHERE customer_id IS NULL AND promise_id IS NOT NULL AND kind IN ('statement', 'challenge')"""  # noqa: S608 - constants
WAITS: Final = text(_SQL).columns(*(column(one, _type(one)) for one in COLUMNS)).subquery("waits").c
"""The columns of the list; those that a kind does not have are null."""


def all_of_them() -> SelectOfScalar[Any]:
    """What reads the list; its rows have the fields of COLUMNS."""
    found: SelectOfScalar[Any] = select(*WAITS)
    return found
