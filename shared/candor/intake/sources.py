"""The sources of a service: every module of its folder `sources/`, and extra ones passed to its wiring."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Final

from candor.intake.source import Source

COMMON: Final = frozenset(
    ("application/json", "application/xml", "text/xml", "text/plain", "application/x-www-form-urlencoded")
)
"""Media types that do not identify their sender; any other belongs to only one source."""
_name: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_media_type: Final = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")
Sources = Mapping[str, Source]


def discover(package: ModuleType, extra: Iterable[Source] = ()) -> dict[str, Source]:
    """The sources of a package and `extra` ones, by name. Raises ValueError for an invalid module or source."""
    found = []
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda each: each.name):
        dotted = f"{package.__name__}.{module.name}"
        source = getattr(import_module(dotted), "SOURCE", None)
        if source is None:
            raise ValueError(f"{dotted} exports no SOURCE: a folder of sources holds nothing else")
        found.append(source)
    return registered([*found, *extra])


def registered(sources: Iterable[Source]) -> dict[str, Source]:
    """Sources by name. Raises ValueError if two sources claim the same name or the same specific media type."""
    found: dict[str, Source] = {}
    owners: dict[str, str] = {}
    for source in sources:
        name = source.name
        if not _name.fullmatch(name):
            raise ValueError(f"source {name!r}: a name is 1 to 64 of a-z, 0-9, hyphen, underscore, a letter first")
        if name in found:
            raise ValueError(f"two sources are called {name!r}: rename one")
        _check_schemes(source)
        if not source.media_types:
            raise ValueError(f"source {name!r} reads no media type")
        for kind in source.media_types:
            if not _media_type.fullmatch(kind):
                raise ValueError(f"source {name!r}: {kind!r} is no media type in lower case, without parameters")
            if kind not in COMMON and owners.setdefault(kind, name) != name:
                raise ValueError(f"sources {owners[kind]!r} and {name!r} both claim {kind}: only one can read it")
        found[name] = source
    return found


def _check_schemes(source: Source) -> None:
    names = [scheme.name for scheme in source.schemes]
    if not names:
        raise ValueError(f"source {source.name!r} has no scheme: nothing could prove who sends")
    if len(set(names)) != len(names):
        raise ValueError(f"source {source.name!r} has two schemes of one name: give one another `name`")
