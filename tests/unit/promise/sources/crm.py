"""The presets of promise-svc as a company extends them, and what their bodies become."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from nacl.public import PrivateKey

from candor.intake import Origin
from candor.intake.mapped import MappedSource, read_sources
from candor.intake.source import Incoming, Unusable
from candor.web.security.webhooks import Webhook
from promise_svc.api.neutral_events import Reader
from promise_svc.offered import OFFERED
from promise_svc.service.sealing import Sealer

NOW: Final = datetime(2026, 11, 30, tzinfo=UTC)
SEALER: Final = Sealer.of(base64.b64encode(bytes(PrivateKey.generate().public_key)))
PRESETS: Final = OFFERED.presets()
BODIES: Final = Path(__file__).parent / "bodies"
"""Requests as they were captured, byte by byte, where a signature covers them."""


def source(name: str, **parameters: Any) -> MappedSource:
    """A preset with its examples, and with a company's parameters."""
    return MappedSource(name, PRESETS[name].shown().given(parameters))


def read(name: str, body: Any, **parameters: Any) -> list[Incoming | Unusable]:
    """What a body becomes."""
    return read_by(source(name, **parameters), body)


def read_by(own: MappedSource, body: Any) -> list[Incoming | Unusable]:
    """What a body becomes by a source."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return list(own.read(Webhook("crm", "", raw), tuple(OFFERED.shapes), NOW))


def taken(found: list[Incoming | Unusable]) -> list[tuple[str, dict[str, Any]]]:
    """Type and data of events, all of which the service takes."""
    for one in found:
        assert isinstance(one, Incoming), one
        accept(one)
    return [(one.event.type, one.event.data) for one in found if isinstance(one, Incoming)]


def types(found: list[Incoming | Unusable]) -> list[str]:
    """The types of events, all of which the service takes."""
    return [kind for kind, _ in taken(found)]


def accept(one: Incoming) -> None:
    """Raises Problem if the service would refuse it at sight."""
    Reader(SEALER).statement(one.event, Origin(one.id or "x", "crm", one.event.time, False, "", None), ())


def sample(name: str, kind: str = "json") -> bytes:
    """A body that Candor comes with."""
    return files(OFFERED.package).joinpath("samples", f"{name}.{kind}").read_bytes()


def extended(text: str) -> MappedSource:
    """The one source of a company's file."""
    [(name, rule)] = read_sources(text.encode(), OFFERED.service, OFFERED.shapes, PRESETS).items()
    return MappedSource(name, rule)
