"""The page behind an owner's link: whether they tell their customer themselves, or let the message go.

A GET changes nothing, since programs that look for viruses follow links. The page is on the customer's page's host.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Final, cast
from urllib.parse import parse_qsl

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.contracts import staff_key
from candor.store import audit
from candor.store.audit import Act, Actor
from candor.store.unit_of_work import UnitOfWork, unit_of_work
from candor.web.http.body import convert, read_raw
from candor.web.http.form_page import HEADERS, ended_page, form_page, verbatim
from candor.web.http.problems import Problem
from candor.web.http.public import public_path
from notify_svc.api.requests import PhoneIn
from notify_svc.api.routes.page import FORM, Token
from notify_svc.page import OWNER, PATH, owner_texts
from notify_svc.page.links import without_links
from notify_svc.page.owner_links import Held, OwnerLinks
from notify_svc.service import deciding
from notify_svc.service.deciding import Call
from notify_svc.settings import NotifySettings
from notify_svc.store import approvals, taking
from notify_svc.store.taking import Open

FIELDS: Final = 3
router: Final = APIRouter(include_in_schema=False)


@router.get(f"{PATH}{{token}}{OWNER}")
async def shown(request: Request, token: Token) -> Response:
    """What the customer is to be told, and buttons by which its owner decides."""
    found = await _look(request, _held(request, token))
    return ended_page() if found is None else _page(request, found)


@router.post(f"{PATH}{{token}}{OWNER}")
async def decide(request: Request, token: Token) -> Response:
    """Take the message over, send it now, or record what was said; the page then says what became of it."""
    held = _held(request, token)
    # Before the body comes, which no transaction waits for.
    if await _look(request, held) is None:
        return ended_page()
    given = _given(await read_raw(request, FORM))
    do = given.get("do", "")
    async with unit_of_work(request.app.state.database) as uow:
        found = await taking.opened(uow, held.notice_id, held.owner)
        if found is None:
            return ended_page()
        fault = await _done(request, uow, do, found, held, given)
        if not fault:
            place = request.client.host if request.client else ""
            actor = Actor(staff_key(held.owner), "owner", place)
            await audit.write(uow, [Act(actor, f"notice.owner_{do}", found.notice_id)])
    if fault:
        return _page(request, found, fault)
    return RedirectResponse(public_path(PATH + token + OWNER), 303, HEADERS)


async def _look(request: Request, held: Held) -> Open | None:
    async with unit_of_work(request.app.state.database) as uow:
        return await taking.opened(uow, held.notice_id, held.owner)


async def _done(request: Request, uow: UnitOfWork, do: str, found: Open, held: Held, given: Mapping[str, str]) -> str:
    """Do it; "" once done, else why not, in words."""
    now, settings = request.app.state.clock.now(), cast("NotifySettings", request.app.state.settings)
    who = f"{held.owner} by their link"
    match do:
        case "tell":
            done = await taking.take(uow, found.notice_id, who, now + settings.owner_tells())
        case "send":
            done = await approvals.approve(uow, found.notice_id, found.version, who, now)
        case "said":
            try:
                said = convert(PhoneIn, {"said": given.get("said", ""), "answered": given.get("answered", "")})
            except Problem:
                return owner_texts.NO_WORDS
            call = Call(said.said, said.answered, now)
            done = await deciding.phone(uow, found.notice_id, found.promise_id, who, call, now)
        case _:
            return owner_texts.NOT_THE_FORM
    return "" if done else owner_texts.TOO_LATE


def _held(request: Request, token: str) -> Held:
    links = cast("OwnerLinks | None", request.app.state.owner_links)
    found = links.read(token) if links is not None else None
    # Whatever is wrong with a link, the same look is taken.
    return found or Held("", "")


def _page(request: Request, found: Open, fault: str = "") -> Response:
    settings = cast("NotifySettings", request.app.state.settings)
    letter = without_links(found.body, settings.page_url)
    parts = [
        f'<p class="fault" role="alert">{escape(fault)}</p>\n' if fault else "",
        f"<h2>{escape(found.subject)}</h2>\n{verbatim(letter)}",
        *(_forms(found) if found.waits else (f"<p>{escape(owner_texts.over(found.state, found.reason))}</p>\n",)),
    ]
    return form_page(owner_texts.HEADING, "".join(parts), 422 if fault else 200, settings.page_company)


def _forms(found: Open) -> list[str]:
    if not found.taken_by:
        return [_button("tell", owner_texts.TELL, owner_texts.TELL_MEANS), _button("send", owner_texts.SEND, "")]
    until = found.taken_until.strftime("%d %B %Y, %H:%M UTC") if found.taken_until else ""
    boxes = "".join(
        f'<p><label for="{name}">{label}</label>\n<textarea id="{name}" name="{name}" rows="3" maxlength="2000">'
        "</textarea></p>\n"
        for name, label in (("said", owner_texts.SAID), ("answered", owner_texts.ANSWERED))
    )
    taken = f"<p>{escape(owner_texts.TAKEN.format(until=until))}</p>\n"
    return [taken, _button("said", owner_texts.RECORD, "", boxes), _button("send", owner_texts.SEND, "")]


def _button(do: str, label: str, means: str, inner: str = "") -> str:
    words = f"<p>{escape(means)}</p>\n" if means else ""
    hidden = f'<input type="hidden" name="do" value="{do}">'
    return f'{words}<form method="post">{hidden}\n{inner}<button type="submit">{escape(label)}</button></form>\n'


def _given(raw: bytes) -> dict[str, str]:
    """The fields of a form. Raises Problem 400 for what is no form."""
    try:
        return dict(parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS, errors="strict"))
    except ValueError:
        raise Problem("bad_request", "this is not the form") from None
