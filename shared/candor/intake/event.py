"""Events as senders write them, by any transport: `{"id", "type", "time", "data"}`."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict

from candor.web.http.body import convert
from candor.web.http.fields import Moment, dated, not_ahead
from candor.web.http.problems import Problem

_name: Final = re.compile(r"(?:candor\.)?([a-z]+\.[a-z]+)(?:\.v([0-9]{1,4}))?")
VERSION: Final = "1"


class Event(NamedTuple):
    """One event of a sender; `time` is the business time it was reported, checked against the business clock."""

    type: str
    time: datetime
    data: Any


class _Neutral(BaseModel):
    """Body of a Standard Webhook; additional fields are allowed."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    type: str
    timestamp: Moment
    data: dict[str, Any]


def neutral(document: Any, known: Collection[str], now: datetime) -> Event:
    """The event of a neutral body `{"type", "timestamp", "data"}`.

    Raises Problem `unknown_type`, `unsupported_version` or `invalid_field`.
    """
    found = _plain(document)
    if found is None:
        body = convert(_Neutral, document)
        found = Event(body.type, body.timestamp, body.data)
    not_ahead(found.time, now, "/timestamp")
    return found._replace(type=plain_type(found.type, known))


def _plain(document: Any) -> Event | None:
    """The event of a body in which all is right, read at a tenth of what the model costs; None leaves it to that."""
    if not isinstance(document, dict):
        return None
    kind, said, data = document.get("type"), document.get("timestamp"), document.get("data")
    if not (isinstance(kind, str) and isinstance(said, str) and isinstance(data, dict)):
        return None
    try:
        return Event(kind, dated(said), data)
    except ValueError:
        return None


def known_name(text: str, known: Collection[str]) -> str:
    """The plain name of a type, whatever its version; "" for one that is unknown here."""
    name, _ = _name_and_version(text)
    return name if name in known else ""


def plain_type(text: str, known: Collection[str]) -> str:
    """The type's plain name: `milestone.reported`, also for `candor.milestone.reported.v1`."""
    name, version = _name_and_version(text)
    if name not in known:
        raise Problem("unknown_type", f"known here: {', '.join(sorted(known))}")
    if version not in (None, VERSION):
        supported = [f"candor.{name}.v{VERSION}"]
        raise Problem("unsupported_version", f"supported: {supported[0]}", extensions={"supported": supported})
    return name


def _name_and_version(text: str) -> tuple[str, str | None]:
    found = _name.fullmatch(text)
    return (found[1], found[2]) if found else (text, None)
