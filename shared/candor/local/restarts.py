"""Restarts parts that ended unexpectedly, after growing pauses, and reports each end once with its last log lines."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from candor.errors import OperatorError, free_mebibytes
from candor.installation.folder import Folder, Progress

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 30.0
LOOK_SECONDS = 0.5
LOW_MIB = 256
STEADY_SECONDS = 120.0
"""After this long without an unexpected end, the next one counts as the first again."""


class KeptPart(Protocol):
    """The stack to keep alive, or a test double for it."""

    @property
    def folder(self) -> Folder: ...

    def stopped(self) -> list[str]: ...

    def obituary(self, name: str) -> str: ...

    def note(self, name: str, text: str) -> None: ...

    def start_again(self, name: str) -> None: ...


@dataclass
class _Part:
    deaths: int = 0
    died: float = 0.0
    due: float | None = None


class Restarts:
    """Restarts the parts of `kept`; `now` is monotonic seconds. It never gives up: the pause only stops growing."""

    def __init__(self, kept: KeptPart, say: Progress) -> None:
        self._kept = kept
        self._say = say
        self._parts: dict[str, _Part] = {}

    def look(self, now: float) -> None:
        """Reports each part that has ended since the last look, and restarts those whose pause is over."""
        for name in self._kept.stopped():
            part = self._parts.setdefault(name, _Part())
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
        pause = min(FIRST_SECONDS * 2 ** (part.deaths - 1), LONGEST_SECONDS)
        part.due = now + pause
        said = f"{name} ended by itself; starting it again in {pause:g} s"
        self._say(f"{said}\n{words}")
        # Who is killed writes no last line: what became of a process stands in its own log as well.
        self._kept.note(name, f"{said} ({words.split(';')[0].strip()})")

    def _revive(self, name: str, part: _Part, now: float) -> None:
        try:
            self._kept.start_again(name)
            self._kept.note(name, f"{name} was started again")
        except OperatorError as error:
            part.died, part.due = now, now + LONGEST_SECONDS
            self._say(f"{name} cannot be started: {error}; trying again in {LONGEST_SECONDS:g} s")


class DiskSpace:
    """Reports once that the disk holding `path` is nearly full, and once that there is space again."""

    def __init__(self, path: Path, say: Progress) -> None:
        self._path = path
        self._say = say
        self._low = False

    def look(self) -> None:
        """Check the disk once."""
        free = free_mebibytes(self._path)
        if free < LOW_MIB and not self._low:
            self._say(
                f"the disk that holds {self._path} has {free} MiB left: the database and the broker stop once it is "
                "full, and nothing more is taken; free some space"
            )
        elif free >= 2 * LOW_MIB and self._low:
            self._say(f"the disk that holds {self._path} has {free} MiB left again")
        self._low = free < LOW_MIB or (self._low and free < 2 * LOW_MIB)


@contextmanager
def kept_up(kept: KeptPart, say: Progress) -> Iterator[None]:
    """Restarts parts while the block runs; after it, nothing is restarted any more."""
    over = threading.Event()

    def keep() -> None:
        restarts, room = Restarts(kept, say), DiskSpace(kept.folder.root, say)
        while not over.wait(LOOK_SECONDS):
            room.look()
            restarts.look(time.monotonic())

    keeper = threading.Thread(target=keep, name="keeper")
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()
