"""A stand-in for the interface of another system: real HTTP, its documented answers, and all that goes wrong there."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.serving import serving

Answer = Callable[[Request, Any], Awaitable[Response] | Response]


class StandIn:
    """Answers by `answer` who proves himself by `token` in `header` (everybody, without one); `faults` go before.

    `asked` are the requests so far: method, path, query and body. `ahead`: seconds by which its clock is wrong.
    """

    def __init__(self, answer: Answer, token: str = "", header: str = "authorization", prefix: str = "Bearer ") -> None:
        self.answer = answer
        self.token = token
        self.header = header
        self.prefix = prefix
        self.faults: deque[Callable[[], Awaitable[Response] | Response]] = deque()
        self.asked: list[tuple[str, str, Mapping[str, str], Any]] = []
        self.ahead = 0.0
        self.base = ""

    async def handle(self, request: Request) -> Response:
        """Answer one request."""
        raw = await request.body()
        body = await request.json() if raw and request.headers.get("content-type") == "application/json" else raw
        self.asked.append((request.method, request.url.path, dict(request.query_params), body))
        if self.faults:
            made = self.faults.popleft()()
            return made if isinstance(made, Response) else await made
        if self.token and request.headers.get(self.header) != f"{self.prefix}{self.token}":
            return JSONResponse({"message": "expired"}, 401)
        made = self.answer(request, body)
        found = made if isinstance(made, Response) else await made
        there = datetime.fromtimestamp(datetime.now(UTC).timestamp() + self.ahead, UTC)
        found.headers["date"] = format_datetime(there, usegmt=True)
        return found


@asynccontextmanager
async def standing_in(stand_in: StandIn) -> AsyncIterator[StandIn]:
    """Serves it on loopback at `stand_in.base`."""
    app = Starlette(routes=[Route("/{path:path}", stand_in.handle, methods=["GET", "POST", "PUT"])])
    async with serving(app, dated=False) as base:
        stand_in.base = base
        yield stand_in


def status(number: int, **headers: str) -> Callable[[], Response]:
    """A fault: an answer without anything but its status and headers (with hyphens for underscores)."""
    return lambda: Response(b"", number, {name.replace("_", "-"): value for name, value in headers.items()})


def raw(body: bytes, **headers: str) -> Callable[[], Response]:
    """A fault: a successful answer of any bytes."""
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: Response(body, 200, said, "application/json")


def slow(seconds: float) -> Callable[[], Awaitable[Response]]:
    """A fault: an answer that comes late."""

    async def late() -> Response:
        await asyncio.sleep(seconds)
        return Response(b"{}", 200)

    return late
