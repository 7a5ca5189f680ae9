"""How likely a parked report is about a promise: names that are alike, a date that is near, a customer named."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import datetime
from string import ascii_lowercase, ascii_uppercase
from typing import Final, NamedTuple

MOST: Final = 10
"""Suggestions for a report."""
LEAST: Final = 0.2
NEAR_DAYS: Final = 7.0
LONGEST: Final = 64
SAME: Final = 0.9
SAME_NUMBER: Final = 0.75
SWAPPED: Final = 0.6
ONE_LETTER: Final = 0.5
ONE_DIGIT: Final = 0.3
"""Numbers are given one after the other: one digit more is most often another order."""
TWO: Final = 0.25
_DATE: Final = 0.3
_CUSTOMER: Final = 0.3
_signs: Final = re.compile(r"[\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u2000-\u206f\u2116\u3000-\u303f]+")
_capitals: Final = str.maketrans(ascii_uppercase, ascii_lowercase)
_zeros: Final = re.compile(r"(?<![0-9])0+(?=[0-9])")
_digits: Final = re.compile(r"[0-9]+")


class Candidate(NamedTuple):
    """A promise that a report may be about: under which of its names it was found, and what is known of it."""

    promise_id: str
    customer_id: str
    name: str
    due: datetime | None


class Suggestion(NamedTuple):
    """A candidate with its score in [0, 1], and why in words."""

    candidate: Candidate
    score: float
    why: tuple[str, ...]


def normal(name: str) -> str:
    """The form in which names are found: `SO-0012`, `so 12` and `SO12` are `so12`.

    Letters beyond ASCII stay as they are: how they are written small, the database and Python may see otherwise.
    """
    return _signs.sub("", _zeros.sub("", name.translate(_capitals)))[:LONGEST]


def suggest(name: str, at: datetime, candidates: Iterable[Candidate]) -> list[Suggestion]:
    """The promises that a report under `name`, of a step at `at`, may be about: the likeliest first, at most MOST.

    Each piece of evidence e leaves 1 - e of the doubt: score = 1 - (1 - name)(1 - date)(1 - customer). A date counts
    .3 exp(-days / 7), a customer whose id stands in the name .3; no promise is suggested without a name that is alike.
    """
    best: dict[str, Suggestion] = {}
    for candidate in candidates:
        found = _judged(name, at, candidate)
        known = best.get(candidate.promise_id)
        if found.score >= LEAST and (known is None or found.score > known.score):
            best[candidate.promise_id] = found
    return sorted(best.values(), key=lambda one: (-one.score, one.candidate.promise_id))[:MOST]


def _judged(name: str, at: datetime, candidate: Candidate) -> Suggestion:
    share, why = alike(name, candidate.name)
    if not share:
        return Suggestion(candidate, 0.0, ())
    doubt, reasons = 1 - share, [why]
    if candidate.due is not None:
        days = abs((candidate.due - at).total_seconds()) / 86_400
        doubt *= 1 - _DATE * math.exp(-days / NEAR_DAYS)
        if days < NEAR_DAYS:
            reasons.append(f"it is promised for {candidate.due:%Y-%m-%d}, {days:.0f} days from the report")
    customer = normal(candidate.customer_id)
    if len(customer) > 2 and customer in normal(name) and customer not in normal(candidate.name):
        doubt *= 1 - _CUSTOMER
        reasons.append(f"its customer {candidate.customer_id} stands in the name")
    return Suggestion(candidate, round(1 - doubt, 3), tuple(reasons))


def alike(one: str, other: str) -> tuple[float, str]:
    """How alike two names are, in [0, 1], and in which way; 0 for names that are not."""
    first, second = normal(one.casefold()), normal(other.casefold())
    if not first or not second:
        return 0.0, ""
    if first == second:
        return SAME, f"{other} is the same but for signs, capitals or zeros"
    numbers = _digits.findall(first), _digits.findall(second)
    if numbers[0] == numbers[1] and sum(map(len, numbers[0])) >= 4:
        return SAME_NUMBER, f"{other} has the same number"
    return _by_signs(first, second, other)


def _by_signs(first: str, second: str, other: str) -> tuple[float, str]:
    if _crossed(first, second):
        return SWAPPED, f"{other} has two signs the other way round"
    distance = _distance(first, second)
    if distance == 1 and len(first) == len(second) and _digits.findall(first) != _digits.findall(second):
        return ONE_DIGIT, f"{other} differs in one digit"
    if distance == 1:
        return ONE_LETTER, f"{other} differs in one sign"
    if distance == 2 and min(len(first), len(second)) >= 6:
        return TWO, f"{other} differs in two signs"
    return 0.0, ""


def _crossed(one: str, other: str) -> bool:
    """Whether two signs that stand side by side change places, and nothing else."""
    places = [place for place, (mine, theirs) in enumerate(zip(one, other, strict=False)) if mine != theirs]
    if len(one) != len(other) or len(places) != 2 or places[1] != places[0] + 1:
        return False
    first, second = places
    return one[first] == other[second] and one[second] == other[first]


def _distance(one: str, other: str) -> int:
    """The Levenshtein distance; 3 for names whose lengths alone say that it is more than 2."""
    if abs(len(one) - len(other)) > 2:
        return 3
    above = list(range(len(other) + 1))
    for row, sign in enumerate(one, 1):
        here = [row]
        for column, another in enumerate(other, 1):
            here.append(min(above[column] + 1, here[column - 1] + 1, above[column - 1] + (sign != another)))
        above = here
    return above[-1]
