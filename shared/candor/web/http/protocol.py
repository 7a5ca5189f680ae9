"""The HTTP/1.1 protocol with limits that apply before a request exists: headers, address, and their pace."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from candor.ops.edge_settings import Networks
from candor.web.http.connections import Connections
from candor.web.http.parting import PartingProtocol
from candor.web.http.problems import MEDIA_TYPE, Problem
from candor.web.http.public import Public, reached_at

HEADER_BYTES: Final = 32 * 1024
HEADER_COUNT: Final = 100
URL_BYTES: Final = 8 * 1024
READ_BYTES: Final = 256 * 1024


UNLIMITED: Final = Connections(1_000_000, 1_000_000, Networks(()))


class CountedSocket(WebSocketsSansIOProtocol):
    """uvicorn's websocket, which takes over a counted connection and says when it is gone."""

    on_lost: Callable[[], None] | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.on_lost is not None:
            self.on_lost()


class LimitedProtocol(PartingProtocol):
    """uvicorn's protocol with limits; its parser would accept endless headers and wait for them forever."""

    header_seconds = 10.0
    held = UNLIMITED
    answer_headers: Sequence[tuple[str, str]] = ()
    public = Public()
    _spent = 0
    _spent_raw = 0
    _in_headers = False
    _handed_over = False
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        problem = self.held.enter(self, self.client[0] if self.client else "")
        if problem is None:
            self._arm()
        elif self.held.overrun:
            self.cut()
        else:
            self._refuse(problem)

    @property
    def idle(self) -> bool:
        """Whether nothing is being answered on this connection."""
        return not self._handed_over and (self.cycle is None or self.cycle.response_complete)

    def cut(self) -> None:
        """End the connection without a word."""
        self.transport.abort()

    def handle_websocket_upgrade(self) -> None:
        self._handed_over = True
        super().handle_websocket_upgrade()
        socket = self.transport.get_protocol()
        if isinstance(socket, CountedSocket):
            socket.on_lost = self._lost

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._spent = 0
        self._in_headers = True
        self._arm()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > URL_BYTES:
            self._refuse(Problem("uri_too_long"))

    def on_header(self, name: bytes, value: bytes) -> None:
        # Trailers come after the request was judged by its headers, so they are never added to them.
        if not self._in_headers:
            return
        self._spent += len(name) + len(value)
        if self._spent > HEADER_BYTES or len(self.headers) >= HEADER_COUNT:
            self._refuse(Problem("headers_too_large", f"at most {HEADER_COUNT} headers and {HEADER_BYTES} bytes"))
        if not self.deaf:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._disarm()
        self._in_headers = False
        if not self.deaf:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self.deaf:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self.deaf:
            super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        # The parser passes on a header only when it is complete, so an endless one is counted here.
        if self._timer is not None and not self.deaf:
            self._spent_raw += len(data)
            # The start of a body may share the packet with its headers, but it explains only one read's worth of bytes.
            if self._spent_raw > HEADER_BYTES + URL_BYTES + READ_BYTES:
                self._refuse(Problem("headers_too_large"))
        super().data_received(data)
        if self.deaf:
            return
        # Empty lines between two requests are skipped by the parser, and end the wait for the next one.
        waiting = self.timeout_keep_alive_task is not None or self._timer is not None
        if self.idle and not waiting:
            self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost()
        super().connection_lost(exc)

    def _lost(self) -> None:
        self._disarm()
        self.held.leave(self)

    def send_400_response(self, msg: str) -> None:
        if not self.deaf:
            self._refuse(Problem("bad_request", msg))

    def _arm(self) -> None:
        self._disarm()
        self._spent_raw = 0
        self._timer = self.loop.call_later(self.header_seconds, self._too_slow)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if not self._in_headers:
            self.transport.close()
            return
        self._refuse(Problem("request_timeout", f"the headers must come within {self.header_seconds:g} s"))

    def _refuse(self, problem: Problem) -> None:
        if self.deaf:
            return
        self.deaf = True
        self._disarm()
        if self.cycle is not None and not self.cycle.response_complete:
            # The previous request's answer must not be mixed with this one; the connection ends after it.
            self.cycle.keep_alive = False
            return
        with reached_at(self.public):
            body = problem.body()
        lines = [
            f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}",
            f"content-type: {MEDIA_TYPE}",
            f"content-length: {len(body)}",
            *(f"{name}: {value}" for name, value in (*self.answer_headers, *problem.headers.items())),
            "connection: close",
        ]
        self.transport.write("\r\n".join([*lines, "", ""]).encode() + body)
        self.part()
