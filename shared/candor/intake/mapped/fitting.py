"""Whether the values that a mapping names itself can stand in the field they are for: else every event is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from candor.intake.mapped.config import Constant, Taken, Value
from candor.intake.mapped.fields import made
from candor.intake.mapped.located import Path
from candor.intake.mapped.words import one_told
from candor.web.http.problems import Problem


def unfit(shape: type[BaseModel], field: str, value: Value) -> Iterator[tuple[Path, str]]:
    """Each value of a mapping for `field` that the event's model refuses: where it stands, and why."""
    for path, own in _own(value):
        try:
            if own is not None:
                _reader(shape, field).validate_json(json.dumps(own), strict=True)
        except ValidationError as error:
            yield path, f"{own!r:.80} cannot stand here: {one_told(error.errors(include_url=False)[0])}"
    if isinstance(value, Taken) and value.time is not None and value.default is not None:
        try:
            made(value.model_copy(update={"from_": "`null`", "zone_from": None, "zone": value.zone or "UTC"}), {}, "")
        except Problem as problem:
            yield ("default",), f"{value.default!r:.80} cannot stand here: {problem.detail}"
    if isinstance(value, list | dict) and not _may_be(type(value)(), _reader(shape, field)):
        kind = "a list" if isinstance(value, list) else "names with what they are"
        yield (), f"cannot be {kind}: one value stands here, such as item.name or {{value: …}}"


def _may_be(empty: list[Any] | dict[str, Any], reader: TypeAdapter[Any]) -> bool:
    """Whether a field takes what is of that kind at all, whatever it lacks."""
    try:
        reader.validate_python(empty)
    except ValidationError as error:
        return any(one["loc"] or one["type"] in ("too_short", "missing") for one in error.errors(include_url=False))
    return True


def _own(value: Value) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, Constant):
        yield ("value",), value.value
    elif isinstance(value, Taken) and value.time is None:
        yield ("default",), value.default
        # What is changed on the way is known only then.
        if value.as_ is None and value.cut is None:
            yield ("otherwise",), value.otherwise
            yield from ((("map", name), one) for name, one in (value.map or {}).items())


@cache
def _reader(shape: type[BaseModel], field: str) -> TypeAdapter[Any]:
    name = next(name for name, one in shape.model_fields.items() if field in (name, one.alias))
    found = shape.model_fields[name]
    kind: Any = Annotated[(found.annotation, *found.metadata)] if found.metadata else found.annotation
    return TypeAdapter(kind)
