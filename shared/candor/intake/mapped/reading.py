"""Files of mapped sources: read, checked against our events, and refused in words that name the lines."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from candor.intake.mapped import located, parameters, roots
from candor.intake.mapped.config import Constant, EventRule, ExtendedRule, Proof, SourceFile, SourceRule
from candor.intake.mapped.fitting import unfit
from candor.intake.mapped.labels import LabelRule
from candor.intake.mapped.located import Located, LocatedError, Path, together
from candor.intake.mapped.poll_config import APIS
from candor.intake.mapped.schemes import schemes_of
from candor.intake.mapped.words import NAMES, told

Shapes = Mapping[str, type[BaseModel]]
"""The events that a service takes by mappings, and the model of each one's `data`."""
Presets = Mapping[str, SourceRule]
"""The sources that Candor comes with, which a file may extend."""
NO_PRESETS: Final[Presets] = MappingProxyType({})
_names: Final = re.compile(r"(?<![\w.])(parameters|named)\.(\w+)")


def read_sources(raw: bytes, service: str, shapes: Shapes, presets: Presets = NO_PRESETS) -> dict[str, SourceRule]:
    """The sources of a file that are this service's, by name. Raises LocatedError for the mistakes of the file.

    Sources of another service are checked as well, but for its events and presets, which only that service knows.
    """
    document = located.read(raw)
    try:
        file = SourceFile.model_validate(document.value)
    except ValidationError as error:
        raise mistakes(error, document) from None
    found, wrong = {}, list[LocatedError]()
    for name, said in file.sources.items():
        path: Path = ("sources", name)
        try:
            _check_service(said, path, document)
            if said.service == service:
                rule = _extended(said, path, document, presets) if isinstance(said, ExtendedRule) else said
                found[name] = _with_labels(rule, file.affects, path, document)
                wrong += _mistakes(found[name], path, document, shapes)
        except LocatedError as error:
            wrong.append(error)
    if wrong:
        raise together(wrong)
    return found


def _check_service(said: SourceRule | ExtendedRule, path: Path, document: Located) -> None:
    """Raise LocatedError for what a source has that is wrong whatever service it is for."""
    if said.proof is not None:
        _check_proof(said.proof, path, document)
    if said.poll is not None and said.poll.api not in APIS[said.service]:
        words = f"{said.service} polls {_listed(APIS[said.service])}, not {said.poll.api}"
        raise _at(document, (*path, "poll", "api"), words)


def _mistakes(rule: SourceRule, path: Path, document: Located, shapes: Shapes) -> Iterator[LocatedError]:
    yield from _wrong_names(rule, path, document)
    for number, event in enumerate(rule.events):
        yield from event_mistakes(event, rule.needs, (*path, "events", number), document, shapes)


def _check_proof(proof: Proof, path: Path, document: Located) -> None:
    try:
        schemes_of(proof)
    except ValueError as error:
        raise _at(document, (*path, "proof"), str(error)) from None


def _extended(said: ExtendedRule, path: Path, document: Located, presets: Presets) -> SourceRule:
    base = presets.get(said.extends)
    if base is None:
        words = f"there is no preset {said.extends[:64]!r}, {said.service} has {_listed(presets)}"
        raise _at(document, (*path, "extends"), words)
    if missing := [name for name in base.needs if name not in said.data]:
        raise _at(document, path, f"{said.extends} needs, under data: {', '.join(missing)}")
    base = base.given(_parameters(said, base, path, document))
    changes: dict[str, Any] = {"needs": [], "events": [_changed(event, base, said) for event in base.events]}
    if unknown := [name for name in said.named if name not in base.named]:
        words = f"{said.extends} names no such thing, it has {_listed(base.named) or 'none'}"
        raise _at(document, (*path, "named", unknown[0]), words)
    fields = {name for event in base.events for name in event.data}
    if idle := [name for name in said.data if name not in fields and name not in base.needs]:
        words = f"no event of {said.extends} has such a field, they have {_listed(fields)}"
        raise _at(document, (*path, "data", idle[0]), words)
    changes["named"] = {**base.named, **said.named}
    for name in ("about", "proof", "ignore", "labels", "affects", "poll"):
        if (given := getattr(said, name)) is not None:
            changes[name] = given
    return base.model_copy(update=changes)


def _with_labels(rule: SourceRule, known: Mapping[str, list[LabelRule]], path: Path, document: Located) -> SourceRule:
    if rule.affects is None:
        return rule
    if rule.labels is None:
        raise _at(document, (*path, "affects"), "say with `labels` where the labels of an incident stand")
    if not isinstance(rule.affects, str):
        return rule
    if rule.affects not in known:
        words = f"there are no rules {rule.affects[:64]!r} under affects, there are {_listed(known) or 'none'}"
        raise _at(document, (*path, "affects"), words)
    return rule.model_copy(update={"affects": known[rule.affects]})


