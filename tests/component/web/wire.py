"""Requests byte by byte: what well-behaved clients never send."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import msgspec


class Answer(NamedTuple):
    """Status, headers (lower case), body; `closed`: the server ended the connection after it."""

    status: int
    headers: dict[str, str]
    body: bytes
    closed: bool

    @property
    def code(self) -> str:
        """The problem's code."""
        assert self.headers["content-type"] == "application/problem+json"
        document: dict[str, Any] = msgspec.json.decode(self.body)
        assert document["status"] == self.status
        return str(document["code"])


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


def head(method: str, path: str, *headers: str, host: str = "localhost") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {host}", *headers, "", ""]).encode("latin-1")


async def answer(reader: asyncio.StreamReader, *, no_body: bool = False) -> Answer:
    """The next answer on a connection; waits at most ten seconds for it."""
    async with asyncio.timeout(10):
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)
        }
        length = 0 if no_body else int(headers.get("content-length", "0"))
        body = await reader.readexactly(length)
        closed = headers.get("connection") == "close" and await _ended(reader)
    return Answer(int(lines[0].split(" ")[1]), headers, body, closed)


async def _ended(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read(1) == b""
    except ConnectionResetError:
        return True


async def exchange(port: int, *parts: bytes) -> Answer:
    """One answer to bytes sent in parts."""
    async with connected(port) as (reader, writer):
        await send(writer, parts)
        return await answer(reader)


async def send(writer: asyncio.StreamWriter, parts: Iterable[bytes]) -> int:
    """How many parts the server took before it closed."""
    sent = 0
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            sent += 1
    except ConnectionError:
        return sent
    return sent
