"""Runs an import file through the live service's fold: what became known of its promises, and when. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

import msgspec

from candor.contracts import (
    AskedBy,
    Envelope,
    IncidentReported,
    MilestoneReported,
    PromiseMade,
    PromiseRevised,
    PromiseSettled,
    PromiseWithdrawn,
)
from candor.errors import plainly
from candor.replay.stream import MATTERS, StreamError, StreamEvent, utc_text
from risk_svc.backtest.stream import iso
from risk_svc.domain.fold import fold
from risk_svc.domain.incidents import incident_of
from risk_svc.domain.state import PromiseState
from risk_svc.forecast.view import Entry, PromiseSnapshot
from risk_svc.forecasting.live import incident_snapshot_of
from risk_svc.forecasting.snapshots import view_as_known

Line = dict[str, Any]
About = PromiseMade | PromiseRevised | PromiseWithdrawn | PromiseSettled | MilestoneReported
SOURCE: Final = "import"


class HistoryFold:
    """Folds the events of an import file, in time order, as risk-svc would have done.

    `unmatched` counts reports that name no promise in the file. Keeps every promise in memory, about 2 KB each.
    """

    def __init__(self) -> None:
        self.unmatched = 0
        self._states: dict[str, PromiseState] = {}
        self._named: dict[tuple[str, str], str] = {}
        self._incidents = 0

    def entries(self, event: StreamEvent) -> list[Entry]:
        """What the engine must see because of an event: at its time, and at later times that it announces.

        Raises StreamError if `data` does not fit the event's type.
        """
        try:
            return [] if event.type == "contact.set" or event.type in MATTERS else self._entries(event)
        except (KeyError, TypeError, ValueError, msgspec.MsgspecError) as error:
            raise StreamError(f"{event.id} of {utc_text(event.time)} cannot be used: {plainly(error)}") from error

    def _entries(self, event: StreamEvent) -> list[Entry]:
        if event.type == "incident.reported":
            self._incidents += 1
            data = event.data | {"source": SOURCE, "source_event": event.id}
            found = msgspec.convert(data, IncidentReported)
            envelope = _envelope(event, found.TYPE, found.incident_id, self._incidents)
            return [incident_snapshot_of(incident_of(envelope, found), event.time.timestamp())]
        name = self._name(event)
        if event.type == "promise.made":
            self._states.setdefault(name, PromiseState(promise_id=name, customer_id=event.data["customer_id"]))
            self._named |= {(one["system"], one["id"]): name for one in event.data.get("references", [])}
        state = self._states.get(name)
        if state is None:
            self.unmatched += 1
            return []
        said = _said(event, state)
        version = state.milestone_version if isinstance(said, MilestoneReported) else state.promise_version
        fold(state, _envelope(event, said.TYPE, name, version + 1), said)
        return list(view_as_known(state, event.time.timestamp()))

    def _name(self, event: StreamEvent) -> str:
        reference = event.data.get("reference")
        if reference is not None:
            return self._named.get((reference["system"], reference["id"]), "")
        return str(event.data.get("promise_id") or event.id)


def lines(events: Iterable[StreamEvent], imported: HistoryFold) -> Iterator[Line]:
    """What became known, in time order, as `natural` and `OutcomeLedger` read it; `entries` are for the engine.

    A new snapshot of a promise replaces its pending later ones, which were made without the new event.
    """
    waiting: list[tuple[float, int, int, Entry]] = []
    newest: dict[str, int] = {}
    last: dict[str, PromiseSnapshot] = {}
    numbers = count()

    def until(end: float) -> Iterator[Line]:
        while waiting and waiting[0][0] < end:
            _, _, batch, entry = heapq.heappop(waiting)
            if not isinstance(entry, PromiseSnapshot):
                yield _line("incident", entry.at, "", {}, [entry])
            elif newest[entry.view.promise_id] == batch:
                yield from _told(last.get(entry.view.promise_id), entry)
                last[entry.view.promise_id] = entry

    for batch, event in enumerate(events):
        now = event.time.timestamp()
        yield from until(now)
        found = imported.entries(event)
        if not found:
            # Nothing became known, but time must advance.
            yield _line(event.type, now, "", {}, [])
        for entry in found:
            if isinstance(entry, PromiseSnapshot):
                newest[entry.view.promise_id] = batch
            heapq.heappush(waiting, (entry.at, next(numbers), batch, entry))
    yield from until(float("inf"))


def _told(before: PromiseSnapshot | None, seen: PromiseSnapshot) -> list[Line]:
    """What a snapshot adds to the one before it; the first of the lines carries the snapshot."""
    view, old, found = seen.view, None if before is None else before.view, list[tuple[str, Line]]()
    if old is None:
        found.append(("promise.made", {"kind": view.kind, "due": iso(view.deadline)}))
    elif view.deadline != old.deadline:
        found.append(("promise.revised", {}))
    fresh = sorted(view.reached.keys() - (old.reached.keys() if old else ()), key=view.reached.__getitem__)
    found += [("milestone.reached", {"milestone": name}) for name in fresh]
    if seen.gone:
        found.append(("promise.withdrawn", {}))
    elif view.completed is not None and (old is None or old.completed is None):
        found.append(("milestone.reached", {"final": True, "at": iso(view.completed)}))
    if seen.late and (view.completed is None or view.completed < view.deadline):
        found.append(("promise.cancelled", {}))
    entries: list[Entry] = [seen]
    told = []
    for what, data in found or [("promise.known", {})]:
        told.append(_line(what, seen.at, view.promise_id, data, entries))
        entries = []
    return told


def _line(what: str, at: float, name: str, data: Line, entries: list[Entry]) -> Line:
    return {"type": what, "time": iso(at), "promise_id": name, "data": data, "entries": entries}


def _said(event: StreamEvent, state: PromiseState) -> About:
    """The contract's event for an event in the file, whose body uses the contract's names."""
    data = {"made_at": event.time, "settled_at": event.time, "customer_id": state.customer_id} | event.data
    data |= {"promise_id": state.promise_id, "source": SOURCE, "source_event": event.id}
    match event.type:
        case "promise.made":
            due = data["due"]
            return msgspec.convert(data | {"first_due": due, "latest_due": due, "held_due": due}, PromiseMade)
        case "promise.revised":
            moved = data["asked_by"] == AskedBy.CUSTOMER or data.get("agreed", False)
            held = data["due"] if moved else datetime.fromtimestamp(state.held_due, UTC)
            data |= {"latest_due": data["due"], "held_due": held, "agreed": moved}
            return msgspec.convert(data, PromiseRevised)
        case "promise.withdrawn":
            return msgspec.convert(data, PromiseWithdrawn)
        case "promise.settled":
            return msgspec.convert(data, PromiseSettled)
        case _:
            return msgspec.convert(data, MilestoneReported)


def _envelope(event: StreamEvent, kind: str, subject: str, version: int) -> Envelope:
    return Envelope(
        id=event.id,
        source=SOURCE,
        type=kind,
        time=event.time,
        subject=subject,
        key=subject,
        version=version,
        historical=True,
    )
