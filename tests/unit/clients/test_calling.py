"""Requests to other systems: bounded, never led elsewhere, and every failure in words without a secret."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import pytest_asyncio
from starlette.responses import JSONResponse, RedirectResponse

from candor.clients.calling import LONGEST_WAIT, AwayError, CallError, Calling, DeniedError, RefusedError, check_base
from tests.support.stand_in import StandIn, raw, slow, standing_in, status

HEADERS = {"authorization": "Bearer a-token"}


@pytest_asyncio.fixture
async def other() -> AsyncIterator[StandIn]:
    async with standing_in(StandIn(lambda _request, body: JSONResponse({"said": body or "hello"}), "a-token")) as made:
        yield made


async def failure(other: StandIn, **bounds: float) -> CallError:
    calling = Calling(other.base, **bounds)  # type: ignore[arg-type]
    with pytest.raises(CallError) as caught:
        await calling.get("/things", {}, HEADERS)
    return caught.value


async def test_an_answer_is_a_json_object_and_when_it_was_given(other: StandIn) -> None:
    calling = Calling(f"{other.base}/")
    answer = await calling.get("/things", {"since": "2026-11-30T00:00:00+00:00"}, HEADERS)
    assert answer.body == {"said": "hello"}
    assert answer.at is not None
    assert abs(answer.at - datetime.now(UTC)) < timedelta(seconds=30)
    assert other.asked == [("GET", "/things", {"since": "2026-11-30T00:00:00+00:00"}, b"")]
    assert (await calling.post("/things", {"ids": [1]}, HEADERS)).body == {"said": {"ids": [1]}}


@pytest.mark.parametrize("number", [500, 502, 503, 504, 429])
async def test_who_is_overloaded_is_away(other: StandIn, number: int) -> None:
    other.faults.append(status(number))
    found = await failure(other)
    assert isinstance(found, AwayError)
    assert (found.words, found.wait) == (f"status {number}", 0.0)


@pytest.mark.parametrize("number", [401, 403])
async def test_a_token_that_is_not_accepted_is_denied(other: StandIn, number: int) -> None:
    other.faults.append(status(number))
    assert isinstance(await failure(other), DeniedError)


async def test_a_wrong_request_is_refused(other: StandIn) -> None:
    other.faults.append(status(400))
    found = await failure(other)
    assert isinstance(found, RefusedError)
    assert not isinstance(found, DeniedError)


async def test_no_answer_leads_to_another_address(other: StandIn) -> None:
    other.faults.append(lambda: RedirectResponse(f"{other.base}/elsewhere", 307))
    assert "another address" in (await failure(other)).words
    assert [path for _, path, *_ in other.asked] == ["/things"]


async def test_time_and_bytes_have_an_end(other: StandIn) -> None:
    other.faults += [slow(5), raw(b'{"a": "%s"}' % (b"x" * 5_000))]
    assert (await failure(other, seconds=0.2)).words == "no whole answer within 0.2 s"
    assert (await failure(other, most=4_000)).words == "the answer is larger than 4,000 bytes"


async def test_a_small_answer_that_unpacks_to_a_large_one_is_not_read(other: StandIn) -> None:
    other.faults.append(raw(gzip.compress(b'{"a": "%s"}' % (b"x" * 1_000_000)), content_encoding="gzip"))
    assert "compressed" in (await failure(other)).words


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"a": 1', b"[" * 50_000, b"\xff"])
async def test_what_is_no_json_object_is_refused(other: StandIn, body: bytes) -> None:
    other.faults.append(raw(body))
    assert (await failure(other)).words == "the answer is no JSON object"


async def test_nobody_there_is_away() -> None:
    found = await failure(_nowhere())
    assert isinstance(found, AwayError)
    assert found.words.startswith("not reached: ")


def _nowhere() -> StandIn:
    nobody = StandIn(lambda *_: JSONResponse({}), "")
    nobody.base = "http://127.0.0.1:1"
    return nobody


def _http(at: datetime) -> str:
    return format_datetime(at, usegmt=True)


NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
WAITS = [
    ({"retry_after": "17"}, 17.0),
    ({"retry_after": _http(NOW + timedelta(seconds=90)), "date": _http(NOW)}, 90.0),
    ({"retry_after": _http(NOW - timedelta(hours=1)), "date": _http(NOW)}, 0.0),
    ({"retry_after": "999999999999"}, LONGEST_WAIT),
    ({"retry_after": "soon"}, 0.0),
    ({"retry_after": "-5"}, 0.0),
    ({"x_ratelimit_reset": str(int(NOW.timestamp()) + 40), "date": _http(NOW)}, 40.0),
    ({"x_ratelimit_reset": "12"}, 12.0),
]


@pytest.mark.parametrize(("headers", "wait"), WAITS)
async def test_how_long_to_wait_is_read_in_all_its_forms(other: StandIn, headers: dict[str, str], wait: float) -> None:
    other.faults.append(status(429, **headers))
    assert (await failure(other)).wait == pytest.approx(wait)


@pytest.mark.parametrize(
    "base",
    [
        "http://crm.example",
        "ftp://127.0.0.1",
        "https://",
        "crm.example",
        "https://user:word@crm.example",
        "https://crm.example?x=1",
        "https://crm.example#x",
        "http://127.0.0.1.example.com",
    ],
)
def test_an_address_is_one_with_tls_or_of_this_machine(base: str) -> None:
    with pytest.raises(ValueError, match="must be an address"):
        check_base(base)


@pytest.mark.parametrize("base", ["https://api.crm.example", "https://crm.example:8443/path", "http://127.0.0.1:99"])
def test_these_are_addresses(base: str) -> None:
    check_base(base)
