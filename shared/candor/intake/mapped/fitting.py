"""Whether the values that a mapping names itself can stand in the field they are for: else every event is refused."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from candor.intake.mapped.config import Constant, Taken, Value
from candor.intake.mapped.located import Path


def unfit(shape: type[BaseModel], field: str, value: Value) -> Iterator[tuple[Path, str]]:
    """Each value of a mapping for `field` that the event's model refuses: where it stands, and why."""
    for path, own in _own(value):
        try:
            if own is not None:
                _reader(shape, field).validate_python(own)
        except ValidationError as error:
            said = error.errors(include_url=False, include_input=False)[0]["msg"]
            words = said.removeprefix("Value error, ").replace("Input should be", "must be", 1)
            yield path, f"{own!r:.80} cannot stand here: {words}"


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
