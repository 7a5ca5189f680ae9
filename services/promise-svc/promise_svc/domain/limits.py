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
