"""Dates and numbers as people and spreadsheets write them: `31.12.2026`, `12/31/2026 5 PM`, `1.234,50 €`, `46022.5`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from candor.intake.mapped.money import AROUND

Order = Literal["dmy", "mdy", "ymd"]
ORDERS: Final[tuple[Order, ...]] = ("dmy", "mdy", "ymd")
EXCEL: Final = "excel"
EXCEL_DAYS: Final = (1.0, 110_000.0)
"""Serial days that Excel shows as dates of our time; its day 0 is 1899-12-30."""
LONGEST: Final = 64
_EXCEL_BEGINS: Final = datetime(1899, 12, 30, tzinfo=UTC)
_date: Final = re.compile(
    r"(?:[^\W\d]{2,10}\.?,?\s+)?"  # a weekday before it
    r"(?P<one>\d{1,4})\s*[./-]\s*(?P<two>\d{1,2})\s*[./-]\s*(?P<three>\d{2,4})"
    r"(?:[T,\s]\s*(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d{1,9})?)?)?"
    r"\s*(?:(?P<half>[AaPp])\.?[Mm]\.?|Uhr)?)?",
    re.ASCII,
)
_number: Final = {
    ".": re.compile(r"[+-]?(?:\d{1,3}(?:[,'’ ]\d{3})+|\d+)?(?:\.\d+)?"),
    ",": re.compile(r"[+-]?(?:\d{1,3}(?:[.'’ ]\d{3})+|\d+)?(?:,\d+)?"),
}
_blanks: Final = re.compile(r"[\u00a0\u2009\u202f]")


class Day(tuple[int, int, int]):
    """The three numbers of a date in the order in which they were written."""

    __slots__ = ()

    def fits(self, order: Order) -> bool:
        """Whether this is a day of the calendar in that order."""
        try:
            self.date(order)
        except ValueError:
            return False
        return True

    def date(self, order: Order) -> datetime:
        """The day's beginning without a zone. Raises ValueError for no such day."""
        year, month, day = (self[order.index(sign)] for sign in "ymd")
        return datetime(year + 2_000 if year < 100 else year, month, day)  # noqa: DTZ001 - the zone comes later


def day_of(text: str) -> Day | None:
    """The numbers of the date that a text is, with or without a time of day; None for any other text."""
    found = _read(text)
    return Day((int(found["one"]), int(found["two"]), int(found["three"]))) if found else None


def has_hour(text: str) -> bool:
    """Whether a date says a time of day."""
    found = _read(text)
    return found is not None and found["hour"] is not None


def read_date(text: str, order: Order, zone: ZoneInfo, at: time) -> datetime:
    """The moment that a text is; a mere date means `at` on that day. A year first is always one. Raises ValueError."""
    found, day = _read(text), day_of(text)
    if found is None or day is None:
        raise ValueError("is no date")
    moment = day.date("ymd" if day[0] > 31 else order)
    if found["hour"] is None:
        return datetime.combine(moment.date(), at, zone)
    try:
        return (moment + _clock(found)).replace(tzinfo=zone)
    except OverflowError:
        raise ValueError("is after the last day of the calendar") from None


def read_serial(number: float, zone: ZoneInfo, at: time) -> datetime:
    """The moment of Excel's serial day: whole days are dates and mean `at`. Raises ValueError beyond EXCEL_DAYS."""
    if not EXCEL_DAYS[0] <= number <= EXCEL_DAYS[1]:
        raise ValueError("is no serial day of Excel")
    moment = _EXCEL_BEGINS + timedelta(seconds=round(number * 86_400))
    return datetime.combine(moment.date(), at if float(number).is_integer() else moment.time(), zone)


def read_number(text: str, decimal: str) -> float:
    """A number with a decimal point or comma, groups of thousands, and a currency around it. Raises ValueError."""
    plain = AROUND.sub("", _blanks.sub(" ", text[:LONGEST]).strip()).strip()
    if len(text) > LONGEST or not any(sign.isdigit() for sign in plain) or not _number[decimal].fullmatch(plain):
        raise ValueError("is no number")
    kept = re.sub(r"[,'’ ]" if decimal == "." else r"[.'’ ]", "", plain)
    return float(kept.replace(",", "."))


def _read(text: str) -> re.Match[str] | None:
    return _date.fullmatch(_blanks.sub(" ", text).strip()) if len(text) <= LONGEST else None


def _clock(found: re.Match[str]) -> timedelta:
    """How long after its day's first hour a time is: 24:00 ends the day, second 60 is the one after 59."""
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    if half := found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("has no such hour")
        hour = hour % 12 + (12 if half in "Pp" else 0)
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and minute + second > 0):
        raise ValueError("has no such time of day")
    return timedelta(hours=hour, minutes=minute, seconds=second)
