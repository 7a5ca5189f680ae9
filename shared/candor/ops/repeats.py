"""For a library that logs the same line hundreds of times a minute: which lines are written and which counted."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

EVERY: Final = 60.0
MAX_KINDS: Final = 200
_changing: Final = re.compile(r"0x[0-9a-fA-F]+|\d+")


class Kind(NamedTuple):
    """Lines that differ only in their figures: logger, level and words."""

    logger: str
    level: str
    words: str


class Repetition(NamedTuple):
    """`lines` of a kind that were held back in `seconds`, with the newest of them; `over`: the repetition has ended."""

    kind: Kind
    newest: str
    lines: int
    seconds: float
    over: bool


@dataclass
class _Run:
    began: float
    since: float
    last: float
    newest: str
    held: int = 0
    total: int = 1


def kind_of(logger: str, level: str, template: Any) -> Kind:
    """Return the kind of a line, from its text before arguments are inserted."""
    return Kind(logger, level, _changing.sub("#", str(template))[:200])


class Repeats:
    """Lets the first line of a kind through and counts the rest, until there was none for `every` seconds."""

    def __init__(self, every: float = EVERY, now: Callable[[], float] = time.monotonic) -> None:
        self.every = every
        self._now = now
        self._runs: dict[Kind, _Run] = {}

    def admit(self, kind: Kind, text: str) -> bool:
        """Return whether a line is to be written now; otherwise count it."""
        now = self._now()
        run = self._runs.get(kind)
        if run is None or (not run.held and now - run.last >= self.every):
            if run is not None or len(self._runs) < MAX_KINDS:
                self._runs[kind] = _Run(now, now, now, text)
            return True
        run.last, run.newest = now, text
        run.held += 1
        run.total += 1
        return False

    def due(self, *, all_of_it: bool = False) -> list[Repetition]:
        """Return the counts to report: those of full periods, and repetitions that have ended."""
        now = self._now()
        told = []
        for kind, run in [*self._runs.items()]:
            if now - run.since < self.every and not all_of_it:
                continue
            if run.held:
                told.append(Repetition(kind, run.newest, run.held, now - run.since, over=False))
                run.since, run.held = now, 0
            elif now - run.last >= self.every:
                del self._runs[kind]
                if run.total > 1:
                    told.append(Repetition(kind, run.newest, run.total, run.last - run.began, over=True))
        return told

    @property
    def waiting(self) -> bool:
        """Whether there may be more to report later."""
        return any(run.total > 1 for run in self._runs.values())
