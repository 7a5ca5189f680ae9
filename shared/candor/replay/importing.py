"""Imports a stream as history: batches to both services, in order, resumable after any interruption."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from candor.installation.folder import private_file, private_folder
from candor.replay.sending import Answer, Endpoints, ImportSender
from candor.replay.stream import DELIVERY_TYPES, StreamEvent, read_stream, utc_text
from candor.replay.teaching import PromisesInFile, Teaching

BATCH_EVENTS: Final = 500
TOO_LARGE: Final = 413
Numbered = tuple[int, StreamEvent]


class ImportRefusedError(Exception):
    """A whole batch was refused because the key, route or size is wrong; nothing after it was sent."""


@dataclass
class RejectedLine:
    """One line that a service rejected, and why."""

    line: int
    id: str
    code: str
    detail: str


@dataclass(kw_only=True)
class ImportProgress:
    """Figures of an import so far; `replayed`: a service already had them; `skipped`: already done by the mark.

    `refused` counts the lines that a service rejected; they are in `rejected`, or went to the caller one by one.

    Of the file's `promises`, `too_late` new ones teach nothing: they came due before `teaches_from`, from when on
    history can be learnt (None: all of it); `not_asked` says why that is unknown. `elsewhere`: reports about promises
    not in it.
    """

    total: int = 0
    accepted: int = 0
    replayed: int = 0
    skipped: int = 0
    rejected: list[RejectedLine] = field(default_factory=list)
    refused: int = 0
    promises: int = 0
    too_late: int = 0
    elsewhere: int = 0
    teaches_from: str | None = None
    not_asked: str = ""

    @property
    def done(self) -> int:
        return self.accepted + self.replayed + self.skipped + self.refused


class Mark(msgspec.Struct):
    """How far an earlier import of the same file got: the last line answered, per service."""

    promise: int = 0
    delivery: int = 0


class Importer:
    """One import of one file. Lines for promise-svc stay ahead of those for delivery-svc, so that few steps wait.

    `mark_folder` has one file per stream (named by its content), so that a second run resumes where the first stopped.
    `reject` takes the lines that a service rejected; without it they are in `imported`.
    """

    def __init__(
        self,
        sender: ImportSender,
        endpoints: Endpoints,
        mark_folder: Path,
        *,
        batch: int = BATCH_EVENTS,
        report: Callable[[ImportProgress], None] = lambda _imported: None,
        teaching: Teaching | None = None,
        reject: Callable[[RejectedLine], None] | None = None,
    ) -> None:
        self._sender = sender
        self._endpoints = endpoints
        self._folder = mark_folder
        self._batch = batch
        self._report = report
        self._teaching = teaching
        self._reject = reject
        self._moved = asyncio.Condition()
        self._promise_line = 0
        self.imported = ImportProgress()

    async def run(self, path: Path) -> ImportProgress:
        """Raises StreamError before sending, ImportRefusedError or Unreachable after; the mark is kept."""
        named = PromisesInFile()
        for _, event in read_stream(path):
            self.imported.total += 1
            named.see(event)
        self.imported.promises, self.imported.elsewhere = named.promises, named.elsewhere
        private_folder(self._folder)
        self._mark_path = self._folder / f"{digest(path)}.json"
        self._mark = read_mark(self._mark_path)
        tasks = [asyncio.create_task(self._promises(path)), asyncio.create_task(self._deliveries(path))]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
        self._learnt()
        return self.imported

    def _learnt(self) -> None:
        if self._teaching is not None:
            since = self._teaching.since
            self.imported.teaches_from = None if since is None else utc_text(since)
            self.imported.not_asked = self._teaching.why_not

    async def _promises(self, path: Path) -> None:
        for batch in batches(path, self._batch, delivery=False):
            self._promise_line = batch[0][0]
            async with self._moved:
                self._moved.notify_all()
            if fresh := self._unsent(batch, self._mark.promise):
                events = [event for _, event in fresh]
                late = 0 if self._teaching is None else await self._teaching.too_late(events)
                before = self.imported.accepted
                await self._send(self._endpoints.promise, fresh)
                # Promises already known are not counted: they taught, or did not, when they first came.
                self.imported.too_late += min(late, self.imported.accepted - before)
                self._mark.promise = fresh[-1][0]
                self._save()
        async with self._moved:
            self._promise_line = 1 << 62
            self._moved.notify_all()

    async def _deliveries(self, path: Path) -> None:
        for batch in batches(path, self._batch, delivery=True):
            last = batch[-1][0]
            async with self._moved:
                await self._moved.wait_for(lambda last=last: self._promise_line > last)  # type: ignore[misc]
            if fresh := self._unsent(batch, self._mark.delivery):
                await self._send(self._endpoints.delivery, fresh)
                self._mark.delivery = fresh[-1][0]
                self._save()

    def _unsent(self, batch: list[Numbered], done: int) -> list[Numbered]:
        fresh = [(line, event) for line, event in batch if line > done]
        self.imported.skipped += len(batch) - len(fresh)
        return fresh

    async def _send(self, service: str, batch: list[Numbered]) -> None:
        """Send a batch; one that is larger than the service takes goes as two, and a line as large is rejected."""
        answer = await self._sender.send(service, [event for _, event in batch])
        if answer.status != TOO_LARGE:
            self._note(batch, answer)
        elif len(batch) > 1:
            middle = len(batch) // 2
            await self._send(service, batch[:middle])
            await self._send(service, batch[middle:])
        else:
            ((line, event),) = batch
            self._refuse(RejectedLine(line, event.id, answer.code, answer.detail))
            self._report(self.imported)

    def _note(self, batch: list[Numbered], answer: Answer) -> None:
        if not answer.accepted:
            raise ImportRefusedError(f"HTTP {answer.status} {answer.code}: {answer.detail} (from line {batch[0][0]})")
        self.imported.accepted += int(answer.body.get("accepted", 0))
        self.imported.replayed += int(answer.body.get("replayed", 0))
        for item in answer.body.get("rejected", []):
            line, event = batch[item["index"]]
            self._refuse(RejectedLine(line, event.id, item["code"], item.get("detail", "")))
        self._report(self.imported)

    def _refuse(self, line: RejectedLine) -> None:
        self.imported.refused += 1
        if self._reject is None:
            self.imported.rejected.append(line)
        else:
            self._reject(line)

    def _save(self) -> None:
        # Written after the answer: after a crash in between one batch is sent again, and its ids are recognised.
        draft = self._mark_path.with_suffix(".new")
        with private_file(draft, "wb") as file:
            file.write(msgspec.json.encode(self._mark))
        draft.replace(self._mark_path)


def batches(path: Path, size: int, *, delivery: bool) -> Iterator[list[Numbered]]:
    """The file's events for one of the two services, in file order, at most `size` at a time."""
    batch: list[Numbered] = []
    for line, event in read_stream(path):
        if (event.type in DELIVERY_TYPES) is delivery:
            batch.append((line, event))
            if len(batch) == size:
                yield batch
                batch = []
    if batch:
        yield batch


def digest(path: Path) -> str:
    """A name for the file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


def read_mark(path: Path) -> Mark:
    """The mark of an earlier run, or a new one if there is none or it cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Mark)
    except (OSError, msgspec.MsgspecError):
        return Mark()
