"""A table by its file: CSV or Excel, opened as often as somebody reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from candor.tabular import text_files, workbooks
from candor.tabular.rows import Raw, Row, TableError, below

TEXTS: Final = (".csv", ".tsv", ".txt")
WORKBOOKS: Final = (".xlsx", ".xlsm")
OLD: Final = (".xls", ".xlsb", ".ods", ".numbers")


class Table(NamedTuple):
    """A file of rows; `notes` are what a person should know of how it was read."""

    path: Path
    columns: list[str]
    notes: list[str]
    sheet: str = ""
    how: text_files.Written | None = None

    def rows(self) -> Iterator[Row]:
        """The rows below the header, read anew. Raises TableError where the file ends being one."""
        return below(_raw(self.path, self.sheet, self.how))[1]


def is_table(path: Path) -> bool:
    """Whether a file's name says that it is a table; else it is a stream of events."""
    return path.suffix.lower() in (*TEXTS, *WORKBOOKS, *OLD)


def open_table(path: Path, sheet: str = "") -> Table:
    """The table in a file; of a workbook one of its sheets, the first without a name. Raises TableError."""
    if path.suffix.lower() in OLD:
        raise TableError(f"{path}: save it as .xlsx or CSV, in which Candor reads tables")
    how = None
    if path.suffix.lower() not in WORKBOOKS:
        if sheet:
            raise TableError(f"{path} has no sheets: only Excel files have")
        try:
            how = text_files.written(path)
        except OSError as error:
            raise TableError(f"cannot read {path}: {error.strerror or error}") from None
    columns, _ = below(_raw(path, sheet, how))
    return Table(path, columns, [f"{path}: {how.note}"] if how and how.note else [], sheet, how)


def _raw(path: Path, sheet: str, how: text_files.Written | None) -> Iterator[Raw]:
    return text_files.records(path, how) if how is not None else workbooks.records(path, sheet)
