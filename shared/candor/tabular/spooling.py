"""A whole table as a stream file: contacts, promises and what became of them, then reports, whatever the rows' order.

So nothing waits for a promise that stands further down. Memory does not grow with the table but by four bytes an event.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from candor.installation.folder import private_file
from candor.replay.stream import DELIVERY_TYPES, StreamEvent, as_json
from candor.tabular.converting import Converter, Fault
from candor.tabular.faults import Faults
from candor.tabular.reading import Table
from candor.tabular.rows import Row

SHOWN: Final = 5
EVERY: Final = 1_000
"""Rows between two reports of progress, and faults that are kept together."""
_FIRST: Final = ("contact.set", "promise.made", "promise.revised", "promise.withdrawn", "promise.settled")
RANKS: Final = len(_FIRST) + 2


class Spooled(NamedTuple):
    """What became of a table: its stream file, the row of each of its lines, and the first rows as they will be."""

    stream: Path
    rows_of_lines: array[int]
    rows: int
    events: int
    shown: list[tuple[Row, list[StreamEvent]]]

    def row(self, line: int) -> int:
        """The row of a line, from 1 on."""
        return self.rows_of_lines[line - 1]


def rank(kind: str) -> int:
    """Where events of a type come in the stream."""
    return _FIRST.index(kind) if kind in _FIRST else RANKS - (1 if kind in DELIVERY_TYPES else 2)


def spool(
    table: Table, converter: Converter, faults: Faults, stream: Path, report: Callable[[int], None] = lambda _rows: None
) -> Spooled:
    """Write the table's events, and keep the faults of rows that give none. Raises TableError as reading does."""
    parts = [stream.with_suffix(f".{number}") for number in range(RANKS)]
    numbers = [array("I") for _ in parts]
    shown: list[tuple[Row, list[StreamEvent]]] = []
    wrong: list[Fault] = []
    rows = 0
    with ExitStack() as stack:
        files = [stack.enter_context(private_file(part, "wb")) for part in parts]
        for row in table.rows():
            rows += 1
            found = converter.events(row)
            if isinstance(found, Fault):
                wrong.append(found)
            else:
                for event in found:
                    files[rank(event.type)].write(msgspec.json.encode(as_json(event)) + b"\n")
                    numbers[rank(event.type)].append(row.number)
                if found and len(shown) < SHOWN:
                    shown.append((row, found))
            if rows % EVERY == 0:
                faults.add(wrong)
                wrong.clear()
                report(rows)
    faults.add(wrong)
    report(rows)
    joined = _joined(parts, numbers, stream)
    return Spooled(stream, joined, rows, len(joined), shown)


def _joined(parts: list[Path], numbers: list[array[int]], stream: Path) -> array[int]:
    rows: array[int] = array("I")
    with private_file(stream, "wb") as whole:
        for part, own in zip(parts, numbers, strict=True):
            with part.open("rb") as file:
                while chunk := file.read(1 << 20):
                    whole.write(chunk)
            part.unlink()
            rows.extend(own)
    return rows
