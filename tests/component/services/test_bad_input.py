"""What no client should send, to every route of every service: none reads its body another way."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.component.services.conftest import Started
from tests.support.api import ROLES, Api

SERVICES = ("promise-svc", "delivery-svc", "risk-web", "notify-svc")
NAMES = {"source": "crm", "statement": "warning", "language": "en", "number": "1"}
MALFORMED = {
    "1 empty": b"",
    "2 truncated": b'{"a": 1',
    "3 NaN": b'{"a": NaN}',
    "4 a key twice": b'{"a": 1, "a": 2}',
    "5 100,000 levels": b'{"a": ' + b"[" * 100_000,
    "6 byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "7 invalid UTF-8": b'{"a": "\xff"}',
    "8 a lone surrogate": b'{"a": "\\ud800"}',
    "9 1e999": b'{"a": 1e999}',
    "10 an integer of 5,000 digits": b'{"a": ' + b"9" * 5000 + b"}",
    "11 two documents": b'{"a": 1}{"a": 1}',
    "12 an array": b"[]",
}
WRONG: dict[str, tuple[bytes, dict[str, str], int, str]] = {
    "31 too large": (b" " * (4 * 1024 * 1024 + 1), {}, 413, "too_large"),
    "33 encoded": (b"{}", {"content-encoding": "gzip"}, 415, "unsupported_media_type"),
    "34 another type": (b"{}", {"content-type": "text/plain"}, 415, "unsupported_media_type"),
    "35 two lengths": (b"{}", {"transfer-encoding": "chunked", "content-length": "2"}, 400, "bad_framing"),
    "38 another host": (b"{}", {"host": "evil.example"}, 400, "bad_host"),
}


def routes(app: FastAPI, *methods: str) -> Iterator[tuple[str, str]]:
    """Method and path of what takes a key, with names in the place of parameters."""
    for path, item in app.openapi()["paths"].items():
        names = {part[1:-1]: NAMES.get(part[1:-1], "x") for part in path.split("/") if part.startswith("{")}
        for method in item:
            if method.upper() in methods and "/webhooks/" not in path:
                yield method.upper(), path.format(**names)


def takes_json(app: FastAPI, path: str, method: str) -> bool:
    known = {known.format(**{n[1:-1]: NAMES.get(n[1:-1], "x") for n in known.split("/") if n.startswith("{")}): known
             for known in app.openapi()["paths"]}  # fmt: skip
    body = app.openapi()["paths"][known[path]][method.lower()].get("requestBody", {"content": {}})
    return any("json" in one for one in body["content"])


async def refused(api: Api, method: str, path: str, **how: Any) -> tuple[int, str]:
    answer = await api.call(method, path, **how)
    assert answer.headers["content-type"] == "application/problem+json", (path, answer.text)
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("service", SERVICES)
async def test_every_route_refuses_what_no_route_should_take(start: Started, service: str) -> None:
    async with start(service) as api:
        writing = [
            (method, path)
            for method, path in routes(api.app, "POST", "PUT", "PATCH", "DELETE")
            if takes_json(api.app, path, method)
        ]
        assert writing
        for method, path in writing:
            for name, raw in MALFORMED.items():
                found = await refused(api, method, path, raw=raw)
                assert found == (400, "malformed_json"), (name, method, path)
            for name, (raw, headers, status, problem) in WRONG.items():
                found = await refused(api, method, path, raw=raw, headers=headers)
                assert found == (status, problem), (name, method, path)
            # 13 and 26: a field that is missing, or that nobody asked for, and no word of what was sent.
            word = secrets.token_hex(8)
            answer = await api.call(method, path, {"nobody_asked": word})
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field"), (method, path)
            assert word not in answer.text


@pytest.mark.parametrize("service", SERVICES)
async def test_every_route_wants_a_key_and_none_takes_another_for_one(start: Started, service: str) -> None:
    forged = [f"Bearer {token}" for token in json_web_tokens()]
    async with start(service) as api:
        everything = list(routes(api.app, "GET", "POST", "PUT", "PATCH", "DELETE"))
        assert everything
        for method, path in everything:
            for header in ("", "Basic eDp4", "Bearer ", *forged):
                found = await refused(api, method, path, role=None, headers={"authorization": header})
                assert found == (401, "unauthenticated"), (header, method, path)
        assert await refused(api, "GET", "/v1/nothing-here") == (404, "not_found")
        method, path = everything[0]
        assert await refused(api, "PATCH", path) == (405, "method_not_allowed")


def json_web_tokens() -> Iterator[str]:
    """44: tokens that sign themselves; we take none, however they are signed."""
    claims = {"sub": "admin", "role": "admin", "exp": int(time.time()) + 300}
    for algorithm in ("none", "HS256"):
        parts = [
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
            for part in ({"alg": algorithm, "typ": "JWT"}, claims)
        ]
        mac = hmac.digest(b"", ".".join(parts).encode(), "sha256") if algorithm == "HS256" else b""
        yield ".".join([*parts, base64.urlsafe_b64encode(mac).decode().rstrip("=")])


@pytest.mark.parametrize("service", SERVICES)
async def test_one_caller_too_fast_is_slowed_down_and_the_others_are_not(start: Started, service: str) -> None:
    async with start(service, rate_limit=0.01) as api:
        _, path = next(routes(api.app, "GET"))
        answers = [await api.call("GET", path, role="admin") for _ in range(5)]
        last = next(answer for answer in answers if answer.status_code == 429)
        assert last.json()["code"] == "rate_limited"
        assert int(last.headers["retry-after"]) >= 1
        other: httpx.Response = await api.call("GET", path, role=ROLES[0])
        assert other.status_code != 429


@pytest.mark.parametrize("service", SERVICES)
async def test_no_byte_in_a_path_or_a_parameter_is_a_fault_of_ours(start: Started, service: str) -> None:
    async with start(service) as api:
        for path, item in api.app.openapi()["paths"].items():
            for method, about in item.items():
                for hidden in ("%00", "%ed%a0%80"):
                    asked = "/".join(hidden if part.startswith("{") else part for part in path.split("/"))
                    given = [one["name"] for one in about.get("parameters", ()) if one["in"] == "query"]
                    for query in ("", *(f"{name}=x{hidden}" for name in given)):
                        for role in ROLES:
                            answer = await api.call(method.upper(), f"{asked}?{query}".rstrip("?"), role=role)
                            assert answer.status_code < 500, (method, asked, query, role, answer.text)
