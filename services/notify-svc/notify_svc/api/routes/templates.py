"""HTTP routes for a company's templates of letters; no logic."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from sqlmodel import select
from starlette.requests import Request
from starlette.responses import Response

from candor.contracts import Statement
from candor.store import audit
from candor.store.db import Database
from candor.store.unit_of_work import unit_of_work
from candor.web.http.answers import shown
from candor.web.http.body import accepts, read
from candor.web.http.listings import listed, matching
from candor.web.http.pages import Cursor, Limit, link_header
from candor.web.http.problems import FieldError, Problem
from candor.web.security.auth import Admin, Operator, act_of
from notify_svc.api.requests import PreviewIn, TemplateIn
from notify_svc.api.responses import PreviewOut, TemplateOut, TemplatePage, TemplateWhole
from notify_svc.compose.letter import CANNOT_RENDER
from notify_svc.compose.words import languages
from notify_svc.domain.own import Own, Owns
from notify_svc.service import own_templates
from notify_svc.service.own_templates import Refused
from notify_svc.store import templates
from notify_svc.store.tables import TemplateRow
from notify_svc.store.templates import MOST, Decided

Language = Annotated[str, Path(pattern=r"^[a-z]{2,3}$")]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
router: Final = APIRouter(tags=["templates"])


@router.get("/v1/templates", responses={200: {"model": TemplatePage}})
async def listing(
    request: Request,
    _principal: Operator,
    limit: Limit = 50,
    cursor: Cursor = None,
    statement: Annotated[Statement | None, Query()] = None,
    language: Annotated[str | None, Query(pattern=r"^[a-z]{2,3}$")] = None,
) -> Response:
    """Versions of all templates, newest first, with who wrote, approved and withdrew each."""
    query = matching(select(TemplateRow), (TemplateRow.statement, statement), (TemplateRow.language, language))
    async with unit_of_work(_database(request), durable=False) as uow:
        used = await templates.in_use(uow)

    async def present(rows: Sequence[TemplateRow]) -> Iterable[dict[str, Any]]:
        return [_out(row, used) for row in rows]

    order = ((TemplateRow.seq, int),)
    found = await listed(_database(request), query, order, cursor, limit, present, falling=True)
    return shown(found.document(), link_header(request, found.next))


@router.get("/v1/templates/{statement}/{language}", responses={200: {"model": TemplateWhole}})
async def one(request: Request, statement: Statement, language: Language, _principal: Operator) -> Response:
    """The version that letters of this statement and language are made by; null is the built-in template."""
    _known(language)
    async with unit_of_work(_database(request), durable=False) as uow:
        used = await templates.in_use(uow)
    own = used.get((statement.value, language))
    found = await _version(request, own, used) if own else None
    return shown({"statement": statement.value, "language": language, "in_use": found})


@router.put(
    "/v1/templates/{statement}/{language}", responses={200: {"model": TemplateOut}}, openapi_extra=accepts(TemplateIn)
)
async def write(request: Request, statement: Statement, language: Language, principal: Admin) -> Response:
    """Write a version, which is used once another person approves it.

    422 `invalid_field` with every finding where it is no template, or would make a letter that is not honest.
    """
    _known(language)
    _, body = await read(TemplateIn, request)
    await _judged(Own(statement, language, 1, body.subject, body.body))
    async with unit_of_work(_database(request)) as uow:
        number = await templates.write(uow, statement, language, body.subject, body.body, principal.name)
        if number is not None:
            await audit.write(uow, [act_of(request, principal, "template.write")])
    if number is None:
        raise Problem.limit_reached("", f"at most {MOST:,} versions", MOST)
    return shown(await _version(request, Own(statement, language, number, "", ""), {}))


@router.post("/v1/templates/{statement}/{language}/{number}/approve", responses={200: {"model": TemplateOut}})
async def approve(
    request: Request, statement: Statement, language: Language, number: Number, principal: Admin
) -> Response:
    """Have letters made by this version from now on. 409 for whoever wrote it: another person must have read it."""
    own = await _own(request, statement, language, number)
    # What counts as honest may have changed since it was written.
    await _judged(own)
    async with unit_of_work(_database(request)) as uow:
        decided = await templates.approve(uow, own, principal.name)
        await audit.write(uow, [act_of(request, principal, "template.approve", _outcome(decided))])
    return await _decided(request, own, decided)


@router.post("/v1/templates/{statement}/{language}/{number}/withdraw", responses={200: {"model": TemplateOut}})
async def withdraw(
    request: Request, statement: Statement, language: Language, number: Number, principal: Admin
) -> Response:
    """Use this version no more: letters are made by the one approved before it, else by the built-in template."""
    own = await _own(request, statement, language, number)
    async with unit_of_work(_database(request)) as uow:
        decided = await templates.withdraw(uow, own, principal.name)
        await audit.write(uow, [act_of(request, principal, "template.withdraw", _outcome(decided))])
    return await _decided(request, own, decided)


@router.post(
    "/v1/templates/{statement}/{language}/{number}/preview",
    responses={200: {"model": PreviewOut}},
    openapi_extra=accepts(PreviewIn),
)
async def preview(
    request: Request, statement: Statement, language: Language, number: Number, _principal: Admin
) -> Response:
    """The letter that this version would make now about a promise; nothing is stored or sent."""
    _, body = await read(PreviewIn, request)
    own, state = await _own(request, statement, language, number), request.app.state
    async with unit_of_work(_database(request), durable=False) as uow:
        known = (state.reach, state.houses.now(), state.settings.rules())
        try:
            letter = await own_templates.preview(uow, *known, own, body.promise_id, state.clock.now())
        except CANNOT_RENDER as error:
            raise Problem.conflict("not_now", f"no such letter can be made of this promise: {error}") from None
    if letter is None:
        raise Problem.not_found("there is no such promise, or nothing is known of it yet")
    found = [{"rule": finding.rule.value, "detail": finding.detail} for finding in letter.findings]
    document = {"subject": letter.subject, "message": letter.text, "html": letter.html, "findings": found}
    return shown(document | {"left_out": dict(letter.left_out)})


async def _decided(request: Request, own: Own, decided: Decided) -> Response:
    if decided is Decided.OWN_VERSION:
        raise Problem.conflict("conflict", "whoever wrote a version cannot approve it: another admin must")
    if decided is Decided.CONFLICT:
        raise Problem.conflict("conflict", "this version was approved or withdrawn already")
    async with unit_of_work(_database(request), durable=False) as uow:
        used = await templates.in_use(uow)
    return shown(await _version(request, own, used))


def _outcome(decided: Decided) -> str:
    return audit.DONE if decided is Decided.DONE else decided.value


async def _judged(own: Own) -> None:
    try:
        # Some twenty letters are made: not in the event loop.
        await asyncio.to_thread(own_templates.judged, own)
    except Refused as refused:
        errors = [FieldError(words, pointer=f"/{field}") for field, words in refused.found]
        raise Problem("invalid_field", str(refused), errors=errors) from None


def _known(language: str) -> None:
    if language not in languages():
        raise Problem.invalid_parameter("language", f"letters are in {', '.join(languages())}")


async def _own(request: Request, statement: Statement, language: str, number: int) -> Own:
    async with unit_of_work(_database(request), durable=False) as uow:
        own = await templates.version(uow, statement, language, number)
    if own is None:
        raise Problem.not_found("there is no such version")
    return own


async def _version(request: Request, own: Own, used: Owns) -> dict[str, Any]:
    async with _database(request).reading() as session:
        row = await session.get(TemplateRow, (own.statement.value, own.language, own.number))
    if row is None:
        raise Problem.not_found("there is no such version")
    return _out(row, used)


def _out(row: TemplateRow, used: Owns) -> dict[str, Any]:
    own = used.get((row.statement, row.language))
    return TemplateOut(in_use=own is not None and own.number == row.number, **row.model_dump()).model_dump()


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database
