"""Tables that people brought to the board: each in a folder of its own until it was imported, or for an hour."""

from __future__ import annotations

import io
import secrets
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from candor.tabular.reading import OLD, is_table
from candor.tabular.rows import TableError

MOST_BYTES: Final = 4 * 1024 * 1024
"""Of a file; a larger one is for `candor import`."""
MOST_UNPACKED: Final = 64 * 1024 * 1024
"""Of a workbook, which is an archive."""
MOST_FILES: Final = 6
KEPT_SECONDS: Final = 3600.0
TOO_MANY: Final = "too many tables are being looked at just now: try again in a while, or use candor import"
NO_TABLE: Final = "is no table: save it as CSV or .xlsx"


class TableFile(NamedTuple):
    """A table of one session, and what the person said of its times beforehand."""

    session: str
    name: str
    folder: TemporaryDirectory[str]
    path: Path
    zone: str
    dates: str
    at: float


class TableFiles:
    """The tables of a process; whose session brought one may look at it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = MOST_FILES) -> None:
        self._clock = clock
        self._most = most
        self._files: dict[str, TableFile] = {}

    def add(self, session: str, name: str, raw: bytes, zone: str = "", dates: str = "") -> str:
        """Keep a file; returns the word by which it is found. Raises TableError for one that cannot be a table."""
        self.prune()
        path = Path(name)
        if not is_table(path) or path.suffix.lower() in OLD:
            raise TableError(f"{name[:80]} {NO_TABLE}")
        if len(raw) > MOST_BYTES:
            raise TableError(f"a file has at most {MOST_BYTES // 2**20} MiB here: use candor import")
        if path.suffix.lower().startswith(".xl"):
            _look(name, raw)
        if len(self._files) >= self._most:
            raise TableError(TOO_MANY)
        folder = TemporaryDirectory(prefix="candor-table-")
        own = Path(folder.name) / f"table{path.suffix.lower()}"
        own.write_bytes(raw)
        word = secrets.token_urlsafe(16)
        self._files[word] = TableFile(session, name[:200], folder, own, zone, dates, self._clock())
        return word

    def get(self, word: str, session: str) -> TableFile | None:
        """A file of this session; None if there is none, or its time is over."""
        self.prune()
        found = self._files.get(word)
        return found if found is not None and session and found.session == session else None

    def drop(self, word: str) -> None:
        """Forget a file."""
        found = self._files.pop(word, None)
        if found is not None:
            found.folder.cleanup()

    def prune(self) -> None:
        """Forget files whose time is over."""
        oldest = self._clock() - KEPT_SECONDS
        for word in [word for word, one in self._files.items() if one.at < oldest]:
            self.drop(word)

    def close(self) -> None:
        """Forget all files."""
        for word in [*self._files]:
            self.drop(word)


def _look(name: str, raw: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            size = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        raise TableError(f"{name[:80]} {NO_TABLE}") from None
    if size > MOST_UNPACKED:
        raise TableError(f"it unpacks to more than {MOST_UNPACKED // 2**20} MiB: use candor import")
