"""The form of four questions, for whoever has a link: pages without script, in no API.

The link is the only proof, and no browser adds it by itself; an order that a page of another site gives is refused
before it comes here.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, cast
from urllib.parse import parse_qsl

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.intake import Origin, Submission
from candor.intake.once import new_id
from candor.intake.routes import intake_of
from candor.ops.tracing import current_traceparent
from candor.web.http.body import convert, read_raw
from candor.web.http.form_page import HEADERS, ended_page
from candor.web.http.problems import Problem
from candor.web.http.public import public_path
from promise_svc.api import answer_page, presenters
from promise_svc.api.matter_kinds import event_type
from promise_svc.api.matter_requests import QUESTIONS, SheetIn, entry
from promise_svc.api.routes.matter_lists import found_one
from promise_svc.domain import Kind
from promise_svc.service.answer_links import PATH, AnswerLinks, Asked

FORM: Final = ("application/x-www-form-urlencoded",)
FIELDS: Final = frozenset((*QUESTIONS, *(f"{name}_words" for name in QUESTIONS), "beside"))
RATINGS: Final = tuple("12345")
WHO: Final = "answers"
"""The source of what comes by a link: it says nobody's name."""
Token = Annotated[str, Path(max_length=2048)]
router: Final = APIRouter(include_in_schema=False)


@router.get(f"{PATH}{{token}}")
async def form(request: Request, token: Token) -> Response:
    """The form; once it was answered, what was said."""
    asked = _asked(request, token)
    if asked is None:
        return ended_page()
    said = await _said(request, asked)
    return answer_page.form({}, "") if said is None else answer_page.said(said)


@router.post(f"{PATH}{{token}}")
async def answer(request: Request, token: Token) -> Response:
    """Take the answers, once; then, and ever after, the page shows what was said."""
    asked = _asked(request, token)
    if asked is None:
        return ended_page()
    given = _given(await read_raw(request, FORM))
    try:
        body = convert(SheetIn, _body(asked, given))
        if fault := body.fault():
            raise Problem.invalid_field(*fault)
    except Problem as problem:
        pointer = problem.errors[0].pointer if problem.errors else ""
        return answer_page.form(given, (pointer or "").strip("/"))
    try:
        await _take(request, asked, body)
    except Problem as problem:
        if problem.code == "erased":
            return ended_page()
        # Answered by now: the page shows with what.
        if problem.code != "already_exists":
            raise
    return RedirectResponse(public_path(PATH + token), 303, HEADERS)


async def _take(request: Request, asked: Asked, body: SheetIn) -> None:
    now = intake_of(request).clock.now()
    command = entry(Kind.SHEET, asked.sheet_id, "answered", body, now, asked_at=asked.asked_at)
    origin = Origin(new_id(), WHO, now, False, current_traceparent())
    kind = event_type(Kind.SHEET, "answered")
    await intake_of(request).submit(Submission(kind, command, origin, presenters.whole(201)))


def _asked(request: Request, token: str) -> Asked | None:
    links = cast("AnswerLinks | None", request.app.state.links)
    return None if links is None else links.read(token)


async def _said(request: Request, asked: Asked) -> dict[str, Any] | None:
    async with intake_of(request).database.reading() as session:
        try:
            row, _ = await found_one(session, Kind.SHEET, asked.sheet_id)
        except Problem:
            return None
    return {**row.content, **row.words}


def _given(raw: bytes) -> dict[str, str]:
    """The fields of a form. Raises Problem 400 for what the form does not have."""
    try:
        pairs = parse_qsl(raw.decode("ascii"), max_num_fields=len(FIELDS), errors="strict")
    except ValueError:
        raise Problem("bad_request", "this is not the form") from None
    if not {name for name, _ in pairs} <= FIELDS:
        raise Problem("bad_request", "the form has no such field")
    return dict(pairs)


def _body(asked: Asked, given: dict[str, str]) -> dict[str, Any]:
    about = {"side": asked.side.value, "customer_id": asked.customer_id, "department": asked.department}
    ratings = {name: int(text) for name, text in given.items() if name in QUESTIONS and text in RATINGS}
    words = {name: text for name, text in given.items() if name not in ratings and text.strip()}
    return {name: value for name, value in (about | words | ratings).items() if value is not None}
