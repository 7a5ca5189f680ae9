"""A mail server that answers by a script: replies, silence or a cut at any step; it keeps what it took."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

CUT = "cut"
STALL = "stall"
GATE = "gate"


@dataclass
class Script:
    """What to answer at each step; `CUT` ends the connection there, `STALL` answers nothing,
    `GATE` answers once `go` is set. `rcpts`: what single addresses get in place of `rcpt`. `took`: whole messages."""

    banner: str = "220 mail.test"
    mail: str = "250 OK"
    rcpt: str = "250 OK"
    rcpts: dict[str, str] = field(default_factory=dict)
    data: str = "354 go on"
    dot: str = "250 taken"
    takes: bool = True
    port: int = 0
    took: list[bytes] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if await self._say(writer, "banner", self.banner):
                await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.seen.append("gone")
        finally:
            self.closed = True
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            verb = line.split()[0].upper().decode()
            rcpt = next((answer for address, answer in self.rcpts.items() if address.encode() in line), self.rcpt)
            step = {"MAIL": self.mail, "RCPT": rcpt, "DATA": self.data}.get(verb, "250 OK")
            if not await self._say(writer, verb, step):
                return
            if verb == "QUIT":
                return
            if verb == "DATA" and (step == GATE or step.startswith("354")):
                body = await reader.readuntil(b"\r\n.\r\n")
                if self.takes:
                    self.took.append(body)
                if not await self._say(writer, "dot", self.dot):
                    return

    async def _say(self, writer: asyncio.StreamWriter, step: str, answer: str) -> bool:
        self.seen.append(step)
        if answer == GATE:
            self.reached.set()
            await self.go.wait()
            answer = "354 go on" if step == "DATA" else "250 OK"
        if answer in (CUT, STALL):
            self.reached.set()
            if answer == STALL:
                await asyncio.sleep(30)
            return False
        writer.write(answer.encode() + b"\r\n")
        await writer.drain()
        return True

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.transport.abort()


@asynccontextmanager
async def serving(script: Script) -> AsyncIterator[Script]:
    """The script on a port of its own."""
    server = await asyncio.start_server(script.serve, "127.0.0.1", 0)
    script.port = server.sockets[0].getsockname()[1]
    try:
        yield script
    finally:
        script.hang_up()
        server.close()
