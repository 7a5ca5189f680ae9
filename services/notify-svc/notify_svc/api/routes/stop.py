"""Leaving our messages without signing in: the page behind a message's link to it, and one click in a mail program.

A GET changes nothing, since programs that look for viruses follow links (RFC 8058 3.2).
"""

from __future__ import annotations

from html import escape
from typing import Final, cast

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.store.unit_of_work import UnitOfWork, unit_of_work
from candor.web.http.body import read_raw
from candor.web.http.form_page import HEADERS
from candor.web.http.public import public_path
from notify_svc.api.reader import civil_of, ended, page_of
from notify_svc.api.routes.page import FORM, Token
from notify_svc.compose.localize import Localizer
from notify_svc.page import PATH, STOP, texts
from notify_svc.page.links import Links
from notify_svc.store import page_links, stopping
from notify_svc.store.page_links import Opened

ONE_CLICK: Final = (*FORM, "multipart/form-data", "")
"""How mail programs send it; some send a body without saying of which type."""
RESUME: Final = "/resume"
router: Final = APIRouter(include_in_schema=False)


@router.get(f"{PATH}{{token}}{STOP}")
async def asked(request: Request, token: Token) -> Response:
    """Ask whether no more messages are wanted, or say that none are sent."""
    async with unit_of_work(request.app.state.database) as uow:
        opened = await _opened(request, uow, token)
        if opened is None:
            return ended(request)
        stopped = await stopping.stopped(uow, opened.known.customer_id)
    civil = civil_of(request, opened)
    return page_of(request, civil, civil.say(texts.STOP), _form(token, civil, stopped=stopped))


@router.post(f"{PATH}{{token}}{STOP}")
async def stop(request: Request, token: Token) -> Response:
    """Send this customer no messages from now on; those that wait are not sent either."""
    return await _change(request, token, stop_=True)


@router.post(f"{PATH}{{token}}{RESUME}")
async def resume(request: Request, token: Token) -> Response:
    """Write to this customer again, first of what holds by then."""
    return await _change(request, token, stop_=False)


async def _change(request: Request, token: str, *, stop_: bool) -> Response:
    async with unit_of_work(request.app.state.database) as uow:
        if await _opened(request, uow, token) is None:
            return ended(request)
    # Between two transactions: a body that comes slowly holds none.
    await read_raw(request, ONE_CLICK)
    async with unit_of_work(request.app.state.database) as uow:
        opened = await _opened(request, uow, token)
        if opened is None:
            return ended(request)
        known = opened.known
        if stop_:
            await stopping.stop(uow, known.customer_id, request.app.state.clock.now())
        else:
            await stopping.resume(uow, known.customer_id, known.partition)
    return RedirectResponse(public_path(PATH + token + STOP), 303, HEADERS)


async def _opened(request: Request, uow: UnitOfWork, token: str) -> Opened | None:
    links = cast("Links | None", request.app.state.links)
    return None if links is None else await page_links.opened(uow, links.read(token), links.clock.now())


def _form(token: str, civil: Localizer, *, stopped: bool) -> str:
    words, button, way = (
        (texts.STOPPED, texts.RESUME, RESUME) if stopped else (texts.STOP_MEANS, texts.STOP_BUTTON, STOP)
    )
    words, button, onward = (escape(civil.say(one)) for one in (words, button, texts.BACK))
    action, back = public_path(PATH + token + way), public_path(PATH + token)
    return (
        f'<p>{words}</p>\n<form method="post" action="{action}"><button type="submit">{button}</button></form>\n'
        f'<p><a href="{back}">{onward}</a></p>\n'
    )
