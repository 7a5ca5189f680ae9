"""Puts journal entries in order of what was known when, up to the boundaries that may be closed."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from typing import Final

import msgspec

from risk_svc.forecast.engine import Engine
from risk_svc.forecast.serialization import engine_bytes, engine_of
from risk_svc.forecast.view import Entry, IncidentSnapshot, PromiseSnapshot
from risk_svc.training.sample import MOST_LEVEL, Sample
from risk_svc.training.waiting import INCIDENT, PROMISE, Waiting

MAX_PASSED: Final = 100_000
"""Names remembered so that none is counted twice, some 10 MB; beyond it a promise may be counted again."""
MOST: Final = 200_000
"""Entries kept in memory before promises are sampled, about 80 MB; of promises, a quarter as many are followed."""
FOLLOWED: Final = 4
ROOMY: Final = 0.75
"""How full it is at most after sampling more sharply, and how full it may become by sampling less so."""


class StoredTimeline(msgspec.Struct, array_like=True, kw_only=True):
    """A stored course: how far the journal was read, the engine, and the entries ahead of it in order."""

    xid: int
    row: int
    engine: bytes
    ahead: list[msgspec.Raw]
    too_late: int = 0
    sample: Sample = msgspec.field(default_factory=Sample)
    most: int = MOST
    fullest: int = 0
    left_out: int = 0
    cluster: str = ""
    shown: int = 0
    base: float = -math.inf


class Timeline:
    """An engine, and the journal entries it has not seen because no boundary after them is closed.

    A promise's entry replaces its later ones: an entry for an earlier time comes with new snapshots of what follows.
    Entries that arrive after their boundary was closed are `late`: only the last one of each promise is shown to the
    engine, until all is learnt anew. `too_late` counts promises of which nothing was known before they ended, and which
    are older than what can be learnt anew (`base`): the engine ignores them.

    More than `most` entries are not kept: a sample of the promises is then learnt (`sample`), `left_out` counts the
    entries of others. What is left out depends on the entries and the closed boundaries alone.
    """

    def __init__(self, engine: Engine | None = None, most: int = MOST) -> None:
        self.engine = Engine(by_clock=True) if engine is None else engine
        self.most = most
        self.sample = Sample()
        self.taken = 0
        self.late = 0
        self.too_late = 0
        self.left_out = 0
        self.cluster = ""
        self.base = -math.inf
        self.shown = 0
        """Entries that the engine was shown since this was last set to 0."""
        self._passed: set[str] = set()
        self._ahead = Waiting(self.engine.step)
        self._fullest = 0

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
        first = self._ahead.first
        return first + step if first is not None else math.inf

    def take(self, entries: Iterable[Entry]) -> float:
        """Takes in the entries of a row in journal order; returns the earliest business time among them."""
        if len(self._ahead) > self.most:
            self._thin()
        earliest = math.inf
        for entry in entries:
            earliest = min(earliest, entry.at)
            self._take(entry)
        self._fullest = max(self._fullest, len(self._ahead))
        return earliest

    def close(self, limit: float, enough: Callable[[], bool] = lambda: False) -> int:
        """Closes boundaries one by one up to `limit`, or until `enough`; returns how many."""
        closed = 0
        while (boundary := self.upcoming) <= limit and not (closed and enough()):
            for entry in self._ahead.due(boundary):
                self.engine.see(entry)
                self.shown += 1
            self.engine.close(boundary)
            self._adapt()
            closed += 1
        return closed

    def lose(self, until: float) -> None:
        """Rows are missing: promises made before `until` leave without an answer and are not begun with."""
        self.sample.lose(until)
        self.engine.incidents.clear()
        self._let_go(lambda _name, _made: False)

    def leaves_out(self, entry: Entry) -> bool:
        """Whether nothing is learnt of this entry's promise; never of one that is to be forgotten."""
        if self.sample.whole or isinstance(entry, IncidentSnapshot) or entry.gone:
            return False
        return not self._keeps(entry.view.promise_id, entry.view.made)

    def let_go(self, names: Collection[str]) -> None:
        """Leave out these promises from now on; they end without an answer."""
        self._let_go(lambda name, _made: name not in names)

    def succeed(self, before: Timeline) -> None:
        """Take over what another course, whose place this one takes, has counted."""
        self.cluster, self.base = before.cluster, before.base
        self.too_late, self._passed = before.too_late, before._passed

    def to_bytes(self, xid: int, row: int, *, ahead: bool = True) -> bytes:
        """The course as of a place in the journal, encoded; with or without the entries ahead of it."""
        return _encoder.encode(
            StoredTimeline(
                xid=xid,
                row=row,
                engine=engine_bytes(self.engine),
                ahead=self._ahead.encoded() if ahead else [],
                too_late=self.too_late,
                sample=self.sample,
                most=self.most,
                fullest=self._fullest,
                left_out=self.left_out,
                cluster=self.cluster,
                shown=self.shown,
                base=self.base,
            )
        )

    @classmethod
    def from_bytes(cls, raw: bytes) -> tuple[Timeline, int, int]:
        """A stored course and its place; raises ForeignFormatError if another version of the engine stored it."""
        stored = _decoder.decode(raw)
        course = cls(engine_of(stored.engine), stored.most)
        course.shown, course.base = stored.shown, stored.base
        for one in stored.ahead:
            entry = _entry.decode(one)
            course._ahead.add(about(entry), entry, entry.at)
            if entry.at < course.base:
                course._note_passed(entry)
        course.too_late, course.cluster = stored.too_late, stored.cluster
        course.sample, course._fullest, course.left_out = stored.sample, stored.fullest, stored.left_out
        return course, stored.xid, stored.row

    def _take(self, entry: Entry) -> None:
        whose, horizon = about(entry), entry.at
        if isinstance(entry, PromiseSnapshot) and not self._learns(entry):
            self.left_out += 1
            self.sample.left_out(entry.view.made)
            return
        if entry.at < self.engine.boundary:
            self.late += 1
            horizon = -math.inf
            if entry.at < self.base:
                self._note_passed(entry)
        self._ahead.add(whose, entry, horizon)
        self.taken += 1

    def _learns(self, entry: PromiseSnapshot) -> bool:
        if self.sample.whole:
            return True
        if entry.gone:
            # That a promise is to be forgotten must be known of whatever is kept of it.
            return about(entry) in self._ahead or entry.view.promise_id in self.engine.open
        return self._keeps(entry.view.promise_id, entry.view.made)

    def _keeps(self, name: str, made: float) -> bool:
        return name in self.engine.open or self.sample.keeps(name, made)

    def _thin(self) -> None:
        """Makes room: first of promises that are not begun with, then of all; those end without an answer."""
        level = self.sample.level
        while len(self._ahead) > ROOMY * self.most and level < MOST_LEVEL:
            level += 1
            self.sample.thin(self.engine.boundary, level)
            self._sift(self._keeps)
            if len(self._ahead) > ROOMY * self.most:
                self._follow_fewer(level)

    def _follow_fewer(self, level: int) -> None:
        self.sample.thin(-math.inf, level)
        self._let_go(self.sample.keeps)

    def _let_go(self, keeps: Callable[[str, float], bool]) -> None:
        for name, held in list(self.engine.open.items()):
            if not keeps(name, held.view.made):
                self.engine.see(PromiseSnapshot(self.engine.now, held.view, gone=True))
                self.sample.left_out(held.view.made)
        self._sift(keeps)

    def _sift(self, keeps: Callable[[str, float], bool]) -> None:
        gone, newest = self._ahead.sift(keeps)
        self.left_out += gone
        self.sample.left_out(newest)

    def _adapt(self) -> None:
        """After a boundary: fewer promises if too many are followed, more if there is room for twice as many."""
        most, level = self.most // FOLLOWED, self.sample.level
        while len(self.engine.open) > most and level < MOST_LEVEL:
            level += 1
            self._follow_fewer(level)
        # Not before an hour has shown how much this level brings.
        seen = self.sample.levels[-1][0] < self.engine.boundary - self.engine.step
        roomy = max(2 * self._fullest / self.most, 2 * len(self.engine.open) / most) <= ROOMY
        if self.sample.level and seen and roomy:
            self.sample.ease(self.engine.boundary)
        self._fullest = len(self._ahead)

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


def about(entry: Entry) -> tuple[int, str]:
    """The promise or the incident of an entry."""
    if isinstance(entry, IncidentSnapshot):
        return INCIDENT, entry.incident_id
    return PROMISE, entry.view.promise_id


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(StoredTimeline)
_entry: Final = msgspec.msgpack.Decoder(Entry)
