"""Our own services asked by a page: their problems in words, pages by cursor, and bounds on what is read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from starlette.responses import JSONResponse, RedirectResponse, Response

from candor.clients.services import ServiceClient, ServiceError, check_address
from tests.support.stand_in import StandIn, raw, slow, standing_in, status


def _answer(_request: object, body: object) -> Response:
    more = {"link": '</v1/things?limit=2&cursor=a%3Db>; rel="next"'}
    return JSONResponse({"said": body or "hello"}, headers=more)


@pytest_asyncio.fixture
async def other() -> AsyncIterator[StandIn]:
    async with standing_in(StandIn(_answer, "the-key")) as made:
        yield made


def client(other: StandIn, key: str = "the-key", **bounds: float) -> ServiceClient:
    return ServiceClient(f"{other.base}/", lambda: key, **bounds)  # type: ignore[arg-type]


async def failure(asked: ServiceClient) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        await asked.get("/v1/things")
    return caught.value


async def test_an_answer_is_an_object_and_says_where_the_list_goes_on(other: StandIn) -> None:
    found = await client(other).get("/v1/things", {"source": "a b", "limit": "2"})
    assert (found.body, found.cursor) == ({"said": "hello"}, "a=b")
    assert other.asked == [("GET", "/v1/things", {"source": "a b", "limit": "2"}, b"")]
    assert (await client(other).send("PUT", "/v1/things/1", {"body": "x"})).body == {"said": {"body": "x"}}
    assert (await client(other).send("POST", "/v1/things/1")).body == {"said": "hello"}
    other.faults.append(raw(b"{}"))
    assert (await client(other).get("/v1/things")).cursor == ""


async def test_a_problem_is_told_in_its_own_words_with_its_code(other: StandIn) -> None:
    problem = {"code": "already_matched", "title": "Matched", "detail": "it has been matched just now"}
    other.faults.append(lambda: JSONResponse(problem, 409, media_type="application/problem+json"))
    found = await failure(client(other))
    assert (found.words, found.code, found.status) == ("it has been matched just now", "already_matched", 409)
    other.faults.append(lambda: JSONResponse({**problem, "detail": ""}, 409))
    assert (await failure(client(other))).words == "Matched"
    wrong = [{"pointer": "/due", "detail": "first"}, {"pointer": "/due", "detail": "second"}, {"parameter": "q"}]
    other.faults.append(lambda: JSONResponse({**problem, "errors": wrong}, 422))
    assert (await failure(client(other))).errors == {"/due": "first"}
    other.faults.append(lambda: JSONResponse({}, 503))
    assert (await failure(client(other))).words == "it answered with status 503"


async def test_what_is_no_json_object_is_said_and_not_shown(other: StandIn) -> None:
    for body in (b"[1]", b"<html>secret</html>", b'{"a": \xff}', b"[" * 100_000):
        other.faults.append(raw(body))
        found = await failure(client(other))
        assert (found.words, found.status) == ("it answered with status 200, and no JSON object", 200)
    other.faults.append(status(502))
    assert (await failure(client(other))).status == 502


async def test_no_answer_leads_elsewhere_and_the_key_goes_nowhere_else(other: StandIn) -> None:
    other.faults.append(lambda: RedirectResponse(f"{other.base}/elsewhere", 307))
    assert (await failure(client(other))).status == 307
    assert [path for _, path, *_ in other.asked] == ["/v1/things"]
    assert (await failure(client(other, "another"))).status == 401


async def test_the_key_is_read_at_every_request(other: StandIn) -> None:
    keys = iter(["old", "the-key"])
    asked = ServiceClient(other.base, lambda: next(keys))
    assert (await failure(asked)).status == 401
    assert (await asked.get("/v1/things")).body == {"said": "hello"}


async def test_time_and_bytes_have_an_end(other: StandIn) -> None:
    other.faults += [slow(5), raw(b'{"a": "%s"}' % (b"x" * 5_000))]
    assert (await failure(client(other, seconds=0.2))).words == "it did not answer within 0.2 s"
    assert (await failure(client(other, most=4_000))).words == "its answer is larger than 4,000 bytes"


async def test_who_is_not_there_is_not_reached() -> None:
    found = await failure(ServiceClient("http://127.0.0.1:9", lambda: "key"))
    assert found.words == "it is not reached: ConnectError"
    assert "key" not in str(found).replace("it is not reached", "")


@pytest.mark.parametrize("url", ["", "promise-svc", "ftp://x", "http://", "http://a@b", "http://a?b=c", "http://a#b"])
def test_an_address_is_http_and_a_host(url: str) -> None:
    with pytest.raises(ValueError, match="must be an address"):
        check_address(url)
    check_address("http://promise-svc:8080/below")
