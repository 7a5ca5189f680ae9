"""Small mounted files of keys, secrets and configuration, read again when they change."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import structlog

from candor.ops import metrics

T = TypeVar("T")
log = structlog.get_logger("candor.secret_files")


AS_A_WHOLE: Final = " (the whole file counts as it was before: nothing new in it holds until this is mended)"
"""What a mistake in a file that is read again means for what else is new in it."""


class Withheld(Exception):  # noqa: N818 - what happened to the content
    """A file has been unreadable for so long that its last good content no longer counts."""


def _nothing() -> None:
    pass


def _whole(_value: object) -> str:
    return ""


class SecretFile(Generic[T]):
    """The parsed content of a file; checked for changes at most every `every` seconds.

    Raises ValueError at construction if the file is missing or wrong. Later, a wrong file leaves the last good
    content in use, and `problem` says why: a mistake during rotation must not lock everybody out. With `closes`, that
    ends after so many seconds, as whatever was to be withdrawn would otherwise open for ever. `then` is called after
    new content was read. `partly` says what is wrong with content of which the rest is right and counts: that part is a
    `problem` as well, and ends nothing.
    """

    def __init__(
        self,
        path: Path,
        parse: Callable[[bytes], T],
        every: float = 1.0,
        *,
        name: str = "",
        closes: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        then: Callable[[], None] = _nothing,
        partly: Callable[[T], str] = _whole,
    ) -> None:
        self.path = path
        self.name = name
        self.problem = ""
        self._name = f"{name} {path}".strip()
        self._parse = parse
        self._every = every
        self._closes = closes
        self._clock = clock
        self._then = then
        self._partly = partly
        self._looked = clock()
        self._broke: float | None = None
        self._closed = False
        self._seen: object = self._stamp()
        self._value = self._read()
        self._is_good()

    def get(self) -> T:
        """Return the content as of at most `every` seconds ago. Raises Withheld if that is too old to count."""
        if self._clock() - self._looked >= self._every:
            self.look()
        if self._closes is not None and self._broke is not None and self._clock() - self._broke >= self._closes:
            self._close()
            raise Withheld(self._name)
        return self._value

    def look(self) -> bool:
        """Read the file again if it has changed since it was last good; return whether there is new content."""
        self._looked = self._clock()
        try:
            stamp = self._stamp()
            if changed := stamp != self._seen:
                self._value = self._read()
                self._seen = stamp
        except ValueError as error:
            self._fail(f"{error}{AS_A_WHOLE}")
            return False
        mended = self._broke is not None
        self._is_good()
        if changed or mended:
            log.info("secret file read again", path=str(self.path))
        if changed:
            self._then()
        return changed

    def read_again(self) -> None:
        """Read the file even if it has not changed, as what its content means has."""
        self._seen = None
        self.look()

    def _is_good(self) -> None:
        said, self._broke, self._closed = self._partly(self._value), None, False
        if said and said != self.problem:
            log.error("an entry of a secret file is refused; all others hold", path=str(self.path), reason=said)
        self.problem = said
        self._tell()

    def _fail(self, reason: str) -> None:
        if self._broke is None:
            self._broke = self._clock()
        if reason != self.problem:
            log.error("secret file cannot be read again; the content before it stays in use", reason=reason)
        self.problem = reason
        self._tell()

    def _close(self) -> None:
        if not self._closed:
            log.critical(
                "secret file unreadable for too long; nobody whom it names is let in",
                path=str(self.path),
                reason=self.problem,
            )
        self._closed = True

    def _tell(self) -> None:
        metrics.FILE_UNREADABLE.labels(str(self.path)).set(bool(self.problem))

    def _stamp(self) -> object:
        return self._stamp_of(self.path, self._name)

    @staticmethod
    def _stamp_of(path: Path, name: str) -> tuple[int, int, int]:
        try:
            found = path.stat()
        except OSError as error:
            raise ValueError(f"{name}: {error.strerror or type(error).__name__}") from error
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> T:
        return read(self.path, self._parse, self._name)


class SecretFiles:
    """All files that a process reads again, to look at them without a request and to say which are unreadable."""

    def __init__(self) -> None:
        self._files: list[SecretFile[Any]] = []

    def watch(self, *files: SecretFile[Any] | None) -> None:
        """Look at these as well; None is a file that is not configured."""
        self._files += [file for file in files if file is not None]

    def __iter__(self) -> Iterator[SecretFile[Any]]:
        return iter(self._files)

    async def check(self) -> None:
        """Raise ValueError if one is unreadable: the process goes on with what was in it before."""
        wrong = [file.problem for file in self._files if file.problem]
        if wrong:
            raise ValueError("; ".join(wrong))


def read(path: Path, parse: Callable[[bytes], T], name: str = "") -> T:
    """Return the parsed content of a file. Raises ValueError, naming the file, if it cannot be read or is wrong."""
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise ValueError(f"{name or path}: {error.strerror or type(error).__name__}") from error
    except ValueError as error:
        raise ValueError(f"{name or path}: {error}") from None


def lines(raw: bytes, most: int = 16) -> Sequence[str]:
    """Return the lines of a file that are not empty. Raises ValueError if there are none, too many or no text."""
    try:
        found = [line.strip() for line in raw.decode().splitlines() if line.strip()]
    except UnicodeDecodeError:
        raise ValueError("is no text") from None
    if not 1 <= len(found) <= most:
        raise ValueError(f"must hold 1 to {most} lines")
    return found


def credential(raw: bytes) -> str:
    """Return a password that somebody else chose, as it is. Raises ValueError, without it, if there is none."""
    try:
        word = raw.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError("is no text") from None
    if not word or "\n" in word:
        raise ValueError("must hold one line, the password")
    return word
