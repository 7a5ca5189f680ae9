"""How a connection ends: an answer is delivered even to who has not finished asking, and nobody holds it for long."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast
from weakref import proxy

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from candor.web import metrics

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

LINGER_BYTES: Final = 6 * 1024 * 1024
"""Read unseen after an early answer; a little more than deploy/proxy lets through, so a proxy can always finish."""


class PartingProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which would answer an unfinished request and keep its connection, or cut it with a reset.

    A closed socket with unread bytes is a reset, for which a proxy drops the answer that it has already received. So
    our side is closed first, and what still comes is read unseen, up to LINGER_BYTES and `linger_seconds`.
    """

    linger_seconds = 5.0
    write_seconds = 30.0
    deaf = False
    """Whether nothing that still comes is looked at."""
    _parting = False
    _unseen = 0
    _end: asyncio.TimerHandle | None = None
    _unwritten: asyncio.TimerHandle | None = None

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        cycle.transport = cast(Any, _Outlet(self, cycle))
        super()._start_asgi_task(cycle, partial(_answered, cycle, app))

    def part(self) -> None:
        """Close our side, and the other one when the caller does or the bounds are reached."""
        if self._parting or self.transport.is_closing():
            return
        self._parting = self.deaf = True
        self._unset_keepalive_if_required()
        self.flow.resume_reading()
        self.transport.write_eof()
        self._end = self.loop.call_later(self.linger_seconds, self._cut)

    def data_received(self, data: bytes) -> None:
        if not self.deaf:
            super().data_received(data)
            return
        self._unseen += len(data)
        if self._unseen > LINGER_BYTES:
            self._cut()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._parting:
            self._unset_keepalive_if_required()
        self._watch_writing()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_writing()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unwatch()
        self._watch_writing()

    def handle_websocket_upgrade(self) -> None:
        self._unwatch()
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._unwatch()
        if self._end is not None:
            self._end.cancel()

    def _cut(self) -> None:
        self.transport.close()
        # It closes only once all is written, which may be never.
        self._watch_writing()

    def _watch_writing(self) -> None:
        if self._unwritten is None and self.transport.get_write_buffer_size():
            self._unwritten = self.loop.call_later(self.write_seconds, self._not_read)

    def _unwatch(self) -> None:
        if self._unwritten is not None:
            self._unwritten.cancel()
            self._unwritten = None

    def _not_read(self) -> None:
        self._unwritten = None
        if self.transport.get_write_buffer_size():
            metrics.CONNECTIONS_CUT.labels("not_reading").inc()
            self.transport.abort()


class _Outlet:
    """A request's way to its transport: an end before the request's own becomes a parting."""

    def __init__(self, protocol: PartingProtocol, cycle: RequestResponseCycle) -> None:
        self._protocol = protocol
        # The request holds this: what held it back would be left to the garbage collector, with each request.
        self._cycle = proxy(cycle)
        self.write = protocol.transport.write
        self.is_closing = protocol.transport.is_closing

    def close(self) -> None:
        if self._cycle.more_body or self._protocol.deaf:
            self._protocol.part()
        else:
            self._protocol.transport.close()


async def _answered(cycle: RequestResponseCycle, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start" and cycle.more_body:
            # The caller must know that this connection is over.
            cycle.keep_alive = False
        await send(message)

    await app(scope, receive, sending)
