"""Rules for what was seen of a table, as they stand in FILE.map.yaml; what nobody could know is OPEN."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from candor.replay.stream import utc_text
from candor.tabular.columns import Columns, Fields, Given, expression
from candor.tabular.config import OPEN
from candor.tabular.fitting import DATES
from candor.tabular.names import words
from candor.tabular.proposing import Seen
from candor.tabular.reading import Table


class Draft(NamedTuple):
    """A mapping to be edited: its head, and its events, each with its type, `when`, time and data.

    `reasons`: why a field is open although a column tells something of it, or why it is always the same; `unused`: the
    columns that are named as a field that does not wait for them.
    """

    head: Fields
    events: list[Fields]
    reasons: Mapping[str, str]
    unused: Mapping[str, str]


def draft(table: Table, seen: Seen, given: Given, exported_at: datetime) -> Draft:
    """The mapping that is proposed."""
    head: Fields = {"zone": given.zone or ("UTC" if _zoned(seen) else OPEN), "exported_at": utc_text(exported_at)}
    signs = {seen.looks[name].decimal for field, name in seen.fields.items() if field == "value"} - {""}
    head["decimal"] = next(iter(signs), ".")
    head["empty"] = list(seen.empty)
    if table.sheet:
        head["sheet"] = table.sheet
    columns = Columns(seen, given)
    events = _events(columns, table.path)
    open_ = {field: column for field, column in seen.doubted.items() if _waits(field, events)}
    reasons = {field: f"{column} is {seen.doubts[column].why}" for field, column in open_.items()}
    if why := columns.currency()[1]:
        reasons["currency"] = why
    unused = {column: said.why for column, said in seen.doubts.items() if column not in open_.values()}
    return Draft(head, events, reasons, unused)


def _waits(field: str, events: list[Fields]) -> bool:
    """Whether an event's field is left open; when something is done stands there as `at`."""
    return any(event["data"].get("at" if field == "done_at" else field) == OPEN for event in events)


def _zoned(seen: Seen) -> bool:
    return all(seen.looks[name].zoned for field, name in seen.fields.items() if field in DATES)


def _events(columns: Columns, path: Path) -> list[Fields]:
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


def _contact(columns: Columns, *, alone: bool) -> Fields:
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
    data |= {name: columns.number(name) for name in hours}
    return {"type": "contact.set", "when": columns.cell("email"), "data": data}


def _account(columns: Columns) -> Fields:
    day = columns.time("renews_on")
    data = {"customer_id": columns.id("customer_id"), "renews_on": day if day == OPEN else {**day, "as": "date"}}
    return {"type": "account.set", "when": columns.cell("renews_on"), "data": data}


def _promise(columns: Columns, path: Path) -> Fields:
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
        data["value"] = columns.number("value")
        data["currency"], _ = columns.currency()
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


def _done(columns: Columns) -> Fields:
    done = columns.time("done_at")
    fixed: Mapping[str, Any] = {"milestone": {"value": "done"}, "status": {"value": "reached"}}
    data = {"promise_id": columns.id("promise_id"), **fixed, "at": done, "final": {"value": True}}
    return {"type": "milestone.reported", "when": columns.cell("done_at"), "time": done, "data": data}


def _step(columns: Columns) -> Fields:
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