def _parameters(said: ExtendedRule, base: SourceRule, path: Path, document: Located) -> dict[str, Any]:
    found = {}
    for name, value in said.parameters.items():
        place = (*path, "parameters", name)
        asked = base.parameters.get(name)
        if asked is None:
            raise _at(document, place, f"{said.extends} has no such parameter, it has {_listed(base.parameters)}")
        try:
            found[name] = parameters.given(asked, value)
        except ValueError as error:
            raise _at(document, place, f"{error}: {asked.about}") from None
    if missing := [name for name in base.missing() if name not in found]:
        lines = "; ".join(f"{name} ({base.parameters[name].about})" for name in missing)
        raise _at(document, path, f"{said.extends} needs, under parameters: {lines}")
    return found


def _wrong_names(rule: SourceRule, path: Path, document: Located) -> Iterator[LocatedError]:
    for place, name in roots.unknown(rule):
        words = f"an expression begins with one of {_listed(roots.GIVEN)}, not with {name[:64]!r}"
        yield _at(document, (*path, *place), f"{words}: a constant is {{value: …}}, a text in an expression 'x'")
    # An expression with a name that nobody gives would select nothing, for ever and in silence.
    for kind, name in _names.findall(rule.model_dump_json(exclude={"parameters"})):
        if name not in (known := getattr(rule, kind)):
            words = f"an expression reads {kind}.{name}, the source has {_listed(known) or 'none'}"
            yield _at(document, path, words)
    for name, one in rule.parameters.items():
        for key in ("default", "example"):
            if (value := getattr(one, key)) is not None:
                try:
                    parameters.given(one, value)
                except ValueError as error:
                    yield _at(document, (*path, "parameters", name, key), str(error))


def _changed(event: EventRule, base: SourceRule, said: ExtendedRule) -> EventRule:
    own = {name: value for name, value in said.data.items() if name in event.data or name in base.needs}
    return event.model_copy(update={"data": {**event.data, **own}})


def event_mistakes(
    event: EventRule,
    needs: Collection[str],
    path: Path,
    document: Located,
    shapes: Shapes,
    *,
    lacks: Collection[str] = (),
) -> Iterator[LocatedError]:
    """What is wrong if there is no such event, or the event has no such field, or needs others than `lacks`."""
    shape = shapes.get(event.type)
    if shape is None:
        yield _at(document, (*path, "type"), f"there is no event {event.type[:64]!r}, there are {_listed(shapes)}")
        return
    fields = {field.alias or name: field for name, field in shape.model_fields.items()}
    for name, value in event.data.items():
        if name not in fields:
            yield _at(document, (*path, "data", name), f"{event.type} has no such field, it has {_listed(fields)}")
        elif isinstance(value, Constant) and value.value is None:
            yield _at(document, (*path, "data", name), "a constant null says nothing: leave it out")
        else:
            for place, words in unfit(shape, name, value):
                yield _at(document, (*path, "data", name, *place), words)
    given = {*event.data, *needs, *lacks}
    missing = [name for name, field in fields.items() if field.is_required() and name not in given]
    if missing:
        yield _at(document, (*path, "data"), f"{event.type} needs {', '.join(missing)} as well")


def mistakes(error: ValidationError, document: Located) -> LocatedError:
    """All mistakes, by their lines: of a value that may be one of several kinds, those of the kind that was meant."""
    if document.value is None:
        return _at(document, (), f"the file is empty: it {NAMES}")
    by_place: dict[Path, list[ErrorDetails]] = {}
    for item in _meant(error.errors(include_url=False), document):
        path, name = document.standing(item["loc"]), item["loc"][-1] if item["loc"] else ""
        lacks = item["type"] == "missing" and name not in path
        by_place.setdefault((*path, name) if lacks else path, []).append(item)
    return together(_told(path, items, document) for path, items in by_place.items())


def _told(path: Path, items: list[ErrorDetails], document: Located) -> LocatedError:
    if path and path not in document.lines:
        return _at(document, path[:-1], f"{path[-1]} is missing")
    return _at(document, path, told(items))


def _meant(found: list[ErrorDetails], document: Located) -> Iterator[ErrorDetails]:
    """The mistakes without those of kinds that a value was not meant to be: the deepest one stands in the right one."""
    deepest: dict[Path, dict[str | int, int]] = {}
    for item in found:
        for at, kind in _kinds(item, document):
            depths = deepest.setdefault(at, {})
            depths[kind] = max(depths.get(kind, 0), len(document.standing(item["loc"])))
    for item in found:
        if all(deepest[at][kind] == max(deepest[at].values()) for at, kind in _kinds(item, document)):
            yield item


def _kinds(item: ErrorDetails, document: Located) -> Iterator[tuple[Path, str | int]]:
    """The places in a path of pydantic's at which a value may be of several kinds, and which kind it is taken for."""
    at: Path = ()
    for number, part in enumerate(item["loc"]):
        if (*at, part) in document.lines:
            at = (*at, part)
        elif part != "[key]" and (number < len(item["loc"]) - 1 or item["type"] != "missing"):
            yield at, part


def _at(document: Located, path: Path, text: str) -> LocatedError:
    place = ".".join(str(part) for part in path)
    return LocatedError(document.line(path), f"{place}: {text}" if place else text)


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names))
