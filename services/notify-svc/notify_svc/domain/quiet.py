"""Quiet hours: when a message waits for the customer's morning, and when waiting would take its worth."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

NONE: Final = "none"
_hours: Final = re.compile(r"((?:[01][0-9]|2[0-3]):[0-5][0-9])-((?:[01][0-9]|2[0-3]):[0-5][0-9])")


class QuietHours(NamedTuple):
    """From `begin` to `end` on the customer's clock; over midnight if it ends earlier than it begins."""

    begin: time
    end: time


def quiet_hours(text: str) -> QuietHours | None:
    """The hours of `21:00-07:00`; None for `none`. Raises ValueError for anything else, and for no hours at all."""
    if text == NONE:
        return None
    found = _hours.fullmatch(text)
    begin, end = (found[1], found[2]) if found else ("", "")
    if begin == end:
        raise ValueError("must be hours such as 21:00-07:00, or none")
    return QuietHours(time.fromisoformat(begin), time.fromisoformat(end))


def quiet_until(at: datetime, zone: ZoneInfo, quiet: QuietHours | None) -> datetime | None:
    """When the quiet hours that `at` lies in end; None if it lies in none."""
    if quiet is None:
        return None
    local = at.astimezone(zone)
    wall = local.time()
    if quiet.begin < quiet.end:
        within, tomorrow = quiet.begin <= wall < quiet.end, False
    else:
        within, tomorrow = wall >= quiet.begin or wall < quiet.end, wall >= quiet.begin
    if not within:
        return None
    day = local.date() + timedelta(days=tomorrow)
    # Where clocks go back an end may come twice: it is the first one that lies ahead.
    ends = (datetime.combine(day, quiet.end, zone).replace(fold=fold).astimezone(at.tzinfo) for fold in (0, 1))
    return next((end for end in ends if end > at), at + timedelta(minutes=1))


def waits_until(
    now: datetime,
    zone: ZoneInfo,
    quiet: QuietHours | None,
    *,
    announced: datetime | None,
    due: datetime,
    least: timedelta,
) -> datetime | None:
    """Until when a message waits for the customer's quiet hours to end; None if it goes out now.

    It does not wait if it was `announced` for a time within them, nor if, before the promised time `due`, less than
    `least` would be left to act on it.
    """
    until = quiet_until(now, zone, quiet)
    if until is None or (announced is not None and announced <= until):
        return None
    return None if now < due < until + least else until
