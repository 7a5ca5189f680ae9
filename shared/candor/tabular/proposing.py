"""Proposes what the columns of a table mean: which is which field, how sure that is, and why.

A score is the likeness of names times the share of cells that can be such a field; from TAKEN on it is proposed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from candor.tabular.fitting import BY_CONTENT, TAKEN, Doubt, doubt, fit
from candor.tabular.guessing import EITHER, ENOUGH, MOST_LOOKED_AT, Looks, looks
from candor.tabular.names import known, named, words
from candor.tabular.reading import Table

MOST_LABELS: Final = 8
MOST_VALUES: Final = 50
NOTHING: Final = (
    "-",
    "--",
    "n/a",
    "na",
    "none",
    "null",
    "nan",
    "tbd",
    "tba",
    "unbekannt",
    "k.a.",
    "?",
    "#n/a",
)
"""What people write into a cell that says nothing."""
_PERSONAL: Final = frozenset(
    """phone telephone telefon mobile mobil handy fax address adresse street strasse birthday geburtstag geburtsdatum
    first last vorname nachname surname iban contact kontakt mail email notes notiz bemerkung comment
    kommentar""".split()  # noqa: SIM905 - a list of words
)


class Guess(NamedTuple):
    """What a column is taken for: a field, `labels`, or "" for nothing; its score in [0, 1], and why."""

    column: str
    field: str
    score: float
    why: str


class Seen(NamedTuple):
    """A table as it looks: what each column is taken for, what its cells look like, and the values of small columns.

    `doubts`: the columns whose cells are not what their name says, with the field that it says.
    """

    guesses: list[Guess]
    looks: Mapping[str, Looks]
    values: Mapping[str, Sequence[str]]
    empty: Sequence[str]
    doubts: Mapping[str, Doubt]

    @property
    def fields(self) -> dict[str, str]:
        """The column of each field that one was found for."""
        return {guess.field: guess.column for guess in self.guesses if guess.field not in ("", "labels")}

    @property
    def doubted(self) -> dict[str, str]:
        """The column of each field that none was found for, and one is named as."""
        found = self.fields
        # Of several columns that are named as one field the first counts, as it does for readers.
        return {said.field: column for column, said in reversed([*self.doubts.items()]) if said.field not in found}


def see(table: Table) -> Seen:
    """Look at a table's first rows."""
    cells: dict[str, list[Any]] = {name: [] for name in table.columns}
    empty: set[str] = set()
    for row in islice(table.rows(), MOST_LOOKED_AT):
        for name, cell in row.cells.items():
            if str(cell).casefold() in NOTHING:
                empty.add(str(cell))
            else:
                cells[name].append(cell)
    found = {name: looks(column) for name, column in cells.items()}
    values = {
        name: sorted({str(cell) for cell in column})
        for name, column in cells.items()
        if 0 < found[name].different <= MOST_VALUES
    }
    doubts = {name: said for name, own in found.items() if (said := doubt(name, own, cells[name])) is not None}
    guesses = _guesses({name: own for name, own in found.items() if name not in doubts})
    guesses += [Guess(name, "", 0.0, said.why) for name, said in doubts.items()]
    guesses.sort(key=lambda guess: table.columns.index(guess.column))
    return Seen(guesses, MappingProxyType(found), MappingProxyType(values), sorted(empty), MappingProxyType(doubts))


def _guesses(found: Mapping[str, Looks]) -> list[Guess]:
    by_name = [_by_name(field, name, own) for name, own in found.items() for field in known()]
    taken: dict[str, Guess] = {}
    fields: set[str] = set()
    for guess in sorted(by_name, key=lambda guess: -guess.score):
        if guess.score >= TAKEN and guess.column not in taken and guess.field not in fields:
            taken[guess.column] = guess
            fields.add(guess.field)
    for name, own in found.items():
        if name not in taken and (guessed := _by_content(name, own, fields, found)):
            taken[name] = guessed
            fields.add(guessed.field)
    labels = [name for name, own in found.items() if name not in taken and _is_label(name, own)][:MOST_LABELS]
    for name in labels:
        why = f"{found[name].different} different values: may tell good from bad"
        taken[name] = Guess(name, "labels", BY_CONTENT, why)
    return [taken.get(name) or Guess(name, "", 0.0, _unused(own)) for name, own in found.items()]


def _unused(looks: Looks) -> str:
    return "no field has such a name" if looks.cells else "empty"


def _by_name(field: str, column: str, looks: Looks) -> Guess:
    like = named(field, column)
    share, why = fit(field, looks)
    # Of two names that are as alike the more usual one counts, which stands further in front.
    place = known()[field].index(like.like) / len(known()[field]) if like.like else 0.0
    said = f"named {like.like!r}" if like.score == 1.0 else f"named like {like.like!r}"
    return Guess(column, field, round(max(like.score - 0.1 * place, 0.0) * share, 2), f"{said}{why}")


def _by_content(column: str, looks: Looks, fields: set[str], found: Mapping[str, Looks]) -> Guess | None:
    if looks.mails >= ENOUGH and "email" not in fields:
        return Guess(column, "email", round(BY_CONTENT * looks.mails, 2), "its cells are mail addresses")
    dates = [name for name, other in found.items() if other.dates >= ENOUGH and other.time != "excel"]
    if dates == [column] and not fields & {"due", "at", "done_at", "made_at"}:
        field = "at" if "milestone" in fields else "due"
        return Guess(column, field, round(BY_CONTENT * looks.dates, 2), "its cells are the only dates")
    return None


def _is_label(column: str, looks: Looks) -> bool:
    few = 1 < looks.different <= min(MOST_VALUES, max(looks.cells // 2, 2))
    plain = looks.longest <= 60 and not looks.mails and (looks.dates < BY_CONTENT or looks.time == "excel")
    return few and plain and not _PERSONAL & set(words(column).split())


def ambiguous(looks: Looks) -> bool:
    """Whether nobody could know of a column's dates which number is the month."""
    return looks.time == EITHER
