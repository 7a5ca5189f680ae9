"""Formats times in the customer's zone and format, with babel, so that a stranger reads them right."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from gettext import NullTranslations
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_skeleton, format_time, format_timedelta, get_timezone_location
from babel.numbers import format_decimal

from notify_svc.compose.words import language_of, translations
from notify_svc.domain.lexicon import ENGLISH

UNNAMED: Final = re.compile(r"UTC|GMT|Etc/.*")
"""Zones that are no place: they are told by their distance from UTC."""
FIRSTS: Final = {"fr": (re.compile(r"\b1(?=\s)"), "1er"), "pt": (re.compile(r"\b1(?= de )"), "1º")}
"""How a date's first of the month is written where that is no plain number, which babel does not know."""


@dataclass(frozen=True, slots=True)
class Localizer:
    """Formats times in `zone` and the format of `locale`; shows the year only if it differs from that of `now`."""

    zone: ZoneInfo
    locale: str
    now: datetime

    def day(self, at: datetime) -> str:
        """`Fri 8 Mar`."""
        return self.date_text(at.astimezone(self.zone).date())

    def date_text(self, day: date) -> str:
        """The same of a date, of whatever zone."""
        same_year = day.year == self.today().year
        whole = datetime.combine(day, time())
        text: str = format_skeleton("MMMEd" if same_year else "yMMMEd", whole, locale=self.locale)
        if day.day == 1 and self.language in FIRSTS:
            number, first = FIRSTS[self.language]
            text = number.sub(first, text, count=1)
        return text.replace(",", "") if self.language == ENGLISH else text

    def today(self) -> date:
        """The date by the customer's clock."""
        return self.now.astimezone(self.zone).date()

    def clock(self, at: datetime) -> str:
        """`18:30`; an hour that clocks show twice has its distance from UTC beside it, `01:30 (UTC-04:00)`."""
        local = at.astimezone(self.zone)
        text: str = format_time(local, "short", tzinfo=self.zone, locale=self.locale)
        text = text.replace("\u202f", " ")
        twice = local.replace(fold=1 - local.fold).utcoffset() != local.utcoffset()
        return f"{text} ({_from_utc(local)})" if twice else text

    def moment(self, at: datetime) -> str:
        """`Fri 8 Mar, 18:30`."""
        joined = str(Locale.parse(self.locale).datetime_formats["medium"])
        return joined.replace("{1}", self.day(at)).replace("{0}", self.clock(at))

    def deadline(self, at: datetime) -> str:
        """A moment by which something is due; midnight is the end of the day before, which nobody takes for another."""
        local = at.astimezone(self.zone)
        if (local.hour, local.minute) != (0, 0):
            return self.moment(at)
        _ = self._catalogue().gettext
        return _("the end of %(day)s") % {"day": self.day(at - timedelta(minutes=1))}

    def ends(self, low: datetime, high: datetime) -> tuple[str, str]:
        """Both ends of a range; the day is written once if both share it."""
        same_day = low.astimezone(self.zone).date() == high.astimezone(self.zone).date()
        return self.moment(low), self.clock(high) if same_day else self.moment(high)

    def length(self, minutes: float) -> str:
        """`45 minutes`, `3 hours`, `2 days`."""
        text: str = format_timedelta(timedelta(minutes=round(minutes)), "minute", threshold=2, locale=self.locale)
        return text

    def number(self, number: int) -> str:
        """`4,562`."""
        text: str = format_decimal(number, locale=self.locale)
        return text

    def zone_name(self, *moments: datetime) -> str:
        """`New York time (UTC-05:00)`, or `UTC`; the distance is left out if it is not the same at all `moments`."""
        offsets = {_from_utc(at.astimezone(self.zone)) for at in (self.now, *moments)}
        if UNNAMED.fullmatch(self.zone.key):
            return offsets.pop()
        place: str = get_timezone_location(self.zone, locale=self.locale, return_city=True)
        _ = self._catalogue().gettext
        named = _("%(place)s time") % {"place": place}
        return f"{named} ({offsets.pop()})" if len(offsets) == 1 else named

    @property
    def language(self) -> str:
        """The code of the language, as HTML names it."""
        return language_of(self.locale)

    def say(self, text: str, **filled: str) -> str:
        """A text of a catalogue in this language, filled in; any other text as it is."""
        words = self._catalogue().gettext(text)
        return words % filled if filled else words

    def say_counted(self, one: str, several: str, count: int, **filled: str) -> str:
        """A text that counts, in the form of `count`; `%(count)s` is that number."""
        return self._catalogue().ngettext(one, several, count) % {"count": self.number(count), **filled}

    def _catalogue(self) -> NullTranslations:
        return translations(self.language)


def _from_utc(local: datetime) -> str:
    away = local.utcoffset() or timedelta(0)
    minutes = round(abs(away) / timedelta(minutes=1))
    sign = "-" if away < timedelta(0) else "+"
    return f"UTC{sign}{minutes // 60:02}:{minutes % 60:02}" if minutes else "UTC"
