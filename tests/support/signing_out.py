"""A site with the board's own routes of signing in and out, for the browser of somebody who leaves."""

from __future__ import annotations

from html import unescape
from types import SimpleNamespace

import httpx
from fastapi import FastAPI

from candor.store.db import Database
from risk_svc.web.board.access import router
from risk_svc.web.board.sign_in_store import StaffSessions
from tests.support.signing_in import Browser, Site

REFRESH = '<meta http-equiv="refresh" content="0; url='


def with_the_boards_routes(site: Site, database: Database) -> Site:
    """The same site, with sessions in the database."""
    app = FastAPI()
    app.state.sessions, app.state.company = site.sessions, site.signin
    app.state.staff = StaffSessions(SimpleNamespace(database=database), site.clock)
    app.include_router(router)
    app.get("/board/{rest:path}")(site.page)
    site.app = app
    return site


def onward(answer: httpx.Response) -> httpx.URL | None:
    """Where a page sends the browser by itself."""
    _, found, after = answer.text.partition(REFRESH)
    return httpx.URL(unescape(after.partition('"')[0])) if found else None


async def leave(browser: Browser, path: str = "/signout") -> httpx.Response:
    """Presses the button, as a browser sends it."""
    answer = await browser.post(path, headers={"origin": "https://board.example"})
    assert (answer.status_code, answer.is_redirect) == (200, False)
    return answer
