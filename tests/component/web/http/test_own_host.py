"""Pages of a host of their own: reached there alone, whatever port, case or proxy, and nothing else beside them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from candor.ops.edge_settings import OwnHost
from candor.ops.settings import Settings
from candor.web.app import create_app

router = APIRouter()


@router.get("/p/{name}", include_in_schema=False)
async def page(name: str) -> Response:
    return PlainTextResponse(f"the page {name}")


@router.get("/other", include_in_schema=False)
async def other() -> Response:
    return PlainTextResponse("staff's")


class Apart(Settings):
    @property
    def own_host(self) -> OwnHost:
        return OwnHost("page.example.com:8443", "/p/")


@pytest_asyncio.fixture(loop_scope="session")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = create_app("apart", Apart(service="apart", port=0), None, [router])
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as made:
        yield made


@pytest.mark.parametrize(
    ("headers", "path", "words", "status"),
    [
        ({"host": "page.example.com:8443"}, "/p/a", "the page a", 200),
        ({"host": "PAGE.example.com:8443"}, "/p/a", "the page a", 200),
        ({"host": "localhost", "x-forwarded-host": "page.example.com:8443"}, "/p/a", "the page a", 200),
        ({"host": "page.example.com:8443"}, "/other", "This link has ended", 404),
        ({"host": "page.example.com:8443"}, "/livez", "This link has ended", 404),
        ({"host": "page.example.com:8443"}, "/p", "This link has ended", 404),
        ({"host": "page.example.com:8443"}, "/%70/a", "the page a", 200),
        ({"host": "localhost"}, "/p/a", "not_found", 404),
        ({"host": "page.example.com"}, "/p/a", "not_found", 404),
        ({"host": "localhost"}, "/other", "staff's", 200),
        ({"host": "elsewhere.example.com"}, "/p/a", "bad_host", 400),
        ({"host": "page.example.com:8443", "x-forwarded-host": "localhost"}, "/other", "staff's", 200),
    ],
)
async def test_each_host_has_its_own(
    client: httpx.AsyncClient, headers: dict[str, str], path: str, words: str, status: int
) -> None:
    answer = await client.get(path, headers=headers)
    assert (answer.status_code, words in answer.text) == (status, True), answer.text


async def test_whoever_sends_an_order_to_the_wrong_host_is_refused_before_any_route(client: httpx.AsyncClient) -> None:
    answer = await client.post("/other", headers={"host": "page.example.com:8443"})
    assert (answer.status_code, answer.headers["referrer-policy"]) == (404, "no-referrer")
    assert "set-cookie" not in answer.headers


def test_a_host_is_trusted_by_its_name_whatever_its_port() -> None:
    assert OwnHost("page.example.com:8443", "/p/").names == ("page.example.com",)
    assert OwnHost("[::1]:8443", "/p/").names == ("::1",)
    assert OwnHost().names == ()
