"""When a customer is asked by a letter for what is still open about their need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Chase:
    """From how long before the promised time on a customer is asked by a letter, and when the owner hears that no
    answer came.
    """

    before: timedelta
    owner_after: timedelta
