"""Sources at a desk: which there are, and what becomes of one request, without a service."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple

from candor.errors import InputError
from candor.intake.event import Event
from candor.intake.intake import reason
from candor.intake.mapped.outbound_message import is_xml
from candor.intake.mapped.reading import read_sources
from candor.intake.mapped.registry import Offered
from candor.intake.mapped.source import MappedSource
from candor.intake.shown_reason import shown_reason
from candor.intake.source import Incoming, Source, Unusable
from candor.web.http.body import convert
from candor.web.http.problems import Problem
from candor.web.security.schemes import PathToken, Scheme, SignedRequest
from candor.web.security.webhooks import Webhook

GROUP: Final = "candor.sources"
URLS: Final = {"promise-svc": "http://127.0.0.1:8101", "delivery-svc": "http://127.0.0.1:8102"}


class Outcome(NamedTuple):
    """What one item became: an event of ours, or the reason why it would be refused; `misses`: it would be a draft."""

    type: str
    id: str
    data: Mapping[str, Any]
    refused: str = ""
    misses: tuple[str, ...] = ()

    def shown(self) -> dict[str, Any]:
        """For scripts."""
        return self._asdict()

    def told(self) -> str:
        """For people."""
        if self.refused:
            return f"refused{f' as {self.type}' if self.type else ''}: {self.refused}"
        named = f" {self.id}" if self.id else " (its content is its identity)"
        named += f", a draft until it has {', '.join(self.misses)}" if self.misses else ""
        return f"{self.type}{named}\n{json.dumps(self.data, indent=2, ensure_ascii=False)}"


class Known(NamedTuple):
    """A source of a service; `needs` are the fields that are to be given where it is extended."""

    name: str
    offered: Offered
    source: Source
    needs: tuple[str, ...] = ()

    def shown(self) -> dict[str, Any]:
        """For scripts and tables."""
        about = self.source.rule.about if isinstance(self.source, MappedSource) else "Candor's own events"
        schemes = [scheme.name for scheme in self.source.schemes]
        rest = {"schemes": schemes, "needs": list(self.needs), "about": about}
        return {"name": self.name, "service": self.offered.service, **rest}

    def sample(self, *, xml: bool = False) -> bytes | None:
        """A body as the system sends it, in XML if it sends that as well and it is asked for; None if there is none."""
        for kind in ("xml", "json") if xml else ("json", "xml"):
            file = files(self.offered.package).joinpath("samples", f"{self.name}.{kind}")
            if file.is_file():
                return file.read_bytes()
        return None

    def tried(self, raw: bytes) -> list[Outcome]:
        """What a body becomes."""
        try:
            items = self.source.read(Webhook(self.name, "", raw), tuple(self.offered.shapes), datetime.now(UTC))
        except Problem as problem:
            return [Outcome("", "", {}, reason(problem))]
        return [self._outcome(item) for item in items]

    def _outcome(self, item: Incoming | Unusable) -> Outcome:
        if isinstance(item, Unusable):
            return Outcome(item.type, item.id, {}, shown_reason(item.problem))
        event = item.event
        try:
            convert(self.offered.shapes[event.type], event.data, "/data")
        except Problem as problem:
            misses = self._misses(event)
            return Outcome(event.type, item.id, event.data, "" if misses else shown_reason(problem, event.data), misses)
        return Outcome(event.type, item.id, event.data)

    def _misses(self, event: Event) -> tuple[str, ...]:
        """What an event that is not complete lacks, where the service keeps it until it is."""
        shape = self.offered.drafts.get(event.type)
        if shape is None or not isinstance(event.data, dict):
            return ()
        try:
            convert(shape, event.data, "/data")
        except Problem:
            return ()
        whole = self.offered.shapes[event.type].model_fields
        return tuple(name for name, field in whole.items() if field.is_required() and name not in event.data)

    def proof(self, raw: bytes, headers: Mapping[str, str], secret: str, url: str, at: datetime) -> str:
        """Why a captured request is proved at a time in none of the source's ways, "" if it is in one."""
        request = SignedRequest("POST", url, {name.lower(): value for name, value in headers.items()}, raw)
        why = ""
        for scheme in self.source.schemes:
            if isinstance(scheme, PathToken):
                if url.endswith(f"/{secret}"):
                    return ""
                why = why or "its address does not end with the secret"
                continue
            try:
                scheme.check(secret)
                scheme.verify(request._replace(uri=url or self._address(scheme, secret, "")), [secret], at)
            except ValueError as error:
                why = why or str(error)
            except Problem as problem:
                why = problem.detail
            else:
                return ""
        return why

    def curl(self, body: Path, secret: str, scheme: str, url: str) -> str:
        """The command that sends a file as the system would. Raises InputError for a scheme or secret that is wrong."""
        chosen = self._scheme(secret, scheme)
        address = self._address(chosen, secret, url)
        raw = body.read_bytes()
        headers = chosen.sign(SignedRequest("POST", address, {}, raw), secret, datetime.now(UTC))
        kinds = self.source.media_types
        said = {"content-type": next((kind for kind in kinds if is_xml(raw) and "xml" in kind), kinds[0]), **headers}
        options = " ".join(f"-H {shlex.quote(f'{name}: {value}')}" for name, value in said.items())
        # A file's bytes as they are: without `binary` curl leaves out line ends, and no signature would hold.
        return f"curl -sS {options} --data-binary @{shlex.quote(str(body))} {shlex.quote(address)}"

    def _scheme(self, secret: str, scheme: str) -> Scheme:
        schemes = {one.name: one for one in self.source.schemes}
        chosen = schemes.get(scheme) if scheme else next(iter(schemes.values()))
        if chosen is None:
            raise InputError(f"{self.name} has no scheme {scheme!r}, it has {', '.join(schemes)}")
        try:
            chosen.check(secret)
        except ValueError as error:
            raise InputError(f"{self.name}: {error}") from None
        return chosen

    def _address(self, scheme: Scheme, secret: str, url: str) -> str:
        address = url or f"{URLS[self.offered.service]}/v1/webhooks/{self.name}"
        return f"{address}/{secret}" if isinstance(scheme, PathToken) else address


