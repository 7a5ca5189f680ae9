"""A service that ended by itself is said once, with its last words, and started again: sooner at first, then rarely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from candor.local.errors import LocalError
from candor.local.folder import Progress

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 30.0
STEADY_SECONDS = 120.0
"""After that long without a death, the next one is a first one again."""


class Kept(Protocol):
    """What is kept alive: the stack, or a test's stand-in for one."""

    def stopped(self) -> list[str]: ...

    def restartable(self, name: str) -> bool: ...

    def obituary(self, name: str) -> str: ...

    def start_again(self, name: str) -> None: ...


@dataclass
class _Part:
    deaths: int = 0
    died: float = 0.0
    due: float | None = None
    lost: bool = False


class Restarts:
    """Looks after the parts of `kept`; `now` is monotonic seconds. Nothing is given up: the pause stops growing."""

    def __init__(self, kept: Kept, say: Progress) -> None:
        self._kept = kept
        self._say = say
        self._parts: dict[str, _Part] = {}

    def look(self, now: float) -> None:
        """Says of each part that has ended since the last look, and starts again those whose pause is over."""
        for name in self._kept.stopped():
            part = self._parts.setdefault(name, _Part())
            if part.lost:
                continue
            if part.due is None:
                self._bury(name, part, now)
            elif now >= part.due:
                part.due = None
                self._revive(name, part, now)

    def _bury(self, name: str, part: _Part, now: float) -> None:
        if now - part.died > STEADY_SECONDS:
            part.deaths = 0
        part.deaths += 1
        part.died = now
        words = self._kept.obituary(name)
        if not self._kept.restartable(name):
            part.lost = True
            self._say(f"{name} ended by itself; candor down, then candor up, brings it back\n{words}")
            return
        pause = min(FIRST_SECONDS * 2 ** (part.deaths - 1), LONGEST_SECONDS)
        part.due = now + pause
        self._say(f"{name} ended by itself; starting it again in {pause:g} s\n{words}")

    def _revive(self, name: str, part: _Part, now: float) -> None:
        try:
            self._kept.start_again(name)
        except LocalError as error:
            part.died, part.due = now, now + LONGEST_SECONDS
            self._say(f"{name} cannot be started: {error}; trying again in {LONGEST_SECONDS:g} s")
