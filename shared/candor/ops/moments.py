"""Times as senders write them: RFC 3339, and what of ISO 8601 programs really print."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

# Hours end at 23: of Python's versions some read 24:00 and others do not.
_moment: Final = re.compile(
    r"(\d{4}-\d\d-\d\d|\d{8})[Tt ]"
    r"((?:[01]\d|2[0-3])(?::[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?|[0-5]\d(?:[0-5]\d(?:[.,]\d{1,9})?)?))"
    r" ?([Zz]|UTC|[+\u2212-]\d\d(?::?[0-5]\d)?)?",
    re.ASCII,
)


def read_moment(text: str) -> datetime:
    """The aware time that a sender wrote, in its own zone.

    Taken are small letters, a blank for the T, a comma before the fraction, seconds left out, the form without hyphens
    and colons, and the offsets `+05:30`, `+0530`, `+05` and `UTC`. Raises ValueError for anything else.
    """
    found = _moment.fullmatch(text)
    if found is None:
        raise ValueError("must be a date and time like 2013-03-08T12:00:00Z")
    day, time, zone = found.groups()
    if zone is None:
        raise ValueError("must carry a zone, such as Z or +01:00")
    offset = "Z" if zone in ("Z", "z", "UTC") else zone.replace("\u2212", "-")
    try:
        return datetime.fromisoformat(f"{day}T{time.replace(',', '.')}{offset}")
    except ValueError:
        raise ValueError("must be a date and time that exists") from None
