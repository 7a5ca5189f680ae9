"""What may stand in FILE.map.yaml: the mapping language of sources.yaml over the rows of a table.

In expressions `item` is a row by the names of its columns, such as `item.order` or `item."Due date"`, and `number` is
the row's. What a person still has to say stands there as OPEN, and an import says on which line.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from candor.intake.mapped import Shapes, located
from candor.intake.mapped.config import MOST_EVENTS, EventRule, Expression, Taken, Zone
from candor.intake.mapped.located import LocatedError, together
from candor.intake.mapped.reading import event_mistakes, mistakes
from candor.web.http.fields import dated

OPEN: Final = "???"
ZONELESS: Final = ("seconds", "milliseconds", "nanoseconds")
_open: Final = re.compile(r"""\s*(?:- )?([\w"-]+):(?:.*[:\s{])?\s*['"]?\?\?\?['"]?\s*(?:[,}\]]|$)""")


class TableMap(BaseModel):
    """What the rows of a table mean."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    zone: Annotated[Zone, Field(description="Of all times that carry none.")]
    exported_at: Annotated[str, Field(description="The time of events whose row says none.")]
    decimal: Annotated[Literal[".", ","], Field(description="The decimal sign of numbers.")] = "."
    empty: Annotated[list[str], Field(max_length=50, description="What stands in cells that say nothing.")] = []
    sheet: Annotated[str, Field(max_length=100, description="Of an Excel file; default: the first.")] = ""
    ignore: Annotated[Expression | None, Field(description="Rows that mean nothing here, and are no mistake.")] = None
    events: Annotated[list[EventRule], Field(min_length=1, max_length=MOST_EVENTS)]

    @property
    def exported(self) -> datetime:
        """The time of events whose row says none."""
        return dated(self.exported_at)


def read_map(raw: bytes, shapes: Shapes) -> TableMap:
    """The mapping in a file, `filled`.

    Raises LocatedError for the mistakes in it, and for what is left open.
    """
    lines = enumerate(raw.decode("utf-8", "replace").splitlines(), 1)
    open_ = [(number, found[1]) for number, line in lines if (found := _open.match(line.partition("#")[0]))]
    if open_:
        raise together(
            LocatedError(at, f"{name} is left open: write what it is in place of {OPEN}") for at, name in open_
        )
    document = located.read(raw)
    try:
        table = TableMap.model_validate(document.value)
    except ValidationError as error:
        raise mistakes(error, document) from None
    try:
        _ = table.exported
    except ValueError as error:
        raise LocatedError(document.line(("exported_at",)), f"exported_at: {error}") from None
    wrong = [
        one
        for number, event in enumerate(table.events)
        for one in event_mistakes(event, (), ("events", number), document, shapes, lacks=LACKS.get(event.type, ()))
    ]
    if wrong:
        raise together(wrong)
    return filled(table)


def filled(table: TableMap) -> TableMap:
    """The mapping with its zone in every time and its decimal sign in every number."""
    return table.model_copy(update={"events": [_filled(event, table) for event in table.events]})


LACKS: Final = {"promise.made": ("due",)}
"""Fields that an event needs and a table may not have: a promise without its date is a draft until somebody says it."""


def _filled(event: EventRule, table: TableMap) -> EventRule:
    changed = {name: _with(getattr(event, name), table) for name in ("id", "time") if getattr(event, name) is not None}
    return event.model_copy(update={**changed, "data": _with(event.data, table)})


def _with(value: Any, table: TableMap) -> Any:
    if isinstance(value, dict):
        return {name: _with(part, table) for name, part in value.items()}
    if isinstance(value, list):
        return [_with(part, table) for part in value]
    if isinstance(value, Taken):
        return _taken(value, table)
    return value


def _taken(value: Taken, table: TableMap) -> Taken:
    changed: dict[str, Any] = {}
    if value.time is not None and value.time not in ZONELESS and value.zone is None:
        changed["zone"] = table.zone
    if value.as_ == "number" and value.decimal is None:
        changed["decimal"] = table.decimal
    return value.model_copy(update=changed) if changed else value
