"""Matters as CSV (RFC 4180): the columns, and rows turned into the bodies that a sender would send."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any, Final, NamedTuple

from candor.contracts.promise import label_text
from candor.escaping import takes_for_formula
from candor.web.http.problems import Problem
from promise_svc.api.market_requests import LeadTimeIn, ReviewIn
from promise_svc.api.matter_requests import QUESTIONS, MatterBody, SheetIn
from promise_svc.domain.limits import CSV_ROWS

TYPES: Final = ("text/csv",)
LABELS: Final = "labels"
"""The column of labels: `name=value` pairs with a semicolon between them."""


class Form(NamedTuple):
    """What a file has: the body of a row, the columns that it must have, and those of numbers.

    A file that is given has all columns; one that is taken any of them in any order.
    """

    body: type[MatterBody]
    needed: tuple[str, ...]
    whole: frozenset[str] = frozenset()
    decimal: frozenset[str] = frozenset()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns, those that are needed first."""
        return (*self.needed, *(name for name in self.body.model_fields if name not in self.needed))


SHEETS: Final = Form(SheetIn, ("sheet_id", "side"), frozenset((*QUESTIONS, "people")))
REVIEWS: Final = Form(ReviewIn, ("source", "source_id", "at"), decimal=frozenset(("rating", "worst", "best")))
LEAD_TIMES: Final = Form(
    LeadTimeIn,
    ("lead_time_id", "competitor", "kind", "typical", "source", "at"),
    decimal=frozenset(("low", "typical", "high")),
)


def rows(raw: bytes, form: Form) -> Iterator[dict[str, Any] | Problem]:
    """The rows of a file, in UTF-8 with or without a byte-order mark; an empty cell is a field that is not given.

    Raises Problem 422 for a file that cannot be read, names its columns wrongly, or has too many rows.
    """
    try:
        table = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Problem.invalid_field("", f"is not CSV in UTF-8: {error}"[:200]) from None
    names, *lines = table or [[]]
    _named(names, form)
    if len(lines) > CSV_ROWS:
        raise Problem.limit_reached("", f"at most {CSV_ROWS:,} rows", CSV_ROWS)
    return (_row(names, line, form) for line in lines if line)


def line_of(item: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """A matter as a row of a file that is given."""
    labels: Mapping[str, Any] = item.get(LABELS) or {}
    said = "; ".join(f"{name}={label_text(value)}" for name, value in labels.items())
    return {name: said or None if name == LABELS else item.get(name) for name in form.columns}


def _named(names: list[str], form: Form) -> None:
    unknown = [name for name in names if name not in form.columns]
    missing = [name for name in form.needed if name not in names]
    if unknown or missing or len({*names}) != len(names):
        needed = f"{', '.join(form.needed[:-1])} and {form.needed[-1]}"
        wrong = f"must not name {unknown[0][:60]!r}" if unknown else f"must name {needed}, each name once"
        raise Problem.invalid_field("/0", f"the first row {wrong}; there are: {', '.join(form.columns)}")


def _row(names: list[str], line: list[str], form: Form) -> dict[str, Any] | Problem:
    if len(line) != len(names):
        return Problem.invalid_field("", f"the row has {len(line)} cells, the first one {len(names)}")
    found: Mapping[str, str] = {name: _plain(cell) for name, cell in zip(names, line, strict=True) if cell.strip()}
    missing = next((name for name in form.needed if name not in found), None)
    if missing is not None:
        return Problem.invalid_field(f"/{missing}", "is missing")
    return {name: _value(name, text, form) for name, text in found.items()}


def _value(name: str, text: str, form: Form) -> Any:
    """What a cell says; text that is not what its column needs stays text, which the body refuses."""
    if name in form.whole and text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    if name in form.decimal:
        return _number(text)
    return _labels(text) if name == LABELS else text


def _labels(text: str) -> Any:
    pairs = [part.partition("=") for part in text.split(";") if part.strip()]
    if not all(middle for _, middle, _ in pairs):
        return text
    return {name.strip(): _read(value.strip()) for name, _, value in pairs}


def _read(value: str) -> str | float | bool:
    if value in ("true", "false"):
        return value == "true"
    return _number(value) if value[:1].isdigit() or value[:1] == "-" else value


def _number(text: str) -> str | float:
    try:
        number = float(text)
    except ValueError:
        return text
    return number if isfinite(number) else text


def _plain(cell: str) -> str:
    """The text of a cell: what we give out begins with ' where a spreadsheet would take it for a formula."""
    return cell[1:] if cell[:1] == "'" and takes_for_formula(cell[1:]) else cell
