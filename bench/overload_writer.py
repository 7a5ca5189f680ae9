"""Writes the journal at a rate as workers would: promises with their lives, in the order of business time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Final

import asyncpg
import msgspec
import numpy as np
import typer
from numpy.typing import NDArray

from bench.learning import EACH, ROW, lives
from risk_svc.forecast.view import PromiseSnapshot
from risk_svc.training.journal import WRITE

MINUTE: Final = 60.0
LEAD: Final = 300.0
"""Seconds from a promise to its date: short, so that few entries wait to be written."""
LONGEST: Final = 86_400.0
FLOAT: Final = b"\xcb"
NAME: Final = b"of-a-minute-"
NAME_BYTES: Final = 6
BURST: Final = 8
"""Rows of one statement: a worker that catches up writes one for each of its partitions."""
_encode: Final = msgspec.msgpack.Encoder().encode


class Piece:
    """The entries of one minute's promises that come `after` so many minutes, of which every later minute has its own.

    Encoded once: only times and the first letters of the promise's name differ from minute to minute.
    """

    def __init__(self, after: int, entries: Sequence[PromiseSnapshot], begin: float) -> None:
        self.after = after
        bodies = [_encode(entry) for entry in entries]
        self._ends = np.cumsum([len(body) for body in bodies])
        self._bytes = np.frombuffer(b"".join(bodies), dtype=np.uint8).copy()
        spans = self._spans(FLOAT, 8)
        times = self._bytes[spans].view(">f8").ravel()
        mine = (times >= begin) & (times < begin + LONGEST)
        self._spans_of_times, self._times = spans[mine], times[mine].astype(">f8")
        self._names = self._spans(NAME, NAME_BYTES)

    def _spans(self, mark: bytes, size: int) -> NDArray[np.int64]:
        found = np.flatnonzero(self._bytes == mark[0])
        found = found[found + len(mark) + size <= self._bytes.size]
        for place, byte in enumerate(mark[1:], 1):
            found = found[self._bytes[found + place] == byte]
        return found[:, None] + len(mark) + np.arange(size)

    def rows(self, number: int, begin: float) -> Iterator[tuple[int, int, bytes, float]]:
        """Rows of the journal, for partition 0, with the entries of the promises of a minute."""
        made = self._bytes.copy()
        made[self._spans_of_times] = (self._times + MINUTE * number).astype(">f8").view(np.uint8).reshape(-1, 8)
        made[self._names] = np.frombuffer(f"{number:0{NAME_BYTES}x}".encode(), dtype=np.uint8)
        newest = begin + MINUTE * (number + self.after + 1)
        for first in range(0, len(self._ends), ROW):
            last = min(first + ROW, len(self._ends))
            start = int(self._ends[first - 1]) if first else 0
            head = b"\xdd" + (last - first).to_bytes(4, "big")
            yield 0, last - first, head + made[start : int(self._ends[last - 1])].tobytes(), newest


def pieces(begin: float, promises: int) -> list[Piece]:
    """What the promises of one minute leave in each of the minutes from then on."""
    entries = sorted(lives(promises, begin, MINUTE, LEAD), key=lambda entry: entry.at)
    found: dict[int, list[PromiseSnapshot]] = {}
    for entry in entries:
        view = msgspec.structs.replace(entry.view, promise_id=NAME.decode() + entry.view.promise_id[len(NAME) :])
        found.setdefault(int((entry.at - begin) // MINUTE), []).append(msgspec.structs.replace(entry, view=view))
    return [Piece(after, those, begin) for after, those in found.items()]


async def write(url: str, begin: float, rate: float, seconds: float, speed: float) -> tuple[int, float]:
    """Write `rate` entries a second, business time `speed` times as fast; return entries, and the longest delay."""
    connection = await asyncpg.connect(url)
    written, late = 0, 0.0
    try:
        made = pieces(begin, int(rate / EACH * MINUTE / speed))
        begun = time.monotonic()
        for number in range(int(seconds * speed / MINUTE)):
            due = begun + (number + 1) * MINUTE / speed
            rows = [row for one in made if one.after <= number for row in one.rows(number - one.after, begin)]
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            late = max(late, time.monotonic() - due)
            for place in range(0, len(rows), BURST):
                columns = [list(column) for column in zip(*rows[place : place + BURST], strict=True)]
                await connection.execute(WRITE, *columns)
            written += sum(row[1] for row in rows)
    finally:
        await connection.close()
    return written, late


def main(url: str, begin: str, rate: float, seconds: float, speed: Annotated[float, typer.Option()] = MINUTE) -> None:
    """Write, and print the entries and the longest that one minute was behind its time, in seconds."""
    at = datetime.fromisoformat(begin).astimezone(UTC).timestamp()
    written, late = asyncio.run(write(url, at, rate, seconds, speed))
    print(written, round(late, 1))


if __name__ == "__main__":
    typer.run(main)
