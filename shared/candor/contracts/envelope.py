"""What every event on Kafka carries besides its data: CloudEvents 1.0 attributes (binary mode)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec


class Event(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Base of every event's data, one class per event; subclasses name their type, topic and aggregate field."""

    TYPE: ClassVar[str]
    TOPIC: ClassVar[str]
    AGGREGATE: ClassVar[str]
    """Name of the field that identifies what `version` counts: `promise_id`, `incident_id`, `customer_id` …"""
    SIGNED: ClassVar[bool] = False
    """Whether consumers take it only with its producer's signature."""


class Envelope(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """CloudEvents attributes of one event.

    `time` is business time (UTC); Kafka's record timestamp is system time. `subject` is the aggregate's id; `version`
    counts from 1 without gaps per (topic, subject), except on `gaps`, `notices`, `statements` and `capabilities`, where
    it only grows (on the last two for each type). `key` decides the partition: customer id, or what the card says.
    `historical` events only teach; they warn nobody.
    """

    id: str
    source: str
    type: str
    time: datetime
    subject: str
    key: str
    version: int
    historical: bool = False
    traceparent: str = ""


class Message(msgspec.Struct, frozen=True, gc=False):
    """One event with its envelope: what services emit and handlers receive."""

    envelope: Envelope
    data: Event


class Record(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One event as bytes, ready for Kafka (an outbox row contains many of them)."""

    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


class ContractError(Exception):
    """A record that breaks its contract; `reason` is one of `REASONS`, `detail` explains it without personal data."""

    REASONS: ClassVar[tuple[str, ...]] = (
        "missing_attribute",
        "bad_attribute",
        "foreign_type",
        "unknown_type",
        "unsupported_version",
        "wrong_topic",
        "bad_data",
        "unknown_value",
        "no_data",
        "forged",
    )

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
