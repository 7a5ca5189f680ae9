"""Names that somebody may have meant who gave one that is not known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

MOST: Final = 3
LOOKED_AT: Final = 1_000
"""Known names that are compared; whoever reads them reads no more."""


def near(name: str, known: Iterable[str]) -> list[str]:
    """At most three of the known names, the nearest first, whatever their capitals."""
    folded = {one.casefold(): one for one in known}
    return [folded[one] for one in get_close_matches(name.casefold(), list(folded)[:LOOKED_AT], MOST)]


def or_near(detail: str, names: Iterable[str]) -> str:
    """The detail of a refusal, with the names that may have been meant."""
    said = ", ".join(names)
    return f"{detail}; near names: {said}" if said else detail
