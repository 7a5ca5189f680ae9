"""The board under /board of the web role's app."""

from __future__ import annotations

from typing import Any, cast

from fastapi import FastAPI
from nicegui import app as pages
from nicegui import ui
from starlette.requests import Request

from candor.web.oidc import sign_in_of
from candor.web.sessions import Sessions
from risk_svc.board import overview, promise, record
from risk_svc.board.access import HOME, SignedIn
from risk_svc.board.frame import Address
from risk_svc.board.reading import Reading
from risk_svc.board.remembered import EndedSessions
from risk_svc.settings import RiskSettings

MOUNT = "/board"


def attach(app: FastAPI, settings: RiskSettings) -> None:
    """Mount the board; `app.state.reading` must hold a Reading once the app has started.

    Raises ValueError without a session secret, and in production without OIDC. Once a process: NiceGUI is one app.
    """
    sessions = Sessions(settings.session_secret(), secure=settings.public_url.startswith("https://"))
    company = sign_in_of(settings, sessions, HOME)
    ended = EndedSessions(app.state)
    app.state.sessions, app.state.company, app.state.ended = sessions, company, ended

    @ui.page("/")
    async def _board(request: Request) -> None:
        overview.Page(_reading(app), Address(request))

    @ui.page("/promises/{promise_id}")
    async def _promise(promise_id: str) -> None:
        promise.Page(_reading(app), promise_id)

    @ui.page("/record")
    async def _record(request: Request) -> None:
        record.Page(_reading(app), Address(request))

    # Starlette types a middleware's own arguments only loosely.
    cast(Any, pages).add_middleware(SignedIn, sessions=sessions, ended=ended, company=company is not None)
    ui.run_with(
        app, mount_path=MOUNT, title="Candor", show_welcome_message=False, reconnect_timeout=10, language="en-US"
    )


def _reading(app: FastAPI) -> Reading:
    return cast(Reading, app.state.reading)
