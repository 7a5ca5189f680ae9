"""Fetched records without a broker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from candor.contracts import Record, encode
from candor.messaging.planning import OwnedPartition, read
from candor.messaging.slices import Slice
from tests.support.ledger.book import withdrawn


class FetchedRecord(NamedTuple):
    """What aiokafka returns, as far as the consumer looks."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    timestamp: int = 0


def fetched(offset: int, record: Record) -> FetchedRecord:
    return FetchedRecord(offset, record.key, record.value, record.headers)


def good(offset: int, subject: str = "") -> FetchedRecord:
    name = subject or f"p{offset}"
    return fetched(offset, encode(withdrawn("c1", name, 1)))


def bad(offset: int, subject: str = "") -> FetchedRecord:
    """A record whose data does not parse; its subject can still be read from the headers."""
    record = encode(withdrawn("c1", subject or f"p{offset}", 1))
    return FetchedRecord(offset, record.key, b"{", record.headers)


def piece(records: Iterable[FetchedRecord]) -> Slice:
    return read("promises", list(records))


def own(following: int = 0) -> OwnedPartition:
    return OwnedPartition(partition=0, epoch=1, offsets={"promises": following})
