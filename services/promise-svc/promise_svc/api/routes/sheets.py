"""Routes of answer sheets: their list, CSV in and out, and links to the form; beginning one is among all matters."""

from __future__ import annotations

from typing import Annotated, Final, cast

from fastapi import APIRouter, Query
from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response

from candor.contracts.matters import Side
from candor.intake.once import new_id
from candor.intake.routes import ManyTaken, intake_of
from candor.store import audit
from candor.store.unit_of_work import unit_of_work
from candor.web.http.answers import shown
from candor.web.http.body import accepts, read
from candor.web.http.fields import IdFilter, PathId
from candor.web.http.listings import matching
from candor.web.http.pages import Cursor, Limit, link_header
from candor.web.http.problems import Problem
from candor.web.security.auth import Operator, Principal, act_of
from promise_svc.api import matter_views
from promise_svc.api.list_examples import answers, shown_whole
from promise_svc.api.matter_csv import SHEETS
from promise_svc.api.matter_kinds import WAYS
from promise_svc.api.matter_responses import PAGES
from promise_svc.api.routes.csv_files import FormatParameter, csv_body, give_csv, take_csv
from promise_svc.api.routes.matter_lists import Before, From, found_one, page_of
from promise_svc.api.sheet_requests import LinkIn, LinkOut
from promise_svc.domain import Kind
from promise_svc.service.answer_links import LONGEST_AGE, USUAL_AGE, AnswerLinks, Asked
from promise_svc.store.tables import LIVING_MATTER, MatterRow

PATH: Final = WAYS[Kind.SHEET].path
SideFilter = Annotated[Side | None, Query(description="Only the sheets of this side.")]
_EXAMPLE: Final = "sheet_id,side,people,well,improve\r\nS-1,staff,12,4,2\r\n"
router: Final = APIRouter(tags=["matters"])


@router.get(PATH, responses=answers(PAGES[Kind.SHEET]))
async def sheets(
    request: Request,
    _principal: Operator,
    limit: Limit = 50,
    cursor: Cursor = None,
    side: SideFilter = None,
    customer_id: IdFilter = None,
    said_from: From = None,
    said_before: Before = None,
    format: FormatParameter = "json",
) -> Response:
    """Answer sheets with their words, newest first; whoever may only view sees the figures that risk-svc makes of them.

    As CSV it has the columns that `POST /v1/sheets/csv` reads.
    """
    query = select(MatterRow).where(MatterRow.kind == Kind.SHEET, LIVING_MATTER)
    query = matching(query, (MatterRow.customer_id, customer_id))
    if side is not None:
        query = query.where(col(MatterRow.content)["side"].astext == side.value)
    if said_from is not None:
        query = query.where(col(MatterRow.at) >= said_from)
    if said_before is not None:
        query = query.where(col(MatterRow.at) < said_before)
    found = await page_of(request, Kind.SHEET, query, cursor, limit)
    if format == "csv":
        return give_csv(request, found, SHEETS)
    return shown(found.document(), link_header(request, found.next))


@router.get(f"{PATH}/{{matter_id}}", responses=shown_whole(Kind.SHEET))
async def sheet(request: Request, matter_id: PathId, _principal: Operator) -> Response:
    """One answer sheet."""
    async with intake_of(request).database.reading() as session:
        row, lines = await found_one(session, Kind.SHEET, matter_id)
    now = intake_of(request).clock.now()
    document = matter_views.matter(Kind.SHEET, row, now) | {"entries": matter_views.entries(Kind.SHEET, lines)}
    return shown(document, {"ETag": f'"{row.version}"'})


@router.post(f"{PATH}/csv", responses={200: {"model": ManyTaken}}, openapi_extra=csv_body(_EXAMPLE))
async def from_csv(request: Request, principal: Operator) -> Response:
    """Take up to 1,000 answer sheets as CSV, each row on its own; `index` of one that was refused counts from 0.

    The first row names the columns, the fields of a sheet; each row needs a `sheet_id`, by which a file that is sent
    again changes nothing.
    """
    return await take_csv(request, principal, Kind.SHEET, SHEETS, lambda row: f"sheet:{row['sheet_id']}")


@router.post(f"{PATH}/links", responses={200: {"model": LinkOut}}, openapi_extra=accepts(LinkIn))
async def link(request: Request, principal: Operator) -> Response:
    """A link to the form of four questions, for one answer sheet; nothing is sent. 409 without ANSWER_SECRET_FILE.

    Whoever has the link can answer once, until it ends: by default after 30 days.
    """
    _, body = await read(LinkIn, request)
    links = cast("AnswerLinks | None", request.app.state.links)
    if links is None:
        raise Problem.conflict(detail="no links are made here: set ANSWER_SECRET_FILE")
    if fault := body.fault():
        raise Problem.invalid_field(*fault)
    ends = body.expires_at or links.now() + USUAL_AGE
    if not links.now() < ends <= links.now() + LONGEST_AGE:
        raise Problem.invalid_field("/expires_at", f"must lie within the next {LONGEST_AGE.days} days")
    now = intake_of(request).clock.now()
    asked = Asked(new_id(), Side(body.side), body.customer_id, body.department, now, ends)
    await _noted(request, principal, asked)
    address = links.address(asked, str(request.base_url))
    return shown({"sheet_id": asked.sheet_id, "url": address, "expires_at": ends})


async def _noted(request: Request, principal: Principal, asked: Asked) -> None:
    async with unit_of_work(intake_of(request).database) as uow:
        act = act_of(request, principal, "sheet.link")
        await audit.write(uow, [act._replace(object=f"{act.object}/{asked.sheet_id}")])
