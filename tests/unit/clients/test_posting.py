"""POSTs that carry a message: what leaves, what provably did not, and what nobody can know."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from starlette.responses import JSONResponse, RedirectResponse

from candor.clients.posting import MOST, NotSentError, Posting, UnclearError
from candor.clients.public_address import Guard, NotPublicError
from tests.support.stand_in import StandIn, raw, slow, standing_in, status


@pytest_asyncio.fixture
async def other() -> AsyncIterator[StandIn]:
    async with standing_in(StandIn(lambda _request, _body: JSONResponse({"said": "ok"}))) as made:
        yield made


async def test_an_answer_of_any_status_is_an_answer(other: StandIn) -> None:
    posting = Posting(seconds=10)
    other.faults.extend([status(404), status(429, Retry_After="30"), status(500)])
    replies = [await posting.post(f"{other.base}/x", b"{}", {"content-type": "application/json"}) for _ in range(4)]
    assert [(reply.status, reply.wait) for reply in replies] == [(404, 0), (429, 30), (500, 0), (200, 0)]
    assert replies[-1].body == b'{"said":"ok"}'
    assert [asked[:2] for asked in other.asked] == [("POST", "/x")] * 4


async def test_nothing_is_followed(other: StandIn) -> None:
    other.faults.append(lambda: RedirectResponse("/elsewhere", 307))
    assert (await Posting(seconds=10).post(f"{other.base}/x", b"", {})).status == 307
    assert [path for _, path, _, _ in other.asked] == ["/x"]


async def test_of_a_large_answer_a_part_is_read(other: StandIn) -> None:
    other.faults.append(raw(b"x" * (3 * MOST)))
    assert len((await Posting(seconds=10).post(f"{other.base}/x", b"", {})).body) == MOST


async def test_what_found_no_server_has_not_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(NotSentError, match="ConnectError"):
        await Posting(seconds=10).post(f"http://127.0.0.1:{port}/x", b"", {})


async def test_a_name_that_nobody_knows_has_not_left() -> None:
    with pytest.raises(NotSentError):
        await Posting(seconds=10, guard=Guard()).post("https://nobody.invalid/x", b"", {})


async def test_what_got_no_answer_in_time_is_unclear(other: StandIn) -> None:
    other.faults.append(slow(5))
    with pytest.raises(UnclearError, match=r"TimeoutError|ReadTimeout"):
        await Posting(seconds=0.3).post(f"{other.base}/x", b"", {})
    assert len(other.asked) == 1


async def test_what_was_cut_off_after_it_left_is_unclear() -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(cut, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(UnclearError, match=r"RemoteProtocolError|ReadError"):
            await Posting(seconds=10).post(f"http://127.0.0.1:{port}/x", b"", {})


async def test_an_answer_cut_off_after_its_status_has_said_what_matters() -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 202 Accepted\r\ncontent-length: 100\r\n\r\nhalf")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(cut, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert (await Posting(seconds=10).post(f"http://127.0.0.1:{port}/x", b"", {})).status == 202


async def test_a_guard_keeps_the_hosts_name_and_forbids_a_private_address(other: StandIn) -> None:
    heard: list[str] = []

    def answer(request: object, _body: object) -> JSONResponse:
        heard.append(request.headers["host"])  # type: ignore[attr-defined]
        return JSONResponse({})

    other.answer = answer
    place = other.base.removeprefix("http://").replace("127.0.0.1", "localhost")
    await Posting(seconds=10, guard=Guard(private=True)).post(f"http://{place}/x", b"", {})
    assert heard == [place]
    with pytest.raises(NotPublicError):
        await Posting(seconds=10, guard=Guard()).post(f"{other.base}/x", b"", {})
    assert len(other.asked) == 1
