"""Small mounted files of keys and secrets, read again when they change."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from candor.ops import metrics

T = TypeVar("T")
log = structlog.get_logger("candor.secret_files")


class SecretFile(Generic[T]):
    """The parsed content of a file; checked for changes at most every `every` seconds.

    Raises ValueError at construction if the file is missing or wrong. Later, a wrong file leaves the last good
    content in use and is logged: a mistake during rotation must not lock everybody out.
    """

    def __init__(self, path: Path, parse: Callable[[bytes], T], every: float = 1.0) -> None:
        self.path = path
        self._parse = parse
        self._every = every
        self._looked = time.monotonic()
        self._seen = self._stamp()
        self._value = self._read()
        self._tell(unreadable=False)

    def get(self) -> T:
        """Return the content as of at most `every` seconds ago."""
        now = time.monotonic()
        if now - self._looked >= self._every:
            self._looked = now
            self._reload()
        return self._value

    def _reload(self) -> None:
        try:
            stamp = self._stamp()
            if stamp == self._seen:
                self._tell(unreadable=False)
                return
            self._value = self._read()
            self._seen = stamp
        except ValueError as error:
            self._tell(unreadable=True)
            log.exception("secret file cannot be read again; the content before it stays in use", reason=str(error))
            return
        self._tell(unreadable=False)
        log.info("secret file read again", path=str(self.path))

    def _tell(self, *, unreadable: bool) -> None:
        metrics.FILE_UNREADABLE.labels(str(self.path)).set(unreadable)

    def _stamp(self) -> tuple[int, int, int]:
        try:
            found = self.path.stat()
        except OSError as error:
            raise ValueError(f"{self.path}: {error.strerror or type(error).__name__}") from error
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> T:
        try:
            return self._parse(self.path.read_bytes())
        except OSError as error:
            raise ValueError(f"{self.path}: {error.strerror or type(error).__name__}") from error
        except ValueError as error:
            raise ValueError(f"{self.path}: {error}") from None
