"""Whether the cells of a column may be what its name says, and columns whose cells are something else: those are asked
about, as nobody can know whether the name is wrong or the cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from candor.escaping import quoted
from candor.tabular.guessing import ENOUGH, Looks, looks
from candor.tabular.names import known, named, words

TAKEN: Final = 0.45
BY_CONTENT: Final = 0.5
DATES: Final = frozenset({"made_at", "due", "requested_due", "done_at", "at", "planned", "renews_on"})
NUMBERS: Final = frozenset({"value", "ahead_hours", "pace_hours"})
IDS: Final = frozenset({"promise_id", "customer_id"})
_LONGEST: Final = MappingProxyType({"language": 5, "currency": 16})
"""Characters of a code, and of a currency as people call it."""
_OF_DATES: Final = frozenset("date datum deadline due eta frist promised termin zugesagt".split())  # noqa: SIM905
_WANTED: Final = MappingProxyType(
    {
        **dict.fromkeys(DATES, "dates"),
        **dict.fromkeys(NUMBERS, "numbers"),
        **dict.fromkeys(IDS, "ids"),
        **{"email": "addresses", "language": "codes", "currency": "codes", "status": "words for a status"},
    }
)
"""What the cells of a field must be, of the fields that a column may contradict."""


class Doubt(NamedTuple):
    """A column that has the name of a field, and cells that are something else: the field, and that in words."""

    field: str
    why: str


def fit(field: str, looks: Looks) -> tuple[float, str]:
    """The share of cells that may be such a field, and that in words; 0 where its cells contradict a name."""
    shares = {"email": (looks.mails, "addresses")}
    shares |= dict.fromkeys(NUMBERS, (looks.numbers, "numbers")) | dict.fromkeys(DATES, (looks.dates, "dates"))
    if field in shares:
        share, what = shares[field]
        return (share if share >= BY_CONTENT else 0.0), f", {share:.0%} of its cells are {what}"
    texts = looks.time == "excel" or looks.dates < ENOUGH
    short = looks.longest <= _LONGEST.get(field, looks.longest)
    if not looks.cells or not texts or not short:
        return 0.0, ""
    return (0.5, ", though mail addresses stand there") if looks.mails >= ENOUGH else (1.0, "")


def doubt(column: str, own: Looks, cells: Sequence[Any]) -> Doubt | None:
    """What is to be asked about a column; None where its cells may be what its name says, or it says nothing."""
    name = column.partition("(")[0].strip() or column  # what stands in brackets says of what it is: `ETA (carrier)`
    likes = {field: named(field, name) for field in known()}
    best = max(like.score for like in likes.values())
    # Of other fields a name that is merely like theirs says too little: `Customer group` is no customer.
    least = TAKEN if _OF_DATES & set(words(name).split()) else 1.0
    alike = [field for field, like in likes.items() if like.score == best]
    if not own.cells or best < least or any(fit(field, own)[0] for field in alike):
        return None
    field = next((field for field in alike if field in _WANTED), "")
    if not field:
        return None
    fits = [bool(fit(field, looks([cell]))[0]) for cell in cells]
    odd = next((cell for cell, fine in zip(cells, fits, strict=True) if not fine), cells[0])
    share = f"{sum(fits) / len(fits):.0%} of its cells are {_WANTED[field]}"
    return Doubt(field, f"named {likes[field].like!r}, but {share}: {quoted(odd)} is none")
