"""A chance in words, which says certain only of what is."""

from __future__ import annotations


def chance_words(chance: float) -> str:
    """A chance of 0 to 1 in percent, e.g. `83%`, `over 99%`, `under 1%`; `100%` and `0%` only of what is certain."""
    said = f"{chance:.0%}"
    if said == "0%" and chance > 0.0:
        return "under 1%"
    return "over 99%" if said == "100%" and chance < 1.0 else said
