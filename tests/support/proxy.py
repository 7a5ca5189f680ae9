"""A TCP proxy in front of a real server, which cuts the link at a chosen message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

from tests.support.listening import close


class Proxy:
    """Cuts every link when a chunk from the client holds `cut_at`: before or after the server has seen it."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.cut_at: bytes | None = None
        self.deliver_first = True
        self.cuts = 0
        self.port = 0
        self._server: asyncio.Server | None = None
        self._swallowing: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def running(self, host: str = "127.0.0.1") -> AsyncIterator[Proxy]:
        server = self._server = await asyncio.start_server(self._serve, host, 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            await close(server)
            self.cut()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def url(self, url: str) -> str:
        """`url` of the server, by way of this proxy."""
        parts = urlsplit(url)
        user = parts.netloc.rpartition("@")[0]
        return urlunsplit(parts._replace(netloc=f"{user}@127.0.0.1:{self.port}"))

    def cut(self) -> None:
        """Cut every link now."""
        for writer in list(self._writers):
            writer.transport.abort()

    def swallow(self) -> None:
        """From now on, let nothing through on the links that there are, as a firewall does that forgot them."""
        self._swallowing |= self._writers

    def refuse(self) -> None:
        """Cut every link now and take no new one."""
        assert self._server is not None
        self._server.close()
        self.cut()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(*self._target)
        self._writers |= {writer, server_writer}
        pumps = [
            asyncio.create_task(self._pump(reader, server_writer, client=True)),
            asyncio.create_task(self._pump(server_reader, writer, client=False)),
        ]
        self._tasks |= set(pumps)
        await asyncio.wait(pumps)
        for end in (writer, server_writer):
            end.close()
            self._writers.discard(end)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, client: bool) -> None:
        try:
            while chunk := await reader.read(65536):
                if client and self.cut_at is not None and self.cut_at in chunk:
                    self.cut_at = None
                    self.cuts += 1
                    if self.deliver_first:
                        # The client is cut off first, so that no answer can reach it; the server then gets the chunk.
                        for other in self._writers - {writer}:
                            other.transport.abort()
                        writer.write(chunk)
                        await writer.drain()
                        await asyncio.sleep(0.3)
                    self.cut()
                    return
                if writer not in self._swallowing:
                    writer.write(chunk)
                    await writer.drain()
        except OSError:
            self.cut()
        finally:
            if not writer.is_closing():
                writer.close()
