"""A queue in which nobody waits for all that somebody else has put into it."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Hashable
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Lane(NamedTuple):
    """Whose an item is: of a caller, and among theirs of a subject, such as a customer. Order is kept within a lane."""

    caller: str = ""
    subject: Hashable = ""


class FairQueue(Generic[T]):
    """Takes from every caller in turn, and of each caller from every subject in turn."""

    def __init__(self) -> None:
        self._callers: OrderedDict[str, OrderedDict[Hashable, deque[T]]] = OrderedDict()
        self._held: Counter[str] = Counter()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def held(self, caller: str) -> int:
        """How many items of a caller wait."""
        return self._held[caller]

    def put(self, lane: Lane, item: T) -> None:
        """Add an item at the end of its lane."""
        self._callers.setdefault(lane.caller, OrderedDict()).setdefault(lane.subject, deque()).append(item)
        self._held[lane.caller] += 1
        self._length += 1

    def take(self, most: int) -> list[T]:
        """Remove and return the next items, at most so many."""
        return [self._next() for _ in range(min(most, self._length))]

    def _next(self) -> T:
        caller, subjects = next(iter(self._callers.items()))
        subject, items = next(iter(subjects.items()))
        item = items.popleft()
        # Whoever was served goes to the end, if anything of theirs is left.
        if items:
            subjects.move_to_end(subject)
        else:
            del subjects[subject]
        if subjects:
            self._callers.move_to_end(caller)
        else:
            del self._callers[caller]
        self._held[caller] -= 1
        if not self._held[caller]:
            del self._held[caller]
        self._length -= 1
        return item
