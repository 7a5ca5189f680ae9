"""Formats times in the customer's zone and format, with babel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_skeleton, format_time, format_timedelta, get_timezone_location

FALLBACK = "en_GB"


@dataclass(frozen=True, slots=True)
class Localizer:
    """Formats times in `zone` and the format of `locale`; shows the year only if it differs from that of `now`."""

    zone: ZoneInfo
    locale: str
    now: datetime

    def day(self, at: datetime) -> str:
        """`Fri 8 Mar`."""
        local = at.astimezone(self.zone)
        same_year = local.year == self.now.astimezone(self.zone).year
        return format_skeleton("MMMEd" if same_year else "yMMMEd", local, locale=self.locale).replace(",", "")

    def clock(self, at: datetime) -> str:
        """`18:30`."""
        text: str = format_time(at.astimezone(self.zone), "short", tzinfo=self.zone, locale=self.locale)
        return text.replace("\u202f", " ")

    def moment(self, at: datetime) -> str:
        """`Fri 8 Mar, 18:30`; midnight, which stands for a whole day, is written as the day alone."""
        local = at.astimezone(self.zone)
        return self.day(at) if (local.hour, local.minute) == (0, 0) else f"{self.day(at)}, {self.clock(at)}"

    def ends(self, low: datetime, high: datetime) -> tuple[str, str]:
        """Both ends of a range; the day is written once if both share it."""
        same_day = low.astimezone(self.zone).date() == high.astimezone(self.zone).date()
        return self.moment(low), self.clock(high) if same_day else self.moment(high)

    def length(self, minutes: float) -> str:
        """`45 minutes`, `3 hours`, `2 days`."""
        text: str = format_timedelta(timedelta(minutes=round(minutes)), "minute", threshold=2, locale=self.locale)
        return text

    def zone_name(self) -> str:
        """`New York time`, or `UTC`."""
        if self.zone.key in ("UTC", "Etc/UTC", "GMT"):
            return "UTC"
        place: str = get_timezone_location(self.zone, locale=self.locale, return_city=True)
        return f"{place} time"


def locale_of(language: str | None) -> str:
    """The babel locale whose formats fit English wording and the customer's `language` tag."""
    try:
        locale = Locale.parse((language or FALLBACK).replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return FALLBACK
    # The wording is English only, so month names of another language would not fit in.
    return str(locale) if locale.language == "en" and locale.territory else FALLBACK
