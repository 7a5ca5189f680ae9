"""Events of one row, checked as the services check them, or the column and reason why it cannot be taken."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from candor.escaping import quoted
from candor.intake.mapped import Shapes
from candor.intake.mapped.config import Constant, EventRule, Taken
from candor.intake.mapped.expressions import ExpressionError, holds
from candor.intake.mapped.fields import made, moment
from candor.intake.source import canonical, derived_id
from candor.replay.stream import StreamEvent, utc_text
from candor.tabular.config import LACKS, TableMap
from candor.tabular.rows import Row
from candor.web.http.body import convert
from candor.web.http.problems import Problem

_column: Final = re.compile(r'\bitem\.(?:"((?:[^"\\]|\\.)+)"|([A-Za-z_]\w*))')
MISSING: Final = "is missing"
NO_RULE: Final = "no `when` of the mapping holds for this row"


class Fault(NamedTuple):
    """Why a row is not taken; `column` is "" where it is no column's."""

    row: int
    column: str
    reason: str


class Converter:
    """Makes events of rows by a mapping that is right. A row is taken whole or not at all.

    `checked` false: they are shown only, and may miss what nobody has said yet.
    """

    def __init__(self, table: TableMap, shapes: Shapes, *, checked: bool = True) -> None:
        self._map = table
        self._checked = checked
        self._shapes = shapes
        self._empty = {word.casefold() for word in table.empty}

    def events(self, row: Row) -> list[StreamEvent] | Fault:
        """The events of a row; none for one that the mapping leaves out."""
        if row.fault:
            return Fault(row.number, "", row.fault)
        cells = {name: cell for name, cell in row.cells.items() if not self._says_nothing(cell)}
        given = {"body": cells, "item": cells, "number": row.number, "sender": "import"}
        try:
            rules = self._rules(given)
        except ExpressionError as error:
            return Fault(row.number, "", f"when: {error}")
        if rules is None:
            return Fault(row.number, "", NO_RULE)
        found, wrong = [], []
        for rule in rules:
            try:
                found.append(self._event(rule, given))
            except Problem as problem:
                wrong.append(fault(row, rule, problem))
        return together(wrong) if wrong else found

    def _says_nothing(self, cell: Any) -> bool:
        return isinstance(cell, str) and cell.casefold() in self._empty

    def _rules(self, given: dict[str, Any]) -> list[EventRule] | None:
        if not given["item"] or (self._map.ignore is not None and holds(self._map.ignore, given)):
            return []
        return [rule for rule in self._map.events if rule.when is None or holds(rule.when, given)] or None

    def _event(self, rule: EventRule, given: dict[str, Any]) -> StreamEvent:
        data = {name: value for name, spec in rule.data.items() if (value := _made(spec, given, name)) is not None}
        time = (moment(rule.time, given, "/time") if rule.time is not None else None) or self._map.exported
        name = made(rule.id, given, "/id") if rule.id is not None else None
        if rule.id is not None and (name in (None, "") or isinstance(name, dict | list)):
            raise Problem.invalid_field("/id", "selects nothing that could be an id")
        if self._checked:
            self._check(rule.type, data)
        # Without an id of its own a row is known by what it says: the same row twice is one event, in any file.
        own = str(name) if name is not None else derived_id(rule.type, utc_text(time), canonical(data))
        return StreamEvent(own, rule.type, time, data)

    def _check(self, kind: str, data: dict[str, Any]) -> None:
        try:
            convert(self._shapes[kind], data, "/data")
        except Problem as problem:
            may = {f"/data/{name}" for name in LACKS.get(kind, ())}
            wrong = [error for error in problem.errors if error.detail != MISSING or error.pointer not in may]
            if wrong or not problem.errors:
                raise


def _made(spec: Any, given: dict[str, Any], name: str) -> Any:
    if isinstance(spec, dict) and name == "labels":
        # One that a row has not is none of its labels; of other objects each part is needed.
        parts = {key: made(part, given, f"/data/{name}/{key}") for key, part in spec.items()}
        return {key: part for key, part in parts.items() if part is not None} or None
    return made(spec, given, f"/data/{name}")


def fault(row: Row, rule: EventRule, problem: Problem) -> Fault:
    """The fault that a problem with an event of a rule is, by its first error, with what stands in its cells."""
    first = problem.errors[0] if problem.errors else None
    pointer, detail = (first.pointer or "", first.detail) if first else ("", problem.detail)
    columns = columns_of(rule, pointer)
    cells = [quoted(row.cells[name]) for name in columns if name in row.cells]
    says = "" if not cells or cells[0] in detail else f"; it says {', '.join(cells)}"
    return Fault(row.number, ", ".join(columns), f"{field_of(pointer)}{detail}{says}")


def together(faults: Sequence[Fault]) -> Fault:
    """All faults of a row as one: two events may take the same wrong cell."""
    columns, reasons = (
        list(dict.fromkeys(filter(None, said))) for said in zip(*(one[1:] for one in faults), strict=True)
    )
    return Fault(faults[0].row, ", ".join(columns), "; ".join(reasons))


def field_of(pointer: str) -> str:
    """Our field in words, before what is said of it; "" for none."""
    name = pointer.removeprefix("/data").strip("/").replace("/", ".")
    return f"{name}: " if name else ""


def columns_of(rule: EventRule, pointer: str) -> list[str]:
    """The columns from which a rule takes what stands at a pointer, such as /data/due; none for no field of its own."""
    root, *path = pointer.strip("/").split("/")
    value: Any = {"data": rule.data, "id": rule.id, "time": rule.time}.get(root)
    if root == "data":
        value = rule.data.get(path.pop(0)) if path else None
    for part in path:
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
    return list(dict.fromkeys(_columns(value)))


def _columns(value: Any) -> list[str]:
    if isinstance(value, Taken):
        value = value.from_
    if isinstance(value, str):
        return [json.loads(f'"{quoted}"') if quoted else simple for quoted, simple in _column.findall(value)]
    if isinstance(value, Constant) or value is None:
        return []
    parts = value.values() if isinstance(value, dict) else value
    return [name for part in parts for name in _columns(part)]
