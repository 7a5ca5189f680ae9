"""Checks a date before it is promised: how many similar promises were kept in that time (definitions.md: u)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from candor.contracts import MIN_CASES

OVER_PROMISE: Final = 0.5
TARGET: Final = 0.8
SANDBAG: Final = 0.97
"""Limits of the share kept: below the first an over-promise, from the second on sound, above the third padded."""


class Verdict(StrEnum):
    """The verdict on a date, by the share of similar promises that were done in that time."""

    OVER_PROMISE = "over_promise"
    TIGHT = "tight"
    SOUND = "sound"
    SANDBAG = "sandbag"
    UNKNOWN = "too_little_history"


def verdict(kept: float, n: int) -> Verdict:
    """The verdict on a date by which a share `kept` in [0, 1] of `n` similar promises were done."""
    if n < MIN_CASES:
        return Verdict.UNKNOWN
    if kept < OVER_PROMISE:
        return Verdict.OVER_PROMISE
    if kept < TARGET:
        return Verdict.TIGHT
    return Verdict.SANDBAG if kept > SANDBAG else Verdict.SOUND


def advice(found: Verdict, kept: float, n: int, observed: float | None) -> str:
    """The verdict in a sentence for the person about to make the promise.

    `observed` is the share of the promise type that slipped, None if unknown.
    """
    of_ten = f"{kept:.0%} of {n:,} similar promises were done in that time"
    match found:
        case Verdict.OVER_PROMISE:
            return f"Do not promise this: only {of_ten}."
        case Verdict.TIGHT:
            return f"Tight: {of_ten}; promise a later date, or say that it is a hope."
        case Verdict.SANDBAG:
            return f"Padded: {of_ten}; an earlier date would hold as well."
        case Verdict.SOUND:
            return f"Sound: {of_ten}."
    if n == 0:
        return "No history yet: no promise of this kind has come due."
    slipped = "" if observed is None else f", {round(observed * n)} of {n} slipped"
    known = "1 similar promise is" if n == 1 else f"{n} similar promises are"
    return f"Too little history: {known} known{slipped}."
