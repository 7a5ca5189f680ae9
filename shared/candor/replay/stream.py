"""Stream files: one event `{"id", "type", "time", "data"}` per line, sorted by business time."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from candor.ops.moments import read_moment

MATTERS: Final = frozenset(
    (
        *("handoff.requested", "handoff.accepted", "handoff.declined", "handoff.countered", "handoff.agreed"),
        *("handoff.rejected", "handoff.withdrawn", "capability.set", "claim.made", "claim.corrected", "statement.made"),
        *("challenge.opened", "challenge.answered", "challenge.settled", "offer.made", "offer.taken", "offer.declined"),
        *("plan.opened", "plan.changed", "plan.done", "plan.dropped"),
        *("offer.withdrawn", "account.set", "sheet.answered", "review.published", "review.tagged", "review.removed"),
        *("lead_time.stated", "lead_time.withdrawn"),
        *("clarification.asked", "clarification.answered", "clarification.withdrawn"),
        *("wish.noted", "wish.changed", "wish.met", "wish.declined"),
    )
)
"""Events about promises and customers that teach the forecasts nothing."""
PROMISE_TYPES: Final = MATTERS | {
    *("promise.made", "promise.revised", "promise.withdrawn", "promise.settled", "contact.set"),
}
DELIVERY_TYPES: Final = frozenset({"milestone.reported", "incident.reported"})


UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class _Written(msgspec.Struct, frozen=True, gc=False):
    """An event whose time is still as its sender wrote it."""

    id: str
    type: str
    time: str
    data: dict[str, Any]


class StreamError(Exception):
    """A stream file that cannot be used; the error text names the line."""


class StreamEvent(msgspec.Struct, frozen=True, gc=False):
    """One event of a stream; `id` is its webhook id, `time` its business time (aware), `data` the API route's body."""

    id: str
    type: str
    time: datetime
    data: dict[str, Any]


_decoder: Final = msgspec.json.Decoder(StreamEvent)
_written: Final = msgspec.json.Decoder(_Written)
_encoder: Final = msgspec.json.Encoder()


def utc_text(moment: datetime) -> str:
    """`2013-03-08T12:00:00Z`; the moment must be aware."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def sort_key(event: StreamEvent) -> tuple[datetime, int, str]:
    """Time order; at the same moment a contact comes before its promise, and a promise before its milestones."""
    ranks = {"contact.set": 0, "promise.made": 1}
    return event.time, ranks.get(event.type, 2), event.id


def as_json(event: StreamEvent) -> dict[str, Any]:
    """The event as written in a stream file and in the body of `POST /v1/imports`."""
    return {"id": event.id, "type": event.type, "time": utc_text(event.time), "data": event.data}


def write_stream(path: Path, events: Iterable[StreamEvent]) -> int:
    """Write the events in the given order; returns how many."""
    count = 0
    with path.open("wb") as file:
        for event in events:
            file.write(_encoder.encode(as_json(event)) + b"\n")
            count += 1
    return count


def read_stream(path: Path) -> Iterator[tuple[int, StreamEvent]]:
    """The events with their line numbers from 1; blank lines, and a mark that says UTF-8, are skipped.

    Raises StreamError, naming the line, on anything but a known event with an aware time.
    """
    with path.open("rb") as file:
        for number, line in enumerate(text_lines(path, file), 1):
            if line.strip():
                yield number, _event(path, number, line)


def text_lines(path: Path, file: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a file without the mark that says UTF-8. Raises StreamError for UTF-16, as PowerShell writes it."""
    for number, line in enumerate(file):
        if number == 0 and line.startswith(UTF16):
            raise StreamError(f"{path} is encoded in UTF-16: save it as UTF-8")
        yield line if number else line.removeprefix(codecs.BOM_UTF8)


def _read(line: bytes) -> StreamEvent:
    try:
        return _decoder.decode(line)
    except msgspec.ValidationError as error:
        # Its own reader of times takes the strictest form alone; the services take what senders really write.
        if "$.time" not in str(error):
            raise
        found = _written.decode(line)
        try:
            return StreamEvent(found.id, found.type, read_moment(found.time), found.data)
        except ValueError as wrong:
            raise msgspec.ValidationError(f"time {wrong}") from None


def _event(path: Path, number: int, line: bytes) -> StreamEvent:
    try:
        event = _read(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise StreamError(f"{path}, line {number}: {error}") from error
    if event.time.tzinfo is None:
        raise StreamError(f"{path}, line {number}: time without a zone")
    if event.type not in PROMISE_TYPES and event.type not in DELIVERY_TYPES:
        raise StreamError(f"{path}, line {number}: unknown type {event.type[:80]}")
    return event


NAMING: Final = (
    *("customer_id", "promise_id", "incident_id", "handoff_id", "claim_id", "challenge_id", "offer_id", "plan_id"),
    *("review_id", "lead_time_id", "clarification_id", "wish_id"),
)
"""Fields by which events are about the same."""


class Lanes:
    """Assigns events that must keep their order to lanes: those sharing a customer, a promise or a reference.

    A milestone sent by reference gets the lane of the promise with that reference, if that promise was seen first. An
    event may join two lanes, as a promise does of which there was word before it was made.
    """

    def __init__(self) -> None:
        self._lanes: dict[tuple[str, str], int] = {}
        self._next = 0

    def lanes(self, event: StreamEvent) -> list[int]:
        """The event's lanes; it must come after all events before it in any of them."""
        names = list(_names(event.data))
        found = list(dict.fromkeys(self._lanes[name] for name in names if name in self._lanes))
        if not found:
            found, self._next = [self._next], self._next + 1
        for name in names:
            self._lanes.setdefault(name, found[0])
        return found


def _names(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field in NAMING:
        if field in data:
            yield field, str(data[field])
    if "source_id" in data:
        yield "review_id", f"{data.get('source')}:{data['source_id']}"
    references = [*data.get("references", ()), *([data["reference"]] if data.get("reference") else [])]
    for reference in references:
        yield f"reference {reference.get('system')}", str(reference.get("id"))
