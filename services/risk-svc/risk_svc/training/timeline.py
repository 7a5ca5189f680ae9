"""Puts journal entries in order of what was known when, up to the boundaries that may be closed."""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import msgspec

from risk_svc.forecast.engine import Engine
from risk_svc.forecast.serialization import engine_bytes, engine_of
from risk_svc.forecast.view import Entry, IncidentSnapshot

INCIDENT, PROMISE = 0, 1
MAX_PASSED: Final = 100_000
"""Names remembered so that none is counted twice, some 10 MB; beyond it a promise may be counted again."""


class Key(NamedTuple):
    """Position in the order of learning: business time, incidents before promises, id, then journal order."""

    at: float
    sort: int
    name: str
    number: int


class StoredTimeline(msgspec.Struct, array_like=True):
    """A stored course: how far the journal was read, the engine, and the entries ahead of it in order."""

    xid: int
    row: int
    engine: bytes
    ahead: list[Entry]
    too_late: int = 0


class Timeline:
    """An engine, and the journal entries it has not seen because no boundary after them is closed.

    A promise's entry replaces its later ones: an entry for an earlier time comes with new snapshots of what follows.
    Entries that arrive after their boundary was closed are `late`: only the last one of each promise is shown to the
    engine. `too_late` counts promises of which nothing was known before they ended: the engine ignores them.
    """

    def __init__(self, engine: Engine | None = None) -> None:
        self.engine = Engine(by_clock=True) if engine is None else engine
        self.taken = 0
        self.late = 0
        self.too_late = 0
        self._passed: set[str] = set()
        self._ahead: dict[Key, Entry] = {}
        self._order: list[Key] = []
        self._own: dict[tuple[int, str], deque[Key]] = {}

    @property
    def waiting(self) -> int:
        """Number of entries that the engine has not seen."""
        return len(self._ahead)

    @property
    def version(self) -> int:
        """The engine's newest version."""
        return self.engine.model.version

    @property
    def upcoming(self) -> float:
        """The next boundary to be closed; inf before the first entry."""
        step = self.engine.step
        if self.engine.boundary > -math.inf:
            return self.engine.boundary + step
        first = self._first()
        return first // step * step + step if first is not None else math.inf

    def take(self, entries: Iterable[Entry]) -> float:
        """Takes in entries in journal order; returns the earliest business time among them."""
        earliest = math.inf
        for entry in entries:
            at = entry.at
            earliest = min(earliest, at)
            about = (
                (INCIDENT, entry.incident_id)
                if isinstance(entry, IncidentSnapshot)
                else (PROMISE, entry.view.promise_id)
            )
            own = self._own.setdefault(about, deque())
            horizon = at
            if at < self.engine.boundary:
                self.late += 1
                horizon = -math.inf
                self._note_passed(entry)
            while own and own[-1].at > horizon:
                del self._ahead[own.pop()]
            key = Key(at, *about, self.taken)
            own.append(key)
            self._ahead[key] = entry
            heapq.heappush(self._order, key)
            self.taken += 1
        return earliest

    def close(self, limit: float, enough: Callable[[], bool] = lambda: False) -> int:
        """Closes boundaries one by one up to `limit`, or until `enough`; returns how many."""
        closed = 0
        while (boundary := self.upcoming) <= limit and not (closed and enough()):
            while (first := self._first()) is not None and first < boundary:
                key = heapq.heappop(self._order)
                self._leave(key)
                self.engine.see(self._ahead.pop(key))
            self.engine.close(boundary)
            closed += 1
        return closed

    def to_bytes(self, xid: int, row: int) -> bytes:
        """The course as of a place in the journal, encoded."""
        ahead = [self._ahead[key] for key in sorted(self._ahead)]
        return _encoder.encode(StoredTimeline(xid, row, engine_bytes(self.engine), ahead, self.too_late))

    @classmethod
    def from_bytes(cls, raw: bytes) -> tuple[Timeline, int, int]:
        """A stored course and its place; raises ForeignFormatError if another version of the engine stored it."""
        stored = _decoder.decode(raw)
        course = cls(engine_of(stored.engine))
        course.take(stored.ahead)
        course.taken = course.late = 0
        course.too_late = stored.too_late
        return course, stored.xid, stored.row

    def _note_passed(self, entry: Entry) -> None:
        """Counts, once, a promise from which nothing can be learned any more, by the engine's own rule."""
        if isinstance(entry, IncidentSnapshot) or entry.gone or entry.view.promise_id in self.engine.open:
            return
        view = entry.view
        over = entry.late or view.completed is not None or view.deadline < self.engine.boundary
        if over and view.promise_id not in self._passed:
            if len(self._passed) >= MAX_PASSED:
                self._passed.clear()
            self._passed.add(view.promise_id)
            self.too_late += 1

    def _first(self) -> float | None:
        while self._order and self._order[0] not in self._ahead:
            heapq.heappop(self._order)
        return self._order[0].at if self._order else None

    def _leave(self, key: Key) -> None:
        own = self._own[key.sort, key.name]
        own.remove(key)
        if not own:
            del self._own[key.sort, key.name]


class BoundaryPacing:
    """Decides which boundaries may be closed: those before which nothing has arrived for `quiet` real seconds.

    Import and catch-up deliver the past in parts. Stragglers cannot block the present: after `longest` real seconds
    without a closing, one boundary is closed anyway. Real times are of a monotonic clock.
    """

    def __init__(self, quiet: float, longest: float, now: float) -> None:
        self._quiet = quiet
        self._longest = longest
        self._free = now
        self._heard: deque[tuple[float, float]] = deque()

    def heard(self, now: float, earliest: float) -> None:
        """Notes that entries arrived, the earliest of business time `earliest`."""
        self._heard.append((now, earliest))

    def limit(self, now: float, upcoming: float, passed: float) -> float:
        """The newest boundary that may be closed, given the next one and the last that the business clock passed."""
        while self._heard and self._heard[0][0] <= now - self._quiet:
            self._heard.popleft()
        free = min((earliest for _, earliest in self._heard), default=math.inf)
        free = min(free, passed)
        if upcoming <= free or upcoming > passed:
            self._free = now
            return free
        if now - self._free < self._longest:
            return -math.inf
        self._free = now
        return upcoming


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(StoredTimeline)
