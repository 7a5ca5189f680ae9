"""What routes that take or give matters as CSV have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from candor.intake.event import Event
from candor.intake.intake import told
from candor.intake.once import Caller
from candor.intake.routes import intake_of
from candor.intake.source import Incoming, Unusable, canonical, summary
from candor.web.http.answers import shown
from candor.web.http.body import read_raw
from candor.web.http.csv_page import Format, csv_page
from candor.web.http.listings import ListPage
from candor.web.http.problems import Problem
from candor.web.security.auth import Principal, act_of
from promise_svc.api.matter_csv import TYPES, Form, line_of, rows
from promise_svc.api.matter_kinds import event_type
from promise_svc.domain import MACHINES, Kind

FormatParameter = Annotated[Format, Query(description="json, or csv for spreadsheets: the same page, as text/csv.")]


def csv_body(example: str) -> dict[str, Any]:
    """The description of a body that is such a file."""
    content = {"schema": {"type": "string"}, "example": example}
    return {"requestBody": {"required": True, "content": dict.fromkeys(TYPES, content)}}


async def take_csv(
    request: Request, principal: Principal, kind: Kind, form: Form, name: Callable[[dict[str, Any]], str]
) -> Response:
    """Take each row on its own, under the id that `name` gives it."""
    now = intake_of(request).clock.now()
    items: list[Incoming | Unusable] = []
    for row in rows(await read_raw(request, TYPES), form):
        if isinstance(row, Problem):
            items.append(Unusable(row))
            continue
        event = Event(event_type(kind, MACHINES[kind].begins), now, row)
        items.append(Incoming(name(row), event, canonical(row), principal.name, "csv"))
    caller = Caller("api", principal.name, act=act_of(request, principal))
    return shown(summary(told(await intake_of(request).take(items, caller))))


def give_csv(request: Request, found: ListPage, form: Form) -> Response:
    """A page of matters as such a file."""
    items = [msgspec.json.decode(item, type=dict[str, Any]) for item in found.items]
    return csv_page(request, form.columns, [line_of(item, form) for item in items], found.next)
