"""The client's own ledger: one line for each event that was answered with a 2xx, on the disk before it counts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from candor.replay.stream import StreamEvent


class AcceptedEvent(msgspec.Struct, frozen=True):
    """An event as it was sent and accepted; `historical`: by an import."""

    id: str
    type: str
    time: datetime
    data: dict[str, Any]
    historical: bool = False


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(AcceptedEvent).decode


class Ledger:
    """Appends to one file; events that one answer covers share one fsync."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._file = path.open("ab", buffering=0)

    def note(self, events: Sequence[StreamEvent], *, historical: bool = False) -> None:
        """Returns once the lines are on the disk."""
        lines = [_encode(AcceptedEvent(e.id, e.type, e.time, e.data, historical)) + b"\n" for e in events]
        self._file.write(b"".join(lines))
        os.fsync(self._file.fileno())
        self.count += len(events)

    def close(self) -> None:
        self._file.close()


def read(path: Path) -> list[AcceptedEvent]:
    """All accepted events in the order of their answers; a line cut off by a crash was never counted."""
    with path.open("rb") as file:
        return [_decode(line) for line in file if line.endswith(b"\n")]
