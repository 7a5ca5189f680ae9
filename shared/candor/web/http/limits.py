"""Limits on a request before any route sees it: its host, framing, encoding, size and pace."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from candor.web.http.deadlines import Deadlines
from candor.web.http.problems import Problem

BODY_BYTES: Final = 256 * 1024
IMPORT_BYTES: Final = 4 * 1024 * 1024
BATCH_BYTES: Final = 1024 * 1024
METRICS: Final = "/metrics"
PROBES: Final = ("/livez", "/readyz", METRICS)
_host: Final = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]*)(:[0-9]{0,5})?")
CLOSE: Final = {"Connection": "close"}


@dataclass(frozen=True)
class Limits:
    """Limits of one app: sizes in bytes, times in seconds.

    `bodies` sets another size for some paths; one that ends in a slash stands for all paths below it.
    """

    hosts: tuple[str, ...] = ("*",)
    body_bytes: int = BODY_BYTES
    bodies: Mapping[str, int] = field(default_factory=dict)
    body_seconds: float = 10.0
    request_seconds: float = 30.0
    max_running: int = 1000

    def bytes_for(self, path: str) -> int:
        """Return the largest body that a path accepts."""
        if path in self.bodies:
            return self.bodies[path]
        below = (size for start, size in self.bodies.items() if start.endswith("/") and path.startswith(start))
        return next(below, self.body_bytes)


class LimitsMiddleware:
    """Refuses requests that exceed the limits with a Problem; the body is checked while a route reads it."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.app = app
        self.limits = limits
        self._running = 0
        self._answers = Deadlines(limits.request_seconds)
        self._bodies = Deadlines(limits.body_seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "websocket" and not self._answers_for(_headers(scope).get(b"host", b"")):
                await send({"type": "websocket.close", "code": 1008})
                return
            await self.app(scope, receive, send)
            return
        headers = _headers(scope)
        path: str = scope["path"]
        host = headers.get(b"host", b"")
        # Probes call an address, not a name from the list of hosts; what is no host at all would break every link.
        if not _host.fullmatch(host) or (path not in PROBES and not self._answers_for(host)):
            raise Problem("bad_host")
        _check_framing(headers)
        largest = self.limits.bytes_for(path)
        if int(headers.get(b"content-length", b"0")) > largest:
            raise too_large(largest)
        if self._running >= self.limits.max_running and path not in PROBES:
            raise Problem.unavailable("overloaded", retry_after=1)
        self._running += 1
        try:
            await self._run(scope, LimitedBody(receive, largest, self._bodies), send)
        finally:
            self._running -= 1

    async def _run(self, scope: Scope, watched: LimitedBody, send: Send) -> None:
        limit = self._answers.begin()

        async def sending(message: Message) -> None:
            # Once begun, a stream may take any time.
            limit.lift()
            await send(message)

        try:
            with limit:
                await self.app(scope, watched.receive, sending)
        except TimeoutError:
            if not limit.over:
                raise
            raise Problem.unavailable("took_too_long", retry_after=5) from None

    def _answers_for(self, host: bytes) -> bool:
        if not _host.fullmatch(host):
            return False
        name = host.decode("latin-1").lower()
        name = name[: name.index("]") + 1] if name.startswith("[") and "]" in name else name.partition(":")[0]
        allowed = self.limits.hosts
        if "*" in allowed or name in allowed:
            return True
        return any(pattern.startswith("*.") and name.endswith(pattern[1:]) for pattern in allowed)


class LimitedBody:
    """A body that stops being read at its size or time limit."""

    def __init__(self, receive: Receive, largest: int, deadlines: Deadlines) -> None:
        self._receive = receive
        self._largest = largest
        self._deadlines = deadlines
        self._deadline: float | None = None
        self._read = 0
        self._complete = False

    async def receive(self) -> Message:
        """Return the next part. Raises Problem 408 or 413 and then closes the connection: the rest is not read."""
        if self._complete:
            return await self._receive()
        try:
            message = await self._in_time()
        except TimeoutError:
            seconds = self._deadlines.seconds
            raise Problem("request_timeout", f"the body must come within {seconds:g} s", headers=CLOSE) from None
        if message["type"] == "http.request":
            self._read += len(message.get("body", b""))
            self._complete = not message.get("more_body", False)
        if self._read > self._largest:
            raise too_large(self._largest)
        return message

    async def _in_time(self) -> Message:
        if self._deadline is None:
            with self._deadlines.begin() as limit:
                self._deadline = limit.at
                return await self._receive()
        async with asyncio.timeout_at(self._deadline):
            return await self._receive()


def too_large(largest: int) -> Problem:
    """Return a 413 with the limit."""
    return Problem("too_large", f"at most {largest} bytes", headers=CLOSE)


def _headers(scope: Scope) -> dict[bytes, bytes]:
    return dict(scope["headers"])


def _check_framing(headers: Mapping[bytes, bytes]) -> None:
    length = headers.get(b"content-length")
    if length is not None and b"transfer-encoding" in headers:
        raise Problem("bad_framing", "send Content-Length or Transfer-Encoding, not both", headers=CLOSE)
    if length is not None and not (length.isdigit() and len(length) <= 15):
        raise Problem("bad_framing", "Content-Length must be a number", headers=CLOSE)
    if headers.get(b"transfer-encoding", b"chunked").strip().lower() != b"chunked":
        raise Problem("bad_framing", "chunked is the only supported Transfer-Encoding", headers=CLOSE)
    if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
        raise Problem("unsupported_media_type", "send the body without Content-Encoding")
