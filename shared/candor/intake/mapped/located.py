"""YAML as plain values, with the line on which each of them stands; nothing in it can grow or run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import yaml

from candor.errors import at_once

Path = tuple[str | int, ...]
# The same in C, ten times as fast, where it is built in.
_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MOST_BYTES: Final = 262_144
DEEPEST: Final = 24
_HINTS: Final = {
    "found character that cannot start any token": "a tab, or a sign such as @ or ` without quotes, cannot stand here",
    "mapping values are not allowed in this context": "a name stands too far to the right, or a text with : in it"
    " needs quotes",
    "found unexpected ':'": "a blank is missing behind a colon, or what it is",
    "could not find expected ':'": "a colon is missing behind a name, or a blank behind the colon",
}
"""What the reader of YAML says in words of its own trade, in plain ones."""
_TAGS: Final = {
    f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str", "timestamp", "map", "seq")
}


class Located(NamedTuple):
    """A document and the line, from 1 on, of each value by its path, and of each key by its path and KEY."""

    value: Any
    lines: Mapping[Path, int]

    def standing(self, path: Sequence[str | int]) -> Path:
        """The parts of a path that stand in the document: pydantic's paths also name the members of unions."""
        found: Path = ()
        for part in path:
            if (*found, part) in self.lines:
                found = (*found, part)
        return found

    def line(self, path: Sequence[str | int]) -> int:
        """The line of what is at the path, or of the nearest thing around it."""
        return self.lines.get(self.standing(path), 1)


class LocatedError(ValueError):
    """Something wrong on a line of a file; of several mistakes `line` is the first one's."""

    def __init__(self, line: int, text: str, *others: tuple[int, str]) -> None:
        self.line = line
        self.mistakes = tuple(dict.fromkeys(((line, text), *others)))
        super().__init__(at_once([f"line {number}: {words}" for number, words in self.mistakes]))


def together(errors: Iterable[LocatedError]) -> LocatedError:
    """Several as one, in the order of their lines; there is at least one."""
    (line, text), *others = sorted(one for error in errors for one in error.mistakes)
    return LocatedError(line, text, *others)


def read(raw: bytes) -> Located:
    """The document. Raises LocatedError for no YAML, aliases, tags, a key given twice, too deep or too large."""
    if len(raw) > MOST_BYTES:
        raise LocatedError(1, f"the file is larger than {MOST_BYTES:,} bytes")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise LocatedError(1, "the file is not UTF-8") from None
    try:
        # An alias could make a small file endless, and nobody needs one here.
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.AliasEvent):
                raise LocatedError(event.start_mark.line + 1, "aliases (*name) are not read: write it out")
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise _broken(error) from None
    except RecursionError:
        raise LocatedError(1, f"nested deeper than {DEEPEST} levels") from None
    lines: dict[Path, int] = {}
    return Located(_value(node, (), lines), lines)


def _broken(error: yaml.YAMLError) -> LocatedError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    said = getattr(error, "problem", None) or "it cannot be read"
    said = _HINTS.get(said, said)
    return LocatedError(mark.line + 1 if mark else 1, f"no YAML: {said}")


def _value(node: yaml.Node | None, path: Path, lines: dict[Path, int]) -> Any:
    if node is None:
        return None
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if len(path) > DEEPEST:
        raise LocatedError(line, f"nested deeper than {DEEPEST} levels")
    if node.tag not in _TAGS:
        raise LocatedError(line, f"the tag {node.tag!r} is not read here")
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_value(one, (*path, number), lines) for number, one in enumerate(node.value)]
    if node.tag.endswith(":timestamp"):
        # It stays the text that stands there, like every other text.
        return node.value
    return yaml.SafeLoader("").construct_object(node)


def _mapping(node: yaml.MappingNode, path: Path, lines: dict[Path, int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
            raise LocatedError(line, "a key is a plain text")
        # As it stands: `on` and `no` are keys like others, and so is a status called 690970001.
        name = key.value
        if name in found:
            raise LocatedError(line, f"{name[:64]!r} stands here twice")
        lines[(*path, name)] = line
        found[name] = _value(value, (*path, name), lines)
    return found
