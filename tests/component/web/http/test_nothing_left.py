"""What an answered request leaves to the garbage collector, which stops the process for what it finds: nothing."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.component.web.sample import bearer, sample_app, serving
from tests.component.web.wire import answer, connected, head

MANY = 30
GOOD = b'{"id": "t-1", "due": "2026-03-01T12:00:00Z"}'


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def port(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[int]:
    async with serving(sample_app(tmp_path_factory.mktemp("sample"), rate_limit=0)) as number:
        yield number


@pytest.fixture(scope="module")
def by_hand() -> Iterator[None]:
    gc.disable()
    gc.collect()
    # All that other tests keep need not be looked through each time.
    gc.freeze()
    yield
    gc.unfreeze()
    gc.enable()


def asked(method: str, path: str, role: str = "", body: bytes = b"") -> bytes:
    fields = [f"{name}: {value}" for name, value in (bearer(role) if role else {}).items()]
    if body:
        fields += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return head(method, path, *fields) + body


@pytest.mark.usefixtures("by_hand")
@pytest.mark.parametrize(
    ("status", "request_"),
    [
        (201, asked("POST", "/v1/things", "operator", GOOD)),
        (400, asked("POST", "/v1/things", "operator", b"{")),
        (422, asked("POST", "/v1/things", "operator", b"{}")),
        (403, asked("POST", "/v1/things", "viewer", GOOD)),
        (200, asked("GET", "/v1/things", "viewer")),
        (422, asked("GET", "/v1/things?limit=0", "viewer")),
        (422, asked("GET", "/v1/things?limits=1", "viewer")),
        (204, asked("DELETE", "/v1/things/t-1", "admin")),
        (404, asked("DELETE", "/v1/things/t-2", "admin")),
        (404, asked("GET", "/v1/nothing", "admin")),
        (405, asked("DELETE", "/v1/things", "admin")),
        (503, asked("GET", "/faulty/store", "viewer")),
        (500, asked("GET", "/faulty/bug", "viewer")),
    ],
)
async def test_an_answered_request_leaves_nothing(port: int, status: int, request_: bytes) -> None:
    async with connected(port) as (reader, writer):

        async def ask() -> None:
            writer.write(request_)
            assert (await answer(reader, no_body=status == 204)).status == status

        async def left() -> int:
            for _ in range(MANY):
                await ask()
            # The end of the task that answered.
            await asyncio.sleep(0)
            return gc.collect()

        await left()
        # Whatever else ends meanwhile leaves something once; a request would each time.
        assert min([await left() for _ in range(3)]) < MANY
