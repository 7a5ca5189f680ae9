"""`candor logs`: what the processes of the local stack have logged."""

from __future__ import annotations

import heapq
import json
import re
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import typer

from candor.errors import InputError
from candor.escaping import escaped
from candor.installation.folder import Folder
from candor.installation.running import at_work
from candor.terminal import say, say_json

PAUSE_SECONDS: Final = 0.2
_ago: Final = re.compile(r"(\d{1,6})(s|m|h|d)")
_units: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_plain: Final = re.compile(r"^\[?(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)(?:[.,](\d{1,6}))?")
_words: Final = re.compile(r"\b(TRACE|DEBUG|INFO|LOG|WARN|WARNING|ERROR|FATAL|PANIC)\b")


class Level(StrEnum):
    """From this level on a line is shown."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


RANKS: Final = {"trace": 0, "debug": 0, "info": 1, "log": 1, "warn": 2, "warning": 2, "error": 3, "critical": 3}
RANKS.update(fatal=3, panic=3)


class Line(NamedTuple):
    """One line of a log; `fields`: what a process of ours logged as JSON, empty for Kafka's and PostgreSQL's own."""

    at: datetime
    process: str
    rank: int
    text: str
    fields: dict[str, Any]


def logged(incomplete: str) -> list[str]:
    """The processes that have a log here, for a shell to offer."""
    return [name for name in files(at_work(), "") if name.startswith(incomplete)]


def logs(
    process: Annotated[
        str, typer.Argument(help="One process, such as risk-worker or kafka; default: all.", autocompletion=logged)
    ] = "",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new lines until Ctrl-C.")] = False,
    since: Annotated[str, typer.Option(help="From then on: 10m, 2h, or 2026-11-28T12:00Z.", metavar="TIME")] = "",
    level: Annotated[Level, typer.Option(help="From this level on.")] = Level.DEBUG,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for scripts.")] = False,
) -> None:
    """Show what the processes of the local stack have logged, in order of time."""
    folder = at_work()
    chosen = files(folder, process)
    begin = parsed_since(since, datetime.now(UTC))
    readers = {name: Reader(name, path) for name, path in chosen.items()}
    try:
        while True:
            for line in heapq.merge(*(reader.fresh() for reader in readers.values()), key=lambda line: line.at):
                if line.rank >= RANKS[level] and line.at >= begin:
                    if as_json:
                        say_json(whole(line))
                    else:
                        say(shown(line))
            if not follow:
                return
            time.sleep(PAUSE_SECONDS)
            for name, path in files(folder, process).items():
                readers.setdefault(name, Reader(name, path))
    except KeyboardInterrupt:
        return


def files(folder: Folder, process: str) -> dict[str, Path]:
    """The logs of one process, or of all. Raises InputError if it has none."""
    every = {path.stem: path for path in sorted(folder.logs.glob("*.log")) if path.stem != "install"}
    if not process:
        return every
    if process not in every:
        there = ", ".join(every) or "none yet; `candor up` starts some"
        raise InputError(f"{process} has no log here; there are {there}")
    return {process: every[process]}


def parsed_since(text: str, now: datetime) -> datetime:
    """The time that `--since` means. Raises InputError for anything else than a time or a span such as 10m."""
    if not text:
        return datetime.min.replace(tzinfo=UTC)
    if span := _ago.fullmatch(text):
        return now - timedelta(**{_units[span[2]]: int(span[1])})
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"--since {text}: a span such as 10m, 2h or 1d, or a time such as 2026-11-28T12:00Z") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class Reader:
    """Reads a log from its beginning, and what was added since on every further call."""

    def __init__(self, process: str, path: Path) -> None:
        self._process = process
        self._path = path
        self._offset = 0
        self._file = 0
        self._last = datetime.min.replace(tzinfo=UTC)

    def fresh(self) -> Iterator[Line]:
        """The whole lines that are new."""
        try:
            with self._path.open("rb") as log:
                found = self._path.stat()
                if found.st_ino != self._file or found.st_size < self._offset:
                    # A large log is put aside at a start, and a new one begins.
                    self._file, self._offset = found.st_ino, 0
                log.seek(self._offset)
                new = log.read()
        except OSError:
            return
        ended = new[: new.rfind(b"\n") + 1]
        self._offset += len(ended)
        # By line feeds alone: Unicode knows other line ends, and what a stranger sent must not begin a line of its own.
        yield from self._lines(ended.decode("utf-8", "replace").split("\n")[:-1])

    def _lines(self, lines: Iterable[str]) -> Iterator[Line]:
        rank = RANKS["info"]
        for text in lines:
            fields = _object(text)
            at = _time(fields, text)
            if at is None:
                # A line that goes on where the one before ended, such as a stack trace's.
                at = self._last
            else:
                rank = _rank(fields, text)
            # Threads log with a little disorder; merging several logs needs each one in order.
            self._last = max(self._last, at)
            yield Line(self._last, self._process, rank, text, fields)


def whole(line: Line) -> dict[str, Any]:
    """A line as one JSON object."""
    return {"process": line.process, **(line.fields or {"time": line.at.isoformat(), "event": line.text})}


def shown(line: Line) -> str:
    """A line for people; an exception's lines stand below it, without the name of a process."""
    if not line.fields:
        return escaped(f"{line.process:<13} {line.text}", "\t")
    known = ("time", "level", "service", "event", "exception")
    rest = " ".join(f"{name}={value}" for name, value in line.fields.items() if name not in known)
    head = f"{line.process:<13} {line.at:%H:%M:%S}.{line.at.microsecond // 1000:03} {line.fields['level']:<8}"
    text = escaped(f"{head} {line.fields.get('event', '')} {rest}".rstrip())
    below = str(line.fields.get("exception") or "")
    return "\n".join([text, *(f"{'':<13} {escaped(one)}" for one in below.split("\n") if one)])


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text) if text.startswith("{") else None
    except ValueError:
        return {}
    return found if isinstance(found, dict) and {"time", "level"} <= found.keys() else {}


def _time(fields: dict[str, Any], text: str) -> datetime | None:
    found = _plain.match(text)
    try:
        if fields:
            return datetime.fromisoformat(str(fields["time"])).astimezone(UTC)
        if found is None:
            return None
        local = datetime.fromisoformat(found[1]).replace(microsecond=int((found[2] or "0").ljust(6, "0")))
    except ValueError:
        return None
    # Kafka writes the machine's own time, and PostgreSQL says which zone it writes.
    return local.replace(tzinfo=UTC) if text[found.end() :].startswith((" GMT", " UTC")) else local.astimezone(UTC)


def _rank(fields: dict[str, Any], text: str) -> int:
    word = str(fields["level"]) if fields else (found[1] if (found := _words.search(text)) else "info")
    return RANKS.get(word.lower(), 1)
