"""Requests that break a limit, on a real socket."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from candor.ops import metrics
from candor.web.http.limits import BODY_BYTES, IMPORT_BYTES
from tests.component.web.sample import KEYS, sample_app, serving
from tests.component.web.wire import answer, connected, exchange, head, send
from tests.support.waiting import until

KEY = f"Authorization: Bearer {KEYS['operator']}"
JSON = "Content-Type: application/json"
CHUNK = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
BODY = b'{"id":"t-1","due":"2013-03-08T12:00:00Z"}'


@pytest.fixture(scope="module")
async def port(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[int]:
    async with serving(sample_app(tmp_path_factory.mktemp("sample"), body_seconds=0.5)) as number:
        yield number


def post(*headers: str, path: str = "/v1/things") -> bytes:
    return head("POST", path, KEY, JSON, *headers)


async def test_a_good_request_is_answered_and_the_connection_kept(port: int) -> None:
    got = await exchange(port, post(f"Content-Length: {len(BODY)}"), BODY)
    assert (got.status, got.closed) == (201, False)


async def test_a_body_in_small_parts_is_put_together(port: int) -> None:
    parts = [BODY[place : place + 7] for place in range(0, len(BODY), 7)]
    got = await exchange(port, post(f"Content-Length: {len(BODY)}"), *parts)
    assert got.status == 201


async def test_a_chunked_body_is_put_together(port: int) -> None:
    chunks = b"5\r\n" + BODY[:5] + b"\r\n" + f"{len(BODY) - 5:x}\r\n".encode() + BODY[5:] + b"\r\n0\r\n\r\n"
    assert (await exchange(port, post("Transfer-Encoding: chunked"), chunks)).status == 201


async def test_a_body_declared_too_large_is_refused_unread(port: int) -> None:
    got = await exchange(port, post(f"Content-Length: {BODY_BYTES + 1}"))
    assert (got.status, got.code, got.closed) == (413, "too_large", True)


async def test_a_client_that_waits_to_be_asked_is_refused_at_once(port: int) -> None:
    got = await exchange(port, post("Content-Length: 10000000", "Expect: 100-continue"))
    assert got.status == 413


async def test_a_client_that_waits_to_be_asked_is_asked(port: int) -> None:
    async with connected(port) as (reader, writer):
        await send(writer, [post(f"Content-Length: {len(BODY)}", "Expect: 100-continue")])
        assert (await answer(reader)).status == 100
        await send(writer, [BODY])
        assert (await answer(reader)).status == 201


async def test_a_chunked_body_is_not_read_past_its_limit(port: int) -> None:
    async with connected(port) as (_, writer):
        sent = await send(writer, [post("Transfer-Encoding: chunked"), *[CHUNK] * 500])
    # 31 MiB were offered; the sockets' own buffers take some, and then the connection is gone.
    assert sent < 400


async def test_a_chunked_body_past_its_limit_is_a_413(port: int) -> None:
    got = await exchange(port, post("Transfer-Encoding: chunked"), *[CHUNK] * 5)
    assert (got.status, got.code) == (413, "too_large")


async def test_a_body_at_the_limit_is_read(port: int) -> None:
    body = BODY + b" " * (BODY_BYTES - len(BODY))
    assert (await exchange(port, post(f"Content-Length: {len(body)}"), body)).status == 201


async def test_imports_may_be_larger(port: int) -> None:
    body = b" " * IMPORT_BYTES
    got = await exchange(port, post(f"Content-Length: {len(body)}", path="/v1/imports"), body)
    assert (got.status, got.body) == (200, str(IMPORT_BYTES).encode())
    assert (await exchange(port, post(f"Content-Length: {len(body) + 1}", path="/v1/imports"))).code == "too_large"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP", "identity, gzip", "x"])
async def test_encoded_bodies_are_not_read(port: int, encoding: str) -> None:
    got = await exchange(port, post(f"Content-Encoding: {encoding}", f"Content-Length: {len(BODY)}"), BODY)
    assert (got.status, got.code) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "media_type",
    [
        "",
        "Content-Type: text/plain",
        "Content-Type: application/x-www-form-urlencoded",
        "Content-Type: application/jsonp",
    ],
)
async def test_other_types_are_not_read(port: int, media_type: str) -> None:
    lines = [line for line in (KEY, media_type, f"Content-Length: {len(BODY)}") if line]
    got = await exchange(port, head("POST", "/v1/things", *lines), BODY)
    assert (got.status, got.code) == (415, "unsupported_media_type")


async def test_the_type_may_carry_parameters_and_any_case(port: int) -> None:
    lines = (KEY, "content-type: Application/JSON; charset=utf-8", f"Content-Length: {len(BODY)}")
    assert (await exchange(port, head("POST", "/v1/things", *lines), BODY)).status == 201


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 5"),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: -1",),
        ("Content-Length: +5",),
        ("Content-Length: 5, 5",),
        ("Content-Length: 0x5",),
        ("Content-Length: 99999999999999999999999",),
        ("Transfer-Encoding: gzip, chunked",),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding : chunked",),
        (" folded: yes",),
        ("Bad\x00Header: a",),
    ],
)
async def test_a_length_told_in_two_ways_or_none_is_a_400(port: int, lines: tuple[str, ...]) -> None:
    got = await exchange(port, post(*lines), b"5\r\n12345\r\n0\r\n\r\n")
    assert got.status == 400
    assert got.closed


@pytest.mark.parametrize("raw", [b"nonsense\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/9.9\r\n\r\n"])
async def test_what_is_not_http_is_a_400(port: int, raw: bytes) -> None:
    got = await exchange(port, raw)
    assert (got.status, got.code, got.closed) == (400, "bad_request", True)


async def test_a_bad_chunk_ends_the_connection(port: int) -> None:
    got = await exchange(port, post("Transfer-Encoding: chunked"), b"zz\r\n")
    assert got.status in (400, 408)
    assert got.closed


async def test_too_many_headers_are_a_431(port: int) -> None:
    got = await exchange(port, head("GET", "/livez", *(f"X-{n}: {n}" for n in range(200))))
    assert (got.status, got.code, got.closed) == (431, "headers_too_large", True)


async def test_too_large_headers_are_a_431(port: int) -> None:
    got = await exchange(port, head("GET", "/livez", *(f"X-{n}: {'x' * 4000}" for n in range(10))))
    assert (got.status, got.code) == (431, "headers_too_large")


async def test_a_header_without_end_is_cut_off(port: int) -> None:
    def endless() -> Iterator[bytes]:
        yield b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: "
        for _ in range(2000):
            yield b"x" * 65_536

    async with connected(port) as (_, writer):
        assert await send(writer, endless()) < 1500


async def test_a_header_without_end_is_cut_off_for_its_size_not_only_for_its_time(tmp_path: Path) -> None:
    async with serving(sample_app(tmp_path, body_seconds=3600)) as patient:
        got = await exchange(patient, b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ", *[b"x" * 65_536] * 8)
    assert (got.status, got.code) == (431, "headers_too_large")


async def test_a_long_address_is_a_414(port: int) -> None:
    got = await exchange(port, head("GET", "/v1/things?x=" + "y" * 9000))
    assert (got.status, got.code) == (414, "uri_too_long")


async def test_a_client_that_leaves_within_its_body_is_no_fault_of_ours(
    port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused() -> float:
        labels = {"method": "POST", "route": "/v1/things", "status": "400"}
        return metrics.REGISTRY.get_sample_value("candor_http_requests_total", labels) or 0

    before = refused()
    async with connected(port) as (_, writer):
        await send(writer, [post("Content-Length: 100"), b"{"])
    await until(lambda: refused() > before, seconds=10)
    written = capsys.readouterr().out
    assert '"level":"error"' not in written
    assert "Traceback" not in written


async def test_a_slow_body_is_a_408(port: int) -> None:
    got = await exchange(port, post("Content-Length: 100"), b"{")
    assert (got.status, got.code, got.closed) == (408, "request_timeout", True)


async def test_a_body_that_trickles_is_a_408_all_the_same(port: int) -> None:
    async with connected(port) as (reader, writer):
        await send(writer, [post("Content-Length: 100")])
        waiting = asyncio.create_task(answer(reader))
        for _ in range(100):
            await send(writer, [b" "])
            await asyncio.wait([waiting], timeout=0.05)
            if waiting.done():
                break
        assert (await waiting).status == 408


async def test_slow_headers_are_a_408(port: int) -> None:
    got = await exchange(port, b"GET /livez HTTP/1.1\r\nHost: local")
    assert (got.status, got.code, got.closed) == (408, "request_timeout", True)


async def test_a_connection_that_says_nothing_is_closed_without_a_word(port: int) -> None:
    async with connected(port) as (reader, _), asyncio.timeout(10):
        assert await reader.read() == b""


@pytest.mark.parametrize("host", ["evil.example", "", "localhost.evil.example", "evil.example:localhost", "[::2]", "é"])
async def test_other_hosts_are_a_400(port: int, host: str) -> None:
    got = await exchange(port, head("GET", "/v1/things", KEY, host=host))
    assert (got.status, got.code) == (400, "bad_host")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8101", "127.0.0.1:1", "[::1]:8101"])
async def test_our_hosts_are_answered(port: int, host: str) -> None:
    assert (await exchange(port, head("GET", "/v1/things", KEY, host=host))).status == 200


async def test_probes_are_answered_whatever_the_host(port: int) -> None:
    assert (await exchange(port, head("GET", "/livez", host="10.0.0.7"))).status == 200


async def test_an_unknown_path_is_a_404_and_an_unknown_method_a_405(port: int) -> None:
    assert (await exchange(port, head("GET", "/v2/things", KEY))).code == "not_found"
    assert (await exchange(port, head("GET", "/v1/things/", KEY))).code == "not_found"
    got = await exchange(port, head("PATCH", "/v1/things", KEY))
    assert (got.code, set(got.headers["allow"].split(", "))) == ("method_not_allowed", {"GET", "POST"})


async def test_a_second_request_that_is_nonsense_does_not_spoil_the_first(port: int) -> None:
    async with connected(port) as (reader, writer):
        await send(writer, [head("GET", "/faulty/stream-bug", KEY)[:-2] + b"\r\nnonsense\r\n\r\n"])
        first = await reader.readuntil(b"\r\n")
        assert first == b"HTTP/1.1 200 OK\r\n"


async def test_a_websocket_for_another_host_is_refused(port: int) -> None:
    upgrade = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAA")
    got = await exchange(port, head("GET", "/v1/things", *upgrade, host="evil.example"))
    assert got.status in (400, 403)


@pytest.mark.parametrize("path", ["/livez", "/v1/things", "/nowhere", "/faulty/bug"])
async def test_every_answer_is_safe_to_show_and_not_kept(port: int, path: str) -> None:
    got = await exchange(port, head("GET", path, KEY))
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in got.headers["content-security-policy"]
    assert "server" not in got.headers


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/docs", "/v1/things/none"])
async def test_head_is_get_without_its_body(port: int, path: str) -> None:
    """As load balancers and uptime checks ask; a body would be taken for the next answer on the connection."""
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {KEYS['operator']}"}
    ) as http:
        whole, bare = await http.get(path), await http.head(path)
        again = await http.get(path)
    assert (bare.status_code, bare.content) == (whole.status_code, b"")
    assert bare.headers["content-type"] == whole.headers["content-type"]
    assert again.status_code == whole.status_code
