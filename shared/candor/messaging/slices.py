"""Records of one topic as they were fetched, each with what it decodes to."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from candor.contracts import Message

Verdict = tuple[str, str]
"""Reason and detail of a dead letter."""


class FetchedRecord(Protocol):
    """The attributes of a fetched record that are used."""

    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


class Slice(NamedTuple):
    """Consecutive records of one topic, decoded once; a record that breaks its contract is None and in `faults`."""

    card: str
    records: Sequence[FetchedRecord]
    messages: list[Message | None]
    faults: Mapping[int, Verdict]

    def part(self, start: int, stop: int) -> Slice:
        faults = {index - start: fault for index, fault in self.faults.items() if start <= index < stop}
        return Slice(self.card, self.records[start:stop], self.messages[start:stop], faults)

    def since(self, offset: int) -> Slice:
        """Return the slice without the records before `offset`."""
        if self.records[0].offset >= offset:
            return self
        return self.part(bisect_left(self.records, offset, key=offset_of), len(self.records))


def offset_of(record: FetchedRecord) -> int:
    """The offset of a record, to search by."""
    return record.offset
