"""`GET /v1/audit` of every service: what staff did there, newest first."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, cast

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import MetaData
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel, col, select
from starlette.requests import Request
from starlette.responses import Response

from candor.store.columns import moment
from candor.store.db import Database
from candor.web.http.answers import shown
from candor.web.http.fields import Moment
from candor.web.http.listings import ListTotals, each, listed, matching
from candor.web.http.pages import Cursor, Limit, link_header
from candor.web.http.problems import Problem
from candor.web.security.auth import Admin

router: Final = APIRouter(tags=["audit"])
Word = Annotated[str | None, Query(max_length=255)]
Since = Annotated[Moment | None, Query(description="Acts at or after this time.")]
Until = Annotated[Moment | None, Query(description="Acts before this time.")]


class Base(SQLModel, registry=registry(metadata=MetaData())):
    """A base with its own registry because services have bases of their own."""


class AuditRow(Base, table=True):
    """One act; the table is written by `candor.store.audit`."""

    __tablename__ = "audit_log"

    id: int = Field(primary_key=True)
    at: datetime = moment()
    who: str
    role: str
    place: str
    action: str
    object: str
    outcome: str


class ActOut(BaseModel):
    """Who did what, when, from where, to what, and whether it was done (else the code of the refusal)."""

    id: int
    at: datetime
    who: str
    role: str
    place: str
    action: str
    object: str
    outcome: str


class AuditPage(ListTotals):
    """A page of the audit log, newest first; the Link header leads to the next one."""

    items: list[ActOut]


@router.get("/v1/audit", responses={200: {"model": AuditPage}})
async def audit(
    request: Request,
    _principal: Admin,
    limit: Limit = 50,
    cursor: Cursor = None,
    who: Word = None,
    action: Word = None,
    outcome: Word = None,
    since: Since = None,
    until: Until = None,
) -> Response:
    """What staff did with this service, newest first: by API, by the board and by command; refused tries as well."""
    for name, word in (("who", who), ("action", action), ("outcome", outcome)):
        if word is not None and "\0" in word:
            raise Problem.invalid_parameter(name, "must not contain NUL")
    query = matching(select(AuditRow), (AuditRow.who, who), (AuditRow.action, action), (AuditRow.outcome, outcome))
    query = query if since is None else query.where(col(AuditRow.at) >= since)
    query = query if until is None else query.where(col(AuditRow.at) < until)
    database = cast(Database, request.app.state.database)
    found = await listed(database, query, ((AuditRow.id, int),), cursor, limit, each(AuditRow.model_dump), falling=True)
    return shown(found.document(), link_header(request, found.next))
