"""What was changed of a promise after it was made: its parts by name, kept as events come, and read with new dates."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from candor.contracts import Envelope, Event, PromiseWithdrawn
from risk_svc.domain.state import PromiseState

if TYPE_CHECKING:
    from candor.store.lease import Connection

MOST: Final = 50
"""The newest changes, and as many new dates, that a promise is shown with."""


class Change(NamedTuple):
    """What one event changed: at a time (epoch seconds), by whose wish ("" if nobody said), and which parts."""

    promise_id: str
    version: int
    at: float
    asked_by: str
    parts: list[str]


class Changed(NamedTuple):
    """A change as it is shown; `before` and `after` only of a new date, and whether the customer agreed to it."""

    at: datetime
    parts: list[str]
    asked_by: str
    agreed: bool
    reason: str
    before: datetime | None
    after: datetime | None


def parts_of(state: PromiseState) -> dict[str, Any]:
    """What of a promise may be changed, by name, to be compared; steps and scope without what was reported of them."""
    return {
        "dates": [state.made_at, state.first_due, state.latest_due, state.held_due],
        "requested_date": state.requested_due,
        "tolerance": state.tolerance_s,
        "scope": [(item.name, item.weight, item.supported) for item in state.scope],
        "steps": [(step.name, step.planned, step.told) for step in state.steps if not step.extra],
        "value": (state.value, state.currency),
        "labels": {**state.labels},
        "places": [*state.depends_on],
        "owner": state.owner,
        "department": state.department,
        "deliverer": state.deliverer,
        "accepted": state.accepted,
        "withdrawn": state.withdrawn,
        "verdict": state.verdict,
    }


def change_of(
    envelope: Envelope, data: Event, before: Mapping[str, Any], after: PromiseState, *, moved: bool
) -> Change | None:
    """What an event changed; None if nothing. `moved`: its new date is kept as such, and not told here again."""
    now = parts_of(after)
    parts = [name for name in now if now[name] != before[name]]
    if moved:
        parts = [name for name in parts if name != "dates"]
    named = [_name(part, now[part]) for part in parts]
    if not named:
        return None
    asked = data.asked_by if isinstance(data, PromiseWithdrawn) and data.asked_by else ""
    return Change(envelope.subject, envelope.version, envelope.time.timestamp(), str(asked), named)


async def save(connection: Connection, found: Sequence[Change]) -> None:
    """Add changes."""
    if found:
        rows = json.dumps([one._asdict() for one in found])
        await connection.execute(_SAVE, rows)


async def read(session: AsyncSession, promise_id: str) -> list[Changed]:
    """The newest changes of a promise, oldest first."""
    rows = (await session.exec(cast(Any, _READ.bindparams(promise=promise_id)))).all()
    return [Changed(*row) for row in rows]


def _name(part: str, value: Any) -> str:
    if part == "verdict":
        return f"verdict_{value or 'taken_back'}"
    return part if value else {"accepted": "asked", "withdrawn": "stands_again"}.get(part, part)


_SAVE: Final = """
INSERT INTO insight_change (promise_id, version, at, asked_by, parts)
SELECT promise_id, version, to_timestamp(at), asked_by, parts
FROM jsonb_to_recordset($1::text::jsonb)
  AS new (promise_id text, version int, at float8, asked_by text, parts text[])
ON CONFLICT DO NOTHING"""
_READ: Final = text(f"""
SELECT * FROM (
  (SELECT at, ARRAY['dates'] AS parts, asked_by, agreed, reason, before, after FROM insight_redating
   WHERE promise_id = :promise ORDER BY version DESC LIMIT {MOST})
  UNION ALL
  (SELECT at, parts, asked_by, false, '', NULL, NULL FROM insight_change
   WHERE promise_id = :promise ORDER BY version DESC LIMIT {MOST})) AS found
ORDER BY at""")  # noqa: S608 - constants only
