"""How many of each there may be: what one sender can put into one thing has an end, and the refusal names it."""

from __future__ import annotations

from typing import Final

STEPS: Final = 300
"""Differently named steps of a promise that are reported, besides those that it was made with."""
REPORTS: Final = 10_000
"""Reports of the steps of a promise."""
PAUSES: Final = 32
"""Pauses of the steps of a promise and ends of pauses: all decide how long the customer was waited for."""
DELIVERED: Final = 50
"""Scope items in a report."""
AFFECTED: Final = 500
"""Places that an incident affects."""
OPEN_AT_A_PLACE: Final = 1000
"""Open incidents that affect the same place."""
SIGHTINGS: Final = 2000
"""Reports of an incident; after them only its end is taken."""
