"""A small receiving service on a real port: checks signatures, remembers what came, fails when told to."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from candor.replay.sending import Endpoints
from candor.web.security import signatures
from tests.support.serving import serving as served

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = "operator-key"


class Receiver:
    """`answer(id, attempt)` gives the status of an attempt; batches are answered as the services answer them."""

    def __init__(self, answer: Callable[[str, int], int] = lambda _id, _attempt: 202, slow: float = 0.0) -> None:
        self.answer = answer
        self.slow = slow
        self.attempts: Counter[str] = Counter()
        self.accepted: list[tuple[str, dict[str, Any]]] = []
        self.batches: list[tuple[str, list[dict[str, Any]]]] = []
        self.bad_types: set[str] = set()
        self.turned_away: set[str] = set()
        self.learnt: list[str | None] = []
        self.largest: int | None = None
        self.in_flight = 0
        self.most_in_flight = 0
        self.url = ""
        self.heard = asyncio.Event()

    @property
    def endpoints(self) -> Endpoints:
        return Endpoints(f"{self.url}/promise", f"{self.url}/delivery")

    async def learning(self, request: Request) -> Response:
        """As risk-svc answers: `learnt` is from when on history teaches, an answer each, the last one from then on."""
        if request.headers.get("authorization") != f"Bearer {KEY}" or not self.learnt:
            return JSONResponse({"code": "not_found"}, 404)
        until = self.learnt.pop(0) if len(self.learnt) > 1 else self.learnt[0]
        return JSONResponse({"teaches_from": until, "came_too_late": 0})

    @property
    def ids(self) -> list[str]:
        return [event_id for event_id, _body in self.accepted]

    async def received(self, count: int) -> None:
        while len(self.accepted) < count:
            self.heard.clear()
            await self.heard.wait()

    async def webhook(self, request: Request) -> Response:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            raw = await request.body()
            event_id = signatures.verify(request.headers, raw, [SECRET], datetime.now(UTC))
            self.attempts[event_id] += 1
            await asyncio.sleep(self.slow)
            status = self.answer(event_id, self.attempts[event_id])
            if event_id in self.turned_away:
                return JSONResponse({"state": "rejected", "code": "invalid_field", "detail": "/due"}, 202)
            if status < 300:
                self.accepted.append((event_id, {**json.loads(raw), "service": request.path_params["service"]}))
                self.heard.set()
            return JSONResponse({"code": "invalid_field", "detail": "told to"} if status >= 400 else {}, status)
        finally:
            self.in_flight -= 1

    async def imports(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return JSONResponse({"code": "unauthorized", "detail": "no such key"}, 401)
        raw = await request.body()
        if self.largest is not None and len(raw) > self.largest:
            return JSONResponse({"code": "too_large", "detail": f"at most {self.largest} bytes"}, 413)
        events = json.loads(raw)["events"]
        self.attempts["import"] += 1
        status = self.answer("import", self.attempts["import"])
        if status >= 400:
            return JSONResponse({"code": "unavailable", "detail": "told to"}, status)
        known = {event["id"] for _service, batch in self.batches for event in batch}
        self.batches.append((request.path_params["service"], events))
        rejected = [
            {"index": index, "code": "invalid_field", "detail": "told to"}
            for index, event in enumerate(events)
            if event["type"] in self.bad_types
        ]
        replayed = sum(event["id"] in known for event in events)
        accepted = len(events) - len(rejected) - replayed
        return JSONResponse({"accepted": accepted, "replayed": replayed, "rejected": rejected})


@asynccontextmanager
async def serving(receiver: Receiver) -> AsyncIterator[Receiver]:
    """The receiver on a free loopback port."""
    app = Starlette(
        routes=[
            Route("/{service}/v1/webhooks/{source}", receiver.webhook, methods=["POST"]),
            Route("/{service}/v1/imports", receiver.imports, methods=["POST"]),
            Route("/risk/v1/learning", receiver.learning, methods=["GET"]),
        ]
    )
    async with served(app) as receiver.url:
        yield receiver
