"""What no client should send, at the routes of the ledger: its status, its code, and nothing stored."""

from __future__ import annotations

import msgspec
import pytest

from tests.component.promise.bodies import body, code, made, new
from tests.support.api import Api
from tests.unit.promise.api.test_requests import BAD_PROMISES, with_field

GOOD = msgspec.json.encode(body())


def inside(value: bytes) -> bytes:
    """A promise whose labels are `value` as written."""
    return GOOD[:-1] + b',"labels":' + value + b"}"


MALFORMED = [
    b"",
    b"   ",
    GOOD[:-1],
    inside(b'{"a":NaN}'),
    inside(b'{"a":Infinity}'),
    inside(b'{"a":1e999}'),
    inside(b'{"a":' + b"9" * 5000 + b"}"),
    inside(b'{"a":1,"a":2}'),
    inside(b"[" * 40 + b"]" * 40),
    inside(b"[" * 100_000 + b"]" * 100_000),
    b"\xef\xbb\xbf" + GOOD,
    GOOD.decode().encode("utf-16"),
    inside(b'{"a":"\xff"}'),
    inside(b'{"a":"\\ud800"}'),
    GOOD + b"{}",
    b"[" + GOOD + b"]",
    b'"text"',
    b"null",
]


@pytest.mark.parametrize("raw", MALFORMED, ids=range(len(MALFORMED)))
async def test_what_is_not_strict_json_is_malformed(promise_api: Api, raw: bytes) -> None:
    answer = await promise_api.call("POST", "/v1/promises", raw=raw)
    assert (answer.status_code, code(answer)) == (400, "malformed_json")


@pytest.mark.parametrize(
    ("raw", "headers", "status", "problem"),
    [
        (b"x" * (256 * 1024 + 1), {}, 413, "too_large"),
        (GOOD, {"content-encoding": "gzip"}, 415, "unsupported_media_type"),
        (GOOD, {"content-type": "text/plain"}, 415, "unsupported_media_type"),
        (GOOD, {"content-type": "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"),
        (GOOD, {"host": "evil.example"}, 400, "bad_host"),
        (GOOD, {"transfer-encoding": "chunked", "content-length": "3"}, 400, "bad_framing"),
        (GOOD, {"idempotency-key": '"'}, 400, "bad_idempotency_key"),
        (GOOD, {"idempotency-key": "k" * 256}, 400, "bad_idempotency_key"),
    ],
    ids=range(8),
)
async def test_what_is_wrong_with_the_transport(
    promise_api: Api, raw: bytes, headers: dict[str, str], status: int, problem: str
) -> None:
    answer = await promise_api.call("POST", "/v1/promises", raw=raw, headers=headers)
    assert (answer.status_code, code(answer)) == (status, problem)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/nothing", 404), ("DELETE", "/v1/promises", 405), ("GET", "/v1/imports", 405), ("GET", "/", 404)],
)
async def test_unknown_paths_and_methods(promise_api: Api, method: str, path: str, status: int) -> None:
    answer = await promise_api.call(method, path)
    assert answer.status_code == status
    assert code(answer) in ("not_found", "method_not_allowed")


@pytest.mark.parametrize("name", ["a%00b", "a%20b", "a" * 129, "%2e%2e%2fetc", "a;b"])
async def test_ids_in_paths_are_ids(promise_api: Api, name: str) -> None:
    for method, path in (("GET", "promises/{}"), ("POST", "promises/{}/withdraw"), ("DELETE", "customers/{}")):
        answer = await promise_api.call(
            method, "/v1/" + path.format(name), {"reason": "r"} if method == "POST" else None
        )
        assert answer.status_code in (404, 422), path
        assert code(answer) in ("not_found", "invalid_field")


async def test_markup_is_stored_as_it_was_said(promise_api: Api) -> None:
    said = "<script>alert(1)</script> =cmd|' /C calc'!A0"
    promise = await made(promise_api, what=said)
    answer = await promise_api.call("GET", f"/v1/promises/{promise['promise_id']}")
    assert answer.json()["what"] == said
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_words_of_any_script_survive(promise_api: Api) -> None:
    said = "Lieferung bis Freitag · доставка · 納品 · توصيل · 🚚👩‍🔧"
    promise = await made(promise_api, what=said, labels={"region": "Île"})
    assert (await promise_api.call("GET", f"/v1/promises/{promise['promise_id']}")).json()["what"] == said


async def test_an_error_says_nothing_of_what_was_sent(promise_api: Api) -> None:
    secret = new("secret")
    for raw in (
        inside(b'{"a":"' + secret.encode() + b'\\u0000"}'),
        GOOD[:-1] + b',"kind2":"' + secret.encode() + b'"}',
    ):
        answer = await promise_api.call("POST", "/v1/promises", raw=raw)
        assert answer.status_code == 422
        assert secret not in answer.text


async def test_every_bad_field_is_a_422_that_names_it_and_nothing_is_stored(promise_api: Api) -> None:
    customer = new()
    for name, value, pointer in BAD_PROMISES:
        raw = with_field(body(customer_id=customer), name, value)
        answer = await promise_api.call("POST", "/v1/promises", raw=raw)
        assert answer.status_code == 422, (name, value)
        assert code(answer) in ("invalid_field", "limit_reached"), (name, value)
        assert pointer in [error["pointer"] for error in answer.json()["errors"]], (name, value)
    assert await promise_api.rows("SELECT * FROM promise WHERE customer_id = $1", customer) == []
