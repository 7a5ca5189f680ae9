"""Times as senders write them: RFC 3339, and what of ISO 8601 programs really print."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

_moment: Final = re.compile(
    r"(\d{4}-\d\d-\d\d|\d{8})[Tt ]"
    r"((?:[01]\d|2[0-3])(?::[0-5]\d(?::(?:[0-5]\d|60)(?:[.,]\d{1,9})?)?|[0-5]\d(?:(?:[0-5]\d|60)(?:[.,]\d{1,9})?)?)"
    r"|24(?::00(?::00(?:[.,]0{1,9})?)?|00(?:00(?:[.,]0{1,9})?)?))"
    r" ?([Zz]|UTC|[+\u2212-]\d\d(?::?[0-5]\d)?)?",
    re.ASCII,
)
_ends_day: Final = re.compile(r"[Tt ]24:?00")


def read_moment(text: str) -> datetime:
    """The aware time that a sender wrote, in its own zone.

    Taken are small letters, a blank for the T, a comma before the fraction, seconds left out, the form without hyphens
    and colons, and the offsets `+05:30`, `+0530`, `+05` and `UTC`; `24:00` is the midnight that ends its day, and
    second 60, as in leap seconds, the moment after second 59. Raises ValueError for anything else.
    """
    found = _moment.fullmatch(text)
    if found is None:
        raise ValueError("must be a date and time like 2013-03-08T12:00:00Z")
    day, time, zone = found.groups()
    if zone is None:
        raise ValueError("must carry a zone, such as Z or +01:00")
    offset = "Z" if zone in ("Z", "z", "UTC") else zone.replace("\u2212", "-")
    # Python's versions do not agree on 24:00, and none of them reads second 60.
    time = time.replace(":", "").replace(",", ".")
    ends, leaps = time.startswith("24"), time[4:6] == "60"
    later = timedelta(days=ends, seconds=leaps)
    hour, second, rest = "00" if ends else time[:2], "59" if leaps else time[4:6], "" if leaps else time[6:]
    try:
        return datetime.fromisoformat(f"{day}T{hour}{time[2:4]}{second}{rest}{offset}") + later
    except (ValueError, OverflowError):
        raise ValueError("must be a date and time that exists") from None


def ends_a_day(text: str) -> bool:
    """Whether a time is written as 24:00: a moment, though at midnight as a mere date may be written."""
    return _ends_day.search(text) is not None
