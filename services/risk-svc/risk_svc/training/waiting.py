"""Entries whose boundary is not closed: encoded, by promise and by hour, in a tenth of the memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Any, Final

import msgspec

from risk_svc.forecast.view import Entry, IncidentSnapshot

INCIDENT, PROMISE = 0, 1
About = tuple[int, str]
"""An incident or a promise, by its name: incidents come first."""


class Waiting:
    """Entries of each promise and incident; all of a time are taken out in the order of learning.

    That order is business time, incidents before promises, name, then as they came. A list holds when the promise was
    made, then time and encoded entry in turns, in order of time.
    """

    def __init__(self, step: float) -> None:
        self._step = step
        self._own: dict[About, list[Any]] = {}
        self._hours: dict[float, set[About]] = {}
        """Who may have entries of an hour, and how many there are."""
        self._counts: dict[float, int] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, about: About) -> bool:
        return about in self._own

    @property
    def first(self) -> float | None:
        """The beginning of the first hour that has an entry."""
        return min(self._counts) * self._step if self._counts else None

    def add(self, about: About, entry: Entry, horizon: float) -> None:
        """Adds an entry; those of the same promise from `horizon` on go."""
        own = self._own.get(about)
        if own is None:
            made = entry.at if isinstance(entry, IncidentSnapshot) else entry.view.made
            own = self._own[about] = [made]
        while len(own) > 1 and own[-2] >= horizon:
            self._leave(own[-2])
            del own[-2:]
        own += (entry.at, _encoder.encode(entry))
        hour = entry.at // self._step
        self._hours.setdefault(hour, set()).add(about)
        self._counts[hour] = self._counts.get(hour, 0) + 1
        self._count += 1

    def due(self, boundary: float) -> Iterator[Entry]:
        """Takes out all entries from before a boundary, in the order of learning."""
        found: list[tuple[float, int, str, bytes]] = []
        for hour in [hour for hour in self._hours if hour * self._step < boundary]:
            for about in self._hours.pop(hour):
                own = self._own.get(about, [])
                end = 1
                while end < len(own) and own[end] < boundary:
                    found.append((own[end], *about, own[end + 1]))
                    self._leave(own[end])
                    end += 2
                del own[1:end]
                if len(own) == 1:
                    del self._own[about]
        found.sort(key=_order)
        found.reverse()
        while found:
            # Decoded one by one: a whole hour would take ten times its memory.
            yield _decoder.decode(found.pop()[3])

    def sift(self, keeps: Callable[[str, float], bool]) -> tuple[int, float]:
        """Drops the promises that `keeps` refuses by their name and the time they were made.

        Returns how many entries went, and the latest time at which one of these promises was made.
        """
        before, newest = self._count, -math.inf
        gone = [about for about, own in self._own.items() if about[0] == PROMISE and not keeps(about[1], own[0])]
        for about in gone:
            own = self._own.pop(about)
            newest = max(newest, own[0])
            for at in own[1::2]:
                self._leave(at)
                self._hours.get(at // self._step, set()).discard(about)
        return before - self._count, newest

    def encoded(self) -> list[msgspec.Raw]:
        """All entries in the order of learning, as they are stored."""
        found = [
            (own[spot], *about, own[spot + 1]) for about, own in self._own.items() for spot in range(1, len(own), 2)
        ]
        found.sort(key=_order)
        return [msgspec.Raw(entry[3]) for entry in found]

    def _leave(self, at: float) -> None:
        hour = at // self._step
        self._count -= 1
        self._counts[hour] -= 1
        if not self._counts[hour]:
            del self._counts[hour]


_order: Final = itemgetter(0, 1, 2)
_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Entry)
