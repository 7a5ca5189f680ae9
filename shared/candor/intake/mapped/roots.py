"""Which names the expressions of a mapping begin with: one that nobody gives selects nothing, and in silence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from candor.intake.mapped.config import Constant, EventRule, SourceRule, Taken, Value
from candor.intake.mapped.expressions import compiled
from candor.intake.mapped.located import Path

GIVEN: Final = frozenset({"body", "item", "number", "sender", "parameters", "named"})
"""What an expression may begin with."""
_LEFT_ALONE: Final = frozenset(
    {"subexpression", "index_expression", "pipe", "projection", "value_projection", "filter_projection", "flatten"}
)


def roots(expression: str) -> Iterator[str]:
    """The names that an expression reads of what it is given, not those within something that it has selected."""
    waiting: list[Any] = [compiled(expression).parsed]
    while waiting:
        node = waiting.pop()
        if node["type"] == "field":
            # A bare null selects nothing, as whoever writes it means.
            if node["value"] != "null":
                yield node["value"]
        elif node["type"] in _LEFT_ALONE:
            waiting.append(node["children"][0])
        elif node["type"] != "expref":
            waiting += [child for child in node["children"] if isinstance(child, dict)]


def unknown(rule: SourceRule) -> Iterator[tuple[Path, str]]:
    """Each place in a source of an expression that begins with a name which nobody gives, and that name."""
    for path, expression in _expressions(rule):
        for name in roots(expression):
            if name not in GIVEN:
                yield path, name


def _expressions(rule: SourceRule) -> Iterator[tuple[Path, str]]:
    for key in ("each", "ignore", "labels"):
        if (said := getattr(rule, key)) is not None:
            yield (key,), said
    for name, said in rule.named.items():
        yield ("named", name), said
    for number, event in enumerate(rule.events):
        yield from _of_event(event, ("events", number))


def _of_event(event: EventRule, path: Path) -> Iterator[tuple[Path, str]]:
    for key, said in (("when", event.when), ("id", event.id), ("time", event.time)):
        if said is not None:
            yield from _of_value(said, (*path, key))
    for name, value in event.data.items():
        yield from _of_value(value, (*path, "data", name))


def _of_value(value: Value, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Taken):
        yield (*path, "from"), value.from_
        if value.zone_from is not None:
            yield (*path, "zone_from"), value.zone_from
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _of_value(part, (*path, name))
    elif not isinstance(value, Constant):
        for number, entry in enumerate(value):
            yield from _of_value(entry, (*path, number))
