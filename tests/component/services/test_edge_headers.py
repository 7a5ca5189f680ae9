"""Every route of every process answers with the headers of the edge, and names the prefix in what leads onwards."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from fastapi import FastAPI

from candor.web.routes import accesses
from candor.web.security.auth import Role
from candor.web.security.sessions import Sessions
from tests.component.services.conftest import PROCESSES, Started
from tests.support.api import Api

SECRET: Final = "4f9c1e07b2d85a6633c0e1f7a98d24b5"
PUBLIC: Final = {
    "public_url": "https://example.com/candor",
    "trusted_hosts": ("example.com", "localhost"),
    "docs": "key",
}
BOARD: Final = ("/board/", "/board/record", "/board/dates", "/board/held", "/board/promises/none", "/board/nowhere")
PAGE: Final = {"accept": "text/html"}


def policy(answer: httpx.Response) -> dict[str, list[str]]:
    """The directives of an answer's Content-Security-Policy."""
    parts = answer.headers["content-security-policy"].split(";")
    return {words[0]: words[1:] for words in (part.split() for part in parts) if words}


def assert_safe(answer: httpx.Response) -> None:
    headers, rules, where = answer.headers, policy(answer), str(answer.request.url)
    assert answer.status_code != 500, where
    assert headers.get_list("x-content-type-options") == ["nosniff"], where
    # What is itself the proof of who asks is told to nobody.
    proof = answer.request.url.path.startswith(("/answers/", "/p/"))
    assert headers["referrer-policy"] == ("no-referrer" if proof else "same-origin"), where
    assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains", where
    assert headers["cross-origin-opener-policy"] == "same-origin", where
    assert headers["cross-origin-resource-policy"] == "same-origin", where
    assert "geolocation=()" in headers["permissions-policy"], where
    assert rules["base-uri"] == rules["frame-ancestors"] == ["'none'"], where
    assert rules["form-action"] in (["'self'"], ["'none'"]), where
    assert "'none'" in rules.get("object-src", rules["default-src"]), where
    for address in (headers.get("location", ""), *re.findall(r'(?:href|action|src)="(/[^"]*)"', answer.text)):
        assert not address.startswith("/") or address.startswith("/candor/"), (where, address)
    for cookie in headers.get_list("set-cookie"):
        assert cookie.startswith("__Secure-candor-"), where
        assert "Path=/candor;" in cookie, where
        assert "; Secure" in cookie, where


def asked(app: FastAPI) -> list[tuple[str, str]]:
    """Each route once, with something in place of its parameters, and addresses that no route has."""
    made = [(one.method, re.sub(r"\{[^}]+\}", "some-1", one.path)) for one in accesses(app) if one.method != "*"]
    return [*made, ("GET", "/nowhere"), ("BREW", "/livez"), ("GET", "/v1/nowhere?x=1")]


async def signed_in(api: Api) -> list[httpx.Response]:
    """The board, from its link to signing out."""
    given = [await api.call("GET", path, role=None, headers=PAGE) for path in BOARD]
    link = Sessions(SECRET, secure=True).link_token(Role.VIEWER)
    opened = await api.call("GET", "/signin", role=None, params={"token": link})
    cookie = {"cookie": opened.headers["set-cookie"].partition(";")[0]}
    given.append(opened)
    given += [await api.call("GET", path, role=None, headers=PAGE | cookie) for path in BOARD]
    board = given[-len(BOARD)]
    assert board.status_code == 200
    assert '"/candor/board/_nicegui/' in board.text
    static = re.findall(r'"/candor(/board/_nicegui/[^"]+\.js)"', board.text)
    given += [await api.call("GET", path, role=None, headers=cookie) for path in static[:3]]
    assert [one.status_code for one in given[-3:]] == [200, 200, 200]
    given.append(await api.call("POST", "/signout", role=None, headers=cookie))
    return given


@pytest.mark.parametrize("process", PROCESSES)
async def test_every_route_answers_with_the_headers_of_the_edge(start: Started, process: str, tmp_path: Path) -> None:
    more = {}
    if process == "risk-web":
        (tmp_path / "session").write_text(SECRET)
        more = {"session_secret_file": tmp_path / "session"}
    async with start(process, **PUBLIC, **more) as api:
        routes = asked(api.app)
        assert len(routes) >= 7
        for method, path in routes:
            for role in (None, "admin"):
                body: Any = None if method == "GET" else {}
                assert_safe(await api.call(method, path, body, role=role))
        for answer in await signed_in(api) if more else ():
            assert_safe(answer)
