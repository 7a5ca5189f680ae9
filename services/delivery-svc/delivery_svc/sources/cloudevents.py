"""CloudEvents 1.0 over HTTP: structured, binary and batch."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field

from candor.intake.event import Event, plain_type
from candor.intake.source import Incoming, Items, Outcome, Reply, Unusable, canonical, counted
from candor.web.http import strict_json
from candor.web.http.body import convert
from candor.web.http.fields import EventId, Moment, not_ahead
from candor.web.http.problems import Problem
from candor.web.security.schemes import Basic, Bearer, PathToken, Scheme
from candor.web.security.webhooks import Webhook

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
BINARY: Final = "application/json"
MOST: Final = 1000
_attribute: Final = re.compile(r"[a-z0-9]{1,20}")
_json: Final = re.compile(r"application/([a-z0-9.-]+\+)?json(;.*)?", re.IGNORECASE)
_NOT_ATTRIBUTES: Final = frozenset({"data", "data_base64"})
# In binary mode the body and its Content-Type say these; some senders repeat them as headers.
_NOT_HEADERS: Final = frozenset({"ce-data", "ce-data_base64", "ce-datacontenttype"})


class CloudEventIn(BaseModel):
    """Attributes of a CloudEvent; the specification allows extension attributes."""

    model_config = ConfigDict(strict=True, extra="allow", hide_input_in_errors=True)

    specversion: Literal["1.0"]
    id: EventId
    source: EventId
    type: Annotated[EventId, Field(max_length=128)]
    time: Moment | None = None
    datacontenttype: Annotated[str, Field(max_length=128)] = BINARY
    data: dict[str, Any] | None = None
    data_base64: str | None = None


class CloudEvents:
    """The source for CloudEvents senders; on `POST /v1/events` an API key authenticates them instead."""

    name = "cloudevents"
    media_types = (STRUCTURED, BATCH, BINARY)
    schemes: Sequence[Scheme] = (Bearer(), Basic(), PathToken())

    def read(self, webhook: Webhook, known: Collection[str], now: datetime) -> Items:
        """The events, judged individually. Raises Problem for an unusable body."""
        if webhook.media_type == BATCH:
            return _batch(webhook.raw, known, now)
        if webhook.media_type == STRUCTURED:
            return [_judged(strict_json.loads_object(webhook.raw), known, now)]
        return [_judged({**_attributes(webhook.headers), "data": strict_json.loads_object(webhook.raw)}, known, now)]

    def answer(self, webhook: Webhook, outcomes: Sequence[Outcome]) -> Reply:  # noqa: ARG002
        """How many events were accepted, and which were rejected."""
        return counted(outcomes)


SOURCE: Final = CloudEvents()


def _attributes(headers: Mapping[str, str]) -> dict[str, Any]:
    """Attributes from percent-encoded `ce-` headers. Raises Problem."""
    attributes: dict[str, Any] = {}
    for name, value in headers.items():
        if name.startswith("ce-") and name not in _NOT_HEADERS:
            try:
                # Some senders leave out the percent-encoding; servers read a header's bytes as Latin-1.
                attributes[name[3:]] = unquote(value.encode("latin-1").decode(), errors="strict")
            except UnicodeError:
                raise Problem.invalid_parameter(name[:40], "must be percent-encoded UTF-8") from None
    return attributes


def _batch(raw: bytes, known: Collection[str], now: datetime) -> Items:
    documents = strict_json.loads(raw)
    if not isinstance(documents, list):
        raise Problem("malformed_json", "a batch is a JSON array of events")
    if len(documents) > MOST:
        raise Problem.limit_reached("", f"a batch has at most {MOST:,} events", MOST)
    return [_judged(document, known, now, f"/{number}") for number, document in enumerate(documents)]


def _judged(document: Any, known: Collection[str], now: datetime, prefix: str = "") -> Incoming | Unusable:
    try:
        return _item(document, known, now, prefix)
    except Problem as problem:
        said = document if isinstance(document, dict) else {}
        name, kind = (text if isinstance(text := said.get(key), str) else "" for key in ("id", "type"))
        return Unusable(problem, name, kind, canonical(document))


def _item(document: Any, known: Collection[str], now: datetime, prefix: str = "") -> Incoming:
    if not isinstance(document, dict):
        raise Problem.invalid_field(prefix, "an event is a JSON object")
    # The standard calls an attribute that is null absent.
    event = convert(CloudEventIn, {name: value for name, value in document.items() if value is not None}, prefix)
    for name in document.keys() - _NOT_ATTRIBUTES:
        if not _attribute.fullmatch(name):
            raise Problem.invalid_field(prefix, "attribute names are 1 to 20 lower-case letters and digits")
    if not _json.fullmatch(event.datacontenttype):
        raise Problem.invalid_field(f"{prefix}/datacontenttype", "only JSON data is read here")
    time = event.time or now
    not_ahead(time, now, f"{prefix}/time")
    read = Event(plain_type(event.type, known), time, _data(event, prefix))
    # A relay may send on in another mode, write the time another way, and add attributes: it is the same event.
    raw = canonical([event.source, read.type, event.time, read.data])
    return Incoming(event.id, read, raw, event.source, f"ce:{event.source}")


def _data(event: CloudEventIn, prefix: str) -> dict[str, Any]:
    if event.data_base64 is None:
        return event.data or {}
    try:
        return strict_json.loads_object(base64.b64decode(event.data_base64, validate=True))
    except (binascii.Error, ValueError):
        raise Problem.invalid_field(f"{prefix}/data_base64", "must be base64") from None
