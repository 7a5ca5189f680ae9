"""How many of each there may be: what one sender can put into one promise has an end, and the refusal names it."""

from __future__ import annotations

from typing import Final

MILESTONES: Final = 100
"""Steps that a promise is made with."""
DEPENDENCIES: Final = 100
"""What a promise depends on."""
REFERENCES: Final = 20
"""Names of a promise in foreign systems."""
SCOPE_ITEMS: Final = 50
"""Parts of what is promised."""
CHANGES: Final = 1000
"""Changes of a promise, from which on its date no longer moves; it can still be settled or withdrawn."""
STATES: Final = 50
"""States of a promise that changed nothing, of which an older one that comes late makes changes."""
ENTRIES: Final = 200
"""Entries of a matter; of a capability and an account too, from which on nothing of them changes."""
ENDINGS: Final = 100
"""Changes beyond CHANGES by which a promise can still be settled or withdrawn."""
WAITING: Final = 20
"""Matters, and statements of other systems, that wait for one promise that is not known yet."""
WAITING_IN_ALL: Final = 1_000_000
"""Statements of all other systems together that wait for promises that are not known yet."""
STATUSES: Final = 50
"""Statuses of a capability, each for another region and edition."""
OPTIONS: Final = 10
"""Options of an offer."""
PEOPLE: Final = 100_000
"""People for whom one answer sheet speaks."""
CSV_ROWS: Final = 1000
"""Answer sheets, reviews or lead times of one CSV file."""
PARTS: Final = 50
"""Parts in the scope of a hand-off or a statement; conditions of a statement."""
