"""The helper that service tests run over their own OpenAPI documents, on the sample app."""

from pathlib import Path

import pytest
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from candor.web.http.body import accepts, read
from candor.web.http.fields import Body, Id
from candor.web.routes import accesses
from tests.component.web.sample import bearer, sample_app, serving
from tests.support.api_fuzz import fuzz


async def test_made_up_requests_get_proper_answers(tmp_path: Path) -> None:
    async with serving(sample_app(tmp_path)) as port:
        skip = [f"GET /faulty/{name}" for name in ("bug", "store", "slow", "timeout", "stream", "stream-bug")]
        sent = await fuzz(f"http://127.0.0.1:{port}", bearer("admin"), examples=30, skip=skip)
    assert sent >= 30


class Fragile(Body):
    id: Id


async def test_a_route_that_breaks_on_some_input_is_found(tmp_path: Path) -> None:
    routes = APIRouter()

    @routes.post("/fragile", openapi_extra=accepts(Fragile))
    async def fragile(request: Request) -> Response:
        _, body = await read(Fragile, request)
        if len(body.id) > 1:
            raise RuntimeError("did not think of that")
        return Response(b"{}", media_type="application/json")

    app = sample_app(tmp_path)
    app.include_router(routes)
    skip = [f"{one.method} {one.path}" for one in accesses(app) if one.path != "/fragile"]
    async with serving(app) as port:
        with pytest.raises(BaseException, match="Server error"):
            await fuzz(f"http://127.0.0.1:{port}", bearer("admin"), examples=30, skip=skip)
