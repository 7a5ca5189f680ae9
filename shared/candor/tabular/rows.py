"""What every kind of table is read as: named columns, and rows with the number that a spreadsheet shows beside them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from candor.errors import InputError
from candor.escaping import takes_for_formula

MOST_ROWS: Final = 2_000_000
MOST_COLUMNS: Final = 500
LONGEST_NAME: Final = 200
Cells = Sequence[Any]
"""Texts, and of a workbook numbers, true or false; None where nothing stands."""


class TableError(InputError):
    """A file that cannot be read as a table; the text says what to do."""


class Raw(NamedTuple):
    """A row as it stands in the file; `fault` says why its cells cannot be told apart."""

    number: int
    cells: Cells
    fault: str = ""


class Row(NamedTuple):
    """A row below the header: its cells by the names of their columns, without empty ones."""

    number: int
    cells: dict[str, Any]
    fault: str = ""


def plain(cell: Any) -> Any:
    """A cell without blanks around it; None for an empty one. Text that looks like a formula is text."""
    if not isinstance(cell, str):
        return cell
    text = cell.strip().strip("\u00a0\ufeff")
    # As our own files are written, and as Excel shows text that begins with such a sign.
    if text.startswith("'") and takes_for_formula(text[1:]):
        text = text[1:].strip()
    return text or None


def named(header: Cells) -> list[str]:
    """The names of columns, each once: one without a name is `column C`, the second of a name gets its number."""
    cells = list(header)
    while cells and plain(cells[-1]) is None:
        cells.pop()
    if len(cells) > MOST_COLUMNS:
        raise TableError(f"a table has at most {MOST_COLUMNS} columns")
    found: dict[str, None] = {}
    for number, cell in enumerate(cells):
        said = plain(cell)
        text = "" if said is None else " ".join(unicodedata.normalize("NFC", str(said)).split())[:LONGEST_NAME]
        name = first = text or f"column {letters(number)}"
        count = 2
        while name in found:
            name, count = f"{first} ({count})", count + 1
        found[name] = None
    return list(found)


def letters(number: int) -> str:
    """`A` for 0, `Z` for 25, `AA` for 26: what a spreadsheet calls a column."""
    found = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        found = chr(65 + rest) + found
    return found


def below(raw: Iterable[Raw]) -> tuple[list[str], Iterator[Row]]:
    """The columns and the rows below them. Raises TableError for a table without a header."""
    rows = iter(raw)
    for first in rows:
        if first.fault:
            raise TableError(f"row {first.number}: {first.fault}")
        if any(plain(cell) is not None for cell in first.cells):
            columns = named(first.cells)
            return columns, _rows(rows, columns, [plain(cell) for cell in first.cells][: len(columns)])
    raise TableError("there is no row with the names of columns")


def _rows(raw: Iterator[Raw], columns: list[str], header: list[Any]) -> Iterator[Row]:
    for number, cells, broken in raw:
        fault = broken
        if number > MOST_ROWS:
            raise TableError(f"a table has at most {MOST_ROWS:,} rows: split it")
        found = [plain(cell) for cell in cells]
        while found and found[-1] is None:
            found.pop()
        # Empty rows, and the header where an export repeats it on every page.
        if not fault and (not found or found == header):
            continue
        if len(found) > len(columns) and not fault:
            fault = f"has {len(found)} cells, and there are {len(columns)} columns: is a separator in a text?"
        yield Row(number, {name: cell for name, cell in zip(columns, found, strict=False) if cell is not None}, fault)
