"""How connections end: an early answer arrives, and nobody holds a connection by not sending or not reading."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import websockets
from fastapi import APIRouter, WebSocket

from candor.ops import metrics
from candor.web.app import create_app
from candor.web.http.limits import BODY_BYTES
from candor.web.http.parting import LINGER_BYTES
from tests.component.web.sample import KEYS, sample_app, serving
from tests.component.web.wire import answer, connected, exchange, head, send
from tests.support.waiting import until

KEY = f"Authorization: Bearer {KEYS['operator']}"
JSON = "Content-Type: application/json"
ENDLESS = "Content-Length: 200000"
PART = b" " * 0x10000
UNFINISHED = head("POST", "/v1/things", KEY, JSON, ENDLESS)


@pytest.fixture(scope="module")
async def port(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[int]:
    app = sample_app(tmp_path_factory.mktemp("sample"), linger_seconds=0.5, body_seconds=0.5, write_seconds=0.5)
    async with serving(app) as number:
        yield number


def counted(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(f"candor_{name}", labels) or 0


@pytest.mark.parametrize(
    ("start", "status"),
    [
        (head("GET", "/livez", ENDLESS), 200),
        (head("GET", "/nowhere", KEY, ENDLESS), 404),
        (head("POST", "/v1/things", JSON, ENDLESS), 401),
        (head("PUT", "/v1/things", KEY, ENDLESS), 405),
        (head("POST", "/v1/things", KEY, JSON, "Content-Encoding: gzip", ENDLESS), 415),
        (head("GET", "/v1/things", KEY, "Transfer-Encoding: chunked"), 200),
        (head("POST", "/v1/things", KEY, JSON, f"Content-Length: {BODY_BYTES + 1}"), 413),
        (head("GET", "/livez", *(f"X-{n}: {n}" for n in range(200))), 431),
    ],
)
async def test_an_answer_before_the_end_of_a_body_ends_the_connection(port: int, start: bytes, status: int) -> None:
    got = await exchange(port, start, b"1\r\n \r\n")
    assert (got.status, got.closed) == (status, True)


async def test_a_body_that_never_ends_is_cut_off(port: int) -> None:
    """Also where no route reads it, and whatever the caller goes on to send."""
    async with connected(port) as (reader, writer):
        await send(writer, [head("GET", "/livez", ENDLESS)])
        assert (await answer(reader)).closed
        async with asyncio.timeout(10):
            with pytest.raises(ConnectionError):
                while True:
                    writer.write(b" ")
                    await writer.drain()
                    await asyncio.sleep(0.02)


@pytest.mark.parametrize("size", [BODY_BYTES + 1, 5_000_000])
async def test_who_sends_all_before_reading_is_answered(port: int, size: int) -> None:
    """As proxies and simple clients do: with a reset instead of an end, the answer would be lost."""

    def ask() -> bytes:
        start = head("POST", "/v1/things", KEY, JSON, f"Content-Length: {size}")
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(start + b" " * size)
            received = b""
            while more := client.recv(65_536):
                received += more
        return received

    assert (await asyncio.to_thread(ask)).startswith(b"HTTP/1.1 413 ")


async def test_the_rest_of_a_body_is_not_read_without_end(port: int) -> None:
    async with connected(port) as (_, writer):
        taken = await send(writer, [head("GET", "/livez", "Content-Length: 99999999999"), *[PART] * 2000])
    # Some more lies in the buffers of both sockets.
    assert len(PART) * taken < LINGER_BYTES + 30_000_000


async def test_who_does_not_read_an_answer_is_cut_off(port: int) -> None:
    before = counted("http_connections_cut_total", reason="not_reading")
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    with client:
        await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
        # So many answers, asked for in a row, as both sockets' buffers cannot hold.
        asked = head("GET", "/metrics", KEY) * 400
        await asyncio.get_running_loop().sock_sendall(client, asked)
        await until(lambda: counted("http_connections_cut_total", reason="not_reading") > before, seconds=10)


async def test_empty_lines_do_not_keep_a_connection(port: int) -> None:
    async with connected(port) as (reader, writer):
        await send(writer, [head("GET", "/livez")])
        await answer(reader)
        await send(writer, [b"\r\n"])
        async with asyncio.timeout(10):
            assert await reader.read() == b""


async def test_one_address_has_so_many_connections_and_a_believed_proxy_any(tmp_path: Path) -> None:
    limits: dict[str, Any] = {"max_connections_per_address": 3, "forwarded_allow_ips": ("10.0.0.1",)}
    async with serving(sample_app(tmp_path, **limits)) as port, AsyncExitStack() as kept:
        for _ in range(3):
            await kept.enter_async_context(connected(port))
        got = await exchange(port, b"")
        assert (got.status, got.code, got.headers["retry-after"], got.closed) == (
            503,
            "too_many_connections",
            "5",
            True,
        )
        await kept.aclose()
        await until(lambda: counted("http_connections") == 0, seconds=10)
        assert (await exchange(port, head("GET", "/livez"))).status == 200
    async with serving(sample_app(tmp_path, max_connections_per_address=3)) as port, AsyncExitStack() as kept:
        for _ in range(9):
            await kept.enter_async_context(connected(port))
        assert (await exchange(port, head("GET", "/livez"))).status == 200


async def test_at_the_limit_an_idle_connection_makes_room_and_a_busy_one_does_not(tmp_path: Path) -> None:
    async with serving(sample_app(tmp_path, max_connections=3, body_seconds=60)) as port, AsyncExitStack() as kept:
        idle, _ = await kept.enter_async_context(connected(port))
        for _ in range(2):
            _, writer = await kept.enter_async_context(connected(port))
            await send(writer, [UNFINISHED])
        await until(lambda: counted("http_requests_running") == 2, seconds=10)
        assert (await exchange(port, head("GET", "/livez"))).status == 200
        assert await idle.read() == b""
        _, writer = await kept.enter_async_context(connected(port))
        await send(writer, [UNFINISHED])
        await until(lambda: counted("http_requests_running") == 3, seconds=10)
        assert (await exchange(port, head("GET", "/livez"))).code == "too_many_connections"


async def test_a_socket_counts_as_a_connection_for_as_long_as_it_is_open(tmp_path: Path) -> None:
    routes = APIRouter()

    @routes.websocket("/echo")
    async def echo(opened: WebSocket) -> None:
        await opened.accept()
        async for said in opened.iter_text():
            await opened.send_text(said)

    settings = sample_app(tmp_path, body_seconds=0.2, max_connections=1).state.settings
    async with serving(create_app("Sample", settings, None, [routes])) as port:
        async with websockets.connect(f"ws://localhost:{port}/echo") as client:
            assert counted("http_connections") == 1
            # It outlives what a request's headers may take, and makes room for nobody.
            for number in range(5):
                await client.send(str(number))
                assert await client.recv() == str(number)
                await asyncio.sleep(0.1)
            assert (await exchange(port, b"")).code == "too_many_connections"
            await client.send("still here")
            assert await client.recv() == "still here"
        await until(lambda: counted("http_connections") == 0, seconds=10)
        assert (await exchange(port, head("GET", "/livez"))).status == 200


async def test_one_caller_has_so_many_requests_at_once_and_leaves_room_for_others(tmp_path: Path) -> None:
    async with (
        serving(sample_app(tmp_path, max_running_per_caller=2, body_seconds=60)) as port,
        AsyncExitStack() as kept,
    ):
        for _ in range(2):
            _, writer = await kept.enter_async_context(connected(port))
            await send(writer, [UNFINISHED])
        await until(lambda: counted("http_requests_running") == 2, seconds=10)
        got = await exchange(port, head("GET", "/v1/things", KEY))
        assert (got.status, got.code, got.headers["retry-after"]) == (429, "too_many_running", "1")
        other = f"Authorization: Bearer {KEYS['viewer']}"
        assert (await exchange(port, head("GET", "/v1/things", other))).status == 200
        await kept.aclose()
        await until(lambda: counted("http_requests_running") == 0, seconds=10)
        assert (await exchange(port, head("GET", "/v1/things", KEY))).status == 200
