"""When open questions about a need are asked for by a letter, and when their owner hears that no answer came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Chase:
    """From how long before the promised time on a customer is asked, and how long after that the owner hears."""

    before: timedelta
    owner_after: timedelta
