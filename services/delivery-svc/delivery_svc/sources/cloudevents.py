"""CloudEvents 1.0 over HTTP: structured, binary and batch."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import unquote

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from candor.intake import Event, Origin, event_receipt
from candor.intake.event import plain_type
from candor.intake.intake import Item
from candor.ops.tracing import current_traceparent
from candor.web.http import strict_json
from candor.web.http.body import convert
from candor.web.http.fields import Id, Moment, Name, not_ahead
from candor.web.http.problems import Problem
from delivery_svc.sources.standard import KNOWN

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
BINARY: Final = "application/json"
MOST: Final = 1000
_attribute: Final = re.compile(r"[a-z0-9]{1,20}")
_json: Final = re.compile(r"application/([a-z0-9.-]+\+)?json(;.*)?", re.IGNORECASE)
# The same event may come in another mode, with its attributes in another order.
_encode: Final = msgspec.json.Encoder(order="sorted").encode
_NOT_ATTRIBUTES: Final = frozenset({"data", "data_base64"})


class CloudEventIn(BaseModel):
    """Attributes of a CloudEvent; extension attributes are allowed, as the specification has it."""

    model_config = ConfigDict(strict=True, extra="allow", hide_input_in_errors=True)

    specversion: Literal["1.0"]
    id: Id
    source: Annotated[Name, Field(max_length=256)]
    type: Annotated[Name, Field(max_length=128)]
    time: Moment | None = None
    datacontenttype: Annotated[str, Field(max_length=128)] = BINARY
    data: dict[str, Any] | None = None
    data_base64: str | None = None


def structured(raw: bytes, now: datetime) -> Item:
    """The event in a structured-mode body. Raises Problem."""
    return _item(strict_json.loads_object(raw), now)


def binary(headers: Iterable[tuple[str, str]], raw: bytes, now: datetime) -> Item:
    """The event whose attributes are `ce-` headers, percent-encoded, and whose data is the body. Raises Problem."""
    attributes: dict[str, Any] = {}
    for name, value in headers:
        if name.startswith("ce-"):
            try:
                attributes[name[3:]] = unquote(value, errors="strict")
            except UnicodeDecodeError:
                raise Problem.invalid_parameter(name[:40], "must be percent-encoded UTF-8") from None
    return _item({**attributes, "data": strict_json.loads_object(raw)}, now)


def batch(raw: bytes, now: datetime) -> list[Item]:
    """The events of a batch, each a Problem of its own where it is one. Raises Problem for what is no batch."""
    documents = strict_json.loads(raw)
    if not isinstance(documents, list):
        raise Problem("malformed_json", "a batch is a JSON array of events")
    if len(documents) > MOST:
        raise Problem.invalid_field("", f"a batch has at most {MOST} events")
    items: list[Item] = []
    for number, document in enumerate(documents):
        try:
            items.append(_item(document, now, f"/{number}"))
        except Problem as problem:
            items.append(problem)
    return items


def _item(document: Any, now: datetime, prefix: str = "") -> Item:
    if not isinstance(document, dict):
        raise Problem.invalid_field(prefix, "an event is a JSON object")
    event = convert(CloudEventIn, document, prefix)
    for name in document.keys() - _NOT_ATTRIBUTES:
        if not _attribute.fullmatch(name):
            raise Problem.invalid_field(prefix, "attribute names are 1 to 20 lower-case letters and digits")
    if not _json.fullmatch(event.datacontenttype):
        raise Problem.invalid_field(f"{prefix}/datacontenttype", "only JSON data is read here")
    time = event.time or now
    not_ahead(time, now, f"{prefix}/time")
    origin = Origin(event.id, event.source, time, False, current_traceparent())
    receipt = event_receipt(f"ce:{event.source}", event.id, _encode(document))
    return origin, Event(plain_type(event.type, KNOWN), time, _data(event, prefix)), receipt


def _data(event: CloudEventIn, prefix: str) -> dict[str, Any]:
    if event.data_base64 is None:
        return event.data or {}
    try:
        return strict_json.loads_object(base64.b64decode(event.data_base64, validate=True))
    except (binascii.Error, ValueError):
        raise Problem.invalid_field(f"{prefix}/data_base64", "must be base64") from None
