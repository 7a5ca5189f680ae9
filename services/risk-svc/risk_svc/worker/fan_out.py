"""One incident on its way to all promises that it touches, some in each transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import islice
from math import inf
from typing import Final

from risk_svc.domain.incidents import Place
from risk_svc.store.work import Reach
from risk_svc.worker.places import Places
from risk_svc.worker.shelf import Shelf

SORTED: Final = 20_000
"""Promises that are put in order at a time, about 20 ms: a whole partition's at once would stop the process."""


class FanOut:
    """The way of one incident; `reach` is what is stored of it, `saved` whether a row exists, `as_saved` if as it is.

    `since` is the system time (epoch seconds) from which promises may be without it; -inf when that is not known.

    `ordered` is how many promises the last `take` put in order.

    A newer picture of the incident, or new places of it, make it go round once more from where it is, so that no
    promise waits for more than one round however often the incident changes.
    """

    def __init__(self, reach: Reach, *, saved: bool = False, since: float = -inf) -> None:
        self.reach = reach
        self.saved = self.as_saved = saved
        self.since = since
        self.ordered = 0
        self._unsorted: list[int] | None = None
        self._portions: list[list[tuple[bool, str]]] = []
        self._ahead: Iterator[tuple[bool, str]] | None = None
        self._start = ""

    def again(self, places: Iterable[Place], version: int, traceparent: str) -> None:
        """Go round once more, also to the promises that depend on `places`."""
        reach = self.reach
        reach.places = list(dict.fromkeys([*reach.places, *places]))
        reach.version, reach.traceparent = version, traceparent
        reach.stop, reach.wrapped = reach.reached, False
        self._unsorted = self._ahead = None
        self.as_saved = False

    def take(self, shelf: Shelf, places: Places, most: int) -> tuple[list[str], bool]:
        """At most `most` promises that come next, and whether there may be more; none while they are put in order."""
        self.ordered = 0
        if self._ahead is None:
            self._ahead = self._put_in_order(shelf, places)
        if self._ahead is None:
            return [], True
        found = list(islice(self._ahead, most))
        if found:
            wrapped, self.reach.reached = found[-1]
            self.reach.wrapped = self.reach.wrapped or wrapped
        return [name for _, name in found], len(found) == most

    def _put_in_order(self, shelf: Shelf, places: Places) -> Iterator[tuple[bool, str]] | None:
        if self._unsorted is None:
            self._unsorted, self._portions = list(places.slots(self.reach.places)), []
            self._start = self.reach.reached
        portion, self._unsorted = self._unsorted[:SORTED], self._unsorted[SORTED:]
        self.ordered = len(portion)
        names = (shelf.name(slot) for slot in portion)
        self._portions.append(sorted(place for name in names if (place := self._on_the_way(name)) is not None))
        if self._unsorted:
            return None
        portions, self._portions = self._portions, []
        return merge(*portions)

    def _on_the_way(self, name: str) -> tuple[bool, str] | None:
        """Where a promise lies ahead: (past the end of the ids, id); None if it was already reached."""
        reach = self.reach
        if name > self._start:
            return None if reach.wrapped and name > reach.stop else (False, name)
        return (True, name) if not reach.wrapped and "" < name <= reach.stop else None
