"""Leaving our messages without signing in: the page behind a message's link to it, and one click in a mail program.

A GET changes nothing, since programs that look for viruses follow links; one click is never answered by a redirect,
as programs turn what they are sent on to into a GET (RFC 8058 3.1 and 3.2).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from html import escape
from typing import Final, cast

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.contracts import Purpose
from candor.store.unit_of_work import UnitOfWork, unit_of_work
from candor.web.http.body import read_raw
from candor.web.http.form_page import HEADERS
from candor.web.http.public import public_path
from notify_svc.api.reader import civil_of, contact_of, ended, page_of
from notify_svc.api.routes.page import FORM, Token
from notify_svc.compose.contact import Contact
from notify_svc.compose.localize import Localizer
from notify_svc.page import PATH, STOP, texts
from notify_svc.page.links import Links
from notify_svc.page.render import heading
from notify_svc.store import page_links, stopping
from notify_svc.store.page_links import Opened
from notify_svc.store.read_model import PromiseRecord

ONE_CLICK: Final = (*FORM, "multipart/form-data", "")
"""How mail programs send it; some send a body without saying of which type."""
BY_PROGRAM: Final = b"One-Click"
"""What such a body holds, of either type; a form of ours is empty."""
RESUME: Final = "/resume"
Change = Callable[[UnitOfWork, PromiseRecord], Awaitable[None]]
router: Final = APIRouter(include_in_schema=False)


@router.get(f"{PATH}{{token}}{STOP}")
async def asked(request: Request, token: Token) -> Response:
    """Ask whether no more messages are wanted, or none of a kind, or say that none are sent."""
    async with unit_of_work(request.app.state.database) as uow:
        opened = await _opened(request, uow, token)
        if opened is None:
            return ended(request)
        stopped = await stopping.stopped(uow, opened.known.customer_id)
    contact = contact_of(request, opened)
    civil = civil_of(request, opened, contact)
    some = "" if stopped else _some(token, civil, contact, opened.left)
    back = f'<p><a href="{public_path(PATH + token)}">{escape(civil.say(texts.BACK))}</a></p>\n'
    return page_of(request, civil, civil.say(texts.STOP), _all(token, civil, stopped=stopped) + some + back)


@router.post(f"{PATH}{{token}}{STOP}")
async def stop(request: Request, token: Token) -> Response:
    """Send this customer no messages from now on; those that wait are not sent either."""
    at = request.app.state.clock.now()
    return await _change(request, token, lambda uow, known: stopping.stop(uow, known.customer_id, at))


@router.post(f"{PATH}{{token}}{RESUME}")
async def resume(request: Request, token: Token) -> Response:
    """Write to this customer again, first of what holds by then."""
    return await _change(request, token, lambda uow, known: stopping.resume(uow, known.customer_id, known.partition))


@router.post(f"{PATH}{{token}}{STOP}/{{purpose}}")
async def leave(request: Request, token: Token, purpose: str) -> Response:
    """Send this customer no messages for one purpose; what takes bad news back they still get."""
    return await _change(request, token, lambda uow, known: stopping.leave(uow, known.customer_id, Purpose(purpose)))


@router.post(f"{PATH}{{token}}{RESUME}/{{purpose}}")
async def rejoin(request: Request, token: Token, purpose: str) -> Response:
    """Write to this customer for one purpose again."""
    return await _change(
        request,
        token,
        lambda uow, known: stopping.rejoin(uow, known.customer_id, known.partition, Purpose(purpose)),
    )


async def _change(request: Request, token: str, change: Change) -> Response:
    async with unit_of_work(request.app.state.database) as uow:
        if await _opened(request, uow, token) is None:
            return ended(request)
    if request.path_params.get("purpose", Purpose.UPDATES) not in set(Purpose):
        return ended(request, 404)
    # Between two transactions: a body that comes slowly holds none.
    body = await read_raw(request, ONE_CLICK)
    async with unit_of_work(request.app.state.database) as uow:
        opened = await _opened(request, uow, token)
        if opened is None:
            return ended(request)
        await change(uow, opened.known)
    if BY_PROGRAM in body:
        return Response(headers=HEADERS)
    return RedirectResponse(public_path(PATH + token + STOP), 303, HEADERS)


async def _opened(request: Request, uow: UnitOfWork, token: str) -> Opened | None:
    links = cast("Links | None", request.app.state.links)
    return None if links is None else await page_links.opened(uow, links.read(token), links.clock.now())


def _all(token: str, civil: Localizer, *, stopped: bool) -> str:
    words, button, way = (
        (texts.STOPPED, texts.RESUME, RESUME) if stopped else (texts.STOP_MEANS, texts.STOP_BUTTON, STOP)
    )
    return _form(token, civil, words, button, way)


def _some(token: str, civil: Localizer, contact: Contact, left: Collection[str]) -> str:
    """A form for each purpose that the company may write for, unless it is one alone."""
    allowed = sorted(contact.wanted())
    if len(allowed) < 2:
        return ""
    forms = [
        _form(token, civil, texts.PURPOSES[one], texts.RESUME_ONE[one], f"{RESUME}/{one}")
        if one in left
        else _form(token, civil, texts.PURPOSES[one], texts.STOP_ONE[one], f"{STOP}/{one}")
        for one in allowed
    ]
    return heading(civil.say(texts.STOP_SOME)) + "".join(forms)


def _form(token: str, civil: Localizer, words: str, button: str, way: str) -> str:
    action = public_path(PATH + token + way)
    return (
        f"<p>{escape(civil.say(words))}</p>\n"
        f'<form method="post" action="{action}"><button type="submit">{escape(civil.say(button))}</button></form>\n'
    )
