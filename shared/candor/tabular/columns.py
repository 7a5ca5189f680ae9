"""The values of fields as a mapping says them, of the columns that were found for them."""

from __future__ import annotations

import json
import re
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from candor.intake.mapped.money import currencies_of, sign_in_name
from candor.tabular.config import OPEN
from candor.tabular.names import words
from candor.tabular.proposing import Seen, ambiguous

AT: Final = MappingProxyType({"made_at": "00:00", "due": "23:59", "requested_due": "23:59", "planned": "23:59"})
"""The time of day that a mere date means, by field."""
NOON: Final = "12:00"
STATUS: Final = MappingProxyType(
    {
        "reached": """reached done complete completed finished delivered closed resolved solved installed ok yes
            erledigt fertig abgeschlossen erreicht geliefert ja""",
        "started": "started begun running in_progress in_arbeit in_bearbeitung begonnen laeuft gestartet active aktiv",
        "planned": "planned scheduled new open pending to_do todo waiting geplant offen neu ausstehend",
        "missed": "missed failed overdue verpasst gescheitert verfehlt no nein",
        "cancelled": "cancelled canceled storniert abgesagt entfallen",
    }
)
_plain: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
Fields = dict[str, Any]


class Given(NamedTuple):
    """What a person said beforehand: the zone of times, and in which order ambiguous dates stand."""

    zone: str = ""
    dates: str = ""


class Columns:
    """The values of fields, as a mapping says them."""

    def __init__(self, seen: Seen, given: Given) -> None:
        self.seen = seen
        self._given = given
        self._columns = seen.fields
        self._named = {**seen.doubted, **self._columns}

    def has(self, *fields: str) -> bool:
        """Whether one of the fields has a column, or one that is named as it, which is asked about."""
        return any(field in self._named for field in fields)

    def sure(self, field: str) -> bool:
        """Whether a field has a column whose cells may be it."""
        return field in self._columns

    def cell(self, field: str) -> str:
        """The expression of the column that has a field's name, whatever stands in it."""
        return expression(self._named[field])

    def item(self, field: str) -> Any:
        """The expression of a field's column; OPEN where its cells are something else."""
        return expression(self._columns[field]) if self.sure(field) else OPEN

    def id(self, field: str) -> Any:
        """The id in a column; OPEN without one."""
        return self._taken(field, "id")

    def number(self, field: str) -> Any:
        """The number in a column; OPEN without one."""
        return self._taken(field, "number")

    def _taken(self, field: str, kind: str) -> Any:
        return {"from": self.item(field), "as": kind} if self.sure(field) else OPEN

    def time(self, field: str) -> Any:
        """The time in a column, in the order in which its dates are written; OPEN where its cells are none."""
        if not self.sure(field):
            return OPEN
        found = self.seen.looks[self._columns[field]]
        order = (self._given.dates or OPEN) if ambiguous(found) else found.time
        return {"from": self.item(field), "time": order, "at": AT.get(field, NOON)}

    def status(self) -> Any:
        """What the words of a column are called here; OPEN for a word that is unknown."""
        if not self.has("status"):
            return {"value": "reached"}
        said = self.seen.values.get(self._columns.get("status", ""))
        if said is None:
            return OPEN
        return {"from": self.item("status"), "map": {word: _status(word) for word in said}}

    def currency(self) -> tuple[Any, str]:
        """What the cells say of the currency of values, and why it is that; OPEN where they disagree or say nothing."""
        if self.has("currency"):
            return self._currency_of_column(), ""
        column = self._columns.get("value", "")
        signs = self.seen.looks[column].signs if column else ()
        signs = signs or tuple(filter(None, [sign_in_name(column)]))
        meant = [set(currencies_of(sign)) for sign in signs]
        shared = set.intersection(*meant) if meant else set()
        if len(shared) == 1:
            return {"value": shared.pop()}, f"{column} says {' and '.join(signs)}"
        if not signs:
            return OPEN, ""
        said = f"{column} says {' and '.join(signs)}"
        may = [one for one in currencies_of(signs[0]) if one in shared]
        return OPEN, f"{said}, which may be {', '.join(may)}" if may else f"{said}, which are several"

    def _currency_of_column(self) -> Any:
        said = self.seen.values.get(self._columns.get("currency", ""))
        codes = {word: currencies_of(word) for word in said or ()}
        if all(found == (word,) for word, found in codes.items()):
            return self.item("currency")
        named = {word: found[0] if len(found) == 1 else OPEN for word, found in codes.items()}
        return {"from": self.item("currency"), "map": named}


def expression(column: str) -> str:
    """The JMESPath of a column's cell."""
    return (
        f"item.{column}"
        if _plain.fullmatch(column)
        else f"item.{json.dumps(column, ensure_ascii=not column.isprintable())}"
    )


def _status(word: str) -> str:
    own = words(word).replace(" ", "_")
    return next((ours for ours, known in STATUS.items() if own in known.split()), OPEN)
