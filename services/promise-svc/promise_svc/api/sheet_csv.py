"""Answer sheets as CSV (RFC 4180): the columns, and rows turned into the bodies that a sender would send."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any, Final

from candor.web.http.csv_page import RISKY
from candor.web.http.problems import Problem
from promise_svc.api.matter_requests import QUESTIONS, SheetIn
from promise_svc.domain.limits import SHEETS

TYPES: Final = ("text/csv",)
COLUMNS: Final = ("sheet_id", *(name for name in SheetIn.model_fields if name != "sheet_id"))
"""The columns of what is given; of what is taken, any of them in any order, with `sheet_id` and `side`."""
NEEDED: Final = ("sheet_id", "side")
NUMBERS: Final = frozenset((*QUESTIONS, "people"))


def rows(raw: bytes) -> Iterator[dict[str, Any] | Problem]:
    """The rows of a file, in UTF-8 with or without a byte-order mark; an empty cell is a field that is not given.

    Raises Problem 422 for a file that cannot be read, names its columns wrongly, or has too many rows.
    """
    try:
        table = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Problem.invalid_field("", f"is not CSV in UTF-8: {error}"[:200]) from None
    names, *lines = table or [[]]
    _named(names)
    if len(lines) > SHEETS:
        raise Problem.limit_reached("", f"at most {SHEETS:,} rows", SHEETS)
    return (_row(names, line) for line in lines if line)


def _named(names: list[str]) -> None:
    unknown = [name for name in names if name not in COLUMNS]
    missing = [name for name in NEEDED if name not in names]
    if unknown or missing or len({*names}) != len(names):
        wrong = f"must not name {unknown[0][:60]!r}" if unknown else f"must name {' and '.join(NEEDED)}, each name once"
        raise Problem.invalid_field("/0", f"the first row {wrong}; there are: {', '.join(COLUMNS)}")


def _row(names: list[str], line: list[str]) -> dict[str, Any] | Problem:
    if len(line) != len(names):
        return Problem.invalid_field("", f"the row has {len(line)} cells, the first one {len(names)}")
    found: Mapping[str, str] = {name: _plain(cell) for name, cell in zip(names, line, strict=True) if cell.strip()}
    if "sheet_id" not in found:
        return Problem.invalid_field("/sheet_id", "is missing")
    return {name: int(text) if name in NUMBERS and _whole(text) else text for name, text in found.items()}


def _plain(cell: str) -> str:
    """The text of a cell: what we give out begins with ' where a spreadsheet would take it for a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in RISKY else cell


def _whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