def offers() -> list[Offered]:
    """What each installed service understands."""
    return sorted((point.load() for point in entry_points(group=GROUP)), key=lambda each: each.service)


def known(file: Path | None) -> list[Known]:
    """All sources of all services, with those of a file. Raises InputError, with the line, for a wrong file."""
    return [one for offered in offers() for one in _of(offered, file)]


def own(file: Path) -> list[Known]:
    """The sources of a file. Raises InputError, with the lines of its mistakes."""
    return [one for offered in offers() for one in _own(offered, file)]


def find(name: str, file: Path | None) -> Known:
    """One source by name. Raises InputError for one that does not exist, or that needs more than a preset says."""
    found = {one.name: one for one in known(file)}
    if name not in found:
        raise InputError(f"there is no source {name!r}, there are {', '.join(sorted(found))}")
    return found[name]


def _of(offered: Offered, file: Path | None) -> Iterator[Known]:
    mine = {one.name: one for one in _own(offered, file)} if file is not None else {}
    presets = offered.presets()
    for name, source in offered.sources().items():
        if name not in mine and name not in presets:
            yield Known(name, offered, source)
    for name, rule in presets.items():
        if name not in mine:
            needs = (*rule.needs, *(f"parameters.{one}" for one in rule.missing()))
            yield Known(name, offered, MappedSource(name, rule.shown()), needs)
    yield from mine.values()


def _own(offered: Offered, file: Path) -> Iterator[Known]:
    try:
        rules = read_sources(file.read_bytes(), offered.service, offered.shapes, offered.presets())
    except ValueError as error:
        raise InputError(f"{file}, {error}") from None
    for name, rule in rules.items():
        yield Known(name, offered, MappedSource(name, rule))
