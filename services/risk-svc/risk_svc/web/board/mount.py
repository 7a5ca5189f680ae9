"""Mounts the board under /board of the web role's app."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from itertools import chain
from typing import Any, Final, cast

import structlog
from fastapi import FastAPI
from nicegui import Client, ui
from nicegui import app as pages
from starlette.requests import Request
from starlette.responses import Response

from candor.ops.backgrounds import Background
from candor.ops.secret_files import Withheld
from candor.store.errors import StoreUnavailable
from candor.web.http.plain_page import ICON, plain_page
from candor.web.http.problems import Problem
from candor.web.security.oidc import sign_in_of
from candor.web.security.sessions import ABSOLUTE, Session, Sessions
from risk_svc.settings import RiskSettings
from risk_svc.web.board import just_made, market_downloads, style
from risk_svc.web.board.access import HOME, SessionMiddleware, wants_page
from risk_svc.web.board.acting import Acting, at_this_page
from risk_svc.web.board.awaited import AwaitedPages
from risk_svc.web.board.bringing import PATH, bring
from risk_svc.web.board.downloads import LISTS, download, download_hits, download_plans, download_promises
from risk_svc.web.board.frame import Address, tab_title
from risk_svc.web.board.intake_data import IntakeData
from risk_svc.web.board.letters_data import LettersData
from risk_svc.web.board.live_data import HitQuery, LiveData
from risk_svc.web.board.matter_data import MatterData
from risk_svc.web.board.matter_downloads import SHEETS, download_matters
from risk_svc.web.board.open_pages import OpenPages, PagesMiddleware, Tidying, listen
from risk_svc.web.board.pages import (
    accounts,
    accuracy,
    brief,
    challenges,
    change,
    claims,
    dates,
    groups,
    handoffs,
    held,
    imports,
    inbox,
    incident,
    incidents,
    letter,
    market,
    new_promise,
    offers,
    on_time,
    overview,
    parked,
    parked_report,
    path,
    perception,
    plans,
    promise,
    record,
    request,
    sources,
    surprises,
    teams,
    trying,
    wishes,
    worked,
)
from risk_svc.web.board.promise_desk import PromiseDesk
from risk_svc.web.board.session_end import vouched
from risk_svc.web.board.sign_in_store import StaffSessions
from risk_svc.web.board.table_files import TableFiles
from risk_svc.web.board.table_import import TableImport

MOUNT = "/board"
BACK: Final = ("To the board", HOME)
NO_PROMISE: Final = (
    "No promise has the id “{}” here. It may never have been made, still be on its way, or belong to a customer "
    "who was erased. Check the id, or look for the promise on the board."
)
NO_INCIDENT: Final = "No incident has the id “{}” here. It may still be on its way; check the id."
log = structlog.get_logger("candor.board")
Make = Callable[[FastAPI, Address], object]


def _reading(app: FastAPI) -> LiveData:
    return cast(LiveData, app.state.reading)


def _matters(app: FastAPI) -> MatterData:
    return cast(MatterData, app.state.matters)


def _intake(app: FastAPI) -> IntakeData:
    return cast(IntakeData, app.state.intake_data)


def _desk(app: FastAPI) -> PromiseDesk:
    return PromiseDesk(_intake(app))


def _acting(app: FastAPI) -> Acting:
    return at_this_page(app.state.staff)


PAGES: Final[Mapping[str, Make]] = {
    "/": lambda app, address: overview.Page(_reading(app), address),
    "/accounts": lambda app, address: accounts.Page(_reading(app), address),
    "/groups": lambda app, address: groups.Page(_reading(app), address),
    "/incidents": lambda app, address: incidents.Page(_reading(app), _matters(app), address),
    "/teams": lambda app, address: teams.Page(_reading(app), address, persons=app.state.show_persons),
    "/on-time": lambda app, address: on_time.Page(_reading(app), address),
    "/surprises": lambda app, address: surprises.Page(_reading(app), address),
    "/path": lambda app, address: path.Page(_reading(app), _matters(app), _intake(app), address),
    "/claims": lambda app, address: claims.Page(_reading(app), _matters(app), address),
    "/hand-offs": lambda app, address: handoffs.Page(_reading(app), _matters(app), address),
    "/plans": lambda app, address: plans.Page(_reading(app), _matters(app), address),
    "/market": lambda app, address: market.Page(_reading(app), _matters(app), address),
    "/offers": lambda app, address: offers.Page(_reading(app), _matters(app), address),
    "/wishes": lambda app, address: wishes.Page(_reading(app), _matters(app), address),
    "/challenges": lambda app, address: challenges.Page(_reading(app), _matters(app), address),
    "/record": lambda app, address: accuracy.Page(_reading(app), address),
    "/dates": lambda app, address: dates.Page(_reading(app), app.state.published, address),
    "/new": lambda app, address: new_promise.Page(
        _reading(app), app.state.published, _desk(app), _acting(app), address
    ),
    "/change": lambda app, address: change.Page(_reading(app), app.state.published, _desk(app), _acting(app), address),
    "/brief": lambda app, address: brief.Page(_reading(app), app.state.database, address),
    "/perception": lambda app, _address: perception.Page(_reading(app), app.state.database),
    "/what-worked": lambda app, _address: worked.Page(_reading(app), app.state.database),
    "/held": lambda app, _address: held.Page(_reading(app)),
    "/inbox": lambda app, address: inbox.Page(_reading(app), app.state.letters_data, _acting(app), address),
    "/inbox/message": lambda app, address: letter.Page(_reading(app), app.state.letters_data, _acting(app), address),
    "/said": lambda app, address: record.Page(_reading(app), app.state.letters_data, _acting(app), address),
    "/sources": lambda app, address: sources.Page(_reading(app), _intake(app), address),
    "/sources/request": lambda app, address: request.Page(_reading(app), _intake(app), _acting(app), address),
    "/parked": lambda app, address: parked.Page(_reading(app), _intake(app), _acting(app), address),
    "/parked/report": lambda app, address: parked_report.Page(_reading(app), _intake(app), _acting(app), address),
    "/import": lambda app, address: imports.Page(
        _reading(app), app.state.table_files, app.state.table_import, _acting(app), address
    ),
    "/sources/try": lambda app, address: trying.Page(_reading(app), _intake(app), _acting(app), address),
}
"""What draws the page at each path; those that people look for are in the menu as well."""


def attach(app: FastAPI, settings: RiskSettings) -> None:
    """Mount the board; `app.state.reading` must hold a Reading once the app has started.

    Raises ValueError without a session secret, and in production without OIDC. Call it once per process because NiceGUI
    is a single app.
    """
    secrets = settings.session_secrets()
    app.state.files.watch(secrets)
    sessions = Sessions(secrets.get, secure=settings.https, prefix=settings.prefix)
    company = sign_in_of(settings, sessions, secrets.get, HOME, app.state.files)
    staff: StaffSessions = app.state.staff
    key = settings.services_key()
    app.state.files.watch(key)
    app.state.intake_data = IntakeData.of(settings, key, lambda: app.state.database)
    app.state.letters_data = LettersData.of(settings, key, lambda: app.state.database)
    app.state.table_files, app.state.table_import = TableFiles(), TableImport(app.state.intake_data)
    app.state.sessions, app.state.company = sessions, company
    awaited = AwaitedPages()
    _add_pages(app, awaited)
    _add_promise(app, awaited)
    _add_incident(app, awaited)
    _add_downloads(app)
    pages.post(PATH, include_in_schema=False)(partial(bring, app))
    _add_error_pages()
    app.state.pages = listen(
        OpenPages(
            settings.max_pages,
            settings.max_pages_per_session,
            lambda: chain(awaited, Client.instances.values()),
            arrived=awaited.arrived,
            prune=awaited.prune,
        )
    )
    guard = {"sessions": sessions, "staff": staff, "company": company is not None, "still": partial(_still, app)}
    _wrap(app, guard)
    # Where no socket can be opened, a page asks all the time: a bar of progress would never go away.
    pages.config.quasar_config["loadingBar"]["skipHijack"] = True
    # What NiceGUI notes of a browser's tab, empty as it is, goes no later than the session.
    pages.storage.max_tab_storage_age = ABSOLUTE.total_seconds()
    ui.run_with(
        app,
        mount_path=MOUNT,
        title="Candor",
        favicon=ICON,
        show_welcome_message=False,
        reconnect_timeout=10,
        language="en-US",
        # As the browser's system is.
        dark=None,
    )


def _add_pages(app: FastAPI, awaited: AwaitedPages) -> None:
    for where, make in PAGES.items():
        _add_page(app, awaited, ui.page(where), make)


def _add_page(app: FastAPI, awaited: AwaitedPages, route: ui.page, make: Make) -> None:
    @pages.get(route.path, include_in_schema=False)
    async def _page(request: Request) -> Response:
        return awaited.answer(route, request, lambda: make(app, Address(request)), asked=True)


def _add_downloads(app: FastAPI) -> None:
    for name in LISTS:
        pages.get(f"/{name}.csv", include_in_schema=False)(partial(_download, app, name))
    for name in SHEETS:
        pages.get(f"/{name}.csv", include_in_schema=False)(partial(_download_matters, app, name))

    for name, listing in market_downloads.LISTS.items():
        pages.get(f"/{name}.csv", include_in_schema=False)(partial(_download_market, app, listing))

    @pages.get("/promises.csv", include_in_schema=False)
    async def _promises(request: Request) -> Response:
        return await download_promises(request, app.state.database)

    @pages.get("/plans.csv", include_in_schema=False)
    async def _plans(request: Request) -> Response:
        return await download_plans(request, app.state.database, app.state.clock.now())


async def _download(app: FastAPI, name: str, request: Request) -> Response:
    return await download(request, app.state.database, name, persons=app.state.show_persons)


async def _download_market(app: FastAPI, listing: market_downloads.Listing, request: Request) -> Response:
    return await listing(request, app.state.database)


async def _download_matters(app: FastAPI, name: str, request: Request) -> Response:
    return await download_matters(request, app.state.database, name, _matters(app))


def _add_incident(app: FastAPI, awaited: AwaitedPages) -> None:
    route = ui.page("/incidents/{incident_id}")

    @pages.get("/incidents/{incident_id}/promises.csv", include_in_schema=False)
    async def _csv(request: Request, incident_id: str) -> Response:
        return await download_hits(request, app.state.database, incident_id)

    @pages.get(route.path, include_in_schema=False)
    async def _incident(request: Request, incident_id: str) -> Response:
        named = ""
        try:
            found = await _reading(app).incident(HitQuery(incident_id)) if incident_id.isprintable() else None
            if found is None:
                return plain_page(404, "There is no such incident", NO_INCIDENT.format(incident_id[:128]), BACK)
            named = found.incident["title"]
        except StoreUnavailable:
            # The page itself shows that the database is unavailable, and fills once it is back.
            pass

        def draw() -> object:
            return incident.Page(_reading(app), incident_id, named, Address(request))

        title = tab_title(style.title(incident_id, named))
        return awaited.answer(route, request, draw, title=title, asked=True)


def _add_promise(app: FastAPI, awaited: AwaitedPages) -> None:
    route = ui.page("/promises/{promise_id}")

    @pages.get(route.path, include_in_schema=False)
    async def _promise(request: Request, promise_id: str) -> Response:
        what = ""
        try:
            found = await _reading(app).promise(promise_id) if promise_id.isprintable() else None
            if found is None:
                waits = just_made.waiting(promise_id, request.query_params.get(just_made.MADE), time.time())
                missing = NO_PROMISE.format(promise_id[:128])
                return waits or plain_page(404, "There is no such promise", missing, BACK)
            what = found.what
        except StoreUnavailable:
            # The page itself shows that the database is unavailable, and fills once it is back.
            pass
        title = tab_title(style.title(promise_id, what))
        made = partial(promise.Page, _reading(app), _matters(app), promise_id, what)
        return awaited.answer(route, request, made, title=title)


def tidying(app: FastAPI) -> list[Background]:
    """Return what gives back the memory of closed pages; nothing where there is no board."""
    held = getattr(app.state, "pages", None)
    return [Tidying(held)] if held else []


def forget_tables(app: FastAPI) -> None:
    """Remove the tables that people brought."""
    held = getattr(app.state, "table_files", None)
    if held:
        held.close()


def _wrap(app: FastAPI, guard: dict[str, Any]) -> None:
    limits = {"rates": app.state.rates, "running": app.state.running}
    # Starlette types a middleware's arguments only loosely. The one added last is the outer one.
    cast(Any, pages).add_middleware(PagesMiddleware, held=app.state.pages)
    cast(Any, pages).add_middleware(SessionMiddleware, **guard, **limits)


def _still(app: FastAPI, session: Session) -> bool:
    """Whether the key that vouched for a session still does; a file of keys that no longer counts vouches for none."""
    try:
        return vouched(session, app.state.keys.get() if app.state.keys else ())
    except Withheld:
        return vouched(session, ())


def _add_error_pages() -> None:
    """Add our own pages for errors 404 and 500: NiceGUI's would show the error's text."""

    @pages.exception_handler(404)
    async def _missing(request: Request, _error: Exception) -> Response:
        if not wants_page(request.scope):
            return Problem.not_found().response()
        return plain_page(404, "There is no such page", "Nothing is found at this address of the board.", BACK)

    @pages.exception_handler(Exception)
    async def _broken(request: Request, error: Exception) -> Response:
        log.error("page failed", exc_info=error)
        if not wants_page(request.scope):
            return Problem("internal").response()
        text = "The page could not be made. The error is in the log; try again, or go back to the board."
        return plain_page(500, "Something went wrong", text, BACK)
