"""Packs events of one transaction into outbox rows: one or a few per topic and partition, ready for the broker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from candor.contracts import TOPICS, Message, Record, encode
from candor.records import wire
from candor.records.origin import Signer
from candor.records.partitioner import partition_of

_SHARED: Final = {card.name for card in TOPICS.values() if card.shared_layout}


class Row(NamedTuple):
    """One outbox row to write; `keys` are the distinct keys of its records."""

    topic: str
    partition: int
    records: bytes
    events: int
    keys: tuple[str, ...]


class _GrowingRow:
    """A row that is still growing."""

    def __init__(self) -> None:
        self.packer = wire.Packer()
        self.keys: dict[bytes, None] = {}

    def add(self, record: Record) -> bool:
        if not self.packer.add(record):
            return False
        self.keys[record.key] = None
        return True

    def row(self, topic: str, partition: int) -> Row:
        keys = tuple(key.decode() for key in self.keys)
        return Row(topic, partition, self.packer.packed(), self.packer.count, keys)


def pack(messages: Iterable[Message], partitions: int, signer: Signer | None = None) -> list[Row]:
    """Encode `messages` into rows by topic and partition, keeping their order; a row is at most one Kafka batch."""
    rows: list[Row] = []
    growing: dict[tuple[str, int], _GrowingRow] = {}
    for message in messages:
        record = encode(message)
        topic = message.data.TOPIC
        if signer is not None and message.data.SIGNED:
            record = signer.sign(topic, record)
        place = (topic, partition_of(record.key, partitions if topic in _SHARED else 1))
        into = growing.get(place)
        if into is None or not into.add(record):
            if into is not None:
                rows.append(into.row(*place))
            growing[place] = into = _GrowingRow()
            into.add(record)
    rows += [into.row(*place) for place, into in growing.items()]
    return rows


def repack(records: Sequence[Record], topic: str = "", partition: int = 0) -> Row:
    """Return one row for remaining records or a single record; ValueError if it exceeds a batch."""
    into = _GrowingRow()
    if not all(into.add(record) for record in records):
        raise ValueError("more records than a row holds")
    return into.row(topic, partition)


def unpack(records: bytes) -> list[Record]:
    """Return the records of a row, in order; raises UnreadableError on anything else."""
    return wire.read(records)
