"""Rules for what was seen of a table, as they stand in FILE.map.yaml; what nobody could know is OPEN."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from candor.replay.stream import utc_text
from candor.tabular.config import OPEN
from candor.tabular.fitting import DATES
from candor.tabular.names import words
from candor.tabular.proposing import Seen, ambiguous
from candor.tabular.reading import Table

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


class Draft(NamedTuple):
    """A mapping to be edited: its head, and its events, each with its type, `when`, time and data.

    `unclear`: why a field is open, where a column has its name; `unused`: such columns that no field waits for.
    """

    head: Fields
    events: list[Fields]
    unclear: Mapping[str, str]
    unused: Mapping[str, str]


class Given(NamedTuple):
    """What a person said beforehand: the zone of times, and in which order ambiguous dates stand."""

    zone: str = ""
    dates: str = ""


def draft(table: Table, seen: Seen, given: Given, exported_at: datetime) -> Draft:
    """The mapping that is proposed."""
    head: Fields = {"zone": given.zone or ("UTC" if _zoned(seen) else OPEN), "exported_at": utc_text(exported_at)}
    signs = {seen.looks[name].decimal for field, name in seen.fields.items() if field == "value"} - {""}
    head["decimal"] = next(iter(signs), ".")
    head["empty"] = list(seen.empty)
    if table.sheet:
        head["sheet"] = table.sheet
    events = _events(_Columns(seen, given), table.path)
    open_ = {field: column for field, column in seen.doubted.items() if _waits(field, events)}
    unclear = {field: f"{column} is {seen.doubts[column].why}" for field, column in open_.items()}
    unused = {column: said.why for column, said in seen.doubts.items() if column not in open_.values()}
    return Draft(head, events, unclear, unused)


def _waits(field: str, events: list[Fields]) -> bool:
    """Whether an event's field is left open; when something is done stands there as `at`."""
    return any(event["data"].get("at" if field == "done_at" else field) == OPEN for event in events)


def _zoned(seen: Seen) -> bool:
    return all(seen.looks[name].zoned for field, name in seen.fields.items() if field in DATES)


class _Columns:
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
        return self.taken(field, **{"as": "id"})

    def taken(self, field: str, **how: Any) -> Any:
        """What a column says, read in some way; OPEN without one."""
        return {"from": self.item(field), **how} if self.sure(field) else OPEN

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


def _events(columns: _Columns, path: Path) -> list[Fields]:
    of_people = columns.sure("email") and not columns.has("due", "done_at", "requested_due", "value")
    renews = columns.has("renews_on") and columns.has("customer_id")
    of_accounts = renews and not columns.has("promise_id", "what", "due", "done_at", "value", "milestone", "email")
    of_steps = columns.has("milestone") and columns.has("at", "status", "planned") and not columns.has("due", "what")
    found = []
    if columns.has("email"):
        found.append(_contact(columns, alone=of_people))
    if renews:
        found.append(_account(columns))
    if of_steps:
        found.append(_step(columns))
    elif not of_people and not of_accounts:
        found.append(_promise(columns, path))
        if columns.has("done_at"):
            found.append(_done(columns))
    return found


def _contact(columns: _Columns, *, alone: bool) -> Fields:
    who = "customer_id" if columns.has("customer_id") or not alone else "promise_id"
    data: Fields = {"customer_id": columns.id(who), "email": columns.item("email")}
    names = [field for field in ("name", *(("what",) if alone else ())) if columns.has(field)]
    if names:
        data["name"] = columns.item(names[0])
    if columns.has("language"):
        lower = {"from": f"lower({columns.cell('language')})", "default": "en"}
        data["language"] = OPEN if columns.item("language") == OPEN else lower
    if columns.has("purposes"):
        cell = columns.item("purposes")
        data["purposes"] = f"{cell} && split(lower({cell}), ';')"
    if columns.has("tier"):
        data["tier"] = columns.item("tier")
    if columns.has("tolerance"):
        cell = columns.item("tolerance")
        data["tolerance"] = f"{cell} && lower({cell})"
    hours = [name for name in ("ahead_hours", "pace_hours") if columns.has(name)]
    data |= {name: columns.taken(name, **{"as": "number"}) for name in hours}
    return {"type": "contact.set", "when": columns.cell("email"), "data": data}


def _account(columns: _Columns) -> Fields:
    day = columns.time("renews_on")
    data = {"customer_id": columns.id("customer_id"), "renews_on": day if day == OPEN else {**day, "as": "date"}}
    return {"type": "account.set", "when": columns.cell("renews_on"), "data": data}


def _promise(columns: _Columns, path: Path) -> Fields:
    rule: Fields = {"type": "promise.made"}
    if columns.has("promise_id"):
        rule["when"] = columns.cell("promise_id")
    if columns.has("made_at"):
        rule["time"] = columns.time("made_at")
    kind = columns.id("kind") if columns.has("kind") else {"value": words(path.stem).replace(" ", "-") or "promise"}
    data: Fields = {"promise_id": columns.id("promise_id"), "customer_id": columns.id("customer_id"), "kind": kind}
    data["what"] = {"from": columns.item("what"), "as": "text", "cut": 1000} if columns.has("what") else OPEN
    data |= {name: columns.time(name) for name in ("made_at", "due", "requested_due") if columns.has(name)}
    if columns.has("value"):
        data["value"] = columns.taken("value", **{"as": "number"})
        data["currency"] = columns.item("currency") if columns.has("currency") else OPEN
    data |= {name: columns.id(name) for name in ("owner", "deliverer") if columns.has(name)}
    if columns.has("department"):
        data["department"] = columns.item("department")
    if labels := [guess.column for guess in columns.seen.guesses if guess.field == "labels"]:
        data["labels"] = _labels(labels)
    return {**rule, "data": data}


def _labels(columns: list[str]) -> Fields:
    """A label of each column, by its name where that is plain and no other column's."""
    found: Fields = {}
    for number, column in enumerate(columns):
        plain = words(column).replace(" ", "_")
        found[plain if plain and plain not in found else f"label_{number}"] = expression(column)
    return found


def _done(columns: _Columns) -> Fields:
    done = columns.time("done_at")
    fixed: Mapping[str, Any] = {"milestone": {"value": "done"}, "status": {"value": "reached"}}
    data = {"promise_id": columns.id("promise_id"), **fixed, "at": done, "final": {"value": True}}
    return {"type": "milestone.reported", "when": columns.cell("done_at"), "time": done, "data": data}


def _step(columns: _Columns) -> Fields:
    data: Fields = {"promise_id": columns.id("promise_id"), "milestone": columns.item("milestone")}
    data["status"] = columns.status()
    rule: Fields = {"type": "milestone.reported", "when": columns.item("milestone")}
    when = "at" if columns.has("at") else "planned"
    if columns.has("at"):
        rule["time"] = columns.time("at")
    data["at"] = columns.time(when) if columns.has(when) else OPEN
    if columns.has("planned"):
        data["planned"] = columns.time("planned")
    return {**rule, "data": data}
