"""A small app with one route of each sort, and a way to serve it on a real socket."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, FastAPI
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from candor.ops import logging
from candor.ops.health import Check
from candor.ops.settings import Settings
from candor.ops.tracing import current_traceparent
from candor.runtime import server_for
from candor.store.errors import StoreUnavailable
from candor.web.app import Parts, create_app
from candor.web.http.body import accepts, read, read_raw
from candor.web.http.fields import Body, Id, Moment
from candor.web.http.limits import IMPORT_BYTES
from candor.web.http.pages import Cursor, Limit, decode_cursor, encode_cursor, link_header
from candor.web.http.problems import Problem
from candor.web.security.auth import Principal, Role, require
from candor.web.security.webhooks import Signed

KEYS = {name: f"candor_{name}-key-of-the-tests-0123456789" for name in ("viewer", "operator", "approver", "admin")}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SECOND_SECRET = "whsec_c2Vjb25kIHNlY3JldCBvZiB0aGUgdGVzdHMh"
JSON_TYPE = "application/json"


class ThingBody(Body):
    """A thing to keep."""

    id: Id
    due: Moment


def router() -> APIRouter:
    routes = APIRouter(prefix="/v1")

    @routes.get("/things")
    async def things(
        request: Request,
        _who: Annotated[Principal, Depends(require(Role.VIEWER))],
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Response:
        position = decode_cursor(cursor, int)
        first = position[0] if position else 0
        content = msgspec.json.encode({"items": list(range(first, first + limit))})
        return Response(content, 200, link_header(request, encode_cursor(first + limit)), JSON_TYPE)

    @routes.post("/things", status_code=201, openapi_extra=accepts(ThingBody))
    async def make(request: Request, who: Annotated[Principal, Depends(require(Role.OPERATOR))]) -> Response:
        _, body = await read(ThingBody, request)
        content = msgspec.json.encode({"id": body.id, "by": who.name, "traceparent": current_traceparent()})
        return Response(content, 201, media_type=JSON_TYPE)

    @routes.delete("/things/{thing_id}", status_code=204)
    async def remove(thing_id: str, _who: Annotated[Principal, Depends(require(Role.ADMIN))]) -> Response:
        if thing_id != "t-1":
            raise Problem.not_found()
        return Response(status_code=204)

    @routes.post("/imports", openapi_extra=accepts(ThingBody))
    async def imports(request: Request, _who: Annotated[Principal, Depends(require(Role.OPERATOR))]) -> Response:
        return Response(str(len(await read_raw(request))), media_type=JSON_TYPE)

    @routes.post("/webhooks/{sender}", status_code=202)
    async def webhook(hook: Signed) -> Response:
        content = msgspec.json.encode({"source": hook.source, "id": hook.id, "bytes": len(hook.raw)})
        return Response(content, 202, media_type=JSON_TYPE)

    return routes


def faulty() -> APIRouter:
    routes = APIRouter(prefix="/faulty", dependencies=[Depends(require(Role.VIEWER))])

    @routes.get("/bug")
    async def bug() -> Response:
        raise RuntimeError("postgresql://candor:hunter2@db/ said no to bob@example.com")

    @routes.get("/store")
    async def store() -> Response:
        raise StoreUnavailable("connection refused by 10.0.0.1", retry_after=3)

    @routes.get("/slow")
    async def slow() -> Response:
        await asyncio.Event().wait()
        return Response()

    @routes.get("/timeout")
    async def own_timeout() -> Response:
        raise TimeoutError

    @routes.get("/stream")
    async def stream() -> Response:
        async def parts() -> AsyncIterator[bytes]:
            for _ in range(4):
                yield b"x"
                await asyncio.sleep(0.1)

        return StreamingResponse(parts())

    @routes.get("/stream-bug")
    async def stream_bug() -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"x"
            raise RuntimeError("half way")

        return StreamingResponse(parts())

    return routes


def write_files(folder: Path, **scopes: list[str]) -> dict[str, Any]:
    """The files that an app needs; settings that name them."""
    keys = [
        {"name": name, "sha256": hashlib.sha256(key.encode()).hexdigest(), "role": name, "scopes": scopes.get(name, [])}
        for name, key in KEYS.items()
    ]
    (folder / "keys.json").write_bytes(msgspec.json.encode({"keys": keys}))
    (folder / "webhooks.json").write_bytes(
        msgspec.json.encode({"sources": {"crm": {"secrets": [SECRET, SECOND_SECRET]}}})
    )
    return {"api_keys_file": folder / "keys.json", "webhook_secrets_file": folder / "webhooks.json"}


def sample_app(
    folder: Path, parts: Parts | None = None, checks: Mapping[str, Check] | None = None, **settings: Any
) -> FastAPI:
    fields: dict[str, Any] = (
        {"service": "sample-svc", "port": 0} | (write_files(folder) if folder.exists() else {}) | settings
    )
    chosen = Settings(**fields)
    logging.configure_structlog(chosen.service)
    bodies = {"/v1/imports": IMPORT_BYTES}
    return create_app("Sample", chosen, parts, [router(), faulty()], checks, bodies)


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[int]:
    """Serves an app as a process would, on a free port of loopback; yields the port."""
    server = server_for(app.state.settings, app)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
        if task.done():
            await task
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


def bearer(role: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {KEYS[role]}"}
