"""What the company offers a customer about one promise, as a letter may name it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

MOST: Final = 5
"""Offered options that one letter names."""
LEAST: Final = timedelta(hours=1)
"""An option whose time is nearer than this has expired: nobody could read of it and take it."""


class Offered(NamedTuple):
    """One option of an open offer, which `key` names as it stands; `due` would be promised then."""

    key: str
    name: str
    due: datetime | None = None


def open_at(offered: Iterable[Offered], now: datetime) -> tuple[Offered, ...]:
    """Those that have not expired at `now`, MOST at most."""
    return tuple(one for one in offered if one.due is None or one.due >= now + LEAST)[:MOST]
