"""The customer's page behind a signed link, and its forms: no account, no script, no cookie, in no API.

A link that opens nothing is answered alike, whatever is wrong with it, after the same look into the database. An order
that a page of another site gives is refused before it comes here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from html import escape
from typing import Annotated, Final, NamedTuple, cast
from urllib.parse import parse_qsl

import msgspec
from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.contracts import (
    AnswerGiven,
    AnswerKind,
    Choice,
    ClarificationAnswered,
    Event,
    OptionTaken,
    Purpose,
    SheetGiven,
    message,
)
from candor.intake.once import new_id
from candor.ops.tracing import current_traceparent
from candor.store.unit_of_work import UnitOfWork, unit_of_work
from candor.web.http.body import read_raw
from candor.web.http.form_page import HEADERS
from candor.web.http.problems import Problem
from candor.web.http.public import public_path
from notify_svc.api.reader import civil_of, contact_of, ended, page_of
from notify_svc.briefs import kept, owners
from notify_svc.compose.localize import Localizer
from notify_svc.page import PATH, STOP, texts
from notify_svc.page.answering import AN_HOUR, Answer, Fault, answer_of, asked, chosen, taken
from notify_svc.page.forms import ANSWERED, answered, clarifying, fault_line, forms, stands
from notify_svc.page.links import Links
from notify_svc.page.render import content
from notify_svc.page.sheets import FIELDS as SHEET_FIELDS
from notify_svc.page.sheets import Sheet, questions, sheet_of
from notify_svc.page.view import State, View, view
from notify_svc.page.wishing import wished
from notify_svc.settings import NotifySettings
from notify_svc.store import answers, clarifications, offers, page_links, updates, wishes
from notify_svc.store.answers import Given
from notify_svc.store.clarifications import Unanswered
from notify_svc.store.notices import SOURCE
from notify_svc.store.offers import Offer
from notify_svc.store.page_links import Opened, Said
from notify_svc.store.updates import Tally
from notify_svc.store.wishes import Unmet

FORM: Final = ("application/x-www-form-urlencoded",)
FIELDS: Final = frozenset({"form", "about", "choice", "words", "offer", "clarification"}) | SHEET_FIELDS
Token = Annotated[str, Path(max_length=2048)]
router: Final = APIRouter(include_in_schema=False)


class Found(NamedTuple):
    """What a link opens, as its customer sees it."""

    opened: Opened
    shown: View
    said: list[Said]
    messages: int
    given: list[Given]
    offers: tuple[Offer, ...]
    unanswered: Unanswered
    wishes: Unmet
    updates: Tally
    questions: bool
    civil: Localizer


@router.get(f"{PATH}{{token}}")
async def page(request: Request, token: Token) -> Response:
    """What was promised, what changed, what holds now, what was said, and forms to answer by."""
    links, found = await _look(request, token)
    if links is None or found is None:
        return ended(request)
    return _shown(request, links, found)


@router.post(f"{PATH}{{token}}")
async def answer(request: Request, token: Token) -> Response:
    """Take an answer once; then, and ever after, the page shows it."""
    links, found = await _look(request, token)
    if links is None or found is None:
        return ended(request)
    given = _given(await read_raw(request, FORM))
    form = links.read_form(given.get("form", ""), found.opened.link_id)
    try:
        said = answer_of(given, form)
        sheet = sheet_of(given) if said.about is AnswerKind.SHEET else None
    except Fault as fault:
        return _shown(request, links, found, 422, fault, given)
    async with unit_of_work(request.app.state.database) as uow:
        customer_id, link_id = found.opened.known.customer_id, found.opened.link_id
        await answers.hold(uow, customer_id, link_id, alone=sheet is not None)
        now = await find(request, uow, links, token)
        if now is None:
            return ended(request)
        if not await answers.known(uow, form):
            option = _fitting(said, now)
            if option is None:
                return _shown(request, links, now, 409, Fault("", texts.NOT_ANY_MORE), given)
            if await answers.within_an_hour(uow, now.opened.link_id) >= AN_HOUR:
                return _shown(request, links, now, 429, Fault("", texts.TOO_MANY, most=AN_HOUR), given)
            await _take(request, uow, now, said._replace(offer=option[0], choice=option[1]), form, sheet)
    return RedirectResponse(f"{public_path(PATH + token)}#{ANSWERED}", 303, HEADERS)


def _fitting(said: Answer, now: Found) -> tuple[str, str] | None:
    """The offer, if one is taken, and what was chosen; None for an answer to what is not asked any more."""
    open_ = {"offered": bool(now.offers), "unanswered": bool(now.unanswered.total), "questions": now.questions}
    if said.about not in asked(now.shown, **open_):
        return None
    if said.about is AnswerKind.CLARIFICATION and not now.unanswered.has(said.clarification):
        return None
    return taken(said, now.offers) if said.about is AnswerKind.OPTION else ("", said.choice)


async def _take(request: Request, uow: UnitOfWork, found: Found, said: Answer, form: str, sheet: Sheet | None) -> None:
    at = request.app.state.clock.now()
    given = Given(new_id(), said.about.value, said.choice, said.words, at, said.offer, said.clarification)
    known = found.opened.known
    if not await answers.add(uow, given, known.promise_id, known.customer_id, found.opened.link_id, form):
        return
    owner = known.promise.owner if known.promise is not None else None
    if owner is not None:
        heard = owners.told(given.answer_id, owner, known.promise_id, known.customer_id, said.about, at)
        await kept.take(uow.connection, [heard])
    _tell(uow, given.answer_id, _event(found, said, given, sheet), known.customer_id, at)


def _event(found: Found, said: Answer, given: Given, sheet: Sheet | None) -> Event:
    known, at = found.opened.known, given.at
    ids = {"promise_id": known.promise_id, "customer_id": known.customer_id}
    if sheet is not None:
        # Its words go along: sheets are kept, read and counted in promise-svc.
        return SheetGiven(
            sheet_id=given.answer_id, customer_id=known.customer_id, at=at, **msgspec.structs.asdict(sheet)
        )
    if said.about is AnswerKind.OPTION:
        return OptionTaken(**ids, offer_id=said.offer, at=at, option=said.choice)
    if said.about is AnswerKind.CLARIFICATION:
        return ClarificationAnswered(**ids, clarification_id=said.clarification, at=at, answer_id=given.answer_id)
    return AnswerGiven(
        **ids,
        answer_id=given.answer_id,
        kind=said.about,
        at=at,
        choice=Choice(said.choice) if said.choice else None,
        kept=found.shown.state is State.KEPT,
    )


def _tell(uow: UnitOfWork, name: str, data: Event, customer_id: str, at: datetime) -> None:
    uow.emit([message(name, SOURCE, at, customer_id, 1, data, traceparent=current_traceparent())])


async def _look(request: Request, token: str) -> tuple[Links | None, Found | None]:
    links = cast("Links | None", request.app.state.links)
    if links is None:
        return None, None
    async with unit_of_work(request.app.state.database) as uow:
        return links, await find(request, uow, links, token)


async def find(request: Request, uow: UnitOfWork, links: Links, token: str) -> Found | None:
    """What a link opens now; None for any other text, at the cost of the same look into the database."""
    settings: NotifySettings = request.app.state.settings
    now = request.app.state.clock.now()
    opened = await page_links.opened(uow, links.read(token), links.clock.now())
    if opened is None or opened.known.promise is None:
        return None
    said, messages = await page_links.said(uow, opened.known.promise_id)
    given = await answers.newest(uow, opened.known.promise_id)
    offered = await offers.open_of(uow, opened.known.promise_id)
    unanswered = await clarifications.open_of(uow, opened.known.promise_id)
    unmet = await wishes.open_of(uow, opened.known.customer_id, opened.known.promise_id)
    due = await updates.of_promise(uow, opened.known.promise_id)
    since = now - timedelta(days=settings.questions_days)
    ask = settings.questions_days > 0 and not await answers.sheet_since(uow, opened.known.customer_id, since)
    promise, contact = opened.known.promise, contact_of(request, opened)
    fresh = opened.age <= settings.freshest_seconds
    wants = Purpose.UPDATES in contact.wanted(opened.left)
    entries, rules = [one.entry for one in said], settings.rules()
    took = chosen(given)
    shown = view(promise, opened.known.gap, entries, now, rules, fresh=fresh, updates=wants, chosen=took)
    civil = civil_of(request, opened, contact)
    return Found(opened, shown, said, messages, given, offered, unanswered, unmet, due, ask, civil)


def _shown(
    request: Request,
    links: Links,
    found: Found,
    status: int = 200,
    fault: Fault | None = None,
    filled: Mapping[str, str] | None = None,
) -> Response:
    settings: NotifySettings = request.app.state.settings
    form = links.form(found.opened.link_id)
    leave = public_path(PATH + request.path_params["token"] + STOP)
    parts = (
        fault_line(fault, found.civil) if fault is not None else "",
        content(found.shown, found.said, found.messages, found.civil, settings.page_url, found.updates),
        clarifying(found.unanswered, found.shown, found.civil, form, filled or {}),
        wished(found.wishes, found.civil),
        answered(found.given, found.civil),
        forms(found.shown, found.civil, form, filled or stands(found.given), found.offers),
        questions(found.shown, found.civil, form, filled or {}, due=found.questions),
        f'<p><a href="{leave}">{escape(found.civil.say(texts.STOP_LINK))}</a></p>\n',
    )
    title = found.civil.say(texts.HEADING, what=found.shown.what)
    return page_of(request, found.civil, title, "".join(parts), status)


def _given(raw: bytes) -> dict[str, str]:
    """The fields of a form. Raises Problem 400 for what the form does not have."""
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=len(FIELDS), errors="strict")
    except ValueError:
        raise Problem("bad_request", "this is not the form") from None
    if not {name for name, _ in pairs} <= FIELDS:
        raise Problem("bad_request", "the form has no such field")
    return dict(pairs)
