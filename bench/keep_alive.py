"""What all loads send by: a keep-alive connection with one request at a time, and an even pace."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import cast


class Connection(asyncio.Protocol):
    """A keep-alive connection with one request at a time; every answer must say its length."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[bytes] | None = None
        self._read = b""

    @classmethod
    async def to(cls, port: int) -> Connection:
        """A connection to a port of this machine."""
        _, made = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, end, body = self._read.partition(b"\r\n\r\n")
        if end and len(body) >= int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]):
            whole, self._read = self._read, b""
            if self._answer is not None and not self._answer.done():
                self._answer.set_result(whole)

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionResetError("the connection was closed"))

    def ask(self, request: bytes) -> asyncio.Future[bytes]:
        """The answer, head and body."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def close(self) -> None:
        """End it."""
        if self._transport is not None:
            self._transport.close()


async def paced(rate: float, number: int) -> AsyncIterator[tuple[int, float]]:
    """0, 1, 2 … up to `number`, `rate` a second, each yielded when it is due, and that time."""
    begun = time.monotonic()
    for place in range(number):
        due = begun + place / rate
        if (early := due - time.monotonic()) > 0:
            await asyncio.sleep(early)
        yield place, due


def request_of(port: int, method: str, path: str, key: str, body: bytes) -> bytes:
    """The bytes of one request, with JSON as its body if there is any."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body
