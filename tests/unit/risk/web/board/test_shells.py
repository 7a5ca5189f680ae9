"""The HTML of a page is made once, and each browser gets it under an id of its own."""

from __future__ import annotations

import gzip
import uuid
from dataclasses import dataclass, field

import pytest
from nicegui import ui
from starlette.requests import Request
from starlette.types import Scope

from risk_svc.web.board.access import SESSION
from risk_svc.web.board.awaited import AwaitedPages
from risk_svc.web.board.shells import Shell, Shells

DRAWN_AS = str(uuid.uuid4())
HTML = f"<html><title>Board</title><body>é &amp; <script>go('{DRAWN_AS}')</script></body></html>".encode()


def page(title: str, number: str) -> bytes:
    return HTML.replace(b"Board", title.encode()).replace(DRAWN_AS.encode(), number.encode())


@pytest.mark.parametrize(("title", "said"), [(None, "Board"), ("<b> & “é”", "&lt;b&gt; &amp; “é”"), ("", "")])
def test_a_page_differs_in_its_id_and_title_only_packed_or_not(title: str | None, said: str) -> None:
    shell, number = Shell(HTML, DRAWN_AS, {}), str(uuid.uuid4())
    plain, packed = (shell.response(number, title, zipped=zipped) for zipped in (False, True))
    assert bytes(plain.body) == page(said, number)
    assert gzip.decompress(bytes(packed.body)) == page(said, number)
    assert ("content-encoding" in plain.headers, packed.headers["content-encoding"]) == (False, "gzip")
    assert {one.headers["cache-control"] for one in (plain, packed)} == {"no-store"}


@pytest.mark.parametrize("html", [HTML.replace(DRAWN_AS.encode(), b""), HTML + DRAWN_AS.encode()])
def test_html_that_has_not_its_id_just_once_is_no_shell(html: bytes) -> None:
    with pytest.raises(ValueError, match="exactly once"):
        Shell(html, DRAWN_AS, {})


@dataclass
class Site:
    """Requests for pages of which some come back for their socket; `draws` counts the HTML that was made."""

    now: float = 1000.0
    draws: int = 0
    pages: AwaitedPages = field(init=False)
    routes: dict[str, ui.page] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pages = AwaitedPages(Shells(3), lambda: self.now, self.shell)

    def shell(self, *_: object) -> Shell:
        self.draws += 1
        return Shell(HTML, DRAWN_AS, {})

    def asks(self, path: str, query: str = "", *, asked: bool = True, session: str = "ada", prefix: str = "") -> None:
        headers = [(b"x-forwarded-prefix", prefix.encode())] if prefix else []
        scope: Scope = {"type": "http", "path": path, "query_string": query.encode(), "headers": headers}
        route = self.routes.setdefault(path, ui.page(path))
        request = Request({**scope, "state": {SESSION: session}})
        assert self.pages.answer(route, request, lambda: None, asked=asked).status_code == 200

    def ids(self) -> list[str]:
        return [one.id for one in self.pages]


def test_html_is_made_once_for_all_that_it_does_not_differ_for() -> None:
    site = Site()
    for _ in range(10):
        site.asks("/a", "search=x")
        site.asks("/b", "search=x", asked=False)
        site.asks("/b", "search=y", asked=False, session="bo")
    assert (site.draws, len(set(site.ids()))) == (2, 30)
    site.asks("/a", "search=y")
    site.asks("/a", "search=x", prefix="/there")
    assert site.draws == 4


def test_of_many_addresses_the_html_of_few_is_kept() -> None:
    site = Site()
    for query in ("a", "b", "c", "a", "d", "a", "b"):
        site.asks("/a", query)
    # "b" was not asked for longest when "d" came.
    assert site.draws == 5


def test_a_page_is_awaited_for_a_while_and_only_in_its_session() -> None:
    site = Site()
    site.asks("/a")
    site.now += 20
    site.asks("/a", session="bo")
    [first, second] = site.ids()
    for session in ("bo", ""):
        socket = {"type": "websocket", "query_string": f"client_id={first}&EIO=4".encode(), "state": {SESSION: session}}
        site.pages.arrived(socket)
    assert site.ids() == [first, second]
    site.now += 10
    site.pages.prune(30)
    assert site.ids() == [second]
