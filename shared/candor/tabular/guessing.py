"""What a column's cells look like: dates in some order, numbers with some decimal sign, addresses, or few words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from candor.intake.mapped.money import sign_beside
from candor.intake.mapped.written import EXCEL, Day, Order, day_of, has_hour, read_number
from candor.ops.moments import read_moment

MOST_LOOKED_AT: Final = 2_000
"""Cells of a column that are looked at."""
ENOUGH: Final = 0.8
"""The share of cells that must look alike; the others are likely to be refused, by their rows."""
EITHER: Final = ""
"""Of dates: that day and month may stand in either order."""
_mail: Final = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
_serials: Final = (25_569, 73_050)
"""Excel's days from 1970 to 2099."""


class Looks(NamedTuple):
    """The shares of a column's cells that are dates, numbers or mail addresses, and how many differ.

    `time` is how its dates are read, EITHER where nobody could know; `example` is one that may be read both ways.
    `zoned`: they carry their zone; `decimal`: the decimal sign of its numbers, "" where none tells; `signs`: the
    currencies that stand beside them, as they are written.
    """

    cells: int
    dates: float
    numbers: float
    mails: float
    different: int
    time: str
    example: str
    zoned: bool
    decimal: str
    longest: int
    signs: tuple[str, ...]


def looks(cells: Iterable[Any]) -> Looks:
    """What the filled cells of a column look like."""
    some = [cell for cell in cells if cell is not None][:MOST_LOOKED_AT]
    texts = [str(cell).strip() for cell in some]
    count = max(len(some), 1)
    time, dates, example = _dates(texts)
    mails = sum(_mail.fullmatch(text) is not None for text in texts)
    decimal, numbers = _numbers(some)
    return Looks(
        *(len(some), dates / count, numbers / count, mails / count, len(set(texts))),
        *(time, example, time == "iso", decimal, max(map(len, texts), default=0)),
        tuple(sorted({sign_beside(text) for text in texts} - {""})),
    )


def _dates(texts: Sequence[str]) -> tuple[str, int, str]:
    moments = sum(_is_moment(text) for text in texts)
    days = [(text, day) for text in texts if (day := day_of(text)) is not None]
    if moments >= len(days) and moments:
        return "iso", moments, ""
    if days:
        order, example = _order(days)
        return order, sum(day.fits(order) or day.fits("ymd") for _, day in days) if order else len(days), example
    serial = sum(_is_serial(text) for text in texts)
    return (EXCEL, serial, "") if serial else ("iso", 0, "")


def _order(days: Sequence[tuple[str, Day]]) -> tuple[Order | Any, str]:
    years = sum(day[0] > 31 for _, day in days)
    if years == len(days):
        return "ymd", ""
    rest = [(text, day) for text, day in days if day[0] <= 31]
    first = sum(day.fits("dmy") for _, day in rest)
    second = sum(day.fits("mdy") for _, day in rest)
    # Nobody writes the month first with dots between.
    dots = sum("." in text.split()[0] for text, _ in rest)
    if first == second and dots < len(rest):
        return EITHER, next(text for text, day in rest if day.fits("dmy") or not day.fits("mdy"))
    return ("dmy" if first >= second else "mdy"), ""


def _is_moment(text: str) -> bool:
    try:
        read_moment(text)
    except ValueError:
        return False
    return True


def _is_serial(text: str) -> bool:
    try:
        return _serials[0] <= float(text.replace(",", ".")) <= _serials[1]
    except ValueError:
        return False


def _numbers(cells: Sequence[Any]) -> tuple[str, int]:
    counts: Counter[str] = Counter()
    for cell in cells:
        for sign in ".,":
            counts[sign] += _is_number(cell, sign)
    if counts["."] == counts[","]:
        return "", counts["."]
    sign = max(counts, key=counts.__getitem__)
    return sign, counts[sign]


def _is_number(cell: Any, decimal: str) -> bool:
    if isinstance(cell, bool) or not isinstance(cell, str):
        return not isinstance(cell, bool)
    try:
        read_number(cell, decimal)
    except ValueError:
        return False
    return True


def hours(cells: Iterable[Any]) -> bool:
    """Whether any of a column's dates says a time of day."""
    return any(isinstance(cell, str) and (has_hour(cell) or _is_moment(cell)) for cell in cells)
