"""A proxy in front of a real broker that can keep requests of one kind from it while everything else goes through."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from candor.ops.tasks import end
from tests.support.listening import close

PRODUCE, OFFSET_COMMIT = 0, 8


class KafkaProxy:
    """Clients that start with `servers` see only this address: it is put in the place of the broker's in answers.

    While `holding`, requests of the kind stay here and are dropped with their connection: the broker never has them.
    """

    def __init__(self, target: str, kind: int = PRODUCE) -> None:
        self._kind = kind
        host, _, port = target.partition(":")
        self._target = (host, int(port))
        self._serving: set[asyncio.Task[None] | None] = set()
        self.holding = False
        self.held = 0
        self.accepted = 0
        self.port = 0

    @property
    def servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[KafkaProxy]:
        # Where it ran before, if it did: an outage ends at the same address.
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            await close(server)
            await end(*(task for task in self._serving if task is not None))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        serving = asyncio.current_task()
        self._serving.add(serving)
        try:
            await self._between(reader, writer)
        except OSError:
            pass
        finally:
            writer.transport.abort()
            self._serving.discard(serving)

    async def _between(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        broker_reader, broker_writer = await asyncio.open_connection(*self._target)
        pumps = {
            asyncio.create_task(self._requests(reader, broker_writer)),
            asyncio.create_task(self._answers(broker_reader, writer)),
        }
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            broker_writer.transport.abort()
            await end(*pumps)

    async def _requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for frame in _frames(reader):
            if self.holding and struct.unpack_from(">h", frame)[0] == self._kind:
                self.held += 1
                continue
            writer.write(struct.pack(">i", len(frame)) + frame)
            await writer.drain()

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        real, ours = (b"127.0.0.1" + struct.pack(">i", port) for port in (self._target[1], self.port))
        async for frame in _frames(reader):
            writer.write(struct.pack(">i", len(frame)) + frame.replace(real, ours))
            await writer.drain()


async def _frames(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    try:
        while True:
            (size,) = struct.unpack(">i", await reader.readexactly(4))
            yield await reader.readexactly(size)
    except (asyncio.IncompleteReadError, OSError):
        return
