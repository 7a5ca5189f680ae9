"""NiceGUI, which draws the board, keeps nothing of a person once their page is closed: not on disk, not in memory."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pytest
from nicegui import Client
from nicegui import app as pages
from nicegui.storage import Storage

from bench.viewer import CLIENT
from candor.web.security.auth import Role
from candor.web.security.sessions import ABSOLUTE
from tests.component.services.conftest import Started
from tests.support.api import Api
from tests.support.waiting import until

PAGE = {"accept": "text/html"}


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder in which NiceGUI would keep what it stores, and another to work in."""
    (tmp_path / "work").mkdir()
    (tmp_path / "session").write_text(secrets.token_hex(32))
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(Storage, "path", tmp_path / "work" / ".nicegui")
    yield tmp_path / "work"


def written(folder: Path) -> list[Path]:
    """All that lies below a folder."""
    return [*folder.rglob("*")]


class Looking(NamedTuple):
    """Somebody who is signed in and has asked for a page with a search of theirs in its address; `page` is its id."""

    api: Api
    session: str
    page: str

    def arrive(self) -> Client:
        """Their browser opens a socket: the page is drawn in memory."""
        state = {"session": self.session}
        self.api.app.state.pages.arrived({"query_string": f"client_id={self.page}".encode(), "state": state})
        return Client.instances[self.page]


async def looking(api: Api, search: str) -> Looking:
    """Ask for the board as somebody who is signed in."""
    session = api.app.state.sessions.open(Role.VIEWER, by="robin")
    await api.app.state.staff.begin(session)
    cookie = {"cookie": f"{api.app.state.sessions.cookie}={api.app.state.sessions.encode(session)}"}
    answer = await api.call("GET", "/board/", role=None, headers=PAGE | cookie, params={"search": search})
    assert (answer.status_code, answer.headers.get_list("set-cookie")) == (200, [])
    (page,) = CLIENT.findall(answer.content)
    return Looking(api, session.id, page.decode())


async def test_a_page_that_was_closed_leaves_nothing(start: Started, elsewhere: Path) -> None:
    async with start("risk-web", session_secret_file=elsewhere.parent / "session") as api:
        page = (await looking(api, "Customer-4711")).arrive()
        tab = str(uuid4())
        await page.handle_handshake("test-socket", tab, None, "document", None)
        assert tab in pages.storage._tabs
        page.page.reconnect_timeout = 0
        page.handle_disconnect("test-socket")
        await until(lambda: page.id not in Client.instances)
        # Whether a person was there is no longer to be seen: no tab, no user, nothing that all share.
        assert dict(pages.storage._users) == {}
        assert dict(pages.storage.general) == {}
        assert [dict(kept) for kept in pages.storage._tabs.values()] in ([], [{}])
        assert pages.storage.max_tab_storage_age <= ABSOLUTE.total_seconds()
    assert written(elsewhere) == []


async def test_a_page_that_never_opened_its_socket_is_dropped(start: Started, elsewhere: Path) -> None:
    async with start("risk-web", session_secret_file=elsewhere.parent / "session") as api:
        asked = await looking(api, "Customer-4711")
        held = api.app.state.pages
        assert held.count() == 1
        held.prune(0)
        assert held.count() == 0
        with pytest.raises(KeyError):
            asked.arrive()
    assert written(elsewhere) == []


async def test_there_is_no_store_of_persons_to_write_to(start: Started, elsewhere: Path) -> None:
    async with start("risk-web", session_secret_file=elsewhere.parent / "session") as api:
        (await looking(api, "x")).arrive()
        assert Storage.secret is None
        for kind in ("user", "browser"):
            with pytest.raises(RuntimeError, match="storage_secret"):
                getattr(pages.storage, kind)
        assert Storage.redis_url is None
