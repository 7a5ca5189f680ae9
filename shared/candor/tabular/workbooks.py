"""Excel files, read row by row; what would unpack to far more than it is, or names other files, is refused first."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

from candor.tabular.rows import MOST_COLUMNS, Cells, Raw, TableError

MOST_PARTS: Final = 2_000
MOST_UNPACKED: Final = 2 << 30
MOST_TEXTS: Final = 256 << 20
"""Bytes of the table of texts, all of which are in memory while the file is read."""
MOST_OTHER: Final = 64 << 20
_SHEETS: Final = "xl/worksheets/"
_TEXTS: Final = "xl/sharedStrings.xml"
_AHEAD: Final = 500
_HEAD: Final = 65_536


def check(path: Path) -> None:
    """Raises TableError for a file that is no workbook, is locked, is too large once unpacked, or has a DTD."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_all(path, archive)
    except TableError:
        raise
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError, zipfile.LargeZipFile):
        raise TableError(f"{path} is no Excel file (.xlsx), or is locked by a password") from None
    except Exception as error:
        # What else can be wrong in a compressed part is the business of several libraries.
        raise TableError(f"{path} cannot be unpacked: {type(error).__name__}") from None


def _check_all(path: Path, archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise TableError(f"{path} unpacks to more than {MOST_UNPACKED >> 20:,} MiB: save it as CSV")
    for part in parts:
        _check(path, archive, part)


def _check(path: Path, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    most = MOST_TEXTS if part.filename == _TEXTS else MOST_OTHER
    if part.file_size > most and not part.filename.startswith(_SHEETS):
        raise TableError(f"{path}: {part.filename[:80]} unpacks to more than {most >> 20} MiB: save it as CSV")
    if part.filename.endswith((".xml", ".rels")):
        with archive.open(part) as file:
            head = file.read(_HEAD)
        if b"<!" in head.replace(b"<!--", b"").replace(b"<![CDATA[", b"") or head[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise TableError(f"{path}: {part.filename[:80]} has a document type, which no Excel file needs")


def records(path: Path, sheet: str) -> Iterator[Raw]:
    """The rows of a sheet, the first one without a name. Raises TableError."""
    for number, cells in enumerate(_guarded(path, sheet), 1):
        yield Raw(number, [_cell(value) for value in cells])


def _guarded(path: Path, sheet: str) -> Iterator[Cells]:
    check(path)
    # It takes a third of a second, and most commands need none of it.
    import openpyxl  # noqa: PLC0415

    try:
        with _quiet():
            book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
            rows = _sheet(path, book, sheet).iter_rows(max_col=MOST_COLUMNS + 1, values_only=True)
        while True:
            with _quiet():
                some = list(islice(rows, _AHEAD))
            yield from some
            if not some:
                book.close()
                return
    except TableError:
        raise
    except Exception as error:
        # A broken workbook breaks the library in as many ways as it has parts.
        raise TableError(f"{path} cannot be read as an Excel file: {type(error).__name__}: {error}"[:300]) from None


def _quiet() -> warnings.catch_warnings[None]:
    return warnings.catch_warnings(action="ignore")


def _sheet(path: Path, book: Any, sheet: str) -> Any:
    names = [one.title for one in book.worksheets]
    if not names or (sheet and sheet not in names):
        has = ", ".join(repr(name) for name in names[:10]) or "none"
        raise TableError(f"{path} has no sheet {sheet!r}, it has {has}")
    found = book[sheet] if sheet else book.worksheets[0]
    # What a file says of its own size may be wrong, and rows beyond it would be left out.
    found.reset_dimensions()
    return found


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat() if value.time() != time(0) else value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
