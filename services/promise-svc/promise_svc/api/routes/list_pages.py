"""A page of a list as JSON, or for spreadsheets with a column for each field."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from candor.web.http.answers import shown
from candor.web.http.csv_page import Format, csv_page
from candor.web.http.listings import ListPage
from candor.web.http.pages import link_header


def page_answer(request: Request, found: ListPage, columns: Iterable[str], form: Format, **more: Any) -> Response:
    """A page of a list; `more` are fields of the document, which a file does not have."""
    if form == "json":
        return shown(found.document() | more, link_header(request, found.next))
    names = [*columns]
    items = (msgspec.json.decode(item, type=dict[str, Any]) for item in found.items)
    return csv_page(request, names, [{name: in_a_cell(one.get(name)) for name in names} for one in items], found.next)


def columns_of(page: type[BaseModel]) -> tuple[str, ...]:
    """The columns of a list: the fields of its items."""
    items = page.model_fields["items"].annotation
    (item,) = items.__args__  # type: ignore[union-attr]
    return tuple(item.model_fields)


def in_a_cell(value: Any) -> Any:
    """A value in one cell: of lists their items, of documents their fields as `name=value`, without nulls."""
    if isinstance(value, dict):
        return ", ".join(f"{name}={in_a_cell(one)}" for name, one in value.items() if one is not None)
    if isinstance(value, list):
        return "; ".join(str(in_a_cell(one)) for one in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value
