"""Converts messages to Kafka records and back: CloudEvents 1.0, binary mode. Only this module knows header names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from candor.contracts.envelope import ContractError, Envelope, Event, Message, Record
from candor.contracts.topics import EVENTS

OURS: Final = b"candor."
CONTENT_TYPE: Final = b"application/json"
REQUIRED: Final = ("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject", "ce_version")

_REQUIRED: Final = frozenset(REQUIRED)

_encoder: Final = msgspec.json.Encoder()
_decoders: Final = {name: msgspec.json.Decoder(event) for name, event in EVENTS.items()}
_UNKNOWN_VALUE: Final = "Invalid enum value"
_families: Final = {name.rpartition(".")[0] for name in EVENTS}


def message(
    event_id: str,
    source: str,
    time: datetime,
    key: str,
    version: int,
    data: Event,
    *,
    historical: bool = False,
    traceparent: str = "",
) -> Message:
    """Wrap `data` in its envelope; `time` is business time and must be aware (ValueError otherwise)."""
    if time.tzinfo is None:
        raise ValueError("event time must carry a zone")
    subject = getattr(data, data.AGGREGATE)
    return Message(
        Envelope(
            id=event_id,
            source=source,
            type=data.TYPE,
            time=time,
            subject=subject,
            key=key,
            version=version,
            historical=historical,
            traceparent=traceparent,
        ),
        data,
    )


def encode(item: Message) -> Record:
    """Return the record of a message; decode(encode(m)) == m."""
    envelope = item.envelope
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", envelope.id.encode()),
        ("ce_source", envelope.source.encode()),
        ("ce_type", envelope.type.encode()),
        ("ce_time", _stamp(envelope.time)),
        ("ce_subject", envelope.subject.encode()),
        ("ce_partitionkey", envelope.key.encode()),
        ("ce_version", b"%d" % envelope.version),
        ("content-type", CONTENT_TYPE),
    ]
    if envelope.historical:
        headers.append(("ce_historical", b"true"))
    if envelope.traceparent:
        headers.append(("traceparent", envelope.traceparent.encode()))
    return Record(envelope.key.encode(), _encoder.encode(item.data), headers)


def _stamp(time: datetime) -> bytes:
    """Same as `isoformat` in UTC, at a quarter of its cost."""
    return _encoder.encode(time if time.tzinfo is UTC else time.astimezone(UTC))[1:-2] + b"+00:00"


def decode(topic: str, headers: Sequence[tuple[str, bytes]], value: bytes | None) -> Message:
    """Return the message of a record; unknown headers and unknown data fields are tolerated.

    `topic` is the card's name, without the deployment's prefix. Raises only ContractError, on anything that breaks the
    contract.
    """
    attributes = dict(headers)
    if not attributes.keys() >= _REQUIRED:
        raise ContractError("missing_attribute", next(name for name in REQUIRED if name not in attributes))
    if not (attributes["ce_type"] or b"").startswith(OURS):
        raise ContractError("foreign_type", "an event of another application")
    if attributes["ce_specversion"] != b"1.0":
        raise ContractError("bad_attribute", "ce_specversion must be 1.0")
    try:
        envelope = _envelope(attributes)
    except (ValueError, TypeError, AttributeError) as error:
        # The last two: Kafka allows headers without a value.
        raise ContractError("bad_attribute", type(error).__name__) from error
    event = EVENTS.get(envelope.type)
    if event is None:
        reason = "unsupported_version" if envelope.type.rpartition(".")[0] in _families else "unknown_type"
        raise ContractError(reason, envelope.type[:80])
    if topic != event.TOPIC:
        raise ContractError("wrong_topic", f"{event.TYPE} on {topic}")
    if not value:
        raise ContractError("no_data", envelope.type)
    try:
        data = _decoders[envelope.type].decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        reason = "unknown_value" if str(error).startswith(_UNKNOWN_VALUE) else "bad_data"
        raise ContractError(reason, str(error)[:200]) from error
    if getattr(data, event.AGGREGATE) != envelope.subject:
        raise ContractError("bad_attribute", "ce_subject names another aggregate than the data")
    return Message(envelope, data)


def _envelope(attributes: dict[str, bytes]) -> Envelope:
    time = datetime.fromisoformat(attributes["ce_time"].decode())
    version = int(attributes["ce_version"])
    subject = attributes["ce_subject"].decode()
    if time.tzinfo is None or version < 1 or not subject:
        raise ValueError("naive time, version below 1 or empty subject")
    return Envelope(
        id=attributes["ce_id"].decode(),
        source=attributes["ce_source"].decode(),
        type=attributes["ce_type"].decode(),
        time=time,
        subject=subject,
        key=attributes.get("ce_partitionkey", attributes["ce_subject"]).decode(),
        version=version,
        historical=attributes.get("ce_historical") == b"true",
        traceparent=attributes.get("traceparent", b"").decode(),
    )
