"""Rows of matters as answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from promise_svc.api.presenters import waits
from promise_svc.domain import MACHINES, Enter, Entry, Kind, Matter, claims
from promise_svc.domain.machines import EXPIRED
from promise_svc.domain.matter import fold
from promise_svc.matter_events import named
from promise_svc.store.tables import ClaimRow, EntryRow, MatterColumns

OPEN: Final = "open"
"""Of a kind that expires: in a state that ends with its time, which is not over. Of challenges: not settled."""
NOT_SETTLED: Final = ("opened", "answered")
ALL: Final = "all"


def matter(kind: Kind, row: MatterColumns, now: datetime) -> dict[str, Any]:
    """A matter as its row has it; one whose time is over has expired."""
    found = Matter(
        kind=kind,
        matter_id=row.matter_id,
        customer_id=row.customer_id or "",
        promise_id=row.promise_id,
        capability_id=row.capability_id,
        state=row.state,
        version=row.version,
        at=row.at,
        content=row.content,
        words=row.words,
    )
    document = {**named(found), "state": found.state_at(now), "version": row.version, "at": row.at}
    verdict = {"verdict": row.verdict} if isinstance(row, ClaimRow) else {}
    return document | verdict | waits(found) | row.content | row.words


def whole(kind: Kind, row: MatterColumns, rows: Sequence[EntryRow], now: datetime) -> dict[str, Any]:
    """A matter with its entries, and when it came to its state."""
    return dated(kind, row, rows, now) | {"entries": entries(kind, rows)}


def dated(kind: Kind, row: MatterColumns, rows: Sequence[EntryRow], now: datetime) -> dict[str, Any]:
    """A matter and, of a kind that goes on, when it came to its state."""
    document = matter(kind, row, now)
    if not MACHINES[kind].goes_on:
        return document
    begun = Enter(kind=kind, matter_id=row.matter_id, action=MACHINES[kind].begins, at=row.at)
    found, _ = fold(begun, _entries(rows))
    return document | {"changed_at": row.ends_at if document["state"] == EXPIRED else found and found.since}


def entries(kind: Kind, rows: Sequence[EntryRow]) -> list[dict[str, Any]]:
    """Entries in the order in which they were said, each with whether it is in effect."""
    known = _entries(rows)
    begun = Enter(kind=kind, matter_id="", action=MACHINES[kind].begins, at=datetime.min.replace(tzinfo=UTC))
    _, taken = fold(begun, known)
    ordered = sorted(known, key=lambda one: (one.at, one.number))
    return [
        # The entry's own fields win: a plan has an `action` too, which stands with the plan and never changes.
        one.content
        | one.words
        | {"number": one.number, "action": one.action, "at": one.at, "in_effect": one.number in taken}
        for one in ordered
    ]


def stood(row: MatterColumns, rows: Sequence[EntryRow], at: datetime) -> dict[str, Any] | None:
    """A capability as the register stood at a time, with all its entries; None if it was not there yet."""
    entry = claims.stood(_entries(rows), at)
    if entry is None:
        return None
    head = {"capability_id": row.matter_id, "state": row.state, "version": row.version, "at": entry.at}
    return head | entry.content | entry.words | {"entries": entries(Kind.CAPABILITY, rows)}


def _entries(rows: Sequence[EntryRow]) -> list[Entry]:
    return [Entry(row.number, row.action, row.at, row.content, row.words) for row in rows]


def states(kind: Kind) -> frozenset[str]:
    """What a list of this kind can be filtered by: its states, all, and what is open where that is several states."""
    machine = MACHINES[kind]
    return machine.states | {ALL} | ({EXPIRED, OPEN} if machine.open else {OPEN} if kind is Kind.CHALLENGE else set())
