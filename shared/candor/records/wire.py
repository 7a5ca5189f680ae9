"""Events as Kafka stores them: record batches, format version 2, uncompressed.

Records are packed once, at commit, and sent to the broker byte for byte; only the header is completed when sending.
"""

from __future__ import annotations

import struct
import time
from typing import Any, Final

from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

from candor.contracts import Record

LARGEST_BATCH: Final = 512 * 1024
"""Bytes including the header; a batch of one record may be larger."""

# Base offset, length, leader epoch, magic, checksum: none of these is covered by the checksum.
_START: Final = struct.Struct(">qiibI")
_LENGTH: Final = struct.Struct(">qi")
_CHECKSUM: Final = struct.Struct(">I")
_CHECKSUM_AT: Final = 17
_STAMPS: Final = struct.Struct(">qq")
_STAMPS_AT: Final = 27
_PRODUCER: Final = struct.Struct(">qhi")
_PRODUCER_AT: Final = 43
_COUNT: Final = struct.Struct(">i")
_COUNT_AT: Final = 57
_HEADER_BYTES: Final = 61


class UnreadableError(Exception):
    """Bytes that are not one of our record batches, or are damaged."""


class Packer:
    """Collects records into one batch of at most LARGEST_BATCH bytes; a first record always fits."""

    def __init__(self) -> None:
        self._builder = DefaultRecordBatchBuilder(
            2, 0, is_transactional=0, producer_id=-1, producer_epoch=-1, base_sequence=-1, batch_size=LARGEST_BATCH
        )
        self.count = 0

    def add(self, record: Record) -> bool:
        """Append `record`; return False if it does not fit."""
        # All records have time zero: only the header carries the time of sending.
        if self._builder.append(self.count, 0, record.key, record.value, record.headers) is None:
            return False
        self.count += 1
        return True

    def packed(self) -> bytes:
        """Return the batch; call once, nothing can be added afterwards."""
        return bytes(self._builder.build())


class PackedBatch:
    """A packed batch in place of aiokafka's own builder, whose sender numbers it and asks for its bytes.

    Stamped with the system clock: business time may be years ago, and retention would delete the records at once.
    """

    def __init__(self, packed: bytes) -> None:
        self.count = _check(packed)
        self._buffer = bytearray(packed)
        stamp = int(time.time() * 1000)
        _STAMPS.pack_into(self._buffer, _STAMPS_AT, stamp, stamp)
        self._built: bytes | None = None

    def add(self, _record: Record) -> bool:
        """Refuse: the batch is complete."""
        return False

    def record_count(self) -> int:
        return self.count

    def size(self) -> int:
        return len(self._buffer)

    def closed(self) -> bool:
        return True

    def close(self) -> PackedBatch:
        return self

    def append(self, **_record: Any) -> None:
        """Refuse: the batch is complete, and a later record needs a batch of its own."""

    def _set_producer_state(self, producer_id: int, producer_epoch: int, base_sequence: int) -> None:
        _PRODUCER.pack_into(self._buffer, _PRODUCER_AT, producer_id, producer_epoch, base_sequence)

    def _build(self) -> bytes:
        if self._built is None:
            checksum = calc_crc32c(self._buffer[_CHECKSUM_AT + 4 :])
            _CHECKSUM.pack_into(self._buffer, _CHECKSUM_AT, checksum)
            self._built = bytes(self._buffer)
        return self._built


def read(packed: bytes) -> list[Record]:
    """Return the records of a packed batch, in order; raises UnreadableError on anything else."""
    _check(packed)
    # Our records always have a key, a value and header values.
    return [Record(one.key or b"", one.value or b"", one.headers) for one in DefaultRecordBatch(packed)]


def _check(packed: bytes) -> int:
    """Return how many records the batch contains."""
    if len(packed) < _HEADER_BYTES:
        raise UnreadableError(f"{len(packed)} bytes are no record batch")
    _, length, _, magic, checksum = _START.unpack_from(packed)
    if magic != 2 or length != len(packed) - _LENGTH.size:
        raise UnreadableError(f"no record batch of version 2 and {len(packed)} bytes")
    if calc_crc32c(packed[_CHECKSUM_AT + 4 :]) != checksum:
        raise UnreadableError("checksum differs")
    count: int = _COUNT.unpack_from(packed, _COUNT_AT)[0]
    return count
