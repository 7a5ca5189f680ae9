"""All sources of a running service: its modules, its presets, and those of SOURCES_FILE, which is read again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, Final, NamedTuple

from candor.intake.mapped.completing import mapped
from candor.intake.mapped.config import SourceRule
from candor.intake.mapped.poll_config import Poll
from candor.intake.mapped.reading import NO_PRESETS, Presets, Shapes, read_sources
from candor.intake.mapped.source import MappedSource, media_types_of
from candor.intake.source import Source
from candor.intake.sources import discover, registered
from candor.ops.secret_files import SecretFile, SecretFiles


def presets_of(package: ModuleType, service: str, shapes: Shapes) -> dict[str, SourceRule]:
    """The presets of a package's YAML files, by name. Raises ValueError, with file and line, for a mistake in one."""
    found: dict[str, SourceRule] = {}
    for file in sorted(files(package).iterdir(), key=lambda each: each.name):
        if not file.name.endswith(".yaml"):
            continue
        try:
            rules = read_sources(file.read_bytes(), service, shapes, NO_PRESETS)
        except ValueError as error:
            raise ValueError(f"{file.name}, {error}") from None
        if list(rules) != [file.name.removesuffix(".yaml")]:
            raise ValueError(f"{file.name}: holds one source of {service}, which has the file's name")
        found |= rules
    return found


NO_DRAFTS: Final[Shapes] = MappingProxyType({})


class Offered(NamedTuple):
    """What a service understands: the events that come by webhook, and the package of its sources and presets.

    `drafts` are the shapes of events that need not be complete.
    """

    service: str
    shapes: Shapes
    package: ModuleType
    drafts: Shapes = NO_DRAFTS

    def presets(self) -> dict[str, SourceRule]:
        """Its presets, by name."""
        return presets_of(self.package, self.service, self.shapes)

    def media_types(self) -> set[str]:
        """What bodies of its presets come as, also of those that only a company's file makes a source."""
        return {kind for rule in self.presets().values() for kind in media_types_of(rule)}

    def sources(self, extra: Iterable[Source] = (), file: Path | None = None) -> Registry:
        """All its sources, with `extra` ones and those of a file. Raises ValueError for a wrong module or file."""
        fixed = discover(self.package, extra)
        return Registry(fixed, self.presets(), self.service, self.shapes, file)


class Registry(Mapping[str, Source]):
    """The sources by name; of a name that stands in the file, the file's. A preset that needs more is only extended.

    Raises ValueError at construction for a wrong file; one that turns wrong later leaves what stood there before.
    """

    def __init__(self, fixed: Mapping[str, Source], presets: Presets, service: str, shapes: Shapes, file: Path | None):
        whole = {name: MappedSource(name, rule) for name, rule in presets.items() if not (rule.needs or rule.missing())}
        self._fixed = registered([*fixed.values(), *whole.values()])
        self._senders: SecretFile[Any] | None = None

        def parse(raw: bytes) -> Mapping[str, Source]:
            own = read_sources(raw, service, shapes, presets)
            return {**self._fixed, **{name: mapped(name, rule) for name, rule in own.items()}}

        self._file = SecretFile(file, parse, name="SOURCES_FILE", then=self._tell) if file is not None else None

    def attach(self, watched: SecretFiles, senders: SecretFile[Any] | None) -> None:
        """Read the file again when it changes, and the secrets with it: they name schemes of sources."""
        self._senders = senders
        watched.watch(self._file)

    def polls(self) -> dict[str, Poll]:
        """The sources that are polled, and how, by name."""
        mapped = [source for source in self._now().values() if isinstance(source, MappedSource)]
        return {source.name: source.rule.poll for source in mapped if source.rule.poll is not None}

    def __getitem__(self, name: str) -> Source:
        return self._now()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())

    def _now(self) -> Mapping[str, Source]:
        return self._fixed if self._file is None else self._file.get()

    def _tell(self) -> None:
        if self._senders is not None:
            self._senders.read_again()
