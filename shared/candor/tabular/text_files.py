"""CSV files as people have them: any of four separators, UTF-8, UTF-16 or Windows-1252, quotes that never end."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple, TextIO

from candor.tabular.rows import Raw, TableError

SEPARATORS: Final = (",", ";", "\t", "|")
LONGEST_LINE: Final = 1_048_576
MOST_LINES_OF_A_ROW: Final = 200
_SAMPLE: Final = 262_144
_CHUNK: Final = 1 << 20
_told: Final = re.compile(r'"?sep=([^\w\s"]|\t)"?[ \t]*(?:\r|\n|$)', re.IGNORECASE)
_LOOKED_AT: Final = 50
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WORDS: Final = {
    "utf-16": "read as UTF-16",
    "utf-16-le": "read as UTF-16, though no mark says so",
    "utf-16-be": "read as UTF-16, though no mark says so",
    "cp1252": "it is not UTF-8 and was read as Windows-1252 (Latin 1): look at the umlauts below",
}


class Written(NamedTuple):
    """How a CSV file is written; `note` says it in a line, where it is not the usual.

    `told`: its first line does no more than name the separator, as Excel takes it.
    """

    encoding: str
    separator: str
    note: str
    told: bool = False


def written(path: Path) -> Written:
    """How a file is written, found out by reading it once. Raises TableError for a file that is no text."""
    encoding = _encoding(path)
    with _text(path, encoding) as file:
        sample = file.read(_SAMPLE)
    if "\0" in sample:
        raise TableError(f"{path} is no text file: save it as CSV, or as .xlsx")
    note, told = _WORDS.get(encoding, ""), _told.match(sample)
    return Written(encoding, told[1], note, told=True) if told else Written(encoding, _separator(sample), note)


def records(path: Path, how: Written) -> Iterator[Raw]:
    """The rows of the file by their numbers from 1 on. Raises TableError for what is no CSV."""
    with _text(path, how.encoding) as file:
        lines = _Lines(file)
        reader = csv.reader(lines, delimiter=how.separator)
        number = 0
        while True:
            lines.begin()
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (csv.Error, UnicodeDecodeError) as error:
                words = "is a quote opened and never closed?" if "field larger" in str(error) else str(error)
                raise TableError(f"row {number}: {words}") from None
            yield Raw(number, [] if how.told and number == 1 else cells, lines.fault())


class _Lines:
    """The lines of a file, with how many of them the row at hand has taken and how many quotes stand in these."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._count = self._quotes = 0

    def begin(self) -> None:
        """Begin a row."""
        self._count = self._quotes = 0

    def fault(self) -> str:
        """Why the row cannot be one, if it cannot: lines that a quote swallowed are no cell."""
        if self._count > 1 and (self._quotes % 2 or self._count > MOST_LINES_OF_A_ROW):
            return f"opens a quote that is not closed: it took the {self._count - 1} lines after it for one cell"
        return ""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._file.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        if len(line) == LONGEST_LINE and not line.endswith("\n"):
            raise csv.Error(f"a line has more than {LONGEST_LINE:,} characters")
        self._count += 1
        self._quotes += line.count('"')
        return line.replace("\0", "")


def _text(path: Path, encoding: str) -> TextIO:
    errors = "replace" if encoding == "cp1252" else "strict"
    return path.open(encoding=encoding, errors=errors, newline="")


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(4_096)
        for mark, name in _MARKS:
            if head.startswith(mark):
                return name if _decodes(path, name) else "cp1252"
        zeros = Counter(place % 2 for place, sign in enumerate(head) if sign == 0)
        if sum(zeros.values()) > len(head) // 4:
            name = "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
            if _decodes(path, name):
                return name
    return "utf-8" if _decodes(path, "utf-8") else "cp1252"


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _separator(sample: str) -> str:
    """The one by which most rows have as many cells as the first, and more than one."""
    return max(SEPARATORS, key=lambda sign: _score(sample, sign))


def _score(sample: str, sign: str) -> tuple[float, int]:
    rows = []
    try:
        for row in csv.reader(io.StringIO(sample, newline=""), delimiter=sign):
            if any(row):
                rows.append(len(row))
            if len(rows) == _LOOKED_AT:
                break
    except csv.Error:
        return 0.0, 0
    if not rows or rows[0] < 2:
        return 0.0, 0
    return sum(count == rows[0] for count in rows) / len(rows), rows[0]
