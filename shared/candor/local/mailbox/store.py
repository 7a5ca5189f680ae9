"""Received messages in one append-only file; every message answered with 250 is on disk."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from candor.installation.folder import private_file, private_folder


@dataclass(frozen=True)
class ReceivedMessage:
    """One message as received: `number` counts from 1, `at` is system time, `recipients` are the envelope's."""

    number: int
    at: datetime
    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    def parsed(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=default)


@dataclass(frozen=True)
class Headline:
    """The parts of a message that a list shows; the rest stays on disk."""

    number: int
    at: datetime
    recipients: tuple[str, ...]
    subject: str
    message_id: str


def read_ledger(path: Path) -> Iterator[ReceivedMessage]:
    """Every message of a mailbox file, in the order received; skips a half-written, never acknowledged last line."""
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield _from_line(line)


class Mailbox:
    """The messages of one file. Concurrent appends share one fsync."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._headlines: list[Headline] = []
        self._places: list[tuple[int, int]] = []
        self._waiting: list[tuple[str, Sequence[str], bytes]] = []
        self._turn = asyncio.Lock()
        private_folder(path.parent)
        self._file = private_file(path, "a+b", buffering=0)
        self._end = self._load()

    def close(self) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._headlines)

    async def append(self, sender: str, recipients: Sequence[str], raw: bytes) -> None:
        """Returns once the message is on disk; raises OSError (a full disk) if nothing was stored."""
        mine = (sender, recipients, raw)
        self._waiting.append(mine)
        async with self._turn:
            if not any(entry is mine for entry in self._waiting):
                return  # the previous append wrote it too
            batch, self._waiting = self._waiting, []
            try:
                await asyncio.to_thread(self._write, batch)
            except OSError:
                # The others of a failed batch keep waiting, and each tries again on its own.
                self._waiting = [entry for entry in batch if entry is not mine] + self._waiting
                raise

    def get(self, number: int) -> ReceivedMessage | None:
        """The message `number`, or None."""
        if not 1 <= number <= len(self._places):
            return None
        offset, length = self._places[number - 1]
        return _from_line(os.pread(self._file.fileno(), length, offset))

    def page(self, recipient: str | None, before: int | None, limit: int) -> tuple[list[Headline], int | None]:
        """Messages older than `before`, newest first, and the `before` of the next page (None at the end)."""
        found: list[Headline] = []
        for headline in reversed(self._headlines[: before - 1 if before else None]):
            if recipient and recipient.lower() not in (address.lower() for address in headline.recipients):
                continue
            if len(found) == limit:
                return found, found[-1].number
            found.append(headline)
        return found, None

    def _load(self) -> int:
        end = 0
        self._file.seek(0)
        for line in self._file.readlines():
            if not line.endswith(b"\n"):
                # Cut off by a kill before its 250: the sender got no confirmation, so it must not be shown.
                self._file.truncate(end)
                break
            self._index(_from_line(line), end, len(line))
            end += len(line)
        return end

    def _write(self, batch: Sequence[tuple[str, Sequence[str], bytes]]) -> None:
        at = datetime.now(UTC)
        first = len(self._headlines) + 1
        messages = [ReceivedMessage(first + i, at, s, tuple(r), raw) for i, (s, r, raw) in enumerate(batch)]
        lines = [_to_line(message) for message in messages]
        try:
            _write_all(self._file.fileno(), b"".join(lines))
            os.fsync(self._file.fileno())
        except OSError:
            self._file.truncate(self._end)
            raise
        for message, line in zip(messages, lines, strict=True):
            self._index(message, self._end, len(line))
            self._end += len(line)

    def _index(self, message: ReceivedMessage, offset: int, length: int) -> None:
        parsed = message.parsed()
        subject, message_id = str(parsed.get("Subject", "")), str(parsed.get("Message-ID", "")).strip()
        self._headlines.append(Headline(message.number, message.at, message.recipients, subject, message_id))
        self._places.append((offset, length))


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _to_line(message: ReceivedMessage) -> bytes:
    entry = {
        "number": message.number,
        "at": message.at.isoformat(),
        "sender": message.sender,
        "recipients": message.recipients,
        "raw": base64.b64encode(message.raw).decode(),
    }
    return json.dumps(entry).encode() + b"\n"


def _from_line(line: bytes) -> ReceivedMessage:
    entry = json.loads(line)
    at = datetime.fromisoformat(entry["at"])
    return ReceivedMessage(
        entry["number"], at, entry["sender"], tuple(entry["recipients"]), base64.b64decode(entry["raw"])
    )
